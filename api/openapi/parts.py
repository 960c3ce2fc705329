"""The words and shapes that the whole description is put together from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from api.body import LIMIT
from api.shapes import Schema
from api.views.base import MOST, USUAL

UUID: Schema = {"type": "string", "format": "uuid"}
TIME: Schema = {"type": "string", "format": "date-time"}
TEXT: Schema = {"type": "string"}
MAYBE_NUMBER: Schema = {"type": ["integer", "null"], "minimum": 0}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
MAYBE_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}

PROBLEMS = {
    400: "The request is malformed: not JSON, of another form than described, or with an unknown parameter.",
    401: "No login, or one that is unknown, expired or revoked.",
    403: "The record is visible, and this is not allowed.",
    404: "There is no such thing, or it is not the caller's to know of.",
    405: "There is no such method here.",
    409: "The record is in a state in which this is not possible.",
    412: "The record has changed since the version in If-Match.",
    413: f"The body has more than {LIMIT} bytes, or a file more than is taken.",
    415: "The body is not of a media type that is described.",
    422: "The input is invalid, a guard refuses, or the Idempotency-Key came before with another body.",
    429: "Too many requests; Retry-After says when to come again.",
    500: "A failure on our side.",
}
READING, SENDING = (400, 401, 404, 405), (400, 401, 403, 404, 405, 413, 415, 422)


def ref(kind: str, name: str) -> Schema:
    """A reference into the components."""
    return {"$ref": f"#/components/{kind}/{name}"}


def closed(properties: dict[str, Schema], *, optional: Iterable[str] = ()) -> Schema:
    """An object with these properties and no others."""
    left_out = set(optional)
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in left_out],
        "additionalProperties": False,
    }


def listed(items: Schema, **more: Schema) -> Schema:
    """The body of an answer with many results."""
    return closed({"results": {"type": "array", "items": items}, **more}, optional=("count",))


def says(description: str, schema: Schema, *with_headers: str) -> Schema:
    """An answer with a JSON body."""
    response: Schema = {"description": description, "content": {"application/json": {"schema": schema}}}
    if with_headers:
        response["headers"] = {name: ref("headers", name) for name in with_headers}
    return response


def operation(
    name: str,
    summary: str,
    tag: str,
    answers: dict[int, Schema],
    problems: Iterable[int],
    *,
    body: Schema | None = None,
    body_required: bool = True,
    other_bodies: Mapping[str, Schema] | None = None,
    takes: Iterable[Schema] = (),
) -> Schema:
    """One operation; `other_bodies` by media type. Any may fail with 429 or 500."""
    statuses = sorted({*problems, 429, 500})
    made: Schema = {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        "responses": {
            **{str(status): response for status, response in answers.items()},
            **{str(status): ref("responses", f"Problem{status}") for status in statuses},
        },
    }
    if found := list(takes):
        made["parameters"] = found
    bodies = {**(other_bodies or {}), **({"application/json": body} if body is not None else {})}
    if bodies:
        content = {media: {"schema": schema} for media, schema in bodies.items()}
        made["requestBody"] = {"required": body_required, "content": content}
    return made


NOTHING: Schema = {"description": "Done; there is nothing to show, or nothing that is visible to the caller."}
UNCHANGED: Schema = {
    "description": "Not changed since the ETag.",
    "headers": {"ETag": ref("headers", "ETag")},
}


def parameters() -> dict[str, Schema]:
    """Parameters that several operations take."""
    header = {"in": "header", "required": False}
    return {
        "id": {"name": "id", "in": "path", "required": True, "schema": UUID},
        "activity": {"name": "activity", "in": "path", "required": True, "schema": UUID},
        "file": {"name": "file", "in": "path", "required": True, "schema": UUID},
        "upload": {"name": "upload", "in": "path", "required": True, "schema": UUID},
        "page": {
            "name": "page",
            "in": "query",
            "description": "Which page of the file, from 1.",
            "schema": {"type": "integer", "minimum": 1, "maximum": 999, "default": 1},
        },
        "Range": {
            **header,
            "name": "Range",
            "description": "`bytes=0-99`: 206 with that part alone. Anything but one range is ignored.",
            "schema": TEXT,
        },
        "Upload-Offset": {
            "name": "Upload-Offset",
            "in": "header",
            "required": True,
            "description": "The number of the part's first byte: as many as have arrived.",
            "schema": {"type": "integer", "minimum": 0, "maximum": 10**12},
        },
        "limit": {
            "name": "limit",
            "in": "query",
            "description": "Rows of a page.",
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
        },
        "cursor": {
            "name": "cursor",
            "in": "query",
            "description": "Opaque: take it from `next` or `previous`.",
            "schema": {"type": "string", "minLength": 1},
        },
        "Idempotency-Key": {
            **header,
            "name": "Idempotency-Key",
            "description": "The same key and body have their effect once; kept for 24 hours.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
        },
        "If-Match": {
            **header,
            "name": "If-Match",
            "description": "An ETag or version, several, or *: 412 where the record has another one.",
            "schema": TEXT,
        },
        "If-None-Match": {
            **header,
            "name": "If-None-Match",
            "description": "304 where the record is still what this ETag named.",
            "schema": TEXT,
        },
    }


def headers() -> dict[str, Schema]:
    """Headers of answers."""
    return {
        "ETag": {
            "description": "Of the version and of what the caller may read.",
            "required": True,
            "schema": TEXT,
        },
        "Location": {
            "description": "Where the new record is.",
            "required": True,
            "schema": {**TEXT, "format": "uri"},
        },
        "Upload-Offset": {
            "description": "How many bytes have arrived.",
            "required": True,
            "schema": {"type": "integer", "minimum": 0},
        },
        "WWW-Authenticate": {"description": "How to sign in.", "required": True, "schema": TEXT},
        "Retry-After": {
            "description": "Seconds.",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
        },
        "Allow": {"description": "The methods there are.", "required": True, "schema": TEXT},
    }


def problem_responses() -> dict[str, Schema]:
    """One answer for each status of an error."""
    with_headers = {401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After"}
    responses = {}
    for status, text in PROBLEMS.items():
        response: Schema = {
            "description": text,
            "content": {"application/problem+json": {"schema": ref("schemas", "Problem")}},
        }
        if status in with_headers:
            response["headers"] = {with_headers[status]: ref("headers", with_headers[status])}
        responses[f"Problem{status}"] = response
    return responses
