"""G1: nobody is told what they may not know, whichever way they ask.

Users ask for records of every module by every channel: detail, list, filter, order, search, count, export
(CSV, XLSX), the PDF of a quote, mail, socket, alerts, history, notes, explain, errors, ETag, and pages. Each
answer is held against a table that was written by hand (`expected_access`), and every field of every record
holds a value of its own, so that whatever is told of it anywhere is recognised (`access_world`).

Then twin worlds: for each user all values that are hidden from them are exchanged for others, in which case
every answer they get must be the same, byte for byte.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from prm.modules import registry
from tests.assurance import Fault, Figure
from tests.assurance.access_probes import Channels
from tests.assurance.access_world import AccessWorld, build
from tests.assurance.expected_access import TABLE
from tests.assurance.g9 import silent
from tests.assurance.planted_access import PLANTED, Planted, planted
from tests.assurance.twins import compare

#: How many of the leaks are shown.
SHOWN = 20
#: From here on there is so much more of every kind of record.
LARGE = 400_000

#: Addresses that are compared between twin worlds for each user: in a sample, and in a whole run.
TWINS, ALL = 30, 100_000

_worlds: dict[int, AccessWorld] = {}
_focus: list[Planted] = []


def world_of(size: int) -> AccessWorld:
    """The world for this many tuples, built when it is first asked for and only read from then on."""
    for key in unknown():
        # It is reported; so that the others are judged all the same.
        TABLE[key] = {}
    scale = 1 if size < LARGE else 3
    if scale not in _worlds:
        _worlds[scale] = build(scale)
    return _worlds[scale]


def run(size: int) -> Figure:
    """Judges about `size` tuples, a share of them in each channel."""
    with silent():
        missing = unknown()
        world = world_of(size)
        only = _focus[-1] if _focus else None
        rng = random.Random(size)
        tried, wrong = ask(world, size, rng, only)
        if not only or only.twins:
            for person in world.people.values():
                if not only or person.who.name in only.people:
                    most, keys = (ALL, only.modules) if only else (TWINS if size < LARGE else ALL, ())
                    exchanged, faults = compare(world, person, rng, most, keys)
                    tried["twins"] += exchanged
                    wrong += [f"{person.who.name}, twins: {fault}" for fault in faults]
        if not only:
            wrong = [f"no expectations of the module {key}" for key in missing] + wrong
    details = [f"{channel}: {count:,}" for channel, count in sorted(tried.items())]
    details += wrong[:SHOWN] + ([f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else [])
    return Figure(
        len(wrong),
        tried.total(),
        "leaks",
        "tuples of user, record, field, verb and channel",
        least=1 if only else size,
        details=details,
    )


def unknown() -> list[str]:
    """Modules that the table says nothing of."""
    return sorted({module.key for module in registry.all_modules()} - TABLE.keys())


def ask(
    world: AccessWorld, size: int, rng: random.Random, only: Planted | None = None
) -> tuple[Counter[str], list[str]]:
    """Asks in every channel in turn until `size` tuples were judged; what was judged, and what was wrong.

    only: a fault to look for, which is looked for until it is found.
    """
    narrowed = (only.people, only.modules, only.channels) if only else ()
    left = Channels(world, rng).probes(*narrowed)
    tried: Counter[str] = Counter()
    wrong: list[str] = []
    while left and tried.total() < size and not (only and wrong):
        for channel in list(left):
            probe = left[channel].pop()
            try:
                cells, faults = probe.run()
            except Exception as error:
                # An answer of 5xx tells nothing, but is none of those that were expected.
                cells, faults = 1, [f"{probe.module}: {type(error).__name__}: {error}"[:300]]
            tried[channel] += cells
            wrong += [f"{probe.person.who.name}, {channel}: {fault}" for fault in faults]
            if not left[channel]:
                del left[channel]
    return tried, wrong


# --- faults -------------------------------------------------------------------------------------------


def sown(one: Planted) -> Fault:
    """The fault as the runner plants it: in place, and what is asked narrowed to where it shows."""

    @contextmanager
    def plant() -> Iterator[None]:
        world_of(1)
        _focus.append(one)
        try:
            with planted(one):
                yield
        finally:
            _focus.pop()

    return Fault(plant)


FAULTS = {one.sentence: sown(one) for one in PLANTED}
