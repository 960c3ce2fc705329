"""What reports there are: descriptions, like those of modules, which tables, charts, pages and API follow.

A report counts and sums rows of modules by one of their fields or by time. It names fields and parameters of
lists, never columns of a database: so it reads under the rights of whoever asks, and each of its counts is
the length of a list that can be opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise

from prm.modules import registry as modules
from prm.modules.registry import Module

if TYPE_CHECKING:
    from prm.reports.table import Table

Text = str | Promise

#: Ways of grouping that are no field: by the period of each source.
INTERVALS = ("month", "quarter")

#: Fields that say nothing but their own company to users who are not the vendor's.
OF_THE_VENDOR = frozenset({"partner", "territory", "channel_manager"})


@dataclass(frozen=True, kw_only=True)
class Source:
    """Rows of a module: those of its list with the parameters `where` ("state", "state__in").

    period: the date or time by which the report's period and its intervals are taken; "" for any time.
    label: how these rows are called where a measure counts those of several modules.
    """

    module: str
    where: Mapping[str, str] = field(default_factory=dict, hash=False)
    period: str = ""
    label: Text = ""

    @property
    def described(self) -> Module:
        return modules.get(self.module)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One column of numbers. kind: what its values are, in JSON and on pages."""

    name: str
    label: Text

    @property
    def kind(self) -> str:
        raise NotImplementedError

    @property
    def sources(self) -> tuple[Source, ...]:
        return ()

    def fields(self) -> tuple[str, ...]:
        """The fields that it needs of its sources, besides those of `where` and of the period."""
        return ()


@dataclass(frozen=True, kw_only=True)
class Count(Measure):
    """How many rows."""

    of: tuple[Source, ...]

    @property
    def kind(self) -> str:
        return "count"

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.of


@dataclass(frozen=True, kw_only=True)
class Sum(Measure):
    """A money field of the rows, added up for each currency; times `weight`, a field in per cent."""

    of: Source
    field: str
    weight: str = ""

    @property
    def kind(self) -> str:
        return "money"

    @property
    def sources(self) -> tuple[Source, ...]:
        return (self.of,)

    def fields(self) -> tuple[str, ...]:
        return (self.field, self.weight) if self.weight else (self.field,)


@dataclass(frozen=True, kw_only=True)
class Share(Measure):
    """How many per cent the counts `part` are of the counts `whole` (names of measures of the report)."""

    part: tuple[str, ...]
    whole: tuple[str, ...]

    @property
    def kind(self) -> str:
        return "share"


@dataclass(frozen=True, kw_only=True)
class Time(Measure):
    """Seconds from `begin` to `end` of the rows that took any: their median, or else their average.

    The median is taken of whole minutes, since those are what the database counts.
    """

    of: tuple[Source, ...]
    begin: str
    end: str
    median: bool = False

    @property
    def kind(self) -> str:
        return "time"

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.of

    def fields(self) -> tuple[str, ...]:
        return (self.begin, self.end)


@dataclass(frozen=True, kw_only=True)
class Report:
    """A table with a picture.

    by: what it may be grouped by, the usual first: fields, or "month" and "quarter".
    measures: its columns; the lines are sorted by the first, where the field has no order of its own.
    drawn: the measures in the picture, several of them stacked; the first of `measures` unless named.
    nested: what is drawn lies within each other, the first in the second, and is not stacked.
    in_order: those of `by` whose values have an order of their own, in which all of them are shown.
    filters: fields that all its modules have, by which it may be narrowed.
    period: "past" or "ahead" for one that has a period, "" for one of how things stand.
    headline: the main point of a table in one sentence.
    empty: what to do where there is nothing to count yet.
    """

    key: str
    title: Text
    description: Text
    by: tuple[str, ...]
    measures: tuple[Measure, ...]
    headline: Callable[[Table], str]
    empty: Text
    drawn: tuple[str, ...] = ()
    nested: bool = False
    in_order: tuple[str, ...] = ("stage",)
    filters: tuple[str, ...] = ("partner", "territory", "channel_manager")
    period: str = ""
    icon: str = "chart-column"

    def measure(self, name: str) -> Measure:
        """The measure called `name`, or LookupError."""
        for one in self.measures:
            if one.name == name:
                return one
        raise LookupError(f"{self.key} has no measure {name!r}")

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source of every measure, each once."""
        found: list[Source] = []
        for measure in self.measures:
            found += [one for one in measure.sources if one not in found]
        return tuple(found)

    @property
    def pictured(self) -> tuple[str, ...]:
        """Names of the measures in the picture."""
        return self.drawn or (self.measures[0].name,)


_reports: dict[str, Report] = {}


def register(report: Report) -> Report:
    """Adds a report. Raises ImproperlyConfigured where the description does not hold together."""
    if report.key in _reports:
        raise ImproperlyConfigured(f"report {report.key!r} is registered twice")
    for problem in _problems(report):
        raise ImproperlyConfigured(f"{report.key}: {problem}")
    _reports[report.key] = report
    return report


def unregister(key: str) -> None:
    """Takes a report out again (a test's own)."""
    del _reports[key]


def get(key: str) -> Report:
    """The report called `key`, or LookupError."""
    try:
        return _reports[key]
    except KeyError:
        raise LookupError(f"no report {key!r}") from None


def all_reports() -> tuple[Report, ...]:
    """Every report, in the order of registration."""
    return tuple(_reports.values())


def _problems(report: Report) -> list[str]:
    found = []
    names = [one.name for one in report.measures]
    for name in report.pictured:
        if name not in names:
            found.append(f"there is no measure {name!r} to draw")
    for measure in report.measures:
        if isinstance(measure, Share):
            for name in (*measure.part, *measure.whole):
                if name not in names or report.measure(name).kind != "count":
                    found.append(f"{measure.name}: {name!r} is no count")
    for source in report.sources:
        module = source.described
        listed = {name.partition("__")[0] for name in source.where} | ({source.period} - {""})
        listed |= set(report.filters)
        # What is not a filter of the list could not be opened from the report.
        found += [f"{name!r} is no filter of {module.key}" for name in sorted(listed - set(module.filters))]
        if not source.period and report.period:
            found.append(f"{module.key} has no period")
    for measure in report.measures:
        for source in measure.sources:
            found += [
                f"{source.module} has no field {name!r}"
                for name in measure.fields()
                if name not in source.described.by_name
            ]
    if report.by[0] in INTERVALS and not report.period:
        found.append("intervals need a period")
    return found
