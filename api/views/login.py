"""Tokens: signing in, signing out, and who one is."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from api import shapes, tokens
from api.auth import SCHEME, SignedIn, TokenAuthentication
from api.problems import Problem
from api.views.base import ApiView, answer
from api.views.hanging import verbs
from prm.access import rights
from prm.modules.registry import Module, all_modules
from prm.modules.render import plain
from prm.touch.models import Kind
from prm.touch.noting import note
from workflows import errors
from workflows.inputs import Input

CREDENTIALS = {
    "email": Input(kind="text", label="Email", max_length=254),
    "password": Input(kind="text", label="Password", max_length=1000),
    "otp": Input(
        kind="text",
        label="One-time code",
        help="Where a second factor is enrolled: of the authenticator app, or a recovery code.",
        required=False,
        max_length=20,
    ),
}


class LoginThrottle(SimpleRateThrottle):
    """Beside the lock on one name, a limit on how fast one address may try many names."""

    scope = "login"
    rate = "30/min"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"api-login:{request.META.get('REMOTE_ADDR', '')}"


def unauthorized(code: str, detail: str) -> Problem:
    """401, which must name the scheme."""
    return Problem(401, code, detail, headers={"WWW-Authenticate": f'{SCHEME} realm="api"'})


def sign_in(http: HttpRequest, email: str, password: str, otp: str | None) -> Any:
    """The user of these credentials. Raises Problem 401, or Throttled after too many wrong ones.

    Unknown, inactive and wrong are told alike and cost the same: one password is hashed each time.
    """
    user = authenticate(http, email=email, password=password)
    _locked(http)
    if user is None or not user.is_active:
        raise unauthorized("invalid-credentials", "Email or password is wrong.")
    _second_factor(http, user, email, otp)
    AxesProxyHandler.user_logged_in(sender=type(user), request=http, user=user)
    update_last_login(type(user), user)
    return user


def _locked(http: HttpRequest) -> None:
    if getattr(http, "axes_locked_out", False):
        # The middleware of axes would put its page in place of the problem.
        http.axes_locked_out = False  # type: ignore[attr-defined]
        cool_off = get_cool_off(http)
        raise Throttled(wait=cool_off.total_seconds() if cool_off else None, detail="Too many attempts.")


def _second_factor(http: HttpRequest, user: Any, email: str, otp: str | None) -> None:
    """Asks for a code where a second factor is enrolled; a wrong one counts like a wrong password."""
    enrolled = list(Authenticator.objects.filter(user=user))
    if not any(one.type != Authenticator.Type.RECOVERY_CODES for one in enrolled):
        return
    if not otp:
        raise unauthorized("otp-required", "Send a one-time code as otp.")
    for one in enrolled:
        if one.type == Authenticator.Type.TOTP and TOTP(one).validate_code(otp):
            break
        if one.type == Authenticator.Type.RECOVERY_CODES and RecoveryCodes(one).validate_code(otp):
            break
    else:
        credentials = {"email": email}
        user_login_failed.send(sender=__name__, credentials=credentials, request=http)
        _locked(http)
        raise unauthorized("invalid-otp", "The one-time code is wrong.")
    one.record_usage()


class TokenView(ApiView):
    """`/auth/token/`: POST signs in, DELETE revokes the token that it is sent with."""

    authentication_classes = (TokenAuthentication,)

    def get_authenticators(self) -> list[Any]:
        return [] if self.request.method == "POST" else super().get_authenticators()

    def get_permissions(self) -> list[Any]:
        return [] if self.request.method == "POST" else [SignedIn()]

    def get_throttles(self) -> list[Any]:
        return [LoginThrottle()] if self.request.method == "POST" else []

    def post(self, request: Request) -> HttpResponse:
        data = self.data(shapes.inputs(CREDENTIALS))
        missing = {name: ["This is required."] for name in ("email", "password") if not data.get(name)}
        if missing:
            raise errors.InvalidInput(missing)
        user = sign_in(request._request, data["email"], data["password"], data.get("otp"))
        raw, token = tokens.issue(user)
        note(request._request, Kind.SIGN_IN, user=user)
        return answer({"token": raw, "expires_at": plain(token.expires_at)}, 201)

    def delete(self, request: Request) -> HttpResponse:
        token: Any = request.auth
        tokens.revoke(token)
        note(request._request, Kind.SIGN_OUT)
        return HttpResponse(status=204)


class MeView(ApiView):
    """`/me/`: who the caller is, their portal, and what it grants."""

    def get(self, request: Request) -> HttpResponse:
        user = self.user
        granted = [one for one in all_modules() if rights.may(user, one, "view")]
        return answer(
            plain(
                {
                    "id": user.pk,
                    "email": user.email,
                    "name": user.get_full_name(),
                    "company": user.company_id,
                    "is_admin": user.is_portal_admin,
                    "language": user.language,
                    "timezone": user.timezone,
                    "portal": None
                    if user.portal is None
                    else {"key": user.portal.key, "title": user.portal.title},
                    "modules": [granted_json(user, one) for one in granted],
                }
            )
        )


def granted_json(user: Any, module: Module) -> dict[str, Any]:
    """What the caller's portal grants on one module: on some record, in some state."""
    readable, creatable = rights.readable_fields(user, module), rights.writable_fields(user, module)
    return {
        "key": module.key,
        "title": str(module.label_plural),
        "actions": [verb for verb in ("create", *verbs(module)) if rights.may(user, module, verb)],
        "fields": [one.name for one in module.fields if one.name in readable],
        "create_fields": [one.name for one in module.fields if one.name in creatable],
    }
