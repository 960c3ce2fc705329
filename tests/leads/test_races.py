"""Many at once: exactly one wins, and the history says so."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from prm.leads.models import Lead
from tests.factories import make_lead
from workflows.actor import Actor
from workflows.errors import WorkflowError
from workflows.models import TransitionRecord
from workflows.perform import perform

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts: Any) -> Counter[str]:
    """Runs them all from one moment on; counts "done" and the codes of the errors."""
    start = Barrier(len(acts))

    def run(act: Any) -> str:
        start.wait()
        try:
            act()
        except WorkflowError as error:
            return error.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(pool.map(run, acts))


def test_one_claim_wins(world: Any) -> None:
    users = [world.alice, world.bob, world.carol] * 4
    for _round in range(3):
        lead = make_lead("pooled")
        answers = together(*(partial(perform, lead, "claim", actor=Actor.of(user)) for user in users))
        assert answers["done"] == 1
        assert sum(answers.values()) == 12
        assert set(answers) <= {"done", "wrong_state", "not_found"}
        assert TransitionRecord.objects.filter(object_id=lead.pk, transition="claim").count() == 1
        assert lead.assignments.count() == 1
        assert Lead.objects.get(pk=lead.pk).partner == lead.assignments.get().partner


def test_accept_and_recall_at_once(world: Any) -> None:
    for _round in range(4):
        lead = make_lead("assigned", world.northwind)
        answers = together(
            partial(perform, lead, "accept", actor=Actor.of(world.alice)),
            partial(perform, lead, "accept", actor=Actor.of(world.bob)),
            partial(perform, lead, "recall", actor=Actor.of(world.maria)),
        )
        done = list(
            TransitionRecord.objects.filter(object_id=lead.pk)
            .order_by("version")
            .values_list("transition", flat=True)
        )
        assert done in (["create", "recall"], ["create", "accept"], ["create", "accept", "recall"])
        assert answers["done"] == len(done) - 1
        assert lead.assignments.get().state == ("accepted" if done[-1] == "accept" else "recalled")


def test_an_offer_and_a_suspension_at_once(world: Any) -> None:
    """Whichever comes first, a partner that is not active is left with no open offer."""
    leads = [make_lead() for _ in range(6)]
    inputs = {"partner": str(world.contoso.pk)}
    suspend = partial(
        perform, world.contoso, "suspend", actor=Actor.of(world.admin), inputs={"reason": "Unpaid"}
    )
    together(
        *(partial(perform, lead, "assign", actor=Actor.of(world.maria), inputs=inputs) for lead in leads),
        suspend,
    )
    assert {lead.state for lead in Lead.objects.filter(pk__in=[lead.pk for lead in leads])} == {"new"}
