"""G4: however many do it at once, no transition is illegal or happens twice, and the history tells it all.

Eight processes try everything on the same four parcels, most of which must be refused: transitions in the
wrong state, with old versions, by timers; and now and then raw SQL. Afterwards the lines of history of each
parcel must follow each other without gap or fork up to the state that it is in, and be exactly those changes
that somebody was told had succeeded.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from tests.assurance import POSTGRESQL, Fault, Figure
from tests.assurance.allowed import SOMEBODY, Allowed
from tests.assurance.processes import together
from tests.workflows.app.models import Parcel
from workflows import perform as engine
from workflows import ports, timers, triggers
from workflows.actor import Actor
from workflows.errors import Stale, WorkflowError
from workflows.machine import Machine
from workflows.models import Timer, TransitionRecord
from workflows.perform import perform, record_creation, unit_of_work

PROCESSES, ROWS = 8, 4
RAW = 0.04
TRIES: list[tuple[str, dict[str, Any]]] = [
    ("send", {"depot": "North"}),
    ("send", {"depot": "South"}),
    ("bring_back", {}),
    ("deliver", {}),
    ("relabel", {"label": "fragile"}),
    ("relabel", {"label": "urgent"}),
    ("find", {}),
    ("judge", {"verdict": "packed"}),
    ("judge", {"verdict": "lost"}),
    ("give_up", {}),
]


@dataclass
class Tally:
    """What one process saw: the (row, version) that each success gave, and how the others ended."""

    done: list[tuple[UUID, int]] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def attempt(rng: random.Random, ids: list[UUID], seen: dict[UUID, int], tally: Tally) -> None:
    pk = rng.choice(ids)
    if rng.random() < RAW:
        raw(rng, pk, tally)
        return
    name, inputs = rng.choice(TRIES)
    actor = Actor.timer() if name == "give_up" else SOMEBODY
    version = seen.get(pk) if rng.random() < 0.5 else None
    try:
        obj = perform(Parcel(pk=pk), name, actor=actor, inputs=inputs, expected_version=version)
    except Stale:
        seen.pop(pk, None)
        tally.ends["stale"] += 1
    except WorkflowError as error:
        tally.ends[error.code] += 1
    except Exception as error:  # anything else is no answer
        tally.broken.append(f"{name}: {type(error).__name__}: {error}")
    else:
        seen[pk] = obj.version
        tally.done.append((pk, obj.version))
        tally.ends["done"] += 1


def raw(rng: random.Random, pk: UUID, tally: Tally) -> None:
    """A state that no transition leads to, past the engine; the database must say no."""
    state = rng.choice(["eaten", "PACKED", ""])
    key = pk if connection.vendor == "postgresql" else pk.hex
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE parcels_parcel SET state = %s WHERE id = %s", [state, key])
    except IntegrityError:
        tally.ends["refused by the database"] += 1
    else:
        tally.broken.append(f"raw SQL set the state {state!r}")


def work(number: int, size: int, ids: list[UUID], until: float) -> Tally:
    rng, tally, seen = random.Random(number), Tally(), {}
    for _each in range(size):
        if time.monotonic() > until:
            break
        attempt(rng, ids, seen, tally)
    return tally


def deliver(ids: list[UUID]) -> Tally:
    """Leave no parcel on its way, so that no timer may be left either."""
    tally = Tally()
    for parcel in Parcel.objects.filter(pk__in=ids, state="sent"):
        tally.done.append((parcel.pk, perform(parcel, "deliver", actor=SOMEBODY).version))
    return tally


def replay(pk: UUID) -> Iterator[str]:
    """What is wrong with the history of a parcel."""
    machine, parcel = Machine.of(Parcel), Parcel.objects.get(pk=pk)
    state, version = None, 0
    for line in TransitionRecord.objects.filter(object_id=pk).order_by("version", "id"):
        version += 1
        if line.version != version:
            yield f"version {line.version} where {version} is next"
            version = line.version
        if line.from_state != state:
            yield f"{line.transition} from {line.from_state}, which was {state}"
        state = line.to_state
        transition = machine.get(line.transition)
        if transition is None:
            legal = line.transition == "create"
        else:
            legal = (line.from_state, line.to_state) in transition.pairs
        if not legal:
            yield f"{line.transition} is no way from {line.from_state} to {line.to_state}"
    if (parcel.state, parcel.version) != (state, version):
        yield f"the row says {parcel.state} {parcel.version}, the history {state} {version}"
    waits = Timer.objects.filter(object_id=pk).count()
    if waits != (parcel.state == "sent"):
        yield f"{waits} timers in the state {parcel.state}"


def run(size: int) -> Figure:
    with ports.plugged(Allowed()):
        ids = []
        for _each in range(ROWS):
            with unit_of_work():
                parcel = Parcel.objects.create()
                record_creation(parcel, Actor.system())
            ids.append(parcel.pk)
        until = time.monotonic() + max(100, size / 100)
        tallies = together(PROCESSES, lambda number: work(number, -(-size // PROCESSES), ids, until))
        tallies.append(deliver(ids))
    done = Counter(each for tally in tallies for each in tally.done)
    told = {
        (line.object_id, line.version)
        for line in TransitionRecord.objects.filter(object_id__in=ids).exclude(transition="create")
    }
    wrong = [
        f"version {version} was given {count} times" for (_pk, version), count in done.items() if count > 1
    ]
    wrong += [f"version {version} has no history" for _pk, version in set(done) - told]
    wrong += [f"version {version} was done by nobody" for _pk, version in told - set(done)]
    wrong += [problem for pk in ids for problem in replay(pk)]
    wrong += [problem for tally in tallies for problem in tally.broken]
    ends = sum((tally.ends for tally in tallies), Counter())
    tried = sum(ends.values()) + sum(len(tally.broken) for tally in tallies)
    details = [", ".join(f"{count:,} {end}" for end, count in ends.most_common())]
    details += [f"{count:,} x {problem}" for problem, count in Counter(wrong).most_common(8)]
    unit = f"concurrent attempts by {PROCESSES} processes on {ROWS} rows"
    return Figure(len(wrong), tried, "illegal or repeated transitions", unit, least=size, details=details)


# --- faults


def _unlocked(model: type[Model], pk: Any) -> Any:
    return model._base_manager.filter(pk=pk).first()


def _unconditional(
    self: Any,
    base_qs: Any,
    using: Any,
    pk_val: Any,
    values: Any,
    update_fields: Any,
    forced_update: Any,
    *more: Any,
) -> bool:
    return Model._do_update(self, base_qs, using, pk_val, values, update_fields, forced_update, *more)


@contextmanager
def without_lock() -> Iterator[None]:
    """Read, decide, write: as it is usually done."""
    with (
        mock.patch.object(engine, "lock", _unlocked),
        mock.patch.object(Parcel, "_do_update", _unconditional),
    ):
        yield


@contextmanager
def without_transaction() -> Iterator[None]:
    with without_lock(), mock.patch.object(engine, "unit_of_work", nullcontext):
        yield


@contextmanager
def without_history() -> Iterator[None]:
    """One line in a hundred is lost."""
    save, rng = TransitionRecord.save, random.Random(1)

    def forgetful(self: TransitionRecord, **kwargs: Any) -> None:
        if rng.random() > 0.01:
            save(self, **kwargs)

    with mock.patch.object(TransitionRecord, "save", forgetful):
        yield


@contextmanager
def without_version() -> Iterator[None]:
    """A change that keeps the state does not raise the version, and so cannot be told from its repetition."""
    plain = engine._Change.run

    def run_and_lower(self: Any) -> Any:
        if self.transition.name == "relabel":
            self.obj.version -= 1
        return plain(self)

    with mock.patch.object(engine._Change, "run", run_and_lower):
        yield


@contextmanager
def without_state_check() -> Iterator[None]:
    with mock.patch.object(engine._Change, "wrong_state", return_value=None):
        yield


@contextmanager
def without_triggers() -> Iterator[None]:
    triggers.drop()
    try:
        yield
    finally:
        Parcel.objects.all().delete()
        triggers.install()


@contextmanager
def without_timer_removal() -> Iterator[None]:
    plan = timers.plan

    def keep(obj: Any, now: Any) -> None:
        if obj.state == "sent":
            plan(obj, now)

    with mock.patch.object(timers, "plan", keep):
        yield


FAULTS = {
    "no lock": Fault(without_lock, 2_500, (POSTGRESQL,)),
    "no transaction": Fault(without_transaction, 1_500),
    "history not always written": Fault(without_history, 1_500),
    "version not always raised": Fault(without_version, 1_500),
    "state not checked": Fault(without_state_check, 1_500),
    "no triggers": Fault(without_triggers, 1_500),
    "timers not removed": Fault(without_timer_removal, 1_500),
}
