"""Keyset pages: a page begins behind the last row of the one before, however deep it is.

Rows are sorted by one declared field and then by id, empty values last in both directions and on every
database.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import uuid
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime

from prm.modules.columns import Column


class BadCursor(ValueError):
    """The cursor was not made by this list."""


@dataclass(frozen=True)
class Order:
    """How a list is sorted."""

    column: Column
    descending: bool

    def apply(self, rows: QuerySet[Any], backwards: bool) -> QuerySet[Any]:
        """`rows` sorted this way, or exactly the other way round."""
        descending = self.descending != backwards
        name = F(self.column.sort)
        if self.column.nullable:
            # Empty values stay last; read backwards they come first.
            first = name.desc(nulls_last=not backwards or None, nulls_first=backwards or None)
            last = name.asc(nulls_last=not backwards or None, nulls_first=backwards or None)
        else:
            first, last = name.desc(), name.asc()
        return rows.order_by(first if descending else last, F("pk").desc() if descending else F("pk").asc())

    def after(self, value: Any, pk: uuid.UUID, backwards: bool) -> Q:
        """The rows that come behind the one with `value` and `pk` (in front of it, if backwards)."""
        descending = self.descending != backwards
        name, step = self.column.sort, "lt" if descending else "gt"
        beyond = Q(**{f"pk__{step}": pk})
        if value is None:
            tied = Q(**{f"{name}__isnull": True}) & beyond
            return tied | Q(**{f"{name}__isnull": False}) if backwards else tied
        # The first half is implied by the second; it is what an index can seek by.
        here = Q(**{f"{name}__{step}e": value}) & (Q(**{f"{name}__{step}": value}) | beyond)
        if self.column.nullable and not backwards:
            return here | Q(**{f"{name}__isnull": True})
        return here


@dataclass(frozen=True)
class Cursor:
    """A place in a list: behind (or, backwards, in front of) the row with this value and id."""

    value: Any
    pk: uuid.UUID
    backwards: bool

    def encode(self) -> str:
        """The cursor as it stands in a URL."""
        value = self.value if isinstance(self.value, (str, int, bool, type(None))) else _text(self.value)
        packed = json.dumps([value, self.pk.hex, int(self.backwards)], separators=(",", ":"))
        return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, kind: str) -> Cursor:
        """The cursor in a URL. Raises BadCursor."""
        try:
            packed = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            value, pk, backwards = json.loads(packed)
            return cls(_parse(kind, value), uuid.UUID(hex=pk), bool(backwards))
        except (
            ValueError,
            TypeError,
            AttributeError,
            binascii.Error,
            InvalidOperation,
            RecursionError,
        ) as error:
            raise BadCursor from error


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else str(value)


def _parse(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "boolean":
        if not isinstance(value, bool):
            raise BadCursor
        return value
    if kind == "integer":
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
            raise BadCursor
        return value
    if not isinstance(value, str) or "\x00" in value or len(value) > 1000:
        raise BadCursor
    if kind in ("decimal", "money"):
        number = Decimal(value)
        if not number.is_finite() or number.adjusted() > 20:
            raise BadCursor
        return number
    if kind == "datetime":
        moment = parse_datetime(value)
        if moment is None or moment.tzinfo is None:
            raise BadCursor
        return moment
    if kind == "date":
        day = parse_date(value)
        if day is None:
            raise BadCursor
        return day
    if kind == "uuid":
        return uuid.UUID(value)
    value.encode("utf-8")
    return value
