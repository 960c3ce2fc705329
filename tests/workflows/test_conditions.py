"""The filter and the predicate are one language; and what is not of the language is refused."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from django.db.models import Q
from djmoney.money import Money
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from tests.workflows.app.models import Depot, Letter
from workflows.conditions import ConditionError, fields_in, matches, to_q, validate

UTC = dt.UTC
DEPOT, ELSEWHERE = UUID(int=1), UUID(int=2)
PARAMS = {
    "user.company": DEPOT,
    "user.nothing": None,
    "user.number": 3,
    "user.text": "north",
    "user.texts": ["North", "Süd"],
    "user.none": [],
}
TEXTS = ["", "north", "North", "NORTH", "nor", "Süd", "SÜD", "süd", "100%", "a_b", "a\\b", "'", " north"]
NUMBERS = [-2, -1, 0, 1, 3, 10]
AMOUNTS = [Decimal("-1.50"), Decimal("0.00"), Decimal("0.10"), Decimal("3.00"), Decimal("9999999999.99")]
DAYS = [dt.date(2025, 12, 31), dt.date(2026, 1, 1), dt.date(2026, 2, 28)]
MOMENTS = [dt.datetime(2026, 1, 1, tzinfo=UTC), dt.datetime(2026, 1, 1, 12, 30, 15, 250, tzinfo=UTC)]
KINDS = {
    "text": "text",
    "body": "longtext",
    "number": "integer",
    "amount": "decimal",
    "price": "money",
    "day": "date",
    "moment": "datetime",
    "flag": "boolean",
    "depot": "reference",
    "depot.name": "text",
    "depot.region": "text",
    "version": "integer",
}
VALUES = {
    "text": st.sampled_from([*TEXTS, "$user.text", "$user.nothing"]),
    "longtext": st.sampled_from(TEXTS),
    "integer": st.sampled_from([*NUMBERS, "$user.number", "$user.nothing"]),
    "decimal": st.sampled_from([*NUMBERS, *map(str, AMOUNTS), 0.1, -1.5, 2.999, "$user.nothing"]),
    "money": st.sampled_from([*NUMBERS, *map(str, AMOUNTS)]),
    "date": st.sampled_from([each.isoformat() for each in DAYS]),
    "datetime": st.sampled_from(
        [*(each.isoformat() for each in MOMENTS), "2026-01-01T01:00:00+01:00", "2025-12-31T23:59:59.9Z"]
    ),
    "boolean": st.booleans(),
    "reference": st.sampled_from([str(DEPOT), str(ELSEWHERE), "$user.company", "$user.nothing"]),
}


@st.composite
def leaves(draw):
    field = draw(st.sampled_from(sorted(KINDS)))
    kind = KINDS[field]
    ops = ["is", "is_not", "in", "not_in", "is_empty", "is_not_empty"]
    if kind in ("text", "longtext"):
        ops.append("contains")
    elif kind not in ("boolean", "reference"):
        ops += [">=", "<=", ">", "<"]
    op = draw(st.sampled_from(ops))
    if op in ("is_empty", "is_not_empty"):
        return {"field": field, "op": op}
    if op not in ("in", "not_in"):
        return {"field": field, "op": op, "value": draw(VALUES[kind])}
    if kind == "text" and draw(st.integers(0, 3)) == 0:
        return {
            "field": field,
            "op": op,
            "value": draw(st.sampled_from(["$user.texts", "$user.none", "$user.nothing"])),
        }
    return {"field": field, "op": op, "value": draw(st.lists(VALUES[kind], max_size=3))}


conditions = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=8,
)


# One branch needs the join to find something and the other not: Django's own negation loses the NULLs here.
JOINED = {
    "any": [
        {"all": [{"field": "amount", "op": "is_empty"}, {"field": "depot", "op": "is_not_empty"}]},
        {"not": {"field": "depot.name", "op": "is", "value": ""}},
    ]
}


@pytest.fixture
def letters(db) -> list[Letter]:
    """Some of every value beside some of every other, nothing left out."""
    rng = random.Random(7)  # the same letters everywhere
    Depot.objects.create(pk=DEPOT, name="North", region="north")
    Depot.objects.create(pk=ELSEWHERE, name="", region=None)
    for _each in range(60):
        amount = rng.choice([None, *AMOUNTS])
        Letter.objects.create(
            text=rng.choice([None, *TEXTS]),
            body=rng.choice(TEXTS),
            number=rng.choice([None, *NUMBERS]),
            amount=rng.choice([None, *AMOUNTS]),
            price=None if amount is None else Money(amount, rng.choice(["USD", "EUR"])),
            day=rng.choice([None, *DAYS]),
            moment=rng.choice([None, *MOMENTS]),
            flag=rng.choice([True, False]),
            depot_id=rng.choice([None, DEPOT, ELSEWHERE]),
            version=rng.choice([1, 3]),
        )
    return list(Letter.objects.all())


def asked(condition) -> set:
    return set(Letter.objects.filter(to_q(condition, PARAMS)).values_list("pk", flat=True))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=conditions)
@example(condition=JOINED)
def test_filter_and_predicate_agree(letters, condition):
    validate(condition, KINDS.get, PARAMS)
    wanted = {each.pk for each in letters if matches(condition, each, PARAMS)}
    event("some" if 0 < len(wanted) < len(letters) else "all" if wanted else "none")
    assert asked(condition) == wanted


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=conditions)
def test_a_condition_and_its_negation_divide_the_rows(letters, condition):
    both = asked(condition), asked({"not": condition})
    assert both[0] | both[1] == {each.pk for each in letters}
    assert both[0] & both[1] == set()


def test_a_prefix_asks_another_record(letters):
    for op, value in [("is", "north"), ("is_not", "north"), ("in", ["north", "south"]), ("contains", "ORT")]:
        there = {"field": "region", "op": op, "value": value}
        here = {"field": "depot.region", "op": op, "value": value}
        for one, other in [(there, here), ({"not": there}, {"not": here}), ({"any": []}, {"any": []})]:
            found = Letter.objects.filter(to_q(one, PARAMS, prefix="depot__"))
            assert set(found.values_list("pk", flat=True)) == asked(other)


def test_what_is_empty(letters):
    empty = {each.pk for each in letters if each.text in (None, "")}
    assert asked({"field": "text", "op": "is_empty"}) == empty
    assert asked({"field": "depot.region", "op": "is_empty"}) == {
        each.pk for each in letters if each.depot is None or each.depot.region is None
    }


def test_nothing_and_everything(letters):
    assert asked({"all": []}) == {each.pk for each in letters}
    assert asked({"any": []}) == set()
    everything = to_q({"all": []}, {})
    only = to_q({"field": "flag", "op": "is", "value": True}, {})
    assert Letter.objects.filter(everything | only).count() == 60, "true or anything is true"
    assert Letter.objects.filter(everything & ~everything).count() == 0


@pytest.mark.parametrize("op", ["is", "is_not", ">", "<="])
def test_a_parameter_that_is_none_is_no_claim_on_what_is_empty(letters, op):
    condition = {"field": "number" if op in (">", "<=") else "depot", "op": op, "value": "$user.nothing"}
    assert asked(condition) == set()
    assert asked({"not": condition}) == {each.pk for each in letters}


def test_a_list_with_an_unknown_in_it(letters):
    inside = {"field": "depot", "op": "in", "value": ["$user.company", "$user.nothing"]}
    assert asked(inside) == {each.pk for each in letters if each.depot_id == DEPOT}
    assert asked({**inside, "op": "not_in"}) == set(), "nobody can say that it is none of these"


def test_contains_minds_no_case_of_ascii_letters(letters):
    condition = {"field": "text", "op": "contains", "value": "NOR"}
    assert asked(condition) == {each.pk for each in letters if "nor" in (each.text or "").lower()}
    assert asked({"field": "text", "op": "contains", "value": "%"}) == {
        each.pk for each in letters if "%" in (each.text or "")
    }


@pytest.mark.parametrize(
    "condition",
    [
        {},
        [],
        None,
        "true",
        {"all": {}},
        {"all": [], "any": []},
        {"not": []},
        {"field": "text"},
        {"field": "text", "op": "is"},
        {"field": "text", "op": "like", "value": "x"},
        {"field": "text", "op": "is", "value": "x", "or": 1},
        {"field": 1, "op": "is", "value": "x"},
        {"field": "text", "op": "in", "value": "x"},
        {"field": "text", "op": "is", "value": ["x"]},
        {"field": "text", "op": "is", "value": "$user.unknown"},
        {"all": [{"any": [{}]}]},
    ],
)
def test_what_is_no_condition_is_refused_and_never_true(condition):
    with pytest.raises(ConditionError):
        to_q(condition, PARAMS)
    with pytest.raises(ConditionError):
        matches(condition, Letter(text="x"), PARAMS)
    with pytest.raises(ConditionError):
        validate(condition, KINDS.get, PARAMS)


@pytest.mark.parametrize(
    "leaf",
    [
        {"field": "nonsense", "op": "is", "value": "x"},
        {"field": "text", "op": ">", "value": "x"},
        {"field": "number", "op": "contains", "value": "1"},
        {"field": "number", "op": "is", "value": "x"},
        {"field": "number", "op": "is", "value": 1.5},
        {"field": "number", "op": "is", "value": True},
        {"field": "amount", "op": "is", "value": "NaN"},
        {"field": "day", "op": "is", "value": "yesterday"},
        {"field": "day", "op": "is", "value": "2026-02-30"},
        {"field": "moment", "op": "is", "value": "2026-01-01T00:00:00"},
        {"field": "flag", "op": "is", "value": "yes"},
        {"field": "depot", "op": "in", "value": ["no id"]},
        {"field": "depot", "op": "is", "value": "$user.unknown"},
        {"field": "text", "op": "is", "value": "\x00"},
        {"field": "text", "op": "is", "value": None},
    ],
)
def test_what_does_not_fit_its_field_is_refused_when_written(leaf):
    with pytest.raises(ConditionError):
        validate(leaf, KINDS.get, PARAMS)


def test_a_condition_is_not_nested_without_end():
    condition = {"all": []}
    for _each in range(40):
        condition = {"not": condition}
    with pytest.raises(ConditionError):
        validate(condition, KINDS.get)


def test_the_fields_it_reads():
    condition = {
        "all": [
            {"field": "depot.region", "op": "is", "value": "north"},
            {"not": {"field": "text", "op": "is_empty"}},
        ]
    }
    assert fields_in(condition) == {"depot.region", "text"}


def test_a_record_need_not_be_a_model():
    rule = {"field": "company.id", "op": "is", "value": "$user.company"}
    assert matches(rule, SimpleNamespace(company=SimpleNamespace(id=DEPOT)), PARAMS)
    assert not matches(rule, SimpleNamespace(company=None), PARAMS)


def test_what_leads_to_many_is_no_field_of_one(letters):
    with pytest.raises(ConditionError):
        matches({"field": "letters.text", "op": "is", "value": "x"}, Depot.objects.first(), PARAMS)
    with pytest.raises(ConditionError):
        matches({"field": "colour", "op": "is", "value": "x"}, letters[0], PARAMS)


def test_it_is_a_plain_filter():
    assert isinstance(to_q({"field": "depot", "op": "is", "value": str(uuid4())}, {}), Q)
