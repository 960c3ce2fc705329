"""Walks through the whole machine, whoever acts: what must hold after every step, whatever came before."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prm.modules import registry
from prm.modules.history import history_rows
from prm.modules.read import get_row
from tests.factories import make_lead, make_opportunity
from workflows.actor import Actor
from workflows.errors import InvalidInput, Refused
from workflows.machine import Machine
from workflows.models import Timer, TransitionRecord
from workflows.perform import available, perform
from workflows.timers import run_due

pytestmark = pytest.mark.django_db

OPEN = ("offered", "accepted")
HELD = {
    "lead": {"accepted", "contacted", "qualified", "converted"},
    "opportunity": {"managed", "won"},
}
ON_OFFER = {"lead": "assigned", "opportunity": "distributed"}
UNHELD = {"lead": {"new", "pooled"}, "opportunity": {"draft"}}
#: Those who work a record act more often than those who take it away, or no walk would get far.
ACTORS = ("admin", "maria", "alice", "bob", "carol", "alice", "bob", "carol", "timer")
STEPS = 24


def inputs(world: Any, name: str, first: bool) -> dict[str, Any]:
    partner = world.northwind if first else world.contoso
    return {
        "assign": {"partner": partner.pk, "reason": f"for {partner.name}"},
        "distribute": {"partner": partner.pk, "reason": f"for {partner.name}"},
        "decline": {"reason": "capacity", "note": "secret" if first else ""},
        "disqualify": {"reason": "budget"},
        "lose": {"reason": "price"},
        "convert": {"new_account": True},
        "hand_over": {"assignee": (world.bob if first else world.alice).pk},
        "release": {"until": (timezone.now() + timedelta(days=3)).isoformat()} if first else {},
    }.get(name, {})


def step(world: Any, record: Any, who: str, choice: int, first: bool) -> None:
    """One step that somebody takes: of what is offered to them, so that walks get somewhere."""
    if who == "timer":
        run_due(timezone.now() + timedelta(days=30))
        return
    actor = Actor.of(getattr(world, who))
    options = [option for option in available(record, actor) if option.enabled]
    if not options:
        return
    name = options[choice % len(options)].name
    # A guard on the inputs may refuse (a decliner, nobody to hand over to); nothing else may go wrong.
    with suppress(Refused, InvalidInput):
        perform(record, name, actor=actor, inputs=inputs(world, name, first))


def check(world: Any, record: Any) -> None:
    kind = record._meta.model_name
    rows = list(record.assignments.order_by("id"))
    open_rows = [row for row in rows if row.state in OPEN]
    history = list(
        TransitionRecord.objects.filter(subject=record._meta.label_lower, object_id=record.pk).order_by(
            "version"
        )
    )

    assert history[-1].to_state == record.state
    assert [line.version for line in history] == list(range(1, record.version + 1))
    assert all(one.to_state == other.from_state for one, other in pairwise(history))

    assert len(open_rows) <= 1
    if record.state in UNHELD[kind]:
        assert (record.partner, record.assignee, record.offer_reason, open_rows) == (None, None, "", [])
    if record.state == ON_OFFER[kind]:
        assert [(row.partner_id, row.state) for row in open_rows] == [(record.partner_id, "offered")]
    if record.state in HELD[kind]:
        assert [(row.partner_id, row.state) for row in open_rows] == [(record.partner_id, "accepted")]
    timed = Timer.objects.filter(object_id=record.pk)
    assert timed.count() == (record.due_at is not None)

    decliners = [row.partner_id for row in rows if row.state == "declined"]
    assert len(decliners) == len(set(decliners))

    for user, partner in ((world.alice, world.northwind), (world.carol, world.contoso)):
        module = registry.for_model(type(record))
        assert module is not None
        shown = get_row(user, module, record.pk)
        assert (shown is not None) == (record.partner_id == partner.pk or record.state == "pooled")
        if shown is None:
            assert available(record, Actor.of(user)) == []
        else:
            told = repr(shown) + repr(history_rows(user, module, record))
            other = world.contoso if partner == world.northwind else world.northwind
            assert other.name not in told
            assert str(other.pk) not in told


@pytest.mark.slow
@pytest.mark.parametrize("make", [make_lead, make_opportunity])
def test_walks(world: Any, make: Any) -> None:
    walked: set[str] = set()

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.integers(0, 2**32 - 1))
    def walk(seed: int) -> None:
        random = Random(seed)
        record = make()
        for _step in range(STEPS):
            step(world, record, random.choice(ACTORS), random.randrange(30), random.random() < 0.5)
            record = type(record).objects.get(pk=record.pk)
            check(world, record)
        walked.update(
            TransitionRecord.objects.filter(object_id=record.pk).values_list("transition", flat=True)
        )

    walk()
    # Walks that go nowhere show nothing: most of the machine has been on some path.
    names = {each.name for each in Machine.of(type(make())).transitions}
    assert len(walked & names) >= 0.6 * len(names), walked
