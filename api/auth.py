"""Who is asking: a token, or the session of the pages with its CSRF token."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from api import tokens

SCHEME = "Token"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token prm_…`."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, raw = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        token = tokens.find(raw.strip())
        if token is None:
            raise AuthenticationFailed("The token is unknown, revoked or expired.", code="invalid_token")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="api"'


class _Csrf(CsrfViewMiddleware):
    """Hands over the reason where the middleware would answer with a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(reason, status=403)


class SessionAuthentication(BaseAuthentication):
    """The session cookie. As a browser sends it unasked, every write needs the CSRF token too."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        http: HttpRequest = request._request
        user = getattr(http, "user", None)
        if user is None or not user.is_authenticated or not user.is_active:
            return None
        check = _Csrf(lambda _: HttpResponse())
        check.process_request(http)
        refused = check.process_view(http, lambda _: HttpResponse(), (), {})
        if refused is not None:
            raise PermissionDenied(f"CSRF check failed: {refused.content.decode()}", code="csrf")
        return user, None


class SignedIn(BasePermission):
    """Only whether somebody asks; what they may do is asked of `prm.access` by each view."""

    message = "Sign in with a session or a token."

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated)
