"""Creating and changing opportunities: whose they are follows from who enters them, never from the body."""

from __future__ import annotations

from typing import Any

import pytest

from prm.modules import actions, registry
from tests.factories import make_opportunity
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound
from workflows.models import TransitionRecord

pytestmark = pytest.mark.django_db


def create(user: Any, **data: Any) -> Any:
    return actions.create(Actor.of(user), registry.get("opportunities"), data)


def update(user: Any, deal: Any, **data: Any) -> Any:
    return actions.update(Actor.of(user), registry.get("opportunities"), deal.pk, data)


def test_a_partners_own_starts_managed(world: Any) -> None:
    deal = create(world.bob, topic="New branch", amount={"amount": "100", "currency": "USD"})
    assert (deal.state, deal.stage, deal.partner, deal.assignee, deal.source) == (
        "managed", "qualification", world.northwind, world.bob, "partner",
    )  # fmt: skip
    assert deal.owner == world.northwind.channel_manager
    record = TransitionRecord.objects.get(object_id=deal.pk)
    assert (record.from_state, record.to_state, record.party_id) == (None, "managed", world.northwind.pk)
    assert not deal.assignments.exists()


def test_staff_enters_drafts(world: Any) -> None:
    for user, owner in ((world.maria, world.maria), (world.admin, None)):
        deal = create(user, topic="New branch")
        assert (deal.state, deal.stage, deal.partner, deal.owner, deal.source) == (
            "draft",
            "",
            None,
            owner,
            "vendor",
        )


@pytest.mark.parametrize(
    "field", ["partner", "owner", "assignee", "state", "source", "version", "probability"]
)
def test_the_body_does_not_say_whose(world: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as invalid:
        create(world.bob, topic="New branch", **{field: str(world.contoso.pk)})
    assert list(invalid.value.errors) == [field]


def test_a_rivals_account_cannot_be_named(world: Any) -> None:
    with pytest.raises(InvalidInput) as invalid:
        create(world.bob, topic="New branch", account=str(world.tailspin.pk))
    assert list(invalid.value.errors) == ["account"]


def test_the_stage_moves_while_managed(world: Any) -> None:
    deal = make_opportunity("managed", world.northwind)
    update(world.bob, deal, stage="negotiation")
    deal.refresh_from_db()
    assert (deal.stage, deal.probability) == ("negotiation", 75)
    with pytest.raises(InvalidInput):
        update(world.bob, deal, stage="")


def test_the_stage_stands_otherwise(world: Any) -> None:
    for state in ("draft", "won"):
        deal = make_opportunity(state, None if state == "draft" else world.northwind)
        with pytest.raises(InvalidInput):
            update(world.maria, deal, stage="proposal")
    with pytest.raises(Denied):
        update(world.bob, make_opportunity("won", world.northwind), stage="proposal")


def test_nothing_changes_on_offer(world: Any) -> None:
    with pytest.raises(Denied):
        update(world.bob, make_opportunity("distributed", world.northwind), topic="Mine")
    with pytest.raises(NotFound):
        update(world.carol, make_opportunity("distributed", world.northwind), topic="Mine")


def test_the_owner_is_one_of_the_vendors_people(world: Any) -> None:
    deal = make_opportunity()
    assert update(world.maria, deal, owner=str(world.nils.pk)).owner == world.nils
    with pytest.raises(InvalidInput) as invalid:
        update(world.maria, deal, owner=str(world.alice.pk))
    assert list(invalid.value.errors) == ["owner"]


@pytest.mark.parametrize("who", ["dana", "erin"])
def test_others_enter_nothing(world: Any, who: str) -> None:
    with pytest.raises(NotFound):
        create(getattr(world, who), topic="New branch")
