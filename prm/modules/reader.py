"""What one reader's rights make of a module's rows: which of them, with which columns, narrowed how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable

from prm.access.rights import Rights
from prm.modules.columns import Columns, Decoder
from prm.modules.filters import SearchField, apply_filters
from prm.modules.registry import Module, Row
from prm.modules.versions import seal_version

RESERVED = frozenset({"limit", "cursor", "search", "ordering", "count"})


#: Parameters that other subjects bring: each gives the rows that it stands for, None where it means nothing.
Part = Callable[[Any, Module, str], Q | None]
_parts: dict[str, Part] = {}


def add_part(name: str, part: Part) -> None:
    """Has the parameter `name` of every list keep only the rows of `part(user, module, value)`."""
    _parts[name] = part


Search = Callable[[QuerySet[Any], Columns, str], QuerySet[Any]]
Ranked = list[tuple[int, UUID]]
Fits = Callable[[QuerySet[Any], Columns, str], tuple[Ranked, bool] | None]

_search: Search | None = None
_fits: Fits | None = None


def set_search(search: Search, fits: Fits) -> None:
    """Plugs in how rows are narrowed to those that have the words of a text in fields shown to the reader,
    and how well each of them fits."""
    global _search, _fits
    _search, _fits = search, fits


def fits(reader: Reader, rows: QuerySet[Any], text: str) -> tuple[Ranked, bool] | None:
    """Of the rows that `narrow` has found for a text, the first ones: how well each fits, and its id; and
    whether there are more, too many to be sorted by that. None where there is no telling."""
    return _fits(rows, reader.columns, text) if _fits else None


@dataclass(frozen=True)
class Shape:
    """How fetched values become rows: pk, version, then each field's own. Knows no reader."""

    module: Module
    decoders: tuple[tuple[str, Decoder, int], ...]
    computed: tuple[str, ...]
    dropped: tuple[str, ...]

    def rows(self, fetched: Iterable[tuple[Any, ...]], user: Any) -> list[Row]:
        """The rows as dicts: id, version, then the fields in the module's order."""
        rows = []
        for values in fetched:
            row: Row = {"id": values[0], "version": seal_version(values[0], values[1])}
            for name, decode, at in self.decoders:
                row[name] = decode(values, at)
            rows.append(row)
        if self.computed and self.module.computed:
            self.module.computed(rows, user)
            for row in rows:
                for name in self.dropped:
                    row.pop(name, None)
        return rows


class Reader:
    """States what one reader's rights make of a module's rows.

    names: the fields wanted; None gives all that are readable. A name that the user may not read is left out.
    """

    def __init__(self, rights: Rights, module: Module, names: Iterable[str] | None = None) -> None:
        self.rights = rights
        self.module = module
        self.columns = Columns(rights, module)
        wanted = None if names is None else set(names)
        self.computed = tuple(name for name in self.columns.computed if wanted is None or name in wanted)
        # What is computed may need any of the other fields.
        everything = wanted is None or bool(self.computed)
        self.picked = self.columns.pick(
            field.name for field in module.fields if everything or (wanted and field.name in wanted)
        )

    def rows(self, *used: str) -> QuerySet[Any]:
        """The visible rows, with the wanted columns and those `used` otherwise under their masked names."""
        expressions: dict[str, Combinable] = {}
        for column in (*self.picked, *self.columns.pick(used)):
            expressions |= column.expressions
        annotated: QuerySet[Any] = self.rights.visible(self.module).annotate(**expressions)
        return annotated

    def values(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """`rows` as the tuples that `shape` turns into rows."""
        return rows.values_list("pk", "version", *(name for one in self.picked for name in one.expressions))

    @property
    def shape(self) -> Shape:
        """How the tuples of `values` become rows."""
        decoders, at = [], 2
        for column in self.picked:
            decoders.append((column.field.name, column.decode, at))
            at += len(column.expressions)
        dropped = tuple(name for name in self.columns.computed if name not in self.computed)
        return Shape(self.module, tuple(decoders), self.computed, dropped)


def narrow(
    reader: Reader, given: Mapping[str, str], *used: str
) -> tuple[QuerySet[Any], dict[str, list[str]]]:
    """The visible rows that fit the filters and the search in `given`, and the errors by parameter.

    used: fields that will be sorted or grouped by.
    """
    filters = {name: value for name, value in given.items() if name not in RESERVED and name not in _parts}
    rows = reader.rows(*used, *(name.partition("__")[0] for name in filters))
    rows, errors = apply_filters(rows, reader.columns, filters)
    for name, part in _parts.items():
        if name in given:
            kept = part(reader.rights.user, reader.module, given[name])
            if kept is None:
                errors[name] = ["There is no such thing, or it is not yours."]
            else:
                rows = rows.filter(kept)
    try:
        text = SearchField().clean(given.get("search", ""))
    except forms.ValidationError as error:
        errors["search"] = list(error.messages)
    else:
        if text and _search:
            rows = _search(rows, reader.columns, text)
    return rows, errors
