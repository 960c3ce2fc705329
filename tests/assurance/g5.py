"""G5: every state, transition and role of every machine; what is offered beside what is enforced.

Both are compared with each other, and with a table that was written by hand (tests/matrix/expected.py).
The size says how much of the matrix: 1 is the leads in the engine, 2 all machines in the engine, 3 all of
them through the API as well, which is the whole of it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from django.db import transaction

from prm.access import policy
from prm.access.models import Portal, Scope
from prm.leads.models import Lead
from prm.modules import registry
from tests.assurance import Fault, Figure, noticed
from tests.cast import World, build_world
from tests.matrix import cells, doors
from tests.matrix.judge import faults
from workflows import perform
from workflows.machine import Machine

#: How many of the wrong cells are shown.
SHOWN = 12


def run(size: int) -> Figure:
    """Every cell of every machine (see above), in a world that is made for it and undone."""
    tried: Counter[str] = Counter()
    wrong: list[str] = []
    with cells.undone(), _quiet():
        world = build_world()
        chosen = cells.cases({"leads"} if size == 1 else None)
        for case, (door, cell) in ((one, two) for one in chosen for two in _cells(world, one, size)):
            tried[f"{door}, {case.module}"] += 1
            wrong += [f"{door}: {fault}" for fault in faults(cell)]
            if noticed(wrong):
                break
    details = [f"{name}: {count:,} cells" for name, count in sorted(tried.items())]
    details += wrong[:SHOWN] + ([f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else [])
    return Figure(len(wrong), tried.total(), "disagreements", "cells", least=1_000, details=details)


@contextmanager
def _quiet() -> Iterator[None]:
    """Thousands of refusals are meant here, and nothing to warn of."""
    logger = logging.getLogger("django.request")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _cells(world: World, case: cells.Case, size: int) -> Iterator[tuple[str, cells.Cell]]:
    yield from (("engine", cell) for cell in cells.tries(world, case))
    if size > 2 and registry.for_model(case.machine.model) is not None:
        yield from (("API", cell) for cell in doors.tries(world, case))


# --- faults -------------------------------------------------------------------------------------------


@contextmanager
def guards_not_asked_when_offering() -> Iterator[None]:
    """Something is offered and then refused."""
    asked = perform._Change.refusals

    def refusals(self: Any) -> Any:
        return [] if self.context.probing else asked(self)

    with mock.patch.object(perform._Change, "refusals", refusals):
        yield


@contextmanager
def guards_asked_only_when_offering() -> Iterator[None]:
    """A guard stands in one place: on the button, and not behind it."""
    asked = perform._Change.refusals

    def refusals(self: Any) -> Any:
        return asked(self) if self.context.probing else []

    with mock.patch.object(perform._Change, "refusals", refusals):
        yield


@contextmanager
def policy_not_asked_when_acting() -> Iterator[None]:
    """What is not offered to somebody is done for them all the same."""
    permitted = perform._Change.permitted

    def always(self: Any) -> bool:
        return permitted(self) if self.context.probing else True

    with mock.patch.object(perform._Change, "permitted", always):
        yield


@contextmanager
def states_not_asked_when_offering() -> Iterator[None]:
    """Every transition looks possible in every state."""
    wrong = perform._Change.wrong_state

    def never(self: Any) -> Any:
        return None if self.context.probing else wrong(self)

    with mock.patch.object(perform._Change, "wrong_state", never):
        yield


@contextmanager
def _scopes_changed(portal: str, module: str, change: Any) -> Iterator[None]:
    """The grant as it would be if somebody had written it otherwise: offered and enforced still agree."""
    scopes = Scope.objects.filter(grant__module=module, grant__portal__key=portal)
    before = {scope.pk: list(scope.actions) for scope in scopes}
    _write(portal, {pk: change(actions) for pk, actions in before.items()})
    try:
        yield
    finally:
        _write(portal, before)


def _write(portal: str, actions: dict[Any, list[str]]) -> None:
    with transaction.atomic():
        for pk, names in actions.items():
            Scope.objects.filter(pk=pk).update(actions=names)
        policy.touch(Portal.objects.get(key=portal))


@contextmanager
def capability_dropped() -> Iterator[None]:
    """A partner may no longer accept."""
    with _scopes_changed("partner", "leads", lambda names: [name for name in names if name != "accept"]):
        yield


@contextmanager
def capability_added() -> Iterator[None]:
    """A partner may take leads back from itself."""
    with _scopes_changed("partner", "leads", lambda names: [*names, "recall"]):
        yield


@contextmanager
def _transition_changed(name: str, **changes: Any) -> Iterator[None]:
    """A transition declared otherwise, everywhere at once: only the table knows better."""
    machine = Machine.of(Lead)
    one = machine.get(name)
    assert one is not None
    other = replace(one, **changes)
    transitions = [other if each is one else each for each in machine.transitions]
    with (
        mock.patch.object(machine, "transitions", transitions),
        mock.patch.dict(machine._by_name, {name: other}),
    ):
        yield


@contextmanager
def timer_transition_open_to_people() -> Iterator[None]:
    """Whoever may do everything may let an offer expire."""
    with _transition_changed("expire", by=("timer", "user")):
        yield


@contextmanager
def source_state_dropped() -> Iterator[None]:
    """A contacted lead cannot be qualified any more."""
    with _transition_changed("qualify", sources=("accepted",)):
        yield


@contextmanager
def guard_dropped() -> Iterator[None]:
    """Anybody passes on what a colleague is working on."""
    with _transition_changed("hand_over", guards=()):
        yield


FAULTS = {
    "offered, then refused": Fault(guards_not_asked_when_offering, 1),
    "a guard only where it is offered": Fault(guards_asked_only_when_offering, 1),
    "rights only where it is offered": Fault(policy_not_asked_when_acting, 1),
    "a state only where it is done": Fault(states_not_asked_when_offering, 1),
    "a capability dropped": Fault(capability_dropped, 1),
    "a capability too many": Fault(capability_added, 1),
    "a timer's transition open to people": Fault(timer_transition_open_to_people, 1),
    "a source state dropped": Fault(source_state_dropped, 1),
    "a guard dropped": Fault(guard_dropped, 1),
}
