"""Harnesses that measure how well the promises hold: `python -m tests.assurance G4 [--size N] [--planted]`.

Each runs until it has a figure, prints it last, and exits 1 where it falls short. With `--planted` it runs
once for each fault that it knows how to plant, and fails where one goes unnoticed: a zero means something
only from a harness that has been seen to count.

To add one, give it a line in `HARNESSES` and a module with

    def run(size: int) -> Figure        # measure; `size` counts in the harness's own unit (attempts, cases)
    FAULTS: dict[str, Fault]            # what can be planted, by name: context managers that put it in place

The module is imported once Django is set up with the harness's settings. A database of its own has been
created by then (unless `database=False`), and is dropped afterwards; `run` finds it empty but for migrations
when the harness is measured, and as the fault before it left it under `--planted`. One that has several
`shapes` is run once in each, in a process of its own; PostgreSQL needs TEST_DATABASE_URL.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
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

HARNESSES = {
    "G4": Harness("tests.assurance.g4", 20_000, ENGINE, (SQLITE, POSTGRESQL)),
    "G5": Harness("tests.assurance.g5", 3),
    "G9": Harness("tests.assurance.g9", 60),
    "G12": Harness("tests.assurance.g12", 6_000, ENGINE, (SQLITE, POSTGRESQL)),
    "G18": Harness("tests.assurance.g18", 10_000),
    "G19": Harness("tests.assurance.g19", 8),
}
