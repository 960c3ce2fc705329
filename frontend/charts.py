"""Reports as pictures: where everything goes in a chart, worked out for a plain SVG without scripts.

Across, places are in per cent, so that a chart fills whatever room it gets while its words keep their size;
downwards they are in pixels. In languages written from right to left everything is mirrored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language_bidi, ngettext

from frontend.figures import behind, short, text_of
from prm.modules.texts import number as number_text
from prm.reports.table import Column, Line, Table

#: Rows of a chart of bars, and of a small one. The table has all of them.
ROWS, SMALL_ROWS = 12, 5
#: Heights: of one row, of its bar, of the plot of columns and lines, and of what stands below that.
ROW, BAR, PLOT, SMALL_PLOT, BELOW = 40, 12, 220, 132, 40
#: Fewer intervals than this do not get wider columns.
FEWEST = 6
#: How much of its slot a column takes, in per cent.
FILLED = 64
#: A value that is there is seen, however small it is beside the others.
LEAST = 0.6
LONGEST_NAME = 46


@dataclass(frozen=True)
class Piece:
    """A rectangle of one series. number: 1 for the first series, whose looks it has."""

    number: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Label:
    """Words below a column. sparse: how narrow a chart may be that still shows it (0: any, 1, 2).
    era: what stands below the words, such as their year; only where any chart shows them."""

    x: float
    text: str
    era: str
    sparse: int


@dataclass(frozen=True)
class Mark:
    """One line of the table in the picture. about: what the pointer is told of it; url: its list."""

    title: str
    value: str
    about: str
    y: float
    x: float
    pieces: tuple[Piece, ...]
    url: str


@dataclass(frozen=True)
class Tick:
    y: float
    text: str


@dataclass(frozen=True)
class Stroke:
    """A piece of a line from one point to the next."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Chart:
    """kind: bars (lying), columns (upright) or line. series: the measures in it, where several are."""

    id: str
    kind: str
    title: str
    summary: str
    height: float
    plot: float
    marks: tuple[Mark, ...]
    labels: tuple[Label, ...] = ()
    ticks: tuple[Tick, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    series: tuple[tuple[int, str], ...] = ()
    start: float = 0
    end: float = 100
    hidden: int = 0

    @property
    def remark(self) -> str:
        """What the picture leaves out."""
        if not self.hidden:
            return ""
        text = ngettext("%(n)d more line is in the table.", "%(n)d more lines are in the table.", self.hidden)
        return text % {"n": self.hidden}


Size = Callable[[Line, Column], float | None]


def _size(table: Table) -> Size:
    def size(line: Line, column: Column) -> float | None:
        value = line.values.get(column.name)
        if column.kind == "money":
            return float(table.main(column.name, line)[0])
        return None if value is None else float(value)  # type: ignore[arg-type]  # a number

    return size


def draw(table: Table, *, small: bool = False) -> Chart | None:
    """The picture of a table; None where there is nothing to see."""
    if not table.filled or not table.pictured:
        return None
    if not table.over_time:
        return _bars(table, small)
    if table.pictured[0].kind in ("share", "time"):
        return _line(table, small)
    return _columns(table, small)


def _about(table: Table, line: Line) -> str:
    values = ", ".join(f"{column.title}: {short(table, line, column)}" for column in table.columns)
    return f"{line.title} – {values}"


def _common(table: Table, small: bool) -> dict[str, Any]:
    said = [f"{line.title} {short(table, line, table.pictured[0])}" for line in table.lines if line.values]
    series = tuple((number, column.title) for number, column in enumerate(table.pictured, 1))
    return {
        "id": f"chart-{table.report.key}{'-small' if small else ''}",
        "title": table.headline,
        "summary": f"{table.report.title}: {', '.join(said[:24])}",
        "series": series if len(series) > 1 else (),
    }


def _stacked(table: Table, line: Line, size: Size) -> list[tuple[int, float, float]]:
    """For each series (number, from, to); with `nested`, all from zero and the longest first."""
    sizes = [(number, size(line, column) or 0.0) for number, column in enumerate(table.pictured, 1)]
    if table.report.nested:
        return [(number, 0.0, value) for number, value in sorted(sizes, key=lambda one: -one[1])]
    found, at = [], 0.0
    for number, value in sizes:
        found.append((number, at, at + value))
        at += value
    return found


def _whole(table: Table, line: Line) -> str:
    """The value said at the end of a bar: of all that is in it."""
    columns = table.pictured
    if table.report.nested:
        return short(table, line, columns[-1])
    if len(columns) > 1 and all(one.kind == "count" for one in columns):
        return number_text(sum(table.count(one.name, line) for one in columns))
    return short(table, line, columns[0])


def _bars(table: Table, small: bool) -> Chart:
    size, rtl = _size(table), get_language_bidi()
    most = SMALL_ROWS if small else ROWS
    shown = [line for line in table.lines if line.key or _something(line, table)]
    drawn = shown if len(shown) <= most + 1 else shown[:most]
    longest = max((to for line in drawn for _n, _from, to in _stacked(table, line, size)), default=0) or 1
    marks = []
    for at, line in enumerate(drawn):
        y = at * ROW
        pieces = []
        for number, begin, end in _stacked(table, line, size):
            if end > begin:
                x, width = 100 * begin / longest, max(100 * (end - begin) / longest, LEAST)
                x = 100 - x - width if rtl else x
                pieces.append(Piece(number, _round(x), y + 20, _round(width), BAR))
        marks.append(
            Mark(
                _cut(line.title), _whole(table, line), _about(table, line), y, 0, tuple(pieces), behind(line)
            )
        )
    start, end = (100, 0) if rtl else (0, 100)
    height = len(drawn) * ROW
    return Chart(
        kind="bars",
        height=height,
        plot=height,
        marks=tuple(marks),
        start=start,
        end=end,
        hidden=len(shown) - len(drawn),
        **_common(table, small),
    )


def _something(line: Line, table: Table) -> bool:
    return any(line.values.get(one.name) for one in table.pictured)


def _cut(title: str) -> str:
    return title if len(title) <= LONGEST_NAME else f"{title[: LONGEST_NAME - 1].rstrip()}…"


def _slots(table: Table) -> tuple[list[Line], float]:
    lines = [line for line in table.lines if line.key or _something(line, table)]
    return lines, 100 / max(len(lines), FEWEST)


def _center(at: int, slot: float, rtl: bool) -> float:
    x = (at + 0.5) * slot
    return _round(100 - x if rtl else x)


def _labels(lines: Sequence[Line], slot: float, rtl: bool) -> tuple[Label, ...]:
    found, era = [], ""
    # Counted from where the last era begins, that one is named below its first column; but what stands at
    # the front without an era is like no other, and is always named.
    begins = [at for at in range(1, len(lines)) if lines[at].era != lines[at - 1].era]
    first = begins[-1] if begins and lines[0].era else 0
    for at, line in enumerate(lines):
        sparse = 0
        if len(lines) > 12:
            sparse = 2 if (at - first) % 2 else 1 if (at - first) % 4 else 0
        elif len(lines) > 7:
            sparse = 1 if (at - first) % 2 else 0
        shown = line.era if line.era != era and not sparse else ""
        era = shown or era
        found.append(Label(_center(at, slot, rtl), line.short, shown, sparse))
    return tuple(found)


def _columns(table: Table, small: bool) -> Chart:
    size, rtl, plot = _size(table), get_language_bidi(), SMALL_PLOT if small else PLOT
    lines, slot = _slots(table)
    column = table.pictured[-1 if table.report.nested else 0]
    highest = max((to for line in lines for _n, _from, to in _stacked(table, line, size)), default=0)
    top, ticks = scale(highest, column.kind, table, plot)
    width = slot * FILLED / 100
    marks = []
    for at, line in enumerate(lines):
        middle = _center(at, slot, rtl)
        pieces = []
        for number, begin, end in _stacked(table, line, size):
            if end > begin:
                height = max(plot * (end - begin) / top, 1.5)
                pieces.append(
                    Piece(
                        number,
                        _round(middle - width / 2),
                        _round(plot - plot * begin / top - height),
                        _round(width),
                        _round(height),
                    )
                )
        value = _whole(table, line) if _something(line, table) else ""
        marks.append(Mark(line.title, value, _about(table, line), 0, middle, tuple(pieces), behind(line)))
    return Chart(
        kind="columns",
        height=plot + BELOW,
        plot=plot,
        marks=tuple(marks),
        labels=_labels(lines, slot, rtl),
        ticks=ticks,
        start=100 if rtl else 0,
        end=0 if rtl else 100,
        **_common(table, small),
    )


def _line(table: Table, small: bool) -> Chart:
    size, rtl, plot = _size(table), get_language_bidi(), SMALL_PLOT if small else PLOT
    lines, slot = _slots(table)
    column = table.pictured[0]
    highest = max((size(line, column) or 0 for line in lines), default=0)
    top, ticks = scale(highest, column.kind, table, plot)
    marks, strokes = [], []
    before: tuple[float, float] | None = None
    for at, line in enumerate(lines):
        value, middle = size(line, column), _center(at, slot, rtl)
        if value is None:
            before = None
            continue
        y = _round(plot - plot * value / top)
        if before:
            strokes.append(Stroke(*before, middle, y))
        before = (middle, y)
        marks.append(
            Mark(line.title, short(table, line, column), _about(table, line), y, middle, (), behind(line))
        )
    return Chart(
        kind="line",
        height=plot + BELOW,
        plot=plot,
        marks=tuple(marks),
        labels=_labels(lines, slot, rtl),
        ticks=ticks,
        strokes=tuple(strokes),
        start=100 if rtl else 0,
        end=0 if rtl else 100,
        **{**_common(table, small), "series": ()},
    )


# --- axes ---------------------------------------------------------------------------------------------

#: Steps of an axis that are easy to count in.
STEPS = (1, 2, 2.5, 5, 10)
#: Units of times: from how many seconds on, and how long.
UNITS = ((2 * 86_400, 86_400), (2 * 3600, 3600), (0, 60))


def scale(highest: float, kind: str, table: Table, plot: float) -> tuple[float, tuple[Tick, ...]]:
    """The top of an axis that reaches `highest`, and its ticks from zero upwards."""
    wanted = 4 if plot > SMALL_PLOT else 2
    unit = 1
    if kind == "share":
        step = 25.0 if wanted == 4 else 50.0
        highest = max(highest, 1)
    else:
        if kind == "time":
            unit = next(length for least, length in UNITS if highest >= least)
        step = unit * nice(highest / unit / wanted, whole=kind != "money")
    count = max(1, -(-int(highest * 1000) // int(step * 1000)))
    if kind == "share":
        count = 100 // int(step)
    top = step * count
    ticks = [
        Tick(_round(plot - plot * at * step / top), said(at * step, kind, table)) for at in range(count + 1)
    ]
    return top, tuple(ticks)


def nice(step: float, whole: bool) -> float:
    """The next larger step that is easy to count in."""
    if step <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= step:
        power *= 10
    while power > step:
        power /= 10
    found = next(power * one for one in STEPS if power * one >= step * 0.999)
    if whole:
        return max(1.0, found if found == int(found) else float(int(found) + 1))
    return found


def said(value: float, kind: str, table: Table) -> str:
    """A value on an axis."""
    if not value:
        return number_text(0)
    if kind == "money":
        currency = table.main(table.pictured[0].name)[1]
        return text_of({currency: Decimal(str(round(value, 2)))}, kind, compact=True)
    return text_of(Decimal(str(value)) if kind == "share" else int(value), kind, compact=True)


def _round(value: float) -> float:
    return round(value, 2)
