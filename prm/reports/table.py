"""A report as one user asked for it: the table that pages, charts, CSV and API are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings

from prm.reports.periods import Span
from prm.reports.registry import INTERVALS, Report

#: A count; amounts by currency; per cent; seconds.
Value = int | Mapping[str, Decimal] | Decimal | None


@dataclass(frozen=True)
class Link:
    """The list behind a number: a module, the parameters of its list, and how many rows there are."""

    module: str
    params: Mapping[str, str]
    rows: int
    label: str = ""


@dataclass(frozen=True)
class Column:
    """kind: count, money, share or time."""

    name: str
    title: str
    kind: str


@dataclass(frozen=True)
class Line:
    """One line. key: the value that it is for, "" for rows without one; record: what that refers to."""

    key: str
    title: str
    short: str
    values: Mapping[str, Value]
    links: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)
    record: tuple[str, str] | None = None
    era: str = ""


@dataclass(frozen=True)
class Table:
    """asked: the parameters in force, defaults included. currencies: of the amounts, the usual first."""

    report: Report
    by: str
    by_title: str
    ways: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    total: Line
    asked: Mapping[str, str]
    period: Span | None
    currencies: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def headline(self) -> str:
        """The main point in words."""
        return self.report.headline(self) if self.filled else str(self.report.empty)

    @property
    def filled(self) -> bool:
        """Whether there is anything to count."""
        return any(_something(one) for one in self.total.values.values())

    @property
    def over_time(self) -> bool:
        """Whether the lines are intervals."""
        return self.by in INTERVALS

    @property
    def pictured(self) -> tuple[Column, ...]:
        """The columns in the picture, as far as the user has them."""
        named = {one.name: one for one in self.columns}
        return tuple(named[name] for name in self.report.pictured if name in named)

    def count(self, name: str, line: Line | None = None) -> int:
        """A count of a line, or of the total; 0 where the user does not have the column."""
        value = (line or self.total).values.get(name)
        return value if isinstance(value, int) else 0

    def main(self, name: str, line: Line | None = None) -> tuple[Decimal, str]:
        """The amount in the usual currency, of a line or of the total."""
        value = (line or self.total).values.get(name)
        currency = self.currencies[0] if self.currencies else settings.DEFAULT_CURRENCY
        return (value.get(currency, Decimal(0)) if isinstance(value, Mapping) else Decimal(0)), currency


def _something(value: Value) -> bool:
    return bool(value) and (not isinstance(value, Mapping) or any(value.values()))
