"""A machine drawn: the happy path straight from left to right, everything else on lanes around it.

States stand in two rows: the happy path above, the others below. A transition between neighbours of a row
is a straight arrow; every other one takes a lane above, between or below the rows, and all the states that
it may start from join that lane, so that "recall from four states" is one line and not four.

The drawing has classes and no style of its own, so that pages theme it under a strict content policy; a few
presentation attributes make it readable without a stylesheet, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

from django.utils.translation import gettext as _

from workflows.actor import PEOPLE
from workflows.machine import Machine, Transition

# In user units, which are pixels at 100 %.
LETTER, SMALL = 7.6, 6.2
HEIGHT, PAD, GAP = 36, 16, 48
LANE, MARGIN, CORNER = 24, 14, 6
TOP, MIDDLE, BOTTOM = 0, 1, 2


@dataclass
class Box:
    state: str
    title: str
    row: int
    column: int
    x: float = 0
    y: float = 0
    ports: dict[int, list[tuple[float, Line]]] = field(default_factory=lambda: {TOP: [], BOTTOM: []})

    @property
    def width(self) -> float:
        return max(76.0, len(self.title) * LETTER + 2 * PAD)

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass
class Line:
    """Transitions with the same sources and target, drawn together."""

    sources: list[str]
    target: str
    transitions: list[Transition]
    channel: int = MIDDLE
    lane: int = 0
    y: float = 0

    @property
    def text(self) -> str:
        return " · ".join(str(each.title) for each in self.transitions)

    @property
    def is_timer(self) -> bool:
        return not any(PEOPLE & set(each.by) for each in self.transitions)

    @property
    def css(self) -> str:
        return "edge edge--timer" if self.is_timer else "edge"


def happy_path(machine: Machine) -> list[str]:
    """Follow the transitions that are the main thing to do, from the first state to where they end.

    A state between two of them is taken in where one goes through it and not back (under review).
    """

    def by_people(state: str) -> list[Transition]:
        return [each for each in machine.leaving(state) if PEOPLE & set(each.by) and each.tone != "danger"]

    def leads(source: str, target: str, primary: bool) -> bool:
        return any(
            target in each.targets and (each.tone == "primary" or not primary) for each in by_people(source)
        )

    path = [machine.initial[0]]
    while path[-1] not in machine.finals:
        ways = sorted(by_people(path[-1]), key=lambda each: each.tone != "primary")
        ahead = [target for each in ways for target in each.targets if target not in path]
        if not ahead:
            break
        path.append(ahead[0])
    for position in range(len(path) - 1, 0, -1):
        before, after = path[position - 1], path[position]
        for state in machine.states:
            through = leads(before, state, primary=False) and leads(state, after, primary=True)
            if state not in path and through and not leads(state, before, primary=False):
                path.insert(position, state)
                break
    return path


def lines(machine: Machine) -> list[Line]:
    """What is to be drawn, in declared order; a transition that keeps its state moves nothing."""
    found: dict[tuple[tuple[str, ...], str], Line] = {}
    for each in machine.transitions:
        if each.target is None:
            continue
        for target in each.targets:
            sources = [state for state in machine.states if state in each.sources and state != target]
            if sources:
                line = found.setdefault((tuple(sources), target), Line(sources, target, []))
                line.transitions.append(each)
    return list(found.values())


class Drawing:
    def __init__(self, machine: Machine, current: str | None = None) -> None:
        self.machine, self.current = machine, current
        self.boxes = self._place()
        self.straight: list[Line] = []
        self.bent: list[Line] = []
        for line in lines(machine):
            self._sort_out(line)
        self._columns()
        self._lanes()
        self._ports()

    # --- where the states stand

    def _place(self) -> dict[str, Box]:
        path = happy_path(self.machine)
        column = {state: position for position, state in enumerate(path)}
        boxes = {state: Box(state, self.machine.title(state), 0, column[state]) for state in path}
        taken: set[int] = set()
        for state in self.machine.states:
            if state in boxes:
                continue
            # Below the middle of what leads there, or the nearest free place to its right.
            before = [
                column[source]
                for source, target in self.machine.pairs
                if target == state and source in column
            ]
            wanted = round(sum(before) / len(before)) if before else 0
            while wanted in taken:
                wanted += 1
            taken.add(wanted)
            boxes[state] = Box(state, self.machine.title(state), 1, wanted)
        return boxes

    def _sort_out(self, line: Line) -> None:
        """Neighbours of a row are joined by a straight arrow, the other sources by a lane."""
        target = self.boxes[line.target]
        bent = []
        for source in line.sources:
            box = self.boxes[source]
            if box.row == target.row and target.column - box.column == 1:
                same = [
                    each for each in self.straight if (each.sources, each.target) == ([source], line.target)
                ]
                if same:
                    same[0].transitions += line.transitions
                else:
                    self.straight.append(Line([source], line.target, list(line.transitions)))
            else:
                bent.append(source)
        if bent:
            rows = {self.boxes[state].row for state in [*bent, line.target]}
            channel = MIDDLE if len(rows) == 2 else (TOP if rows == {0} else BOTTOM)
            self.bent.append(Line(bent, line.target, line.transitions, channel))

    def _columns(self) -> None:
        count = max(box.column for box in self.boxes.values()) + 1
        widths = [
            max([box.width for box in self.boxes.values() if box.column == at], default=0.0)
            for at in range(count)
        ]
        gaps = [float(GAP)] * count
        for line in self.straight:
            at = self.boxes[line.sources[0]].column
            # The label stands in the gap between the two boxes, which may be narrower than their columns.
            room = sum(
                (widths[self.boxes[each].column] - self.boxes[each].width) / 2
                for each in (line.sources[0], line.target)
            )
            gaps[at] = max(gaps[at], len(line.text) * SMALL + 26 - room)
        x = float(MARGIN)
        for at in range(count):
            for box in self.boxes.values():
                if box.column == at:
                    box.x = x + (widths[at] - box.width) / 2
            x += widths[at] + gaps[at]
        self.width = x - gaps[-1] + MARGIN

    # --- how the transitions go

    def _span(self, line: Line) -> tuple[float, float]:
        """From where to where a lane is in use, its label included."""
        ends = [self.boxes[state].middle for state in [*line.sources, line.target]]
        left, right = min(ends), max(ends)
        more = max(0.0, len(line.text) * SMALL + 16 - (right - left)) / 2
        return left - more - 6, right + more + 6

    def _lanes(self) -> None:
        """Short lines next to the boxes, longer ones further out; one lane for those that do not meet."""
        used: dict[int, list[list[tuple[float, float]]]] = {TOP: [], MIDDLE: [], BOTTOM: []}
        for line in sorted(self.bent, key=lambda each: self._span(each)[1] - self._span(each)[0]):
            left, right = self._span(line)
            lanes = used[line.channel]
            free = (lane for lane in lanes if all(right < start or end < left for start, end in lane))
            if (lane := next(free, None)) is None:
                lanes.append(lane := [])
            lane.append((left, right))
            line.lane = next(number for number, each in enumerate(lanes) if each is lane)
        first = MARGIN + LANE * len(used[TOP]) + (10 if used[TOP] else 0)
        second = first + HEIGHT + LANE * (len(used[MIDDLE]) + 1)
        has_second = any(box.row for box in self.boxes.values())
        self.height = (second if has_second else first) + HEIGHT + LANE * len(used[BOTTOM]) + MARGIN
        for box in self.boxes.values():
            box.y = second if box.row else first
        for line in self.bent:
            match line.channel:
                case 0:
                    line.y = first - LANE * (line.lane + 0.7)
                case 1:
                    line.y = first + HEIGHT + LANE * (line.lane + 1)
                case _:
                    line.y = second + HEIGHT + LANE * (line.lane + 0.7)

    def _side(self, box: Box, line: Line) -> int:
        return line.channel if line.channel != MIDDLE else (TOP if box.row else BOTTOM)

    def _ports(self) -> None:
        """Lines leave a box side by side, those that turn left on the left."""
        for line in self.bent:
            ends = [self.boxes[state] for state in [*line.sources, line.target]]
            for box in ends:
                others = [other.middle for other in ends if other is not box]
                box.ports[self._side(box, line)].append((sum(others) / len(others), line))
        for box in self.boxes.values():
            for ports in box.ports.values():
                ports.sort(key=lambda port: (port[0] - box.middle, port[1].y))

    def _port(self, box: Box, line: Line) -> float:
        ports = box.ports[self._side(box, line)]
        at = next(position for position, (_towards, each) in enumerate(ports) if each is line)
        return box.x + box.width * (at + 1) / (len(ports) + 1)

    # --- drawn

    def svg(self) -> str:
        name = str(self.machine.model._meta.verbose_name)
        width, height = round(self.width), round(self.height)
        return (
            _tag(
                "svg",
                _tag("title", escape(_("How a %(name)s moves") % {"name": name})),
                _tag("desc", escape(self._description())),
                *(self._straight(line) for line in self.straight),
                *(self._bent(line) for line in self.bent),
                *(self._label(line) for line in self.bent),
                *(self._box(box) for box in self.boxes.values()),
                xmlns="http://www.w3.org/2000/svg",
                class_="workflow",
                role="img",
                width=width,
                height=height,
                viewBox=f"0 0 {width} {height}",
                font_family="system-ui, sans-serif",
                font_size=13,
            )
            + "\n"
        )

    def _description(self) -> str:
        said = []
        if self.current is not None:
            said.append(_("Now: %(state)s.") % {"state": self.machine.title(self.current)})
        for line in lines(self.machine):
            sources = ", ".join(self.machine.title(state) for state in line.sources)
            said.append(f"{line.text}: {sources} → {self.machine.title(line.target)}.")
        return " ".join(said)

    def _box(self, box: Box) -> str:
        now, final = box.state == self.current, box.state in self.machine.finals
        marks = ["state", *(["state--now"] if now else []), *(["state--final"] if final else [])]
        return _tag(
            "g",
            _tag(
                "rect",
                x=box.x,
                y=box.y,
                width=box.width,
                height=HEIGHT,
                rx=HEIGHT // 2 if final else 8,
                fill="#fff",
                stroke="currentColor",
                stroke_width=2.5 if now else 1.25,
            ),
            _words(box.title, box.middle, box.y + HEIGHT / 2 + 4.5, font_weight=700 if now else None),
            class_=" ".join(marks),
            data_state=box.state,
            aria_current="step" if now else None,
        )

    def _straight(self, line: Line) -> str:
        source, target = self.boxes[line.sources[0]], self.boxes[line.target]
        left, right, y = source.x + source.width, target.x, source.y + HEIGHT / 2
        return _tag(
            "g",
            _path(f"M{left:.1f} {y:.1f}H{right - 5:.1f}", line),
            _arrow(right, y, 1, 0),
            _words(line.text, (left + right - 5) / 2, y - 6, font_size=11),
            class_=line.css,
        )

    def _bent(self, line: Line) -> str:
        target = self.boxes[line.target]
        end = self._port(target, line)
        edge = target.y if self._side(target, line) == TOP else target.y + HEIGHT
        down = 1 if edge > line.y else -1
        path = []
        for state in line.sources:
            box = self.boxes[state]
            start = self._port(box, line)
            leave = box.y if self._side(box, line) == TOP else box.y + HEIGHT
            way, turn = (1 if end > start else -1), (1 if leave > line.y else -1)
            corner = min(CORNER, abs(end - start) / 2)
            path.append(
                f"M{start:.1f} {leave:.1f}V{line.y + turn * corner:.1f}Q{start:.1f} {line.y:.1f} "
                f"{start + way * corner:.1f} {line.y:.1f}H{end - way * corner:.1f}Q{end:.1f} {line.y:.1f} "
                f"{end:.1f} {line.y + down * corner:.1f}V{edge - down * 5:.1f}"
            )
        return _tag("g", _path("".join(path), line), _arrow(end, edge, 0, down), class_=line.css)

    def _label(self, line: Line) -> str:
        """After all lines, on a ground of its own, so that no line runs through it."""
        ends = [self._port(self.boxes[state], line) for state in [*line.sources, line.target]]
        width = len(line.text) * SMALL + 8
        x = min(max((min(ends) + max(ends)) / 2, width / 2 + 2), self.width - width / 2 - 2)
        return _tag(
            "g",
            _tag("rect", class_="halo", x=x - width / 2, y=line.y - 7.5, width=width, height=15, fill="#fff"),
            _words(line.text, x, line.y + 4, font_size=11),
            class_=line.css,
        )


def _tag(name: str, *content: str, **attributes: Any) -> str:
    """An element; its content is markup already, its attributes are escaped, and None is left out."""
    written = []
    for key, value in attributes.items():
        if value is not None:
            plain = f"{value:.1f}" if isinstance(value, float) else str(value)
            written.append(f' {key.rstrip("_").replace("_", "-")}="{escape(plain)}"')
    return f"<{name}{''.join(written)}>{''.join(content)}</{name}>"


def _words(words: str, x: float, y: float, **attributes: Any) -> str:
    return _tag(
        "text",
        escape(words),
        class_="label",
        x=x,
        y=y,
        text_anchor="middle",
        fill="currentColor",
        **attributes,
    )


def _path(way: str, line: Line) -> str:
    return _tag(
        "path", d=way, fill="none", stroke="currentColor", stroke_dasharray="4 3" if line.is_timer else None
    )


def _arrow(x: float, y: float, right: int, down: int) -> str:
    """A head that points at (x, y)."""
    if right:
        points = f"{x:.1f},{y:.1f} {x - 7:.1f},{y - 3.5:.1f} {x - 7:.1f},{y + 3.5:.1f}"
    else:
        points = f"{x:.1f},{y:.1f} {x - 3.5:.1f},{y - 7 * down:.1f} {x + 3.5:.1f},{y - 7 * down:.1f}"
    return _tag("polygon", class_="head", points=points, fill="currentColor")


def svg(machine: Machine, current: str | None = None) -> str:
    """The drawing as an SVG element for a page or a file; `current` is the state to mark."""
    return Drawing(machine, None if current is None else str(current)).svg()


def text(machine: Machine) -> str:
    """The machine to read: its states with who must act and until when, and how each can be left."""
    found = [f"{machine.label} ({machine.model._meta.verbose_name})"]
    for state in machine.states:
        marks = [
            word
            for word, group in (("initial", machine.initial), ("final", machine.finals))
            if state in group
        ]
        wait = machine.waits.get(state)
        if wait:
            limit = f", then {wait.then} when due" if wait.then else ""
            marks.append(f"waits for {wait.owner}{limit}")
        found.append(f"  {state}" + (f"  [{'; '.join(marks)}]" if marks else ""))
        for each in machine.leaving(state):
            targets = "(same)" if each.target is None else " | ".join(each.targets)
            by = "" if each.by == ("user",) else f"  by {', '.join(each.by)}"
            guards = f"  if {', '.join(guard.code for guard in each.guards)}" if each.guards else ""
            found.append(f"    {each.name} → {targets}{by}{guards}")
    return "\n".join(found) + "\n"
