"""Periods and the intervals in them, in whole days of the reader's time zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.utils import formats, timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

#: Longer periods would make more intervals than anybody looks at.
MOST_MONTHS = 60

#: Presets as numbers of months, this one included.
PAST = {"3m": 3, "6m": 6, "12m": 12, "24m": 24}
AHEAD = {"3m": 3, "6m": 6, "12m": 12}
USUAL = "12m"
YEARS = {"year": gettext_lazy("This year"), "last_year": gettext_lazy("Last year")}


class BadPeriod(ValueError):
    """`errors` says which parameters are wrong and why."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(str(errors))
        self.errors = errors


@dataclass(frozen=True)
class Span:
    """Days from `first` to `last`, both included; None is open."""

    first: dt.date | None = None
    last: dt.date | None = None

    def q(self, column: str, kind: str) -> Q:
        """The rows whose `column`, a date or a time, is in the span."""
        if kind == "date":
            bounds = {"gte": self.first, "lte": self.last}
        else:
            after = self.last + dt.timedelta(days=1) if self.last else None
            bounds = {"gte": self.first and midnight(self.first), "lt": after and midnight(after)}
        return Q(**{f"{column}__{how}": value for how, value in bounds.items() if value is not None})

    def params(self, name: str, kind: str) -> dict[str, str]:
        """The same as parameters of a list."""
        found = {}
        if self.first:
            found[f"{name}__gte"] = self.first.isoformat() if kind == "date" else _iso(midnight(self.first))
        if self.last:
            end = midnight(self.last + dt.timedelta(days=1)) - dt.timedelta(microseconds=1)
            found[f"{name}__lte"] = self.last.isoformat() if kind == "date" else _iso(end)
        return found


@dataclass(frozen=True)
class Interval(Span):
    """One of the spans that a report is grouped by. short, era: its name below a bar, and its year."""

    key: str = ""
    title: str = ""
    short: str = ""
    era: str = ""


def midnight(day: dt.date) -> dt.datetime:
    """The beginning of a day where the reader is."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def _iso(moment: dt.datetime) -> str:
    return moment.isoformat()


def presets(direction: str) -> list[tuple[str, str]]:
    """The periods to choose from, with their names."""
    if direction == "ahead":
        return [
            (key, ngettext("Next %(n)d month", "Next %(n)d months", months) % {"n": months})
            for key, months in AHEAD.items()
        ]
    found = [
        (key, ngettext("Last %(n)d month", "Last %(n)d months", months) % {"n": months})
        for key, months in PAST.items()
    ]
    return found + [(key, str(title)) for key, title in YEARS.items()]


def period_of(direction: str, params: Mapping[str, str], today: dt.date) -> Span:
    """The period that `period`, or else `from` and `to` (ISO dates), ask for. Raises BadPeriod."""
    chosen = params.get("period") or USUAL
    if chosen not in dict(presets(direction)):
        raise BadPeriod({"period": [_("There is no such period.")]})
    this_month = today.replace(day=1)
    if direction == "ahead":
        return Span(today, add_months(this_month, AHEAD[chosen]) - dt.timedelta(days=1))
    errors: dict[str, list[str]] = {}
    given = {name: _day(params.get(name, ""), name, errors) for name in ("from", "to")}
    if errors:
        raise BadPeriod(errors)
    if given["from"] or given["to"]:
        return _given(given["from"], given["to"], today)
    if chosen in YEARS:
        year = today.year - (chosen == "last_year")
        return Span(dt.date(year, 1, 1), dt.date(year, 12, 31))
    return Span(add_months(this_month, 1 - PAST[chosen]), add_months(this_month, 1) - dt.timedelta(days=1))


def _day(text: str, name: str, errors: dict[str, list[str]]) -> dt.date | None:
    if not text:
        return None
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None or not 1990 <= found.year <= 2100:
        errors[name] = [_("Give a date as in 2026-12-31.")]
        return None
    return found


def _given(first: dt.date | None, last: dt.date | None, today: dt.date) -> Span:
    last = last or max(today, first or today)
    first = first or add_months(last.replace(day=1), 1 - PAST[USUAL])
    if last < first:
        raise BadPeriod({"to": [_("Choose a day after the first.")]})
    if add_months(first, MOST_MONTHS) <= last:
        text = ngettext("Choose at most %(n)d year.", "Choose at most %(n)d years.", MOST_MONTHS // 12)
        raise BadPeriod({"to": [text % {"n": MOST_MONTHS // 12}]})
    return Span(first, last)


def add_months(day: dt.date, months: int) -> dt.date:
    """The first day of the month that many months later."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(years, month + 1, 1)


def intervals(period: Span, by: str) -> list[Interval]:
    """The months or quarters of a period, the oldest first; the first and the last may be cut."""
    assert period.first and period.last
    step = 3 if by == "quarter" else 1
    start = period.first.replace(day=1)
    if by == "quarter":
        start = start.replace(month=start.month - (start.month - 1) % 3)
    found = []
    while start <= period.last:
        following = add_months(start, step)
        first = max(start, period.first)
        last = min(following - dt.timedelta(days=1), period.last)
        found.append(Interval(first, last, *_names(start, by)))
        start = following
    return found


def ahead(period: Span, by: str) -> list[Interval]:
    """What is overdue, the intervals to come, and what comes later."""
    assert period.first and period.last
    day = dt.timedelta(days=1)
    overdue = Interval(None, period.first - day, "overdue", _("Overdue"), _("Overdue"))
    later = Interval(period.last + day, None, "later", _("Later"), _("Later"))
    return [overdue, *intervals(period, by), later]


def _names(start: dt.date, by: str) -> tuple[str, str, str, str]:
    if by == "quarter":
        quarter = (start.month + 2) // 3
        facts = {"quarter": quarter, "year": start.year}
        title = _("Q%(quarter)d %(year)d") % facts
        return f"{start.year}-Q{quarter}", title, _("Q%(quarter)d") % facts, str(start.year)
    title = formats.date_format(start, "YEAR_MONTH_FORMAT")
    short = formats.date_format(start, "M")
    return f"{start:%Y-%m}", title, short, str(start.year)


def number_of(found: list[Interval], column: str, kind: str) -> Any:
    """An expression that gives the number of the interval that a row's `column` is in, NULL for none.

    Comparisons with constants rather than the database's truncation: SQLite would call Python for each row,
    and the bounds are exactly those of the lists that the numbers lead to.
    """
    # The first interval that has not ended yet: they follow each other, and what lies outside is left out.
    cases = [When(Span(None, one.last).q(column, kind), then=Value(at)) for at, one in enumerate(found[:-1])]
    last = Span(None, found[-1].last)
    cases.append(When(last.q(column, kind) or Q(**{f"{column}__isnull": False}), then=Value(len(found) - 1)))
    return Case(*cases, default=None, output_field=IntegerField())
