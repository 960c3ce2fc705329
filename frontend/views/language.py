"""The language of the pages: kept in a cookie, and in the profile of who is signed in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from frontend.looks import languages
from frontend.requests import next_url
from prm.people.actions import choose_language


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Sets the language, and goes back to where it was chosen."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(languages(request)):
        return HttpResponseBadRequest()
    user: Any = request.user
    if user.is_authenticated:
        choose_language(user, chosen)
    response = redirect(next_url(request, "/"))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
    )
    return response
