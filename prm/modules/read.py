"""The one compiled read path: lists, records, boards, counts and sums of pages and API.

Grant and module say which columns a user has and how they are masked; the database does the masking, and no
model instance and no serializer is made for a row.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.expressions import Combinable

from prm.access.rights import Rights, rights_for
from prm.modules.columns import Column, Columns
from prm.modules.filters import SearchField, apply_filters, apply_search
from prm.modules.paging import BadCursor, Cursor, Order
from prm.modules.registry import Module, Row
from prm.modules.versions import seal_version
from workflows.errors import NotFound

MAX_LIMIT = 200

#: A count stops here: beyond it, nobody reads the number and the database would still pay for it.
MAX_COUNT = 100_000

RESERVED = frozenset({"limit", "cursor", "search", "ordering", "count"})


class BadQuery(ValueError):
    """The parameters of a list are wrong: `errors` says which and why."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(found)}" for name, found in errors.items()))
        self.errors = errors


@dataclass(frozen=True)
class Page:
    """Rows of a list, and the query parameters of the pages beside it (None where there is none).

    count: number of all rows that fit, up to `MAX_COUNT`; None unless it was asked for.
    """

    rows: list[Row]
    next: dict[str, str] | None
    previous: dict[str, str] | None
    count: int | None


class Reader:
    """Reads one module for one user.

    names: the fields wanted; None gives all that are readable. A name that the user may not read is left out.
    """

    def __init__(self, user: Any, module: Module, names: Iterable[str] | None = None) -> None:
        self.rights: Rights = rights_for(user)
        self.user = user
        self.module = module
        self.columns = Columns(self.rights, module)
        wanted = None if names is None else set(names)
        self.picked = [
            column
            for column in self.columns.pick(self.columns.readable)
            if wanted is None or column.field.name in wanted
        ]
        self.computing = any(wanted is None or name in wanted for name in self.columns.computed)
        if self.computing and wanted is not None:
            self.picked = self.columns.pick(self.columns.readable)
        self.computed = [name for name in self.columns.computed if wanted is None or name in wanted]

    def rows(self) -> QuerySet[Any]:
        """The visible rows, with every readable column of the module annotated under its masked name."""
        expressions: dict[str, Combinable] = {}
        for name in self.columns.readable:
            column = self.columns.get(name)
            assert column is not None
            expressions |= column.expressions
        annotated: QuerySet[Any] = self.rights.visible(self.module).annotate(**expressions)
        return annotated

    def fetch(self, rows: QuerySet[Any]) -> list[Row]:
        """The queried rows as dicts: id, version, then the picked fields in the module's order."""
        names = ["pk", "version", *(name for column in self.picked for name in column.expressions)]
        decoders = self._decoders()
        fetched = []
        for values in rows.values_list(*names):
            row: Row = {"id": values[0], "version": seal_version(values[0], values[1])}
            for name, decode, at in decoders:
                row[name] = decode(values, at)
            fetched.append(row)
        if self.computing and self.module.computed:
            self.module.computed(fetched, self.user)
            dropped = set(self.columns.computed) - set(self.computed)
            for row in fetched:
                for name in dropped:
                    row.pop(name, None)
        return fetched

    def _decoders(self) -> list[tuple[str, Any, int]]:
        made, at = [], 2
        for column in self.picked:
            made.append((column.field.name, column.decode, at))
            at += len(column.expressions)
        return made


def list_page(
    user: Any,
    module: Module,
    params: Mapping[str, Any],
    *,
    limit: int = 50,
    fields: Iterable[str] | None = None,
) -> Page:
    """One page of the module's list. Raises BadQuery, and NotFound where the module is not granted.

    fields: names of those wanted; None gives all that are readable.

    params: `search`, `ordering` (a declared field, "-" in front for descending), `limit` (up to 200),
        `cursor`, `count`, and filters by the names of fields; the last value of a repeated one counts.
    """
    reader = Reader(user, module, fields)
    if not reader.rights.scopes(module.key, "view"):
        raise NotFound()
    given = {name: str(params[name]) for name in params}
    if module.params:
        given = module.params(given)
    errors: dict[str, list[str]] = {}
    size = _limit(given.get("limit"), limit, errors)
    order = _order(reader, given.get("ordering"), errors)
    rows, wrong = narrow(reader, given)
    errors |= wrong
    if given.get("count", "1") not in ("0", "1"):
        errors["count"] = ["Give 1 to have the rows counted."]
    cursor = None
    if order and given.get("cursor"):
        try:
            cursor = Cursor.decode(
                given["cursor"], order.column.field.kind if order.column.field.kind != "reference" else "text"
            )
        except BadCursor:
            errors["cursor"] = ["This is no cursor of this list."]
    if errors or order is None:
        raise BadQuery(errors)
    count = rows.order_by()[:MAX_COUNT].count() if given.get("count") == "1" else None
    return _page(reader, rows, order, cursor, size, given, count)


def _page(
    reader: Reader,
    rows: QuerySet[Any],
    order: Order,
    cursor: Cursor | None,
    size: int,
    given: dict[str, str],
    count: int | None,
) -> Page:
    backwards = cursor is not None and cursor.backwards
    if cursor:
        rows = rows.filter(order.after(cursor.value, cursor.pk, backwards))
    rows = order.apply(rows, backwards)[: size + 1]
    names = [column.field.name for column in reader.picked]
    hidden_key = order.column not in reader.picked
    if hidden_key:
        reader.picked = [*reader.picked, order.column]
    fetched = reader.fetch(rows)
    more = len(fetched) > size
    fetched = fetched[:size]
    if backwards:
        fetched.reverse()
    base = {name: value for name, value in given.items() if name != "cursor"}

    def beside(row: Row, back: bool) -> dict[str, str]:
        value = row[order.column.field.name]
        if isinstance(value, dict):
            value = value["title"] if order.column.field.kind == "reference" else value["amount"]
        return {**base, "cursor": Cursor(value, row["id"], back).encode()}

    behind = fetched and (more if not backwards else True)
    before = fetched and (more if backwards else cursor is not None)
    following = beside(fetched[-1], False) if behind else None
    previous = beside(fetched[0], True) if before else None
    if hidden_key and order.column.field.name not in names:
        for row in fetched:
            del row[order.column.field.name]
    return Page(rows=fetched, next=following, previous=previous, count=count)


def narrow(reader: Reader, given: Mapping[str, str]) -> tuple[QuerySet[Any], dict[str, list[str]]]:
    """The visible rows that fit the filters and the search in `given`, and the errors by parameter."""
    filters = {name: value for name, value in given.items() if name not in RESERVED}
    rows, errors = apply_filters(reader.rows(), reader.columns, filters)
    try:
        text = SearchField().clean(given.get("search", ""))
    except forms.ValidationError as error:
        errors["search"] = list(error.messages)
    else:
        rows = apply_search(rows, reader.columns, text)
    return rows, errors


def get_row(user: Any, module: Module, pk: Any, fields: Iterable[str] | None = None) -> Row | None:
    """One visible record as a row, or None."""
    return next(iter(get_rows(user, module, [pk], fields).values()), None)


def get_rows(
    user: Any, module: Module, pks: Iterable[Any], fields: Iterable[str] | None = None
) -> dict[uuid.UUID, Row]:
    """Those of the records `pks` that are visible, as rows by id."""
    wanted = [one for pk in pks if (one := _uuid(pk))]
    if not wanted:
        return {}
    reader = Reader(user, module, fields)
    return {row["id"]: row for row in reader.fetch(reader.rows().filter(pk__in=wanted).order_by())}


def aggregate(
    user: Any, module: Module, params: Mapping[str, Any], by: str, sum_field: str | None = None
) -> list[dict[str, Any]]:
    """Rows counted (and a money or number field summed) by the values of one field.

    Returns dicts of key, title (of a reference), count, and with `sum_field` sum and currency (None for a
    plain number). Raises BadQuery.
    """
    reader = Reader(user, module)
    given = {name: str(params[name]) for name in params}
    rows, errors = narrow(reader, given)
    column = reader.columns.get(by)
    if column is None:
        errors[by] = ["There is no such field, or it is not yours to read."]
    if errors or column is None:
        raise BadQuery(errors)
    keys = {"key": F(column.main)}
    if column.field.kind == "reference":
        keys["title"] = F(column.sort)
    sums: dict[str, Any] = {}
    summed: Column | None = reader.columns.get(sum_field) if sum_field else None
    if summed is not None:
        sums["sum"] = Sum(summed.main)
        if summed.field.kind == "money":
            keys["currency"] = F(f"n_{summed.field.name}")
    grouped = rows.order_by().values(**keys).annotate(count=Count("pk"), **sums).order_by("count", "key")
    return [dict(one) for one in grouped]


def _limit(text: str | None, default: int, errors: dict[str, list[str]]) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MAX_LIMIT:
        errors["limit"] = [f"Give a number from 1 to {MAX_LIMIT}."]
        return default
    return int(text)


def _order(reader: Reader, text: str | None, errors: dict[str, list[str]]) -> Order | None:
    module = reader.module
    chosen = text or module.default_ordering
    name = chosen.removeprefix("-")
    column = reader.columns.get(name) if name in module.ordering else None
    if column is None and not text:
        # The default field is not readable here: sort by the first that is.
        name, column = next(
            ((one, found) for one in module.ordering if (found := reader.columns.get(one))), ("", None)
        )
    if column is None:
        errors["ordering"] = ["There is no such ordering, or it is not yours to use."]
        return None
    return Order(column, chosen.startswith("-"))


def _uuid(value: Any) -> uuid.UUID | None:
    if isinstance(value, uuid.UUID):
        return value
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None
