"""Every error of the API, told in one way: application/problem+json (RFC 9457).

The status is chosen here and nowhere else, whether the error comes from the engine, from Django, from DRF
or from no view at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.log import log_response
from rest_framework import exceptions as drf

from prm.access.viewing import Refused
from prm.modules.read import BadQuery
from workflows import errors

CONTENT_TYPE = "application/problem+json"

#: The engine's errors → status and title.
ENGINE: tuple[tuple[type[errors.WorkflowError], int, str], ...] = (
    (errors.NotFound, 404, "Not found"),
    (errors.Denied, 403, "Not allowed"),
    (errors.WrongState, 409, "Wrong state"),
    (errors.Stale, 412, "Changed in the meantime"),
    (errors.Refused, 422, "Refused"),
    (errors.InvalidInput, 422, "Invalid input"),
    (errors.KeyReused, 422, "Idempotency key used before"),
)


class Problem(Exception):
    """An error that only the API knows (a malformed body, a missing one-time code)."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers = errors, headers or {}


def body(
    status: int,
    code: str,
    detail: str,
    *,
    title: str = "",
    errors: Mapping[str, Any] | None = None,
    reasons: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """The members of a problem. `errors`: messages by field; `reasons`: why guards refuse."""
    problem: dict[str, Any] = {
        "type": f"urn:prm:problem:{code}",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        problem["errors"] = {name: [str(text) for text in texts] for name, texts in errors.items()}
    if reasons is not None:
        problem["reasons"] = reasons
    return problem


def response(problem: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> HttpResponse:
    """The answer that carries `problem`."""
    answer = HttpResponse(orjson.dumps(problem), content_type=CONTENT_TYPE, status=problem["status"])
    for name, value in (headers or {}).items():
        answer[name] = value
    return answer


def describe(exc: BaseException) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The problem and the headers for an error, or None for one that nobody foresaw."""
    if isinstance(exc, Problem):
        return body(exc.status, exc.code, exc.detail, errors=exc.errors), dict(exc.headers)
    if isinstance(exc, errors.WorkflowError):
        return _engine(exc), {}
    if isinstance(exc, BadQuery):
        return body(400, "bad-query", "A query parameter is unknown or wrong.", errors=exc.errors), {}
    if isinstance(exc, drf.APIException):
        return _drf(exc)
    if isinstance(exc, Http404):
        return _plain(404)
    if isinstance(exc, Refused):
        return body(403, "viewing", str(exc), title=exc.title), {}
    if isinstance(exc, PermissionDenied):
        return _plain(403)
    if isinstance(exc, RequestDataTooBig):
        return _plain(413)
    if isinstance(exc, (SuspiciousOperation, BadRequest, UnreadablePostError, MultiPartParserError)):
        return _plain(400)
    if isinstance(exc, (ProtectedError, RestrictedError)):
        return body(409, "in-use", "Other records still refer to this one."), {}
    return None


DETAILS = {
    400: ("malformed", "The request could not be understood."),
    403: ("denied", "You may not do this."),
    404: ("not-found", "There is nothing here."),
    413: ("too-large", "The body is too large."),
    500: ("server-error", "Something went wrong on our side. It has been recorded."),
}


def _plain(status: int) -> tuple[dict[str, Any], dict[str, str]]:
    code, detail = DETAILS[status]
    return body(status, code, detail), {}


def _engine(exc: errors.WorkflowError) -> dict[str, Any]:
    for kind, status, title in ENGINE:
        if isinstance(exc, kind):
            code = str(exc.code).replace("_", "-")
            reasons = None
            if isinstance(exc, errors.Refused):
                reasons = [{"code": one.code, "message": str(one.message)} for one in exc.reasons]
            by_field = exc.errors if isinstance(exc, errors.InvalidInput) else None
            detail = DETAILS[404][1] if status == 404 else str(exc.message)
            return body(status, code, detail, title=title, errors=by_field, reasons=reasons)
    raise AssertionError(f"no status for {exc!r}")


def _drf(exc: drf.APIException) -> tuple[dict[str, Any], dict[str, str]]:
    headers = {}
    if scheme := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = scheme
    if isinstance(exc, drf.Throttled):
        headers["Retry-After"] = str(math.ceil(getattr(exc, "wait", None) or 1))
    code = str(getattr(exc.detail, "code", exc.default_code)).replace("_", "-")
    return body(exc.status_code, code, str(exc.detail)), headers


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """DRF's hook: what a view raised becomes an answer; what nobody foresaw is recorded and told as 500."""
    known = describe(exc)
    if known is not None:
        return response(*known)
    request = context["request"]._request
    answer = response(_plain(500)[0])
    log_response(
        "%s: %s", answer.reason_phrase, request.path, response=answer, request=request, exception=exc
    )
    got_request_exception.send(sender=type(context["view"]), request=request)
    return answer


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Errors outside of views, for the handlers in the settings of the site."""
    return response(_plain(400)[0])


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A refusal outside of a view."""
    known = describe(exception) if exception else None
    return response((known or _plain(403))[0])


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A path that leads nowhere."""
    return response(_plain(404)[0])


def server_error(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A failure outside of a view; Django has recorded it."""
    return response(_plain(500)[0])
