"""The reader's own language and time zone for every word and date on a page."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from frontend.looks import languages

#: Set by the page's script from what the browser knows; for who has not chosen a zone, or is not signed in.
ZONE_COOKIE = "timezone"


#: Programs ask here; whether the portal lives is told without a question to the database.
NO_PAGES = ("/api/", "/livez", "/readyz", "/metrics")


class LanguageAndTimeZone:
    """Activates the language and the time zone that the user chose.

    Who chose none gets those of the browser: Accept-Language (or the cookie of the language switch), and the
    cookie that the page's script sets; UTC where nothing is known. Where the portal does not speak the
    language, its first one counts.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        zone = _zone(getattr(user, "timezone", "")) or _zone(request.COOKIES.get(ZONE_COOKIE, ""))
        language = getattr(user, "language", "")
        offered = dict(settings.LANGUAGES if request.path.startswith(NO_PAGES) else languages(request))
        if language not in offered:
            language = translation.get_language() or settings.LANGUAGE_CODE
        if language not in offered:
            # A portal may speak fewer languages than the installation.
            language = next(iter(offered))
        with timezone.override(zone), translation.override(language):
            response = self.get_response(request)
        # LocaleMiddleware would say the browser's.
        response.headers.setdefault("Content-Language", language)
        return response


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
