"""Notes each answer to a person. Its place is around that of view as: what it refuses is no page."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from prm.touch.noting import current, note
from prm.touch.routes import touched

log = logging.getLogger(__name__)

NOT_WRITTEN = "The access could not be recorded, so the file is not given out. Try again in a moment.\n"


class TouchLog:
    """A few microseconds and no query for each page; exports and downloads are written before they leave."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not settings.TOUCH_LOG:
            return self.get_response(request)
        token = current.set(request)
        try:
            response = self.get_response(request)
        finally:
            current.reset(token)
        found = touched(request, response)
        if found is None:
            return response
        kind, module, record, verb, door = found
        try:
            note(request, kind, module, record, verb=verb, door=door)
        except DatabaseError:
            log.exception("touch log: %s of %s not written, and so not given out", kind, module or verb)
            response.close()
            return HttpResponse(
                NOT_WRITTEN, status=503, content_type="text/plain", headers={"Retry-After": "5"}
            )
        return response
