"""The form of a body, without a database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from api import body
from api.problems import Problem
from workflows.errors import InvalidInput


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'{"a": 1.50}', {"a": Decimal("1.50")}),
        (b'{"a": -9223372036854775807}', {"a": -(2**63) + 1}),
        ('{"a": "Zoë 🦊"}'.encode(), {"a": "Zoë 🦊"}),
        (b'{"a": "\\ud83e\\udd8a"}', {"a": "🦊"}),
        (b"[]", []),
        (b'{"a": 0e99}', {"a": Decimal("0e99")}),
    ],
)
def test_json_is_read(raw: bytes, value: Any) -> None:
    assert body.parse(raw) == value


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (
            b"{",
            "The body is not valid JSON: Expecting property name enclosed in double quotes at character 1.",
        ),
        (b"\xff", "The body is not valid UTF-8."),
        (b'{"a": 1, "a": 2}', "A name is given twice."),
        (b'{"a": NaN}', "NaN is not JSON."),
        (b'{"a": -Infinity}', "-Infinity is not JSON."),
        (b'{"a": "\\u0000"}', "A text contains a NUL character."),
        (b'{"\\u0000": 1}', "A text contains a NUL character."),
        (b'{"a": "\\ud800"}', "A text contains half of a surrogate pair."),
        (b'{"a": 9223372036854775808}', "A number is too large."),
        (b'{"a": ' + b"9" * 5000 + b"}", "A number is too large."),
        (b'{"a": 1e400}', "A number is too large or too small."),
        (b'{"a": 1e-400}', "A number is too large or too small."),
        (b'{"a": 1.' + b"1" * 100 + b"}", "A number is too long."),
        (b"[" * 100 + b"]" * 100, "The body is nested too deeply."),
        (b"[" * 100_000 + b"]" * 100_000, "The body is nested too deeply."),
    ],
)
def test_what_is_not_json_is_refused_with_the_reason(raw: bytes, detail: str) -> None:
    with pytest.raises(Problem) as caught:
        body.parse(raw)
    assert (caught.value.status, caught.value.detail) == (400, detail)


SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": ["string", "null"], "maxLength": 5},
        "number": {"type": "integer"},
        "money": {
            "type": "object",
            "properties": {"amount": {"type": "string"}, "currency": {"type": "string"}},
            "required": ["amount", "currency"],
            "additionalProperties": False,
        },
        "ids": {"type": "array", "items": {"type": "string"}},
        "anything": {},
    },
    "required": ["text"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {
            "text": None,
            "number": 3,
            "money": {"amount": "1", "currency": "EUR"},
            "ids": ["a"],
            "anything": [1],
        },
        {"number": Decimal("3.0")},
    ],
)
def test_a_body_of_the_right_form_passes(data: Any) -> None:
    body.conform(data, SCHEMA)


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({"other": 1}, {"other": ["Unknown field."]}),
        ({"text": 1}, {"text": ["Must be of type string or null."]}),
        ({"number": True}, {"number": ["Must be of type integer."]}),
        ({"number": Decimal("3.5")}, {"number": ["Must be of type integer."]}),
        ({"number": "3"}, {"number": ["Must be of type integer."]}),
        ({"money": "3 EUR"}, {"money": ["Must be of type object."]}),
        ({"money": {"amount": "1"}}, {"money.currency": ["Missing."]}),
        ({"money": {"amount": 1, "currency": "EUR"}}, {"money.amount": ["Must be of type string."]}),
        (
            {"money": {"amount": "1", "currency": "EUR", "x": 1}},
            {"money.x": ["Unknown field."]},
        ),
        ({"ids": ["a", 1]}, {"ids[1]": ["Must be of type string."]}),
    ],
)
def test_a_body_of_another_form_is_refused_field_by_field(data: Any, errors: Any) -> None:
    with pytest.raises(Problem) as caught:
        body.conform(data, SCHEMA)
    assert (caught.value.status, caught.value.errors) == (400, errors)


def test_a_text_is_measured_before_its_blanks_are_stripped() -> None:
    with pytest.raises(InvalidInput) as caught:
        body.conform({"text": "  long"}, SCHEMA)
    assert caught.value.errors == {"text": ["Must have at most 5 characters."]}
