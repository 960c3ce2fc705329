"""Conditions as rows and back, the ways to the user, and what changes in words."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.http import QueryDict

from frontend.views_portals import conditions
from frontend.views_portals.condition_words import words
from frontend.views_portals.lookups import lookups, reaches
from frontend.views_portals.reading import posted, read
from frontend.views_portals.words import diff, scope_facts
from prm.modules import registry
from workflows.conditions import validate

OWN = {"field": "partner", "op": "is", "value": "$user.company"}


def _leads() -> Any:
    return registry.get("leads")


@pytest.mark.once
@pytest.mark.parametrize("module", registry.all_modules(), ids=lambda module: module.key)
def test_declared_conditions_survive_their_rows(module: Any) -> None:
    for grant in module.grants.values():
        for scope in grant.scopes:
            lookup, rows = conditions.split(scope.where, module)
            said = read(rows, module)
            assert not rows.errors
            again = rows.custom if rows.custom else conditions.join(lookup, said, rows.match)
            assert again == (None if scope.where is None else dict(scope.where))
            assert words(scope.where, module)


@pytest.mark.once
def test_usual_choices_are_the_ways_that_people_mean() -> None:
    found = {one.key: one.lookup.field for one in reaches(_leads())}
    assert found == {"company": "partner", "own": "assignee", "customers": "account.partner"}
    assert {one.key: one.lookup.field for one in reaches(registry.get("accounts"))} == {
        "company": "id",
        "customers": "partner",
    }
    people = {one.key: one.lookup.field for one in reaches(registry.get("contacts"))}
    assert people["own"] == "id"
    assert people["customers"] == "company.account_role.partner"


@pytest.mark.once
@pytest.mark.parametrize("module", registry.all_modules(), ids=lambda module: module.key)
def test_every_lookup_can_be_asked_of_the_database(module: Any) -> None:
    for one in lookups(module):
        assert module.model._default_manager.filter(**{one.field.replace(".", "__"): None}).query


def _typed(**more: str) -> conditions.Rows:
    data = QueryDict(mutable=True)
    for name, value in {"c": "0", "c0-field": "amount", "c0-op": ">=", "c0-value": "1000.50", **more}.items():
        data[name] = value
    return posted(data)


@pytest.mark.once
@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("amount", ">=", "1000.50", 1000.5),
        ("amount", "<", "7", 7),
        ("state", "is", "new", "new"),
        ("region", "in", "EMEA, APAC", ["EMEA", "APAC"]),
        ("partner", "is", "$user.company", "$user.company"),
        ("expected_close", ">=", "2026-05-01", "2026-05-01"),
        ("account.country", "is", "DE", "DE"),
    ],
)
def test_a_row_becomes_a_comparison(field: str, op: str, value: str, expected: Any) -> None:
    rows = _typed(**{"c0-field": field, "c0-op": op, "c0-value": value})
    assert read(rows, _leads()) == [{"field": field, "op": op, "value": expected}]
    known = conditions.field_at(_leads(), field)
    assert known
    validate({"field": field, "op": op, "value": expected}, lambda _path: known.kind)


@pytest.mark.once
@pytest.mark.parametrize(
    ("field", "op", "value"),
    [
        ("amount", ">=", "much"),
        ("state", "is", "nowhere"),
        ("state", ">=", "new"),
        ("password", "is", "x"),
        ("expected_close", ">=", "soon"),
        ("partner", "is", "Northwind"),
        ("topic", "contains", ""),
    ],
)
def test_a_wrong_row_says_so_and_gives_nothing(field: str, op: str, value: str) -> None:
    rows = _typed(**{"c0-field": field, "c0-op": op, "c0-value": value})
    assert read(rows, _leads()) == []
    assert rows.errors[0][0] == "c0-field"
    assert rows.rows[0].field == field


@pytest.mark.once
def test_any_of_the_rows_stands_beside_the_lookup() -> None:
    lookup = reaches(_leads())[0].lookup
    parts = [{"field": "region", "op": "is", "value": "EMEA"}, {"field": "amount", "op": ">", "value": 5}]
    condition = conditions.join(lookup, parts, "any")
    assert condition == {"all": [OWN, {"any": parts}]}
    again, rows = conditions.split(condition, _leads())
    assert (again, rows.match, read(rows, _leads())) == (lookup, "any", parts)


@pytest.mark.once
def test_what_rows_cannot_say_is_kept() -> None:
    condition = {"not": {"all": [OWN, {"field": "region", "op": "is", "value": "EMEA"}]}}
    lookup, rows = conditions.split(condition, _leads())
    assert (lookup, rows.rows, rows.custom) == (None, [], condition)
    assert "Region is EMEA" in words(condition, _leads())


def _document() -> dict[str, Any]:
    scope = {
        "name": "own leads",
        "where": OWN,
        "actions": ["view"],
        "fields": {"*": "read", "amount": "hidden"},
        "admins_only": False,
    }
    grant = {"views": ["list"], "columns": [], "canvas": {}, "layouts": [], "related": None}
    return {"title": "Garage", "links": [], "grants": {"leads": {**grant, "scopes": [scope]}}}


@pytest.mark.once
def test_a_change_is_said_in_words() -> None:
    old = _document()
    new = copy.deepcopy(old)
    new["title"] = "Garages"
    scope = new["grants"]["leads"]["scopes"][0]
    scope["actions"] = ["view", "accept"]
    scope["fields"] = {"*": "read"}
    new["grants"]["accounts"] = {**old["grants"]["leads"], "scopes": []}
    said = {part.title: [(one.kind, one.text) for one in part.changes] for part in diff(old, new)}
    assert said["Settings"] == [("changed", "Title: Garage → Garages")]
    assert said["Leads"] == [
        ("added", "Scope “own leads”: may now: Accept"),
        ("added", "Scope “own leads”: Read instead of Hidden: Amount"),
    ]
    assert said["Accounts"][0] == ("added", "The module")
    assert [part.changes[0].kind for part in diff(new, old)] == ["changed", "taken", "taken"]
    assert diff(old, copy.deepcopy(old)) == []


@pytest.mark.once
def test_a_renamed_scope_is_the_same_scope() -> None:
    old = _document()
    new = copy.deepcopy(old)
    new["grants"]["leads"]["scopes"][0]["name"] = "their leads"
    assert [one.text for part in diff(old, new) for one in part.changes] == [
        "Scope “their leads”: called “own leads” before"
    ]


@pytest.mark.once
def test_another_order_is_said_though_something_was_added() -> None:
    old = _document()
    old["grants"]["leads"]["views"] = ["list", "board"]
    new = copy.deepcopy(old)
    new["grants"]["leads"]["views"] = ["board", "canvas", "list"]
    assert [(one.kind, one.text) for part in diff(old, new) for one in part.changes] == [
        ("added", "Views: Canvas"),
        ("changed", "Views in another order: Board, Canvas, List"),
    ]


@pytest.mark.once
def test_a_scope_is_counted_for_the_table() -> None:
    facts = scope_facts(_leads(), _document()["grants"]["leads"]["scopes"][0])
    assert facts["rows"] == "Partner is the user’s company"
    assert facts["read"] == facts["of"] - 1
    assert facts["write"] == 0
