"""A deal that ends at the moment in which a quote of it is made: nothing is left to be accepted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any

import pytest

from prm.modules import actions as records
from prm.modules import registry
from prm.opportunities.models import Opportunity
from prm.quotes import actions
from prm.quotes.models import Quote
from tests.factories import make_opportunity, make_quote
from tests.leads.test_races import together
from workflows.actor import Actor
from workflows.perform import perform

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def while_it_is_lost(deal: Opportunity, actor: Actor, slow: Any, name: str, act: Callable[[], Any]) -> None:
    """Does `act`, and loses the deal once it has come to `slow.name`, which waits for that for a moment."""
    come, lost = Event(), Event()
    real = getattr(slow, name)

    def waiting(*given: Any) -> Any:
        come.set()
        lost.wait(2)
        return real(*given)

    def lose() -> None:
        assert come.wait(20)
        perform(deal, "lose", actor=actor, inputs={"reason": "price"})
        lost.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slow, name, waiting)
        together(act, lose)
    assert Opportunity.objects.get(pk=deal.pk).state == Opportunity.State.LOST
    assert not Quote.objects.filter(opportunity=deal, state__in=Quote.OPEN).exists()


@pytest.mark.parametrize("state", ["accepted", "declined", "sent"])
def test_a_quote_is_revised(world: Any, state: str) -> None:
    quote = make_quote(state, partner=world.northwind)
    alice = Actor.of(world.alice)
    revise = partial(perform, quote, "revise", actor=alice)
    while_it_is_lost(quote.opportunity, alice, Quote, "begin_next_version", revise)


def test_a_quote_is_made(world: Any) -> None:
    deal = make_opportunity("managed", world.northwind)
    alice = Actor.of(world.alice)
    make = partial(records.create, alice, registry.get("quotes"), {"opportunity": str(deal.pk)})
    while_it_is_lost(deal, alice, actions, "defaults", make)
