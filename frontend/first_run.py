"""Until somebody has a login, every page leads to the one that makes the first."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from prm.people.first import needed

#: What works all the same: the page itself, and what it is made of. The API answers for itself.
EXEMPT = frozenset(
    {
        "setup",
        "theme",
        "language",
        "look-colours",
        "look-logo",
        "look-portal-colours",
        "look-portal-logo",
        "livez",
        "readyz",
        "metrics",
    }
)

_begun = False


class FirstRun:
    """Asks the database at each request until there is a login, and never again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _over() or _exempt(request):
            return self.get_response(request)
        return redirect("setup")


def _over() -> bool:
    global _begun
    _begun = _begun or not needed()
    return _begun


def forget() -> None:
    """As if the process had just started."""
    global _begun
    _begun = False


def _exempt(request: HttpRequest) -> bool:
    if request.path.startswith("/api/"):
        return True
    try:
        return resolve(request.path_info).view_name in EXEMPT
    except Resolver404:
        return False
