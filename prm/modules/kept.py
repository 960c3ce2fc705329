"""Statements that are kept: the ORM states a read once for a policy and a shape; then only values change.

A statement is compiled with marks in place of what is the reader's own (ids of user, company and contact,
the id of a record). The marks are random, so no constant of a condition can be taken for one, and a
statement says nothing of the reader for whom it was compiled first.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from prm.access.policy import Policy
from prm.access.rights import Rights
from prm.modules.registry import Module
from workflows.conditions import parameters_in

#: Shapes come from portals, modules, columns and orderings; more than this means that something odd is asked.
MOST = 2000

OWN = ("user.id", "user.company", "user.contact")
RECORDS = tuple(f"record.{number}" for number in range(256))
MARKS: Mapping[str, uuid.UUID] = {name: uuid.uuid4() for name in (*OWN, *RECORDS)}
_NAMES = {mark: name for name, mark in MARKS.items()} | {mark.hex: name for name, mark in MARKS.items()}


@dataclass(frozen=True)
class _Slot:
    """A place among the parameters: whose value goes there, and whether the database wants it as text."""

    name: str
    as_text: bool


@dataclass(frozen=True)
class Statement:
    """A compiled read. plan: what its maker needs to turn the fetched values into rows."""

    sql: str
    params: tuple[Any, ...]
    converters: tuple[tuple[int, tuple[Callable[..., Any], ...], Any], ...]
    plan: Any

    def fetch(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows for these values of the marks, as Python has them."""
        if not self.sql:
            return []
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [_filled(one, values) for one in self.params])
            fetched = cursor.fetchall()
        if not self.converters:
            return list(fetched)
        rows = []
        for row in fetched:
            cells = list(row)
            for at, convert, expression in self.converters:
                for function in convert:
                    cells[at] = function(cells[at], expression, connection)
            rows.append(tuple(cells))
        return rows


def _filled(one: Any, values: Mapping[str, Any]) -> Any:
    if not isinstance(one, _Slot):
        return one
    value = values[one.name]
    return value.hex if one.as_text else value


_kept: dict[Hashable, Statement] = {}


def values_of(rights: Rights, pks: Sequence[uuid.UUID] = ()) -> dict[str, Any]:
    """What goes in place of the marks for this reader, and for these records."""
    return {name: rights.params[name] for name in OWN} | dict(zip(RECORDS, pks, strict=False))


def places(number: int) -> tuple[str, ...]:
    """Names of marks for so many records, rounded up so that few shapes are kept."""
    return RECORDS[: 1 << (number - 1).bit_length()]


def keep(
    rights: Rights, module: Module, shape: Hashable, make: Callable[[Rights], tuple[QuerySet[Any], Any]]
) -> Statement:
    """The statement of this shape for the reader's policy; `make` states it where it is not kept yet.

    make(rights): the query over rights whose own values are marks, and its plan.
    """
    # A value that is missing makes another condition, not another value.
    missing = tuple(rights.params[name] is None for name in OWN)
    provided = tuple(_constant(rights.params[name]) for name in _provided(rights.policy, module))
    admin = rights.params["user.is_admin"]
    key = (rights.policy, module, connection.vendor, missing, admin, provided, shape)
    statement = _kept.get(key)
    if statement is None:
        marked = rights.with_params({name: MARKS[name] for name in OWN if rights.params[name] is not None})
        statement = _compiled(*make(marked))
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[key] = statement
    return statement


@lru_cache(maxsize=MOST)
def _provided(policy: Policy, module: Module) -> tuple[str, ...]:
    """Parameters, other than the reader's own, that the policy's conditions on the module's rows or on those
    of the modules that it refers to compare with."""
    keys = {module.key, *(field.module for field in module.fields if field.kind == "reference")}
    scopes = [scope for key in keys if key in policy.grants for scope in policy.grants[key].scopes]
    named = {name for scope in scopes if scope.where is not None for name in parameters_in(scope.where)}
    return tuple(sorted(named - {*OWN, "user.is_admin"}))


def _constant(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


def _compiled(query: QuerySet[Any], plan: Any) -> Statement:
    compiler = query.query.get_compiler(using=query.db)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        # The ORM sees by itself that nothing can be found.
        return Statement("", (), (), plan)
    expressions = [column[0] for column in compiler.select[: compiler.col_count]]
    converters = compiler.get_converters(expressions)
    return Statement(
        sql=sql,
        params=tuple(_slotted(one) for one in params),
        converters=tuple((at, tuple(found), expression) for at, (found, expression) in converters.items()),
        plan=plan,
    )


def _slotted(param: Any) -> Any:
    known = _NAMES.get(param) if isinstance(param, (str, uuid.UUID)) else None
    return _Slot(known, isinstance(param, str)) if known else param
