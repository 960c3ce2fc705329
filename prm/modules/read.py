"""The one compiled read path: lists, records, boards, counts and sums of pages and API.

Grant and module say which columns a user has and how they are masked; the database does the masking, and no
model instance and no serializer is made for a row.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from prm.access.rights import Rights, rights_for
from prm.modules.columns import Column
from prm.modules.kept import MARKS, RECORDS, keep, places, values_of
from prm.modules.paging import BadCursor, Cursor, Order
from prm.modules.reader import Ranked, Reader, Shape, fits, narrow
from prm.modules.registry import Field, Module, Row
from workflows.errors import NotFound

MAX_LIMIT = 200

#: A count stops here: beyond it, nobody reads the number and the database would still pay for it.
MAX_COUNT = 100_000

#: The order of a list of which its reader may see no field to sort it by: older before newer, or the reverse.
BY_ID = Column(Field(name="_id", kind="uuid"), {}, lambda values, at: values[0], "pk", "pk", nullable=False)

#: The order of what is searched for: how well it fits, then by id, the newest first.
FIT = Column(Field(name="_fit", kind="integer"), {}, lambda values, at: values[0], "", "", nullable=False)


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


@dataclass(frozen=True)
class _Sorted:
    """A page's shape and order. hidden: the order's field was fetched for the cursors and is not shown."""

    shape: Shape
    order: Order
    hidden: bool

    @classmethod
    def by(cls, reader: Reader, order: Order) -> _Sorted:
        hidden = order.column not in reader.picked
        if hidden:
            reader.picked = [*reader.picked, order.column]
        return cls(reader.shape, order, hidden)


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
    params: `search`, `ordering` (a declared field, "-" in front for descending; without it, what is searched
        for comes best first), `limit` (up to 200), `cursor`, `count`, and filters by the names of fields; the
        last value of a repeated one counts.
    """
    rights = rights_for(user)
    if not rights.scopes(module.key, "view"):
        raise NotFound()
    given = {name: str(params[name]) for name in params}
    if module.params:
        given = module.params(given)
    errors: dict[str, list[str]] = {}
    size = _limit(given.get("limit"), limit, errors)
    names = None if fields is None else tuple(fields)
    if not errors and given.keys() <= {"limit", "ordering"}:
        return _first_page(rights, module, names, given, size)
    # Rows that are searched for are found by themselves, before the other tables that they are shown with.
    searched = bool(given.get("search", "").strip())
    reader = Reader(rights, module, () if searched else names)
    order = _order(reader, given.get("ordering"), errors)
    by = order.column.field.name if order else ""
    rows, wrong = narrow(reader, given, by)
    errors |= wrong
    if given.get("count", "1") not in ("0", "1"):
        errors["count"] = ["Give 1 to have the rows counted."]
    told = None
    if searched and order and not (given.get("ordering") or errors):
        told = fits(reader, order.apply(rows, False), given["search"])
    ranked = sorted(told[0], reverse=True) if told and not told[1] else None
    if ranked is not None:
        order = Order(FIT, descending=True)
    cursor = _cursor(given.get("cursor"), order, errors)
    if errors or order is None:
        raise BadQuery(errors)
    count = rows.order_by()[:MAX_COUNT].count() if given.get("count") == "1" else None
    if ranked is not None:
        best = {pk: fit for fit, pk in _behind(ranked, cursor)[: size + 1]}
        read = get_rows(user, module, best, names)
        plan = _Sorted(reader.shape, order, hidden=True)
        found = [{**read[pk], FIT.field.name: fit} for pk, fit in best.items() if pk in read]
        return _page(plan, found, size, given, cursor, count)
    if cursor:
        rows = rows.filter(order.after(cursor.value, cursor.pk, cursor.backwards))
    rows = order.apply(rows, cursor is not None and cursor.backwards)[: size + 1]
    if searched:
        # Of a first page, those that were looked at stand in the list's order already.
        known = [pk for _fit, pk in told[0][: size + 1]] if told and not cursor else []
        pks = known if len(known) > size else list(rows.values_list("pk", flat=True))
        read = get_rows(user, module, pks, None if names is None else sorted({*names, by}))
        plan = _Sorted(reader.shape, order, hidden=names is not None and by not in names)
        return _page(plan, [read[pk] for pk in pks if pk in read], size, given, cursor, count)
    plan = _Sorted.by(reader, order)
    return _page(plan, plan.shape.rows(reader.values(rows), user), size, given, cursor, count)


def _first_page(
    rights: Rights, module: Module, names: tuple[str, ...] | None, given: dict[str, str], size: int
) -> Page:
    """The first page without filters, which is what nearly everybody asks for: its statement is kept."""

    def make(marked: Rights) -> tuple[QuerySet[Any], _Sorted]:
        reader = Reader(marked, module, names)
        errors: dict[str, list[str]] = {}
        order = _order(reader, given.get("ordering"), errors)
        if order is None:
            raise BadQuery(errors)
        plan = _Sorted.by(reader, order)
        return reader.values(order.apply(reader.rows(order.column.field.name), False)[: size + 1]), plan

    statement = keep(rights, module, ("page", names, given.get("ordering"), size), make)
    plan: _Sorted = statement.plan
    return _page(
        plan, plan.shape.rows(statement.fetch(values_of(rights)), rights.user), size, given, None, None
    )


def _page(
    plan: _Sorted, rows: list[Row], size: int, given: dict[str, str], cursor: Cursor | None, count: int | None
) -> Page:
    backwards = cursor is not None and cursor.backwards
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    base = {name: value for name, value in given.items() if name != "cursor"}
    field = plan.order.column.field

    def beside(row: Row, back: bool) -> dict[str, str]:
        value = row["id"] if field is BY_ID.field else row[field.name]
        if isinstance(value, dict):
            value = value["title"] if field.kind == "reference" else value["amount"]
        return {**base, "cursor": Cursor(value, row["id"], back).encode()}

    behind = rows and (more if not backwards else True)
    before = rows and (more if backwards else cursor is not None)
    following = beside(rows[-1], False) if behind else None
    previous = beside(rows[0], True) if before else None
    if plan.hidden:
        for row in rows:
            row.pop(field.name, None)
    return Page(rows=rows, next=following, previous=previous, count=count)


def _behind(ranked: Ranked, cursor: Cursor | None) -> Ranked:
    """What comes behind the cursor of a list that is sorted by how well rows fit; backwards, before it."""
    if cursor is None:
        return ranked
    here = (cursor.value or 0, cursor.pk)
    if cursor.backwards:
        return [one for one in reversed(ranked) if one > here]
    return [one for one in ranked if one < here]


def _cursor(text: str | None, order: Order | None, errors: dict[str, list[str]]) -> Cursor | None:
    if not text or order is None:
        return None
    kind = order.column.field.kind
    try:
        # A reference is sorted by its title.
        return Cursor.decode(text, "text" if kind == "reference" else kind)
    except BadCursor:
        errors["cursor"] = ["This is no cursor of this list."]
        return None


def fitting(user: Any, module: Module, params: Mapping[str, Any], most: int) -> list[uuid.UUID]:
    """Ids of the records that a list with these parameters shows, sorted by a field, up to `most`.

    Raises BadQuery, and NotFound where the module is not granted.
    """
    rights = rights_for(user)
    if not rights.scopes(module.key, "view"):
        raise NotFound()
    given = {name: str(params[name]) for name in params}
    if module.params:
        given = module.params(given)
    errors: dict[str, list[str]] = {}
    reader = Reader(rights, module, ())
    order = _order(reader, given.get("ordering"), errors)
    rows, wrong = narrow(reader, given, order.column.field.name if order else "")
    if order is None or wrong:
        raise BadQuery(errors | wrong)
    return list(order.apply(rows, False).values_list("pk", flat=True)[:most])


def get_row(user: Any, module: Module, pk: Any, fields: Iterable[str] | None = None) -> Row | None:
    """One visible record as a row, or None."""
    return next(iter(get_rows(user, module, [pk], fields).values()), None)


def get_rows(
    user: Any, module: Module, pks: Iterable[Any], fields: Iterable[str] | None = None
) -> dict[uuid.UUID, Row]:
    """Those of the records `pks` that are visible, as rows by id."""
    rights, names = rights_for(user), None if fields is None else tuple(fields)
    wanted = list(dict.fromkeys(one for pk in pks if (one := _uuid(pk))))
    if not wanted or not rights.scopes(module.key, "view"):
        return {}
    found: dict[uuid.UUID, Row] = {}
    for start in range(0, len(wanted), len(RECORDS)):
        some = wanted[start : start + len(RECORDS)]
        found |= {row["id"]: row for row in _some_rows(rights, module, names, some)}
    return found


def _some_rows(
    rights: Rights, module: Module, names: tuple[str, ...] | None, pks: list[uuid.UUID]
) -> list[Row]:
    marks = places(len(pks))

    def make(marked: Rights) -> tuple[QuerySet[Any], Shape]:
        reader = Reader(marked, module, names)
        ids = [MARKS[name] for name in marks]
        return reader.values(reader.rows().filter(pk__in=ids).order_by()), reader.shape

    statement = keep(rights, module, ("records", names, len(marks)), make)
    # The places that are left over ask for the last one again.
    filled = pks + pks[-1:] * (len(marks) - len(pks))
    rows: list[Row] = statement.plan.rows(statement.fetch(values_of(rights, filled)), rights.user)
    return rows


def aggregate(
    user: Any, module: Module, params: Mapping[str, Any], by: str, sum_field: str | None = None
) -> list[dict[str, Any]]:
    """Rows counted (and a money or number field summed) by the values of one field.

    Returns dicts of key, title (of a reference), count, and with `sum_field` sum and currency (None for a
    plain number). Raises BadQuery.
    """
    reader = Reader(rights_for(user), module, ())
    given = {name: str(params[name]) for name in params}
    rows, errors = narrow(reader, given, by, *([sum_field] if sum_field else []))
    column = reader.columns.get(by)
    if column is None:
        errors[by] = ["There is no such field, or it is not yours to read."]
    if errors or column is None:
        raise BadQuery(errors)
    # Named so that no column of the model is called the same.
    keys = {"g_key": F(column.main)}
    if column.field.kind == "reference":
        keys["g_title"] = F(column.sort)
    sums: dict[str, Any] = {}
    summed: Column | None = reader.columns.get(sum_field) if sum_field else None
    if summed is not None:
        sums["g_sum"] = Sum(summed.main)
        if summed.field.kind == "money":
            keys["g_currency"] = F(f"n_{summed.field.name}")
    grouped = rows.order_by().values(**keys).annotate(g_count=Count("pk"), **sums)
    return [
        {name.removeprefix("g_"): value for name, value in one.items()}
        for one in grouped.order_by("g_count", "g_key")
    ]


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
        column = column or BY_ID
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
