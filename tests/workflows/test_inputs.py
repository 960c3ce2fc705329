"""Inputs: what is taken, what is refused, and that form, schema and check agree."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from djmoney.money import Money
from jsonschema import Draft202012Validator

from tests.workflows.app.models import Depot
from workflows.errors import InvalidInput
from workflows.inputs import KINDS, Input, clean, json_schema, plain

KNOWN = UUID(int=7)
CHOICES = [("north", "North"), ("south", "South")]


def resolve(module: str, id: str) -> Depot | None:
    return Depot(pk=KNOWN) if (module, id) == ("depots", str(KNOWN)) else None


def make(kind: str, **more: object) -> Input:
    needed = {"choice": {"choices": CHOICES}, "reference": {"module": "depots"}}.get(kind, {})
    return Input(kind=kind, label="It", **{**needed, **more})


def take(each: Input, value: object) -> object:
    return clean({"it": each}, {"it": value}, resolve)["it"]


TAKEN = [
    ("text", " x ", "x"),
    ("longtext", "x\ny", "x\ny"),
    ("email", "a@b.example", "a@b.example"),
    ("phone", "+49 30 901820", "+4930901820"),
    ("url", "https://a.example/", "https://a.example/"),
    ("integer", 3, 3),
    ("integer", "3", 3),
    ("decimal", "1.50", Decimal("1.50")),
    ("date", "2026-01-31", dt.date(2026, 1, 31)),
    ("datetime", "2026-01-31T10:00:00Z", dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)),
    ("boolean", True, True),
    ("boolean", "false", False),
    ("choice", "north", "north"),
    ("country", "DE", "DE"),
    ("money", {"amount": "1234.50", "currency": "USD"}, Money("1234.50", "USD")),
    ("money", Money(3, "EUR"), Money(3, "EUR")),
    ("money", {"amount": "1.2340", "currency": "KWD"}, Money("1.234", "KWD")),
    ("money", {"amount": "1500.000", "currency": "JPY"}, Money(1500, "JPY")),
]
REFUSED = [
    ("text", ["x"]),
    ("text", {"a": 1}),
    ("text", 3),
    ("text", True),
    ("text", "a\x00b"),
    ("email", "nobody"),
    ("phone", "12"),
    ("url", "javascript:alert(1)"),
    ("integer", "3.5"),
    ("integer", True),
    ("integer", 1.5),
    ("decimal", "NaN"),
    ("date", "2026-02-30"),
    ("date", 20260131),
    ("datetime", "noon"),
    ("boolean", "perhaps"),
    ("boolean", []),
    ("choice", "east"),
    ("country", "XX"),
    ("money", "12"),
    ("money", {"amount": "12"}),
    ("money", {"amount": "x", "currency": "USD"}),
    ("money", {"amount": "1", "currency": "usd"}),
    ("money", {"amount": "1", "currency": "USD", "more": 1}),
    ("money", {"amount": "1", "currency": ["USD"]}),
    ("money", {"amount": "1.234", "currency": "USD"}),
    ("money", {"amount": "1.5", "currency": "JPY"}),
    ("money", {"amount": "1.2345", "currency": "KWD"}),
    ("money", {"amount": "1", "currency": "XXX"}),
    ("reference", str(UUID(int=8))),
    ("reference", "no id"),
    ("reference", 7),
]


@pytest.mark.parametrize(("kind", "value", "wanted"), TAKEN)
def test_it_is_taken(kind, value, wanted):
    assert take(make(kind), value) == wanted


@pytest.mark.parametrize(("kind", "value"), REFUSED)
def test_it_is_refused(kind, value):
    with pytest.raises(InvalidInput) as invalid:
        take(make(kind), value)
    assert list(invalid.value.errors) == ["it"]


def test_a_reference_is_resolved_under_the_rights_of_the_actor():
    for value in (str(KNOWN), KNOWN, {"id": str(KNOWN)}, Depot(pk=KNOWN)):
        assert take(make("reference"), value) == Depot(pk=KNOWN)
    missing = pytest.raises(InvalidInput, match="not valid")
    with missing as invalid:
        take(make("reference"), str(uuid4()))
    assert invalid.value.errors == {"it": ["There is no such record."]}


@pytest.mark.parametrize("kind", KINDS)
def test_left_blank(kind):
    for value in (None, ""):
        optional = take(make(kind, required=False), value)
        assert optional is (False if kind == "boolean" else None)
    if kind != "boolean":
        with pytest.raises(InvalidInput):
            clean({"it": make(kind)}, {}, resolve)


def test_everything_wrong_is_told_at_once():
    inputs = {"a": make("text"), "b": make("email"), "c": make("text", max_length=2)}
    with pytest.raises(InvalidInput) as invalid:
        clean(inputs, {"b": "x", "c": "long", "d": 1}, resolve)
    assert sorted(invalid.value.errors) == ["a", "b", "c", "d"]


def test_bounds():
    assert take(make("integer", min=1, max=3), 3) == 3
    for value in (0, 4):
        with pytest.raises(InvalidInput):
            take(make("integer", min=1, max=3), value)
    with pytest.raises(InvalidInput):
        take(make("money", min=0), {"amount": "-1", "currency": "USD"})


def test_choices_may_be_known_late():
    assert take(Input(kind="choice", choices=lambda: CHOICES), "north") == "north"
    assert Input(kind="choice", choices=lambda: CHOICES).json_schema()["enum"] == ["north", "south"]


@pytest.mark.parametrize("kind", KINDS)
def test_form_and_schema_are_made_for_every_kind(kind):
    each = make(kind, help="Why", initial=lambda: None)
    field = each.form_field()
    assert (str(field.label), field.required, str(field.help_text)) == ("It", kind != "boolean", "Why")
    Draft202012Validator.check_schema(each.json_schema())
    assert each.json_schema()["title"] == "It"


@pytest.mark.parametrize(("kind", "value", "wanted"), TAKEN)
def test_what_is_taken_as_json_fits_the_schema(kind, value, wanted):
    if isinstance(value, Money) or (kind in ("integer", "boolean") and isinstance(value, str)):
        return  # forms send text, callers send objects; the schema describes the API
    schema = json_schema({"it": make(kind)})
    Draft202012Validator(schema).validate({"it": value})
    assert not Draft202012Validator(schema).is_valid({"it": value, "more": 1})
    assert Draft202012Validator(json_schema({"it": make(kind, required=False)})).is_valid({"it": None}) or (
        kind == "boolean"
    )


def test_what_the_history_keeps_is_plain():
    kept = plain(
        {"depot": Depot(pk=KNOWN), "price": Money(3, "EUR"), "day": dt.date(2026, 1, 31), "n": [1, None]}
    )
    assert kept == {
        "depot": str(KNOWN),
        "price": {"amount": "3", "currency": "EUR"},
        "day": "2026-01-31",
        "n": [1, None],
    }


def test_an_input_is_declared_right():
    for wrong in ({"kind": "colour"}, {"kind": "reference"}):
        with pytest.raises(Exception, match=r"No such kind|names its module"):
            Input(**wrong)
