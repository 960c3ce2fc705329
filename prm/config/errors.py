"""An error is a problem document under /api/ and a page elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

import api.problems
import frontend.views.errors as pages


def _door(request: HttpRequest) -> Any:
    return api.problems if request.path.startswith("/api/") else pages


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _door(request).bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if request.path.startswith("/api/"):
        return api.problems.permission_denied(request, exception)
    return pages.forbidden(request, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _door(request).not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return _door(request).server_error(request)
