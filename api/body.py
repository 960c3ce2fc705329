"""Reading the body of a request: strict about its form, so that nothing is silently dropped or guessed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from rest_framework.exceptions import UnsupportedMediaType

from api.problems import Problem
from workflows.errors import InvalidInput

#: Bytes of a body. The largest honest one, 200 ids with inputs, is far below.
LIMIT = 1_000_000
#: How deep a body may be nested, and how far from zero a number may be.
DEPTH, LARGEST = 20, 2**63
#: Python's names of the types that a JSON schema speaks of.
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, Decimal),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def malformed(detail: str, errors: Mapping[str, list[str]] | None = None) -> Problem:
    """400: the body is not what the schema says a body looks like."""
    return Problem(400, "malformed", detail, errors=errors)


def read(http: HttpRequest) -> dict[str, Any]:
    """The body as an object; {} where there is none. Raises Problem 400 or 413, or 415."""
    length = http.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > LIMIT:
        raise Problem(413, "too-large", f"A body may have at most {LIMIT} bytes.")
    content_type = http.META.get("CONTENT_TYPE", "")
    media, _, options = content_type.partition(";")
    is_json = media.strip().lower() == "application/json"
    if not is_json and (
        length != "0" or media.strip().lower() not in ("", "application/octet-stream", "text/plain")
    ):
        raise UnsupportedMediaType(media.strip(), detail="Send application/json.")
    if "charset" in options.lower() and "utf-8" not in options.lower().replace("utf8", "utf-8"):
        raise UnsupportedMediaType(content_type, detail="Send UTF-8.")
    if http.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedMediaType(content_type, detail="Send the body without Content-Encoding.")
    raw = http.body
    if len(raw) > LIMIT:
        raise Problem(413, "too-large", f"A body may have at most {LIMIT} bytes.")
    if not raw.strip():
        return {}
    data = parse(raw)
    if not isinstance(data, dict):
        raise malformed("The body must be a JSON object.")
    return data


def parse(raw: bytes) -> Any:
    """The JSON value of `raw`; numbers with a fraction are decimals. Raises Problem 400."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise malformed("The body is not valid UTF-8.") from None
    try:
        data = json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_fraction,
        )
    except json.JSONDecodeError as exc:
        raise malformed(f"The body is not valid JSON: {exc.msg} at character {exc.pos}.") from None
    except RecursionError:
        raise malformed("The body is nested too deeply.") from None
    _inspect(data, DEPTH)
    return data


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise malformed("A name is given twice.", {name: ["Given twice."] for name in twice})
    return found


def _no_constant(name: str) -> Any:
    raise malformed(f"{name} is not JSON.")


def _integer(text: str) -> int:
    if len(text) > 20 or abs(int(text)) >= LARGEST:
        raise malformed("A number is too large.")
    return int(text)


def _fraction(text: str) -> Decimal:
    if len(text) > 60:
        raise malformed("A number is too long.")
    number = Decimal(text)
    if number and not -30 <= number.adjusted() <= 18:
        raise malformed("A number is too large or too small.")
    return number


def _inspect(value: Any, depth: int) -> None:
    """Refuses what no database takes: NUL, half of a surrogate pair, endless nesting."""
    if isinstance(value, str):
        if "\x00" in value:
            raise malformed("A text contains a NUL character.")
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise malformed("A text contains half of a surrogate pair.")
    elif isinstance(value, (dict, list)):
        if depth == 0:
            raise malformed("The body is nested too deeply.")
        inside = [*value, *value.values()] if isinstance(value, dict) else value
        for one in inside:
            _inspect(one, depth - 1)


def conform(data: Mapping[str, Any], schema: Mapping[str, Any], at: str = "") -> None:
    """Refuses names that `schema` (an object's) does not know and values of another JSON type, with 400.

    Texts that are too long are InvalidInput here already, as the module would first strip their blanks.
    Whether a value is missing, or not among the choices, is for the module to say.
    """
    malformed_at: dict[str, list[str]] = {}
    too_long: dict[str, list[str]] = {}
    for where, wrong, text in _compare(data, schema, at):
        (too_long if wrong == "length" else malformed_at)[where] = [text]
    if malformed_at:
        raise malformed("The body does not have the form that the schema describes.", malformed_at)
    if too_long:
        raise InvalidInput(too_long)


def _compare(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[tuple[str, str, str]]:
    """(where, "form" or "length", message) of all that is wrong with `value`."""
    allowed = schema.get("type")
    names = [allowed] if isinstance(allowed, str) else list(allowed or ())
    if names and not _is_one_of(value, names):
        yield at, "form", f"Must be of type {' or '.join(names)}."
    elif value == "" and schema.get("format") in ("uuid", "date", "date-time"):
        yield at, "form", "Must not be empty; null means nothing."
    elif isinstance(value, str) and len(value) > schema.get("maxLength", LIMIT):
        yield at, "length", f"Must have at most {schema['maxLength']} characters."
    elif isinstance(value, dict) and "properties" in schema:
        for name, inside in value.items():
            below = f"{at}.{name}" if at else name
            if name in schema["properties"]:
                yield from _compare(inside, schema["properties"][name], below)
            elif schema.get("additionalProperties") is False:
                yield below, "form", "Unknown field."
        for name in schema.get("required", ()) if at else ():
            if name not in value:
                yield f"{at}.{name}", "form", "Missing."
    elif isinstance(value, list) and "items" in schema:
        for number, inside in enumerate(value):
            yield from _compare(inside, schema["items"], f"{at}[{number}]")


def _is_one_of(value: Any, names: list[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in names
    if isinstance(value, Decimal) and value == value.to_integral_value() and "integer" in names:
        return True
    return any(isinstance(value, TYPES[name]) for name in names)


def identifier(text: Any) -> UUID | None:
    """The UUID that `text` spells in its canonical form, or None."""
    try:
        found = UUID(text)
    except (ValueError, TypeError, AttributeError):
        return None
    return found if str(found) == str(text).lower() else None


def digest(data: Mapping[str, Any], raw: bytes = b"") -> str:
    """The same for bodies that mean the same, however they are spaced."""
    canonical = json.dumps(data, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(canonical.encode() + raw).hexdigest()
