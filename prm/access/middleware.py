"""Denies by default: no page without a login, and (in tests) none that did not ask what the user may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from prm.access import asked
from prm.access.public import is_public


class LoginRequired:
    """Sends an anonymous visitor of any route that is not on the written list to the login."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        if request.user.is_authenticated or (match and is_public(match.view_name, match.namespace)):
            return None
        if request.headers.get("HX-Request"):
            response = HttpResponse(status=401)
            response["HX-Redirect"] = redirect_to_login(request.headers.get("HX-Current-URL", "/")).url
            return response
        return redirect_to_login(request.get_full_path())


class AskedGuard:
    """Fails a successful answer to a logged-in user whose view asked nothing of `prm.access`.

    On in tests. the exempt routes show nothing but the user's own login.
    """

    EXEMPT_PREFIXES = ("account_", "mfa_", "usersessions_", "openid_connect_", "socialaccount_")
    EXEMPT = frozenset(
        {
            "me",
            "calendar-link",
            "theme",
            "livez",
            "readyz",
            "metrics",
            "favicon",
            "jsi18n",
            "api:schema",
            "api:docs",
            "api:token",
            "api:not-found",
        }
    )

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked.forget()
        response = self.get_response(request)
        match = request.resolver_match
        name = (match.view_name if match else "") or ""
        exempt = not name or name in self.EXEMPT or name.startswith(self.EXEMPT_PREFIXES)
        public = match is not None and match.namespace == "" and is_public(match.view_name)
        if response.status_code < 300 and request.user.is_authenticated and not (exempt or public):
            assert asked.was_asked(), f"{name} answered without asking prm.access"
        return response
