"""What every view of the API does alike: who asks, is the form right, which module, which record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes, urlencode
from uuid import UUID

import orjson
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from api import body, problems
from api.auth import SessionAuthentication, SignedIn, TokenAuthentication
from prm.access import asked, rights
from prm.modules import registry, versions
from prm.modules.read import BadQuery, get_row
from prm.modules.registry import Module
from prm.modules.render import to_json
from workflows import errors
from workflows.actor import Actor
from workflows.idempotency import Stored, once

JSON = "application/json"


@dataclass(frozen=True)
class Told:
    """An answer before it is packed: a status, and what is said (None: nothing)."""

    status: int
    data: Any


def answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """`data` as JSON."""
    response = HttpResponse(orjson.dumps(data), content_type=JSON, status=status)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


class OnlyJson(BaseContentNegotiation):
    """There is one representation; a client that would rather have another still gets it."""

    def select_parser(self, request: Request, parsers: Any) -> None:
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> tuple[Any, str]:
        return None, JSON


class ApiView(APIView):
    """parameters: the query parameters that the view knows, another is 400. None: the view looks itself."""

    authentication_classes: Any = (TokenAuthentication, SessionAuthentication)
    permission_classes: Any = (SignedIn,)
    throttle_classes: Any = ()
    parser_classes: Any = ()
    renderer_classes: Any = ()
    content_negotiation_class = OnlyJson
    parameters: ClassVar[frozenset[str] | None] = frozenset()

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {"Vary": "Authorization, Cookie"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        self.perform_authentication(request)
        self.check_permissions(request)
        self.check_throttles(request)
        self.check_query(request._request)

    def check_query(self, http: HttpRequest) -> None:
        """Refuses parameters that mean nothing here, and text that no database takes."""
        wrong: dict[str, list[str]] = {}
        for name, values in http.GET.lists():
            if self.parameters is not None and name not in self.parameters:
                wrong[name] = ["There is no such parameter."]
            elif len(values) > 1:
                wrong[name] = ["Given twice."]
            elif "\x00" in name or "\x00" in values[0]:
                wrong[name] = ["Not valid text."]
        if wrong:
            raise BadQuery(wrong)
        try:
            # Django puts a mark in place of bytes that are no text.
            unquote_to_bytes(http.META.get("QUERY_STRING", "")).decode()
        except UnicodeDecodeError:
            raise BadQuery({"": ["Not valid UTF-8."]}) from None

    # DRF would have its own Response, which is rendered later; these are plain ones that are ready.
    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        response: HttpResponse = super().handle_exception(exc)
        if response.status_code == 405:
            response["Allow"] = ", ".join(self.allowed_methods)
        return response

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        asked.note()  # the methods are no secret: the description names them to everybody
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    @property
    def user(self) -> Any:
        """Who asks."""
        return self.request.user

    @property
    def actor(self) -> Actor:
        """The user as the engine knows them, with the id of this request for the history."""
        return Actor.of(self.user, request_id=getattr(self.request._request, "request_id", ""))

    def data(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The body, which has the form that `schema` describes. Raises Problem 400."""
        found = body.read(self.request._request)
        body.conform(found, schema)
        return found

    def once(
        self, data: Mapping[str, Any], effect: Callable[[], Told], replayed: Callable[[Told], Told]
    ) -> Told:
        """Runs `effect`, or with an Idempotency-Key that was used before gives its stored answer.

        replayed: looks at a stored answer with the rights of today; raises, or gives what may still be told.
        """
        key = idempotency_key(self.request._request)
        if key is None:
            return effect()
        told, again = self.stored(key, data, effect)
        return replayed(told) if again else told

    def stored(self, key: str, data: Mapping[str, Any], effect: Callable[[], Told]) -> tuple[Told, bool]:
        """`effect` under `key`, at most once for caller and path; and whether the answer is an old one."""

        def packed() -> Stored:
            told = effect()
            return Stored(status=told.status, body=orjson.dumps(told.data), content_type=JSON)

        found = once(self.actor.principal, "POST", self.request._request.path, key, body.digest(data), packed)
        return Told(found.status, orjson.loads(found.body)), found.replayed


def idempotency_key(http: HttpRequest) -> str | None:
    """The Idempotency-Key of the request. Raises Problem 400 where it is no key."""
    key = http.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not 1 <= len(key) <= 200 or not all("!" <= char <= "~" for char in key):
        raise problems.Problem(400, "malformed", "Idempotency-Key takes 1 to 200 visible ASCII characters.")
    return str(key)


def record_answer(told: Told, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A record as an answer with its ETag, or the 204 that stands for one that is not visible."""
    if told.data is None:
        return HttpResponse(status=204)
    return answer(told.data, told.status, {"ETag": versions.etag(told.data), **(headers or {})})


class ModuleView(ApiView):
    """A view below `/<module>/`. A module that the caller's portal does not grant is not there."""

    module: Module

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        try:
            self.module = registry.get(kwargs["module"])
        except LookupError:
            raise Http404 from None
        if not rights.may(self.user, self.module, "view"):
            raise Http404

    def find(self, pk: UUID) -> models.Model:
        """The record, if the caller may see it."""
        obj: models.Model | None = rights.visible(self.user, self.module).filter(pk=pk).first()
        if obj is None:
            raise Http404
        return obj

    def row(self, pk: UUID) -> dict[str, Any] | None:
        """The record as the caller may read it, as JSON values; None where they may not see it."""
        found = get_row(self.user, self.module, pk)
        return None if found is None else to_json(self.module, found)

    def told(self, pk: UUID, status: int = 200) -> Told:
        """The record as an answer, or 204 where it is (no longer) visible to the caller."""
        row = self.row(pk)
        return Told(204, None) if row is None else Told(status, row)

    def still(self, told: Told) -> Told:
        """A stored record under the rights of today: gone if invisible now, without what is hidden now."""
        if told.data is None:
            return told
        obj = self.find(UUID(told.data["id"]))
        shown = rights.readable_fields(self.user, self.module, obj) | {"id", "version"}
        return Told(told.status, {name: value for name, value in told.data.items() if name in shown})

    def matched(self, obj: Any) -> bool:
        """Whether If-Match asks for this version of the record (False: it asks for none). Raises Stale."""
        header = self.request._request.META.get("HTTP_IF_MATCH")
        if header is None or header.strip() == "*":
            return False
        if any(versions.version_matches(obj, tag) for tag in entity_tags(header)):
            return True
        raise errors.Stale

    def seen(self, obj: Any) -> int | None:
        """The version that If-Match asks for, where it is the present one; the write asks again, locked."""
        version: int | None = obj.version if self.matched(obj) else None
        return version


def entity_tags(header: str) -> list[str]:
    """The tags of If-Match or If-None-Match, without quotes and W/ (compression weakens them)."""
    tags = []
    for part in header.split(","):
        tag = part.strip().removeprefix("W/")
        tags.append(tag[1:-1] if len(tag) > 1 and tag[0] == tag[-1] == '"' else tag)
    return tags


def page_url(http: HttpRequest, params: Mapping[str, Any] | None) -> str | None:
    """The address of another page of the same list."""
    return None if params is None else http.build_absolute_uri(f"{http.path}?{urlencode(params)}")


MOST, USUAL = 200, 50


def limit_of(http: HttpRequest) -> int:
    """`?limit=`, 1 to 200, 50 where it is not given. Raises BadQuery."""
    text = http.GET.get("limit", str(USUAL))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MOST):
        raise BadQuery({"limit": [f"A whole number from 1 to {MOST}."]})
    return int(text)


def page_of(http: HttpRequest, rows: models.QuerySet[Any]) -> tuple[list[Any], str | None]:
    """A page of what hangs on a record, newest first, and the address of the next one. Raises BadQuery."""
    limit = limit_of(http)
    cursor = http.GET.get("cursor")
    if cursor is not None:
        behind = body.identifier(cursor)
        if behind is None:
            raise BadQuery({"cursor": ["Not a cursor of this list."]})
        rows = rows.filter(pk__lt=behind)
    found = list(rows.order_by("-pk")[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], page_url(http, {"limit": limit, "cursor": str(found[limit - 1].pk)})
