"""A report made for one user: what they ask is read, counted under their rights, and put into a table."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.access.channel import looks_after
from prm.access.rights import Rights, rights_for
from prm.modules import registry as modules
from prm.modules.filters import filter_names
from prm.modules.read import BadQuery
from prm.modules.reader import Reader
from prm.modules.registry import Field
from prm.reports import money, periods
from prm.reports.available import field_of, filters_of, measures_of, title_of, ways_of
from prm.reports.periods import Interval, Span
from prm.reports.query import Key, Question, Taken, Tally, tally
from prm.reports.registry import INTERVALS, Count, Measure, Report, Share, Source, Sum, Time
from prm.reports.table import Column, Line, Link, Table, Value
from workflows.errors import Denied, NotFound

#: Whose partners: of a channel manager at first their own; this stands for everybody's.
ALL = "all"


def run(user: Any, report: Report, params: Mapping[str, str]) -> Table:
    """The report for this user. Raises NotFound where it is not theirs to have, and BadQuery.

    params: `by`, `period` or `from` and `to`, `currency` (all amounts converted into it), and filters by the
        names of fields. `channel_manager`, unless it is given, is the own id of who looks after partners;
        "all" lifts it.
    """
    rights = rights_for(user)
    ways = ways_of(rights, report)
    if not ways:
        raise NotFound()
    today = timezone.localdate()
    given = {name: value for name, value in params.items() if value}
    errors: dict[str, list[str]] = {}
    by = given.get("by", ways[0])
    if by not in ways:
        errors["by"] = [_("There is no such grouping here, or it is not yours to use.")]
        by = ways[0]
    currency = given.get("currency", "")
    if currency and currency not in settings.CURRENCIES:
        errors["currency"] = [_("This currency is not known.")]
    filters, asked = _filters(user, rights, report, given, errors)
    period, found = _period(report, by, given, today, errors)
    if errors:
        raise BadQuery(errors)
    measures = measures_of(rights, report, by)
    question = Question(by, filters, period, tuple(found))
    tallied = tally(rights, [one for one in measures if one.sources], question)
    making = _Making(rights, report, question, measures, tallied)
    if currency:
        making.converter = money.Converter(currency, min(today, (period and period.last) or today))
    return making.table(ways, {**given, **asked, "by": by})


def exported(user: Any, report: Report, params: Mapping[str, str]) -> Table:
    """The report as it may leave the portal: counted in those scopes alone that allow `export`, too.

    params: as of `run`. Raises NotFound, BadQuery, and Denied where they may read it and not export it.
    """
    if not ways_of(rights_for(user), report):
        raise NotFound()
    only = rights_for(user).only("export")
    if not ways_of(only, report):
        raise Denied(_("You may read these records, but not export them."))
    return run(only.user, report, params)


def exportable(user: Any, table: Table) -> bool:
    """Whether a table of this user can be exported as it was asked for."""
    only = rights_for(user).only("export")
    errors: dict[str, list[str]] = {}
    _filters(only.user, only, table.report, table.asked, errors)
    return table.by in ways_of(only, table.report) and not errors


def _filters(
    user: Any, rights: Rights, report: Report, given: Mapping[str, str], errors: dict[str, list[str]]
) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters of lists, and those among them that were not given."""
    fields = filters_of(rights, report)
    known = {name for one in fields for name in filter_names(one)}
    filters = {name: value for name, value in given.items() if name in known}
    asked: dict[str, str] = {}
    if "channel_manager" in known:
        if looks_after(user) and not {"channel_manager", "channel_manager__in"} & filters.keys():
            asked["channel_manager"] = filters["channel_manager"] = str(user.pk)
        elif filters.get("channel_manager") == ALL:
            del filters["channel_manager"]
    allowed = known | {"by"}
    if report.period:
        allowed |= {"period"} | ({"from", "to"} if report.period == "past" else set())
    if any(isinstance(one, Sum) for one in report.measures):
        allowed.add("currency")
    for name in given.keys() - allowed:
        errors[name] = [_("There is no such parameter here, or it is not yours to use.")]
    return filters, asked


def _period(
    report: Report, by: str, given: Mapping[str, str], today: dt.date, errors: dict[str, list[str]]
) -> tuple[Span | None, list[Interval]]:
    if not report.period:
        return None, []
    try:
        period = periods.period_of(report.period, given, today)
    except periods.BadPeriod as error:
        errors |= error.errors
        return None, []
    if report.period == "ahead":
        # What lies before and after it is shown, too: the period says only which intervals there are.
        return None, periods.ahead(period, by) if by in INTERVALS else []
    return period, periods.intervals(period, by) if by in INTERVALS else []


@dataclass
class _Making:
    rights: Rights
    report: Report
    question: Question
    measures: tuple[Measure, ...]
    tallied: Tally
    converter: money.Converter | None = None

    def table(self, ways: tuple[str, ...], asked: Mapping[str, str]) -> Table:
        usual = sorted(self.tallied.amounts_of, key=lambda one: (-self.tallied.amounts_of[one], one))
        lines = [self.line(*one) for one in self.keys()]
        if not self.question.intervals and not self._ordered:
            lines.sort(key=lambda line: self._size(line, usual))
        converter = self.converter
        total = self.total()
        currencies = [converter.to] if converter else usual
        remarks = converter.remarks() if converter else []
        pictured = [one for one in self.measures if one.name in self.report.pictured]
        if len(currencies) > 1 and any(isinstance(one, Sum) for one in pictured):
            facts = {"currency": currencies[0], "others": ", ".join(sorted(currencies[1:]))}
            remarks.append(
                _("Drawn in %(currency)s alone. %(others)s: in the table, or choose a currency.") % facts
            )
        return Table(
            report=self.report,
            by=self.question.by,
            by_title=title_of(self.rights, self.report, self.question.by),
            ways=tuple((name, title_of(self.rights, self.report, name)) for name in ways),
            columns=tuple(Column(one.name, str(one.label), one.kind) for one in self.measures),
            lines=tuple(lines),
            total=total,
            asked=asked,
            period=self.question.period,
            currencies=tuple(currencies),
            remarks=tuple(remarks),
        )

    @cached_property
    def field(self) -> Field:
        """The field that the lines are of, where they are no intervals."""
        return field_of(self.rights, self.report, self.question.by)

    @property
    def _ordered(self) -> bool:
        """Whether the values have an order of their own, in which all of them are shown."""
        return self.question.by in self.report.in_order

    def keys(self) -> list[tuple[Key, str, str, str, str]]:
        """For each line: its key as counted, as text, its title, its short name and its year."""
        found = self._found()
        if self.question.intervals:
            lines: list[tuple[Key, str, str, str, str]] = [
                (at, one.key, one.title, one.short, one.era) for at, one in enumerate(self.question.intervals)
            ]
            return lines + ([(None, "", _("Without a date"), "–", "")] if None in found else [])
        named = self._titles([one for one in found if one not in (None, "")])
        lines = [(one, str(one), title, title, "") for one, title in named]
        empty = [one for one in ("", None) if one in found]
        # Empty text and nothing at all say the same: one line.
        return lines + ([(empty[0], "", _("Not given"), _("Not given"), "")] if empty else [])

    def _found(self) -> set[Key]:
        found: set[Key] = set()
        for counts in self.tallied.counts.values():
            for one in counts:
                found |= one.keys()
        for amounts in self.tallied.amounts.values():
            found |= amounts.keys()
        for taken in self.tallied.taken.values():
            found |= taken.keys()
        return found

    def _titles(self, found: Collection[Any]) -> list[tuple[Any, str]]:
        one = self.field
        if one.kind in ("choice", "state"):
            known = dict(one.options())
            order = [value for value in known if self._ordered or value in found]
            return [(value, str(known[value])) for value in order if value != ""]
        if one.kind == "reference":
            return _titles_of(self.rights, one.module, list(found))
        return sorted((value, str(value)) for value in found)

    def line(self, key: Key, text: str, title: str, short: str, era: str) -> Line:
        """The values of one line, and the lists behind its counts."""
        values: dict[str, Value] = {}
        links: dict[str, tuple[Link, ...]] = {}
        keys = [key] if text else [None, ""]
        for one in self.measures:
            if isinstance(one, Count):
                counts = [
                    sum(by_key.get(each, 0) for each in keys) for by_key in self.tallied.counts[one.name]
                ]
                values[one.name] = sum(counts)
                if text:
                    links[one.name] = self._links(one, key, text, counts)
            elif isinstance(one, Sum):
                by_key_ = self.tallied.amounts.get(one.name, {})
                values[one.name] = self._amounts(money.add(by_key_.get(each, {}) for each in keys))
            elif isinstance(one, Time):
                taken = Taken()
                for each in keys:
                    if each in self.tallied.taken[one.name]:
                        taken.add(self.tallied.taken[one.name][each])
                values[one.name] = taken.median if one.median else taken.average
        self._shares(values)
        record = None
        if not self.question.intervals and text and self.field.kind == "reference":
            record = (self.field.module, text)
        return Line(text, title, short, values, links, record, era)

    def total(self) -> Line:
        """All lines together."""
        values: dict[str, Value] = {}
        links: dict[str, tuple[Link, ...]] = {}
        for one in self.measures:
            if isinstance(one, Count):
                counts = [sum(by_key.values()) for by_key in self.tallied.counts[one.name]]
                values[one.name] = sum(counts)
                links[one.name] = self._links(one, None, "", counts)
            elif isinstance(one, Sum):
                values[one.name] = self._amounts(money.add(self.tallied.amounts.get(one.name, {}).values()))
            elif isinstance(one, Time):
                taken = Taken()
                for each in self.tallied.taken[one.name].values():
                    taken.add(each)
                values[one.name] = taken.median if one.median else taken.average
        self._shares(values)
        return Line("", _("Total"), _("Total"), values, links)

    def _amounts(self, amounts: money.Amounts) -> Mapping[str, Decimal]:
        return self.converter.convert(amounts) if self.converter else money.plain(amounts)

    def _shares(self, values: dict[str, Value]) -> None:
        for one in self.measures:
            if isinstance(one, Share):
                part, whole = (
                    sum(value for name in names if isinstance(value := values.get(name), int))
                    for names in (one.part, one.whole)
                )
                values[one.name] = round(Decimal(100 * part) / whole, 1) if whole else None

    def _links(self, measure: Count, key: Key, text: str, counts: list[int]) -> tuple[Link, ...]:
        return tuple(
            Link(source.module, self._params(source, key, text), rows, str(source.label))
            for source, rows in zip(measure.of, counts, strict=True)
            if rows
        )

    def _params(self, source: Source, key: Key, text: str) -> dict[str, str]:
        params = {**self.question.params, **source.where}
        span = self.question.period
        if self.question.intervals and text:
            span = self.question.intervals[key]  # type: ignore[call-overload]  # its number
        elif text:
            params[self.question.by] = text
        if span and source.period:
            params |= span.params(source.period, source.described.field(source.period).kind)
        return params

    def _size(self, line: Line, usual: list[str]) -> tuple[Any, ...]:
        """Largest first, and what has no name last."""
        sizes: list[Any] = []
        for one in self.measures:
            value = line.values.get(one.name)
            if isinstance(value, Mapping):
                currency = self.converter.to if self.converter else (usual[0] if usual else "")
                sizes += [-value.get(currency, Decimal(0)), -sum(value.values())]
            else:
                sizes.append(-(value or 0))
        return (not line.key, *sizes, line.title)


def _titles_of(rights: Rights, key: str, pks: list[uuid.UUID]) -> list[tuple[Any, str]]:
    """The records by what they are called, as far as the user may know it; one statement for all."""
    if not pks:
        return []
    module = modules.get(key)
    reader = Reader(rights, module, (module.title,))
    rows = reader.shape.rows(reader.values(reader.rows().filter(pk__in=pks).order_by()), rights.user)
    titles = {row["id"]: row.get(module.title) for row in rows}
    return [(pk, str(titles.get(pk) or "–")) for pk in pks]
