"""Conditions as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django_countries import countries

from frontend import formats
from frontend.views_portals.conditions import OPERATORS, PROVIDED, USERS, field_at, is_leaf, label_at
from frontend.views_portals.lookups import lookups
from frontend.views_portals.reading import moment_of
from prm.modules.registry import Field, Module
from workflows.conditions import EMPTY


def words(condition: Any, module: Module) -> str:
    """The condition as people say it: "State is one of New, Assigned and Amount is at least 1,000"."""
    if condition is None:
        return _("every record")
    if is_leaf(condition):
        return _leaf(condition, module)
    if "not" in condition:
        return _("not (%(condition)s)") % {"condition": words(condition["not"], module)}
    if parts := condition.get("all"):
        return _(" and ").join(_inner(part, module) for part in parts)
    if parts := condition.get("any"):
        return _(" or ").join(_inner(part, module) for part in parts)
    return _("every record") if "all" in condition else _("no record")


def _inner(part: Any, module: Module) -> str:
    text = words(part, module)
    return text if is_leaf(part) else f"({text})"


def _leaf(leaf: Mapping[str, Any], module: Module) -> str:
    op, value = leaf["op"], leaf.get("value")
    for one in lookups(module):
        if (one.field, "is", one.value) == (leaf["field"], op, value):
            return one.text
    known = field_at(module, leaf["field"])
    label = label_at(module, leaf["field"])
    if op in EMPTY:
        return f"{label} {OPERATORS[op]}"
    values = value if isinstance(value, (list, tuple)) else [value]
    return f"{label} {OPERATORS[op]} {', '.join(_said(known, one) for one in values)}"


def _said(known: Field | None, value: Any) -> str:
    if isinstance(value, str) and value.startswith("$"):
        return str({**USERS, **PROVIDED}.get(value, value))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if known and known.kind in ("choice", "state"):
        return {str(each): str(label) for each, label in known.options()}.get(str(value), str(value))
    if isinstance(value, (int, float)):
        return formats.number(value)
    if known and known.kind == "date" and (day := parse_date(str(value))):
        return formats.day(day)
    if known and known.kind == "datetime" and (moment := moment_of(str(value))):
        return formats.day(timezone.localtime(moment).date())
    if known and known.kind == "country":
        return str(countries.name(str(value)) or value)
    return str(value)
