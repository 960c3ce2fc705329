"""Every transition of an opportunity: what it does, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from djmoney.money import Money

from prm.opportunities.models import Opportunity, OpportunityAssignment
from tests.factories import make_opportunity
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, Refused, WrongState
from workflows.models import Timer
from workflows.perform import perform
from workflows.timers import run_due

pytestmark = pytest.mark.django_db


def do(user: Any, deal: Any, name: str, **inputs: Any) -> Any:
    return perform(deal, name, actor=Actor.of(user), inputs=inputs)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


def test_distribute_accept_win(world: Any) -> None:
    deal = do(
        world.maria, make_opportunity(), "distribute", partner=world.northwind.pk, reason="Close to Berlin"
    )
    assert (deal.state, deal.partner, deal.offer_reason) == (
        "distributed",
        world.northwind,
        "Close to Berlin",
    )
    assert Timer.objects.get(object_id=deal.pk).transition == "expire"
    deal = do(world.bob, deal, "accept")
    assert (deal.state, deal.stage, deal.assignee) == ("managed", "qualification", world.bob)
    deal = do(world.bob, deal, "win", amount={"amount": "6100", "currency": "USD"}, reason="Service")
    assert (deal.state, deal.amount, deal.close_note) == ("won", Money(6100, "USD"), "Service")
    assert abs(deal.won_at - timezone.now()) < timedelta(minutes=1)
    assert deal.assignments.get().state == "accepted"


def test_a_win_keeps_the_amount_it_has_and_takes_the_day_it_is_given(world: Any) -> None:
    day = (timezone.now() - timedelta(days=3)).date()
    deal = do(world.alice, make_opportunity("managed", world.northwind), "win", closed_on=day.isoformat())
    assert (deal.amount, deal.won_at.date()) == (Money(5000, "USD"), day)


def test_a_win_is_worth_something(world: Any) -> None:
    with pytest.raises(Refused) as refused:
        do(world.alice, make_opportunity("managed", world.northwind, amount=None), "win")
    assert codes(refused) == ["worth_something"]


def test_a_win_is_not_dated_ahead(world: Any) -> None:
    day = (timezone.now() + timedelta(days=2)).date()
    with pytest.raises(Refused) as refused:
        do(world.alice, make_opportunity("managed", world.northwind), "win", closed_on=day.isoformat())
    assert codes(refused) == ["closed_by_today"]


def test_declined_and_not_offered_again(world: Any) -> None:
    deal = do(world.maria, make_opportunity(), "distribute", partner=world.northwind.pk)
    deal = do(world.alice, deal, "decline", reason="conflict")
    assert (deal.state, deal.partner, deal.assignments.get().decline_reason) == ("draft", None, "conflict")
    with pytest.raises(Refused) as refused:
        do(world.maria, deal, "distribute", partner=world.northwind.pk)
    assert codes(refused) == ["not_declined_before"]


def test_not_to_a_partner_that_is_not_active(world: Any) -> None:
    perform(world.contoso, "suspend", actor=Actor.of(world.admin), inputs={"reason": "Unpaid"})
    with pytest.raises(Refused) as refused:
        do(world.maria, make_opportunity(), "distribute", partner=world.contoso.pk)
    assert codes(refused) == ["partner_active"]


def test_an_offer_expires(world: Any) -> None:
    deal = make_opportunity("distributed", world.northwind)
    run_due(timezone.now() + timedelta(days=5, minutes=1))
    deal = Opportunity.objects.get(pk=deal.pk)
    assert (deal.state, deal.partner, deal.assignments.get().state) == ("draft", None, "expired")


@pytest.mark.parametrize("state", ["distributed", "managed"])
def test_recall(world: Any, state: str) -> None:
    deal = make_opportunity(state, world.northwind, next_step="Dinner" if state == "managed" else "")
    deal = do(world.maria, deal, "recall")
    assert (deal.state, deal.partner, deal.stage, deal.next_step) == ("draft", None, "", "")
    assert deal.assignments.get().state == "recalled"


def test_lost_while_on_offer_never_shows_the_customer(world: Any) -> None:
    deal = do(world.maria, make_opportunity("distributed", world.northwind), "lose", reason="budget")
    assert (deal.state, deal.partner, deal.assignments.get().state) == ("lost", None, "recalled")
    assert do(world.maria, deal, "reopen").state == "draft"


def test_lost_by_the_partner_and_reopened(world: Any) -> None:
    deal = make_opportunity("managed", world.northwind, stage="negotiation")
    deal = do(world.alice, deal, "lose", reason="competitor", note="Cheaper")
    assert (deal.state, deal.close_reason, deal.close_note, deal.stage) == (
        "lost", "competitor", "Cheaper", "negotiation",
    )  # fmt: skip
    assert deal.lost_at is not None
    deal = do(world.alice, deal, "reopen")
    assert (deal.state, deal.close_reason, deal.lost_at, deal.stage) == ("managed", "", None, "negotiation")


def test_reopened_where_no_active_partner_holds_it(world: Any) -> None:
    deal = do(world.alice, make_opportunity("managed", world.northwind), "win")
    perform(world.northwind, "terminate", actor=Actor.of(world.admin), inputs={"reason": "Over"})
    deal = do(world.maria, deal, "reopen")
    assert (deal.state, deal.partner, deal.stage, deal.won_at) == ("draft", None, "", None)
    assert deal.assignments.get().state == "recalled"


def test_losing_needs_one_of_the_reasons(world: Any) -> None:
    with pytest.raises(InvalidInput) as invalid:
        do(world.alice, make_opportunity("managed", world.northwind), "lose", reason="bad luck")
    assert list(invalid.value.errors) == ["reason"]


def test_hand_over(world: Any) -> None:
    deal = make_opportunity("managed", world.northwind, assignee=world.alice)
    with pytest.raises(Refused) as refused:
        do(world.bob, deal, "hand_over", assignee=world.bob.pk)
    assert codes(refused) == ["own_or_admin"]
    deal = do(world.alice, deal, "hand_over", assignee=world.bob.pk)
    assert (deal.state, deal.assignee) == ("managed", world.bob)
    assert do(world.bob, deal, "hand_over", assignee=world.alice.pk).assignee == world.alice


def test_what_others_may_not(world: Any) -> None:
    deal = make_opportunity("managed", world.northwind)
    for who, error in (
        (world.carol, NotFound),
        (world.dana, NotFound),
        (world.erin, NotFound),
        (world.maria, Denied),
    ):
        with pytest.raises(error):
            do(who, deal, "win")
    with pytest.raises(WrongState):
        do(world.alice, deal, "accept")


def test_suspension_returns_what_is_on_offer(world: Any) -> None:
    offered, managed = (make_opportunity(state, world.northwind) for state in ("distributed", "managed"))
    perform(world.northwind, "suspend", actor=Actor.of(world.admin), inputs={"reason": "Unpaid"})
    assert Opportunity.objects.get(pk=offered.pk).state == "draft"
    assert OpportunityAssignment.objects.get(opportunity=offered).state == "recalled"
    assert Opportunity.objects.get(pk=managed.pk).state == "managed"


@pytest.mark.parametrize(
    ("state", "stage", "probability"),
    [
        ("draft", "", 10),
        ("managed", "qualification", 25),
        ("managed", "proposal", 50),
        ("managed", "negotiation", 75),
        ("won", "negotiation", 100),
        ("lost", "proposal", 0),
    ],
)
def test_the_probability_follows(world: Any, state: str, stage: str, probability: int) -> None:
    partner = None if state == "draft" else world.northwind
    assert make_opportunity(state, partner, stage=stage).probability == probability


@pytest.mark.parametrize(
    ("state", "fields"),
    [
        ("managed", {"stage": ""}),
        ("managed", {"stage": "proposal", "partner": None}),
        ("distributed", {"partner": None}),
        ("draft", {"stage": "proposal"}),
        ("draft", {"amount": Money(-1, "USD")}),
    ],
)
def test_the_database_refuses_contradictions(world: Any, state: str, fields: dict[str, Any]) -> None:
    partner = None if state == "draft" else world.northwind
    with pytest.raises(IntegrityError), transaction.atomic():
        make_opportunity(state, **{"partner": partner, **fields})


def test_one_open_offer_at_a_time(world: Any) -> None:
    deal = make_opportunity("distributed", world.northwind)
    with pytest.raises(IntegrityError), transaction.atomic():
        deal.assignments.create(partner=world.contoso, topic="Twice", offered_at=timezone.now())
