"""G12: a request that is sent again, later or at the same moment, has its effect once.

Half of the keys are sent by all eight processes at once, the others several times in a row by one. Each has
to leave exactly one depot, and one line of history of a relabelled parcel; every answer must be the same;
another request under a used key must be refused; and a key whose effect failed must be free again.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from tests.assurance import Fault, Figure
from tests.assurance.allowed import SOMEBODY, Allowed
from tests.assurance.processes import together
from tests.workflows.app.models import Depot, Parcel
from workflows import idempotency, ports
from workflows.actor import Actor
from workflows.errors import KeyReused
from workflows.idempotency import Stored, once
from workflows.models import IdempotencyKey, TransitionRecord
from workflows.perform import perform, record_creation, unit_of_work

PROCESSES, REPEATS = 8, 8
FAILING, REUSED = 10, 7


class Failed(Exception):
    """The effect did not come about, after it had done something."""


@dataclass
class Tally:
    answers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    effects: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    tried: int = 0
    refused: int = 0
    failed: int = 0


def request(key: str, body: str, tally: Tally, fails: bool) -> None:
    """One request, answered with what the first one to have an effect made."""

    def effect() -> Stored:
        depot = Depot.objects.create(name=key)
        if fails:
            raise Failed
        tally.effects[key] += 1
        return Stored(201, str(depot.pk).encode())

    tally.tried += 1
    try:
        answer = once("user:1", "POST", "/depots/", key, hashlib.sha256(body.encode()).hexdigest(), effect)
    except Failed:
        tally.failed += 1
    except KeyReused:
        tally.refused += 1
        if body == key:
            tally.broken.append("the right request was refused")
    except Exception as error:  # anything else is no answer
        tally.broken.append(f"{type(error).__name__}: {error}")
    else:
        tally.answers[key][answer.body.decode()] += 1
        if body != key:
            tally.broken.append("another request got the answer of this key")


def relabel(pk: Any, key: str, tally: Tally) -> None:
    tally.tried += 1
    try:
        perform(Parcel(pk=pk), "relabel", actor=SOMEBODY, inputs={"label": key}, idempotency_key=key)
    except Exception as error:
        tally.broken.append(f"relabel: {type(error).__name__}: {error}")


def work(number: int, keys: list[str], parcels: list[Any]) -> Tally:
    """All processes go through the shared keys in the same order, and each through its own repeatedly."""
    rng, tally = random.Random(number), Tally()
    for position, key in enumerate(keys):
        if position % 2:
            # At once: the others are at the same key, or near it.
            request(key, key, tally, fails=position % FAILING == 1 and rng.random() < 0.3)
            relabel(parcels[position % len(parcels)], key, tally)
        elif position // 2 % PROCESSES == number:
            for repeat in range(REPEATS):
                request(key, key, tally, fails=position % FAILING == 0 and repeat == 0)
                relabel(parcels[position % len(parcels)], key, tally)
        if position % REUSED == 0 and tally.answers.get(key):
            request(key, f"another {key}", tally, fails=False)
    return tally


def run(size: int) -> Figure:
    marker = f"{Depot.objects.count()}-{IdempotencyKey.objects.count()}"
    keys = [f"{marker}-{number}" for number in range(max(1, size // (2 * REPEATS)))]
    with ports.plugged(Allowed()):
        parcels = []
        for _each in range(4):
            with unit_of_work():
                parcel = Parcel.objects.create()
                record_creation(parcel, Actor.system())
            parcels.append(parcel.pk)
        tallies = together(PROCESSES, lambda number: work(number, keys, parcels))
    wrong = list(judge(keys, parcels, tallies))
    tried, failed, refused = (
        sum(getattr(tally, name) for tally in tallies) for name in ("tried", "failed", "refused")
    )
    details = [
        f"{len(keys):,} keys; {failed:,} effects failed and were tried again; {refused:,} refused as reused"
    ]
    details += [f"{count:,} x {problem}" for problem, count in Counter(wrong).most_common(8)]
    unit = "idempotent requests, half of them concurrent"
    return Figure(len(wrong), tried, "repeated or lost effects", unit, least=int(size * 0.9), details=details)


def judge(keys: list[str], parcels: list[Any], tallies: list[Tally]) -> Iterator[str]:
    for tally in tallies:
        yield from tally.broken
    depots = Counter(Depot.objects.filter(name__in=keys).values_list("name", flat=True))
    lines = TransitionRecord.objects.filter(object_id__in=parcels, transition="relabel")
    labels = Counter(line.inputs["label"] for line in lines)
    effects = sum((tally.effects for tally in tallies), Counter())
    for key in keys:
        answers = sum((tally.answers.get(key, Counter()) for tally in tallies), Counter())
        if depots[key] != 1:
            yield f"{depots[key]} depots of one key"
        if effects[key] != 1:
            yield f"{effects[key]} effects of one key"
        if labels[key] != 1:
            yield f"{labels[key]} lines of history of one key"
        if len(answers) != 1:
            yield f"{len(answers)} different answers to one key"
    if sum(tally.failed for tally in tallies) == 0 or sum(tally.refused for tally in tallies) == 0:
        yield "nothing failed or nothing was refused: this run has not tried it"


# --- faults


@contextmanager
def key_not_stored() -> Iterator[None]:
    """One key in a hundred is forgotten at once."""
    claim, rng = idempotency._claim, random.Random(1)

    def forgetful(*args: Any) -> Any:
        mine, found = claim(*args)
        if found is None and rng.random() < 0.01:
            IdempotencyKey.objects.filter(pk=mine.pk).delete()
        return mine, found

    with mock.patch.object(idempotency, "_claim", forgetful):
        yield


@contextmanager
def looked_up_first() -> Iterator[None]:
    """Look whether the key is there, have the effect, store the key: as it is usually done."""

    def check_then_act(principal: str, method: str, path: str, key: str, body_hash: str) -> Any:
        mine = IdempotencyKey(principal=principal, method=method, path=path, key=key, body_hash=body_hash)
        found = IdempotencyKey.objects.filter(principal=principal, method=method, path=path, key=key).first()
        return mine, found

    def once_late(principal: str, method: str, path: str, key: str, body_hash: str, effect: Any) -> Stored:
        mine, found = check_then_act(principal, method, path, key, body_hash)
        if found is not None:
            if found.body_hash != body_hash:
                raise KeyReused
            return Stored(found.status, bytes(found.body), replayed=True)
        answer = effect()
        mine.status, mine.body, mine.expires_at = answer.status, answer.body, idempotency.timezone.now()
        mine.expires_at += idempotency.KEPT
        IdempotencyKey.objects.bulk_create([mine], ignore_conflicts=True)
        return answer

    import tests.assurance.g12 as here

    with mock.patch.object(here, "once", once_late):
        yield


@contextmanager
def kept_apart_from_the_effect() -> Iterator[None]:
    """The key is committed before its effect, so one that fails takes its key with it for good."""
    with mock.patch.object(idempotency, "unit_of_work", nullcontext):
        yield


@contextmanager
def body_not_compared() -> Iterator[None]:
    claim = idempotency._claim

    def careless(*args: Any) -> Any:
        mine, found = claim(*args)
        if found is not None:
            found.body_hash = mine.body_hash
        return mine, found

    with mock.patch.object(idempotency, "_claim", careless):
        yield


FAULTS = {
    "key not always stored": Fault(key_not_stored, 2_000),
    "looked up before, stored after": Fault(looked_up_first, 1_000),
    "key and effect in two transactions": Fault(kept_apart_from_the_effect, 1_000),
    "body not compared": Fault(body_not_compared, 600),
}
