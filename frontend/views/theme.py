"""Light, dark, or as the system says: kept in a cookie, so that the first paint is right."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from frontend.requests import next_url
from frontend.shell import theme_of


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Sets the theme; app.js does the same without a round trip."""
    asked = request.POST.get("theme", "")
    chosen = ("light" if theme_of(request) == "dark" else "dark") if asked == "toggle" else asked
    response = redirect(next_url(request, "/"))
    if chosen in ("light", "dark"):
        response.set_cookie(
            "theme",
            chosen,
            max_age=timedelta(days=400),
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    else:
        response.delete_cookie("theme")
    return response
