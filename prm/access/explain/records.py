"""Other values of a record that would turn an answer: those that conditions compare with, and states."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext as _

from prm.access.explain.cases import Candidate, Case, Change, Question, Tellable, point, twin
from prm.access.explain.words import column_at, end_of, found_text, title_of
from prm.access.policy import CompiledGrant
from workflows.conditions import Condition

#: So many of the values of a choice are tried, beside those that a condition names.
CHOICES = 12


def of_state(question: Question, case: Case, tellable: Tellable) -> Iterator[Candidate]:
    """The record in a state that the transition starts from."""
    if question.transition is None or case.obj is None:
        return
    for order, state in enumerate(question.transition.sources):
        if state != case.state:
            yield _record(question, case, "state", state, tellable, order)


def of_record(
    question: Question, case: Case, grant: CompiledGrant, wanted: bool, tellable: Tellable
) -> Iterator[Candidate]:
    """One value of the record: of a comparison of any scope, or the state that a transition starts from."""
    params, seen = case.rights.params, set()
    if wanted:
        for candidate in of_state(question, case, tellable):
            seen.add(("state", str(candidate.change.details["value"])))
            yield candidate
    for scope in grant.scopes:
        for leaf in _leaves(scope.where) if scope.where is not None else ():
            path = leaf["field"]
            for value in _values(leaf, case.obj, params):
                mark = (path, str(value))
                if mark in seen or _end_value(case.obj, path) == value:
                    continue
                seen.add(mark)
                if _changed(case.obj, path, value) is not None:
                    yield _record(question, case, path, value, tellable, len(seen))


def _leaves(condition: Condition) -> Iterator[Condition]:
    if "field" in condition:
        yield condition
        return
    for part in [condition["not"]] if "not" in condition else condition.get("all", condition.get("any", ())):
        yield from _leaves(part)


def _values(leaf: Condition, obj: Any, params: Mapping[str, Any]) -> Iterator[Any]:
    """Values with which the comparison comes out the one way and the other."""
    column = column_at(type(obj), leaf["field"])
    if "value" not in leaf or leaf["op"] in ("is_empty", "is_not_empty"):
        yield from _any_values(column)
        return
    given = leaf["value"] if isinstance(leaf["value"], list | tuple) else [leaf["value"]]
    for each in given:
        value = params[each[1:]] if isinstance(each, str) and each.startswith("$") else each
        for one in value if isinstance(value, list | tuple | set | frozenset) else [value]:
            if one is None:
                continue
            with_type = _typed(column, one)
            yield with_type
            if leaf["op"] in ("<", ">", "<=", ">="):
                yield from _beside(with_type)
    yield from _any_values(column)


def _any_values(column: Any) -> Iterator[Any]:
    """Something, something else, and nothing where the column may be empty."""
    if column.choices:
        yield from (value for value, _label in column.flatchoices[:CHOICES])
        return
    if column.null:
        yield None
    elif isinstance(column, models.CharField | models.TextField) and column.blank:
        yield ""
    if isinstance(column, models.BooleanField):
        yield from (True, False)
    elif isinstance(column, models.CharField | models.TextField) and not column.is_relation:
        yield _("another")[: column.max_length or None]


def _typed(column: Any, value: Any) -> Any:
    target = column.target_field if column.is_relation else column
    try:
        return target.to_python(value)
    except Exception:  # a condition that no longer fits its column says nothing of other values
        return value


def _beside(value: Any) -> tuple[Any, ...]:
    if isinstance(value, dt.datetime | dt.date):
        return value - dt.timedelta(days=1), value + dt.timedelta(days=1)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value - 1, value + 1
    return ()


def _end_value(obj: Any, path: str) -> Any:
    value = end_of(obj, path)
    return value.pk if isinstance(value, models.Model) else value


def _changed(obj: Any, path: str, value: Any) -> Any:
    """A copy of the record with another value at the end of the path; None where there is no way to it."""
    name, _dot, rest = path.partition(".")
    if rest:
        target = getattr(obj, name, None)
        inner = _changed(target, rest, value) if isinstance(target, models.Model) else None
        if inner is None:
            return None
        copy = twin(obj)
        point(copy, name, inner)
        return copy
    try:
        column: Any = obj._meta.pk if name == "pk" else obj._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    if column.primary_key or not getattr(column, "concrete", False):
        return None
    copy = twin(obj, **{column.attname: value})
    copy._state.fields_cache.pop(name, None)
    return copy


def _record(
    question: Question, case: Case, path: str, value: Any, tellable: Tellable, order: int
) -> Candidate:
    known = tellable(path)
    said = {
        "path": path,
        "found": found_text(case.obj, path) if known else "…",
        "value": title_of(case.obj, path, value) if known else "…",
    }
    details = {"path": path, "value": _plain(value) if known else None}

    def apply(now: Case) -> Case:
        changed = _changed(now.obj, path, value)
        return now if changed is None else replace(now, obj=changed)

    text = _("Change %(path)s of the record from %(found)s to %(value)s") % said
    return Candidate(Change("record", text, details), apply, order)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, uuid.UUID | Decimal | dt.date) else value
