"""Conditions as rows of field, operator and value, and back; what fits no rows is kept as it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.views_portals.lookups import COMPANY, CONTACT, USER, Lookup, lookups
from prm.modules import registry
from prm.modules.registry import Field, Module
from workflows.conditions import LISTS, ORDERED, ORDERS, TEXTS

#: What each operator is called, in the order in which it is offered.
OPERATORS = {
    "is": gettext_lazy("is"),
    "is_not": gettext_lazy("is not"),
    "in": gettext_lazy("is one of"),
    "not_in": gettext_lazy("is none of"),
    "contains": gettext_lazy("contains"),
    ">=": gettext_lazy("is at least"),
    "<=": gettext_lazy("is at most"),
    ">": gettext_lazy("is more than"),
    "<": gettext_lazy("is less than"),
    "is_empty": gettext_lazy("is empty"),
    "is_not_empty": gettext_lazy("is not empty"),
}
USERS = {
    COMPANY: gettext_lazy("the user’s company"),
    CONTACT: gettext_lazy("the user’s contact"),
    USER: gettext_lazy("the user"),
    "$user.is_admin": gettext_lazy("whether the user is an admin"),
}
#: What programs provide for conditions; no row asks for it.
PROVIDED = {
    "$user.price_books": gettext_lazy("the price books for the user’s company"),
    "$user.documents": gettext_lazy("the documents meant for the user"),
}
KINDS = frozenset((*TEXTS, *ORDERED, "boolean", "reference", "uuid")) - {"duration"}


def field_path(one: Field) -> str:
    """How a condition names the field."""
    return one.path.replace("__", ".")


def comparable(module: Module) -> list[Field]:
    """The fields that a row may ask for."""
    return [one for one in module.fields if one.stored and not one.hidden and one.kind in KINDS]


def target_of(one: Field) -> Module | None:
    """The module that a reference leads to, where it is described."""
    try:
        return registry.get(one.module) if one.kind == "reference" else None
    except LookupError:
        return None


def field_at(module: Module, path: str) -> Field | None:
    """The field that a condition names by `path`: of the module, or of what it refers to directly."""
    for one in comparable(module):
        here = field_path(one)
        if here == path:
            return one
        if path.startswith(f"{here}.") and (target := target_of(one)):
            rest = path.removeprefix(f"{here}.")
            return next((each for each in comparable(target) if field_path(each) == rest), None)
    return None


def choices(module: Module, own: bool = False) -> list[tuple[str, list[tuple[str, str]]]]:
    """Groups of (path, label) to choose from: the module's own fields first, then those one step away.

    own: only columns of the record itself, as the condition of a layout asks for.
    """
    fields = [one for one in comparable(module) if not own or field_path(one) == one.name]
    groups = [(str(module.label), [(field_path(one), str(one.label)) for one in fields])]
    if own:
        return groups
    for one in comparable(module):
        if target := target_of(one):
            here = field_path(one)
            further = [(f"{here}.{field_path(each)}", str(each.label)) for each in comparable(target)]
            groups.append((str(one.label), further))
    return groups


def label_at(module: Module, path: str) -> str:
    """What the field at `path` is called."""
    for group, fields in choices(module):
        for at, label in fields:
            if at == path:
                return label if group == str(module.label) else f"{group} → {label}"
    return _("The record itself") if path == "id" else path


def operators(kind: str) -> list[tuple[str, str]]:
    """The operators that fit a kind of field."""
    fits = []
    for op, title in OPERATORS.items():
        if op in ORDERS and kind not in ORDERED:
            continue
        if op == "contains" and (kind not in TEXTS or kind in ("choice", "state", "country")):
            continue
        if op in LISTS and kind in ("boolean", "date", "datetime", "longtext"):
            continue
        fits.append((op, str(title)))
    return fits


@dataclass
class Row:
    """One comparison in the making: as it was typed, with what is wrong with it."""

    at: int
    field: str = ""
    op: str = "is"
    values: list[str] = dataclasses.field(default_factory=list)
    error: str = ""

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""


@dataclass
class Rows:
    """A condition in the making. custom: one that no rows can say, kept until rows replace it."""

    rows: list[Row] = dataclasses.field(default_factory=list)
    match: str = "all"
    custom: dict[str, Any] | None = None

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Anchor and text of what is wrong."""
        return [(f"c{row.at}-field", row.error) for row in self.rows if row.error]

    def add(self) -> None:
        """One more empty row."""
        self.rows.append(Row(max((row.at for row in self.rows), default=-1) + 1))


def is_leaf(condition: Any) -> bool:
    """Whether it is one comparison."""
    return isinstance(condition, Mapping) and "field" in condition


def split(condition: Any, module: Module) -> tuple[Lookup | None, Rows]:
    """A condition taken apart: the lookup that ties records to the user, and rows on top of it."""
    if condition is None:
        return None, Rows()
    known = {(one.field, one.value): one for one in lookups(module)}
    parts, match = _parts(condition)
    lookup = None
    rest = []
    for part in parts:
        tied = is_leaf(part) and part.get("op") == "is"
        if lookup is None and match == "all" and tied and isinstance(part["value"], str):
            lookup = known.get((part["field"], part["value"]))
            if lookup:
                continue
        rest.append(part)
    if match == "all" and len(rest) == 1 and isinstance(rest[0], Mapping) and set(rest[0]) == {"any"}:
        rest, match = list(rest[0]["any"]), "any"
    if not all(is_leaf(part) and _sayable(module, part) for part in rest):
        return None, Rows(custom=dict(condition))
    rows = [Row(at, part["field"], part["op"], _typed(part.get("value")), "") for at, part in enumerate(rest)]
    return lookup, Rows(rows, match)


def _sayable(module: Module, leaf: Mapping[str, Any]) -> bool:
    """Whether a row can say the comparison: a known field, and no parameter that only programs know."""
    value = leaf.get("value")
    listed = leaf["op"] in LISTS and not isinstance(value, (list, tuple))
    named = [one for one in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(one, str)]
    known = all(one in USERS for one in named if one.startswith("$"))
    return field_at(module, leaf["field"]) is not None and known and not listed


def split_rows(condition: Any, module: Module) -> Rows:
    """A condition as rows alone: a lookup is a comparison like any other."""
    lookup, rows = split(condition, module)
    if lookup is not None:
        rows.rows.insert(0, Row(len(rows.rows), lookup.field, "is", [lookup.value]))
        if field_at(module, lookup.field) is None:
            return Rows(custom=dict(condition))
    return rows


def _parts(condition: Mapping[str, Any]) -> tuple[list[Any], str]:
    for name in ("all", "any"):
        if set(condition) == {name} and isinstance(condition[name], list):
            return list(condition[name]), name
    return [condition], "all"


def join(lookup: Lookup | None, rows: list[dict[str, Any]], match: str) -> dict[str, Any] | None:
    """The condition of a lookup and rows; None reaches every record."""
    if match == "any" and len(rows) > 1:
        rows = [{"any": rows}]
    parts = ([lookup.condition()] if lookup else []) + rows
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {"all": parts}


def _typed(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [_text(one) for one in value]
    return [_text(value)]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
