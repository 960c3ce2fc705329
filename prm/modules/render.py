"""Rows as plain JSON values."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django.utils.duration import duration_iso_string
from django.utils.functional import Promise

from prm.modules.registry import Module, Row

#: Exactly these are JSON already; asked first, since nearly every value is one of them.
_AS_IS = frozenset({str, bool, int, float, type(None)})


def plain(value: Any) -> Any:
    """`value` as JSON has it: times in ISO 8601 with zone, decimals and ids as text."""
    if type(value) in _AS_IS:
        return value
    if isinstance(value, (uuid.UUID, Decimal)):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return duration_iso_string(value)
    if isinstance(value, (str, Promise)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def to_json(module: Module, row: Row) -> dict[str, Any]:
    """A row of `module` as plain JSON values, in the order of its fields."""
    return {name: value if type(value) in _AS_IS else plain(value) for name, value in row.items()}
