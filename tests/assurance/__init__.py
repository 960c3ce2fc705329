"""Harnesses that measure how well the promises hold: `python -m tests.assurance G4 [--size N] [--planted]`.

Each runs until it has a figure, prints it last, and exits 1 where it falls short. With `--planted` it runs
once for each fault that it knows how to plant, and fails where one goes unnoticed: a zero means something
only from a harness that has been seen to count.

To add one, give it a line in `HARNESSES` and a module with

    def run(size: int) -> Figure        # measure; `size` counts in the harness's own unit (attempts, cases)
    FAULTS: dict[str, Fault]            # what can be planted, by name: context managers that put it in place

Of a planted fault one wrong answer is enough: a loop that is long asks `noticed(bad)`, and ends there.

The module is imported once Django is set up with the harness's settings. A database of its own has been
created by then (unless `database=False`), and is dropped afterwards; `run` finds it empty but for migrations
when the harness is measured, and as the run before it left it for each fault. One that has several
`shapes` is run once in each, in a process of its own; PostgreSQL needs TEST_DATABASE_URL. `--both` measures
and plants in the same process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass
class Figure:
    """`bad` of `tried` went wrong; `what` says what is counted, as in "0 <what> in 20,000 <unit>".

    It falls short where anything is bad, or fewer than `least` were tried. `details` are printed before it.
    """

    bad: int
    tried: int
    what: str
    unit: str
    least: int = 1
    details: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.bad == 0 and self.tried >= self.least

    def __str__(self) -> str:
        short = f" (fewer than {self.least:,})" if self.tried < self.least else ""
        return f"{self.bad:,} {self.what} in {self.tried:,} {self.unit}{short}"


@dataclass(frozen=True)
class Fault:
    """`plant()` is a context manager. `size` is how much it takes to notice; `shapes` where it is a fault."""

    plant: Callable[[], AbstractContextManager[object]]
    size: int | None = None
    shapes: tuple[str, ...] = (SQLITE, POSTGRESQL)


@dataclass(frozen=True)
class Harness:
    """`size` is that of the sample which CI runs, shared by the `shapes`: the databases that it is run on."""

    module: str
    size: int
    settings: str = "tests.settings"
    shapes: tuple[str, ...] = (SQLITE,)
    database: bool = True


ENGINE = "tests.workflows.settings"

_planted = False


@contextmanager
def one_is_enough() -> Iterator[None]:
    """While a fault is planted."""
    global _planted
    _planted = True
    try:
        yield
    finally:
        _planted = False


def noticed(bad: Sized) -> bool:
    """Whether a planted fault has shown itself; never while the harness measures."""
    return _planted and len(bad) > 0


HARNESSES = {
    "G1": Harness("tests.assurance.g1", 100_000),
    "G2": Harness("tests.assurance.g2", 30_000),
    "G3": Harness("tests.assurance.g3", 1_000),
    "G4": Harness("tests.assurance.g4", 20_000, ENGINE, (SQLITE, POSTGRESQL)),
    "G5": Harness("tests.assurance.g5", 3),
    "G8": Harness("tests.assurance.g8", 44, shapes=(SQLITE, POSTGRESQL)),
    "G9": Harness("tests.assurance.g9", 2_400),
    "G12": Harness("tests.assurance.g12", 6_000, ENGINE, (SQLITE, POSTGRESQL)),
    "G16": Harness("tests.assurance.g16", 400),
    "G17": Harness("tests.assurance.g17", 1_000),
    "G18": Harness("tests.assurance.g18", 10_000),
    "G19": Harness("tests.assurance.g19", 8),
    "G20": Harness("tests.assurance.g20", 2),
}
