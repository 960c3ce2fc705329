"""What partners learn of leads: of their own what they may, of others' nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from prm.leads.queries import duplicates
from prm.modules import actions, registry
from prm.modules.history import history_rows
from prm.modules.read import get_row, list_page
from tests.factories import make_lead
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound
from workflows.perform import perform
from workflows.timers import run_due

pytestmark = pytest.mark.django_db

#: What a lead says of the customer.
CUSTOMER = {"company_name", "contact_name", "email", "phone", "street", "city"}
SHOWN_ON_OFFER = {"topic", "need", "size", "region", "country", "product", "state", "due_at", "offer_reason"}


def row(user: Any, lead: Any, module: str = "leads") -> dict[str, Any] | None:
    return get_row(user, registry.get(module), lead.pk)


def listed(user: Any, module: str = "leads", **params: str) -> list[dict[str, Any]]:
    return list_page(user, registry.get(module), params).rows


def test_the_customer_is_hidden_until_accepted(world: Any) -> None:
    lead = make_lead("assigned", world.northwind, offer_reason="You are near")
    seen = row(world.bob, lead)
    assert seen is not None
    assert {name for name in CUSTOMER if seen.get(name) is not None} == set()
    assert {name for name in SHOWN_ON_OFFER if seen.get(name) is not None} == SHOWN_ON_OFFER - {"product"}
    perform(lead, "accept", actor=Actor.of(world.bob))
    seen = row(world.bob, lead)
    assert seen is not None
    assert {name: seen[name] for name in CUSTOMER} == {name: getattr(lead, name) for name in CUSTOMER}


def test_in_the_pool_as_well(world: Any) -> None:
    lead = make_lead("pooled", owner=world.maria)
    for user in (world.alice, world.carol):
        seen = row(user, lead)
        assert seen is not None
        assert {name for name in CUSTOMER | {"owner", "partner"} if seen.get(name) is not None} == set()
    assert row(world.dana, lead) is None
    assert row(world.erin, lead) is None


@pytest.mark.parametrize("state", ["assigned", "pooled"])
def test_nor_can_it_be_found_by_searching(world: Any, state: str) -> None:
    partner = world.northwind if state == "assigned" else None
    lead = make_lead(state, partner, company_name="Zanzibar Imports", email="ceo@zanzibar.example")
    assert [each["id"] for each in listed(world.maria, search="Zanzibar")] == [lead.pk]
    assert listed(world.bob, search="Zanzibar") == []
    assert listed(world.bob, company_name="Zanzibar Imports") == []
    assert listed(world.bob, email="ceo@zanzibar.example") == []


@pytest.mark.parametrize(
    "state", ["assigned", "accepted", "contacted", "qualified", "converted", "disqualified"]
)
def test_a_rival_does_not_know_that_it_exists(world: Any, state: str) -> None:
    lead = make_lead(state, world.northwind)
    assert row(world.carol, lead) is None
    assert lead.pk not in {each["id"] for each in listed(world.carol)}


def test_what_came_before_stays_with_those_it_concerned(world: Any) -> None:
    lead = make_lead()
    maria, alice, carol = (Actor.of(user) for user in (world.maria, world.alice, world.carol))
    perform(
        lead, "assign", actor=maria, inputs={"partner": world.northwind.pk, "reason": "Northwind is near"}
    )
    perform(lead, "decline", actor=alice, inputs={"reason": "conflict", "note": "We sue them"})
    perform(lead, "assign", actor=maria, inputs={"partner": world.contoso.pk, "reason": "Contoso is next"})
    perform(lead, "accept", actor=carol)

    assert row(world.alice, lead) is None
    told = history_rows(world.carol, registry.get("leads"), type(lead).objects.get(pk=lead.pk))
    assert [line["transition"] for line in told] == ["assign", "accept"]
    text = repr(told) + repr(row(world.carol, lead)) + repr(listed(world.carol, "lead-assignments"))
    for secret in ("Northwind", "Alice", "sue", "conflict", str(world.northwind.pk), str(world.alice.pk)):
        assert secret not in text


def test_each_partner_has_its_own_offers(world: Any) -> None:
    lead = make_lead()
    for partner, user in ((world.northwind, world.alice), (world.contoso, world.carol)):
        perform(lead, "assign", actor=Actor.of(world.maria), inputs={"partner": partner.pk})
        perform(lead, "decline", actor=Actor.of(user), inputs={"reason": "size", "note": partner.name})
    mine = [each for each in listed(world.alice, "lead-assignments") if each["topic"] == lead.topic]
    assert [(each["state"], each["decline_note"], each["lead"]) for each in mine] == [
        ("declined", "Northwind Systems", None)
    ]
    staff = [each for each in listed(world.maria, "lead-assignments") if each["topic"] == lead.topic]
    assert {each["decline_note"] for each in staff} == {"Northwind Systems", "Contoso Partners"}
    for stranger in (world.dana, world.erin):
        with pytest.raises(NotFound):
            listed(stranger, "lead-assignments")


def test_an_expired_offer_leaves_no_trace_for_the_next(world: Any) -> None:
    lead = make_lead("assigned", world.northwind, offer_reason="Because")
    run_due(timezone.now() + timedelta(days=6))
    perform(lead, "assign", actor=Actor.of(world.maria), inputs={"partner": world.contoso.pk})
    seen = row(world.carol, lead)
    assert seen is not None
    assert (seen["offer_reason"], seen.get("assignee")) == ("", None)


def test_nothing_is_written_on_offer(world: Any) -> None:
    lead = make_lead("assigned", world.northwind)
    with pytest.raises(Denied):
        actions.update(Actor.of(world.bob), registry.get("leads"), lead.pk, {"topic": "Mine"})


@pytest.mark.parametrize("field", ["partner", "owner", "assignee", "state", "source", "reference"])
def test_the_body_does_not_say_whose(world: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as invalid:
        actions.create(
            Actor.of(world.bob), registry.get("leads"), {"topic": "New", field: str(world.contoso.pk)}
        )
    assert list(invalid.value.errors) == [field]


def test_a_partners_own_lead_is_accepted_and_its_own(world: Any) -> None:
    lead = actions.create(
        Actor.of(world.bob), registry.get("leads"), {"topic": "Walk-in", "email": "a@b.example"}
    )
    assert (lead.state, lead.partner, lead.assignee, lead.source, lead.owner) == (
        "accepted",
        world.northwind,
        world.bob,
        "partner",
        world.maria,
    )
    assert row(world.carol, lead) is None


def test_staff_enters_new_leads(world: Any) -> None:
    module = registry.get("leads")
    lead = actions.create(Actor.of(world.maria), module, {"topic": "Fair", "source": "event"})
    assert (lead.state, lead.partner, lead.owner, lead.source) == ("new", None, world.maria, "event")
    assert actions.create(Actor.of(world.admin), module, {"topic": "Fair"}).owner is None


class TestDuplicates:
    def test_ones_own(self, world: Any) -> None:
        lead = make_lead("accepted", world.northwind, email="Sam@fabrikam.example")
        values = {"email": "sam@FABRIKAM.example", "company_name": "Fabrikam Ltd."}
        found = duplicates(world.alice, values)
        assert [(hit["module"], hit["id"]) for hit in found] == [
            ("leads", lead.pk),
            ("accounts", world.fabrikam.pk),
        ]

    @pytest.mark.parametrize(("state", "own"), [("accepted", False), ("assigned", True), ("pooled", None)])
    def test_not_a_rivals_and_not_what_is_masked(self, world: Any, state: str, own: bool | None) -> None:
        partner = {True: world.northwind, False: world.contoso, None: None}[own]
        lead = make_lead(state, partner, email="sam@nowhere.example")
        assert (
            duplicates(world.alice, {"email": "sam@nowhere.example", "company_name": "Tailspin Toys"}) == []
        )
        assert [hit["id"] for hit in duplicates(world.maria, {"email": "sam@nowhere.example"})] == [lead.pk]
