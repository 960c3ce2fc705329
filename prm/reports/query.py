"""The numbers of a report, counted by the database over masked columns.

One statement for each module (and date, where intervals are asked for), however many measures there are, and
one more for each pair of times; never one for a row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count as CountRows
from django.db.models import F, Func, IntegerField, Q, QuerySet
from django.db.models import Sum as SumRows

from prm.access.rights import Rights
from prm.modules.read import BadQuery
from prm.modules.reader import Reader, narrow
from prm.reports.periods import Interval, Span, number_of
from prm.reports.registry import INTERVALS, Count, Measure, Source, Sum, Time

Key = Hashable


class Seconds(Func):
    """Whole seconds from one time to another; SQLite keeps times as text and has no difference of them."""

    arity = 2
    output_field = IntegerField()
    template = "CAST(ROUND(EXTRACT(EPOCH FROM (%(expressions)s))) AS BIGINT)"
    arg_joiner = " - "

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CAST(ROUND((julianday(%(expressions)s)) * 86400) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=") - julianday(", **context)


@dataclass
class Taken:
    """How long some rows took: how many there are, the sum of their seconds, and how often each minute."""

    rows: int = 0
    seconds: int = 0
    minutes: Counter[int] = field(default_factory=Counter)

    def add(self, other: Taken) -> None:
        self.rows += other.rows
        self.seconds += other.seconds
        self.minutes.update(other.minutes)

    @property
    def average(self) -> int | None:
        """Seconds on average, None without rows."""
        return round(self.seconds / self.rows) if self.rows else None

    @property
    def median(self) -> int | None:
        """Seconds, in whole minutes, that half of the rows did not exceed; None without rows."""
        if not self.rows:
            return None
        middle = ((self.rows - 1) // 2, self.rows // 2)
        found: list[int] = []
        passed = 0
        for minute in sorted(self.minutes):
            passed += self.minutes[minute]
            while len(found) < 2 and middle[len(found)] < passed:
                found.append(minute)
        return sum(found) * 30


@dataclass
class Tally:
    """What was counted, by the key of the line: numbers of rows, amounts by currency, times.

    counts: by the place of the source among those of the measure, since each leads to a list of its own.
    amounts_of: how many rows have an amount, by currency.
    """

    counts: dict[str, list[dict[Key, int]]] = field(default_factory=dict)
    amounts: dict[str, dict[Key, dict[str, Decimal]]] = field(default_factory=dict)
    taken: dict[str, dict[Key, Taken]] = field(default_factory=dict)
    amounts_of: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Question:
    """What is asked of the rows: by what, in which period, narrowed how. params: filters of the lists."""

    by: str
    params: Mapping[str, str]
    period: Span | None = None
    intervals: tuple[Interval, ...] = ()


@dataclass(frozen=True)
class _Ask:
    """One number of one source: how many rows (no field), or the sum of a field."""

    measure: Measure
    place: int
    source: Source


def usable(rights: Rights, measure: Measure, by: str) -> bool:
    """Whether the user may read, on some rows, everything that the measure is made of."""
    for source in measure.sources:
        module = source.described
        wanted = {name.partition("__")[0] for name in source.where} | set(measure.fields())
        wanted |= {source.period} - {""}
        if by not in INTERVALS:
            wanted.add(by)
        if not wanted <= rights.readable(module):
            return False
    return True


def tally(rights: Rights, measures: Iterable[Measure], question: Question) -> Tally:
    """Counts for the measures, each of which is usable. Raises BadQuery where a filter is wrong."""
    found = Tally()
    together: dict[tuple[str, str], list[_Ask]] = defaultdict(list)
    times: dict[tuple[tuple[Source, ...], str, str], dict[Key, Taken]] = {}
    for measure in measures:
        if isinstance(measure, Time):
            pair = (measure.of, measure.begin, measure.end)
            if pair not in times:
                times[pair] = _times(rights, measure, question)
            found.taken[measure.name] = times[pair]
            continue
        if isinstance(measure, Count):
            found.counts[measure.name] = [{} for _ in measure.of]
        for place, source in enumerate(measure.sources):
            dated = source.period if question.by in INTERVALS else ""
            together[source.module, dated].append(_Ask(measure, place, source))
    for asks in together.values():
        _count(rights, asks, question, found)
    return found


def _rows(
    rights: Rights, sources: Iterable[Source], question: Question, fields: Iterable[str]
) -> tuple[Reader, QuerySet[Any], Any]:
    """The reader, the narrowed rows with masked columns, and the expression of the line's key."""
    sources = list(sources)
    source = sources[0]
    module = source.described
    reader = Reader(rights, module, ())
    used = set(fields)
    for one in sources:
        used |= {name.partition("__")[0] for name in one.where} | ({one.period} - {""})
    by = source.period if question.by in INTERVALS else question.by
    used.add(by)
    rows, errors = narrow(reader, question.params, *sorted(used))
    if errors:
        raise BadQuery(errors)
    if question.by in INTERVALS:
        key = number_of(list(question.intervals), f"m_{by}", module.field(by).kind)
    else:
        key = F(f"m_{by}")
    return reader, rows.order_by(), key


def condition(source: Source, period: Span | None) -> Q:
    """`where` and the period over the masked columns."""
    found = Q()
    for name, value in source.where.items():
        field_, _, lookup = name.partition("__")
        found &= Q(**{f"m_{field_}__in": value.split(",")} if lookup == "in" else {f"m_{field_}": value})
    if period and source.period:
        found &= period.q(*_dated(source))
    return found


def _dated(source: Source) -> tuple[str, str]:
    """The masked column of the source's period, and its kind."""
    return f"m_{source.period}", source.described.field(source.period).kind


def _count(rights: Rights, asks: list[_Ask], question: Question, found: Tally) -> None:
    sums = [ask.measure for ask in asks if isinstance(ask.measure, Sum)]
    fields = {name for one in sums for name in one.fields()}
    _reader, rows, key = _rows(rights, [ask.source for ask in asks], question, fields)
    # The period of all of them is asked once, so that it is not compared again for each number.
    together = len({ask.source.period for ask in asks}) == 1
    if together and question.period and asks[0].source.period:
        rows = rows.filter(question.period.q(*_dated(asks[0].source)))
    conditions = [condition(ask.source, None if together else question.period) for ask in asks]
    united = conditions[0]
    for one in conditions[1:]:
        united |= one
    rows = rows.filter(united)
    alike = all(one == conditions[0] for one in conditions)
    keys: dict[str, Any] = {"by": key}
    if sums:
        keys["in_currency"] = F(f"n_{sums[0].field}")
    numbers: dict[str, Any] = {}
    for at, (ask, where) in enumerate(zip(asks, conditions, strict=True)):
        only = None if alike else where
        if isinstance(ask.measure, Sum):
            column = F(f"m_{ask.measure.field}")
            value = column * F(f"m_{ask.measure.weight}") if ask.measure.weight else column
            numbers[f"sum_{at}"] = SumRows(value, filter=only)
            numbers[f"of_{at}"] = CountRows(column, filter=only)
        else:
            numbers[f"rows_{at}"] = CountRows("pk", filter=only)
    for row in rows.values(**keys).annotate(**numbers):
        for at, ask in enumerate(asks):
            if isinstance(ask.measure, Sum):
                _take_sum(row, at, ask.measure, found)
            elif number := row[f"rows_{at}"]:
                by_key = found.counts[ask.measure.name][ask.place]
                by_key[row["by"]] = by_key.get(row["by"], 0) + number


def _take_sum(row: Mapping[str, Any], at: int, measure: Sum, found: Tally) -> None:
    by_key = found.amounts.setdefault(measure.name, {})
    if row[f"sum_{at}"] is None:
        return
    currency = row["in_currency"]
    amount = Decimal(row[f"sum_{at}"])
    amounts = by_key.setdefault(row["by"], {})
    amounts[currency] = amounts.get(currency, Decimal(0)) + (amount / 100 if measure.weight else amount)
    found.amounts_of[currency] += row[f"of_{at}"]


def _times(rights: Rights, measure: Time, question: Question) -> dict[Key, Taken]:
    found: dict[Key, Taken] = defaultdict(Taken)
    for source in measure.of:
        _reader, rows, key = _rows(rights, [source], question, measure.fields())
        begin, end = f"m_{measure.begin}", f"m_{measure.end}"
        rows = rows.filter(condition(source, question.period), **{f"{end}__gt": F(begin)})
        grouped = (
            rows.annotate(took=Seconds(F(end), F(begin)))
            .values(by=key, minutes=F("took") / 60)
            .annotate(rows=CountRows("pk"), seconds=SumRows("took"))
        )
        for row in grouped:
            taken = found[row["by"]]
            taken.rows += row["rows"]
            taken.seconds += row["seconds"]
            taken.minutes[row["minutes"]] += row["rows"]
    return found
