"""Offers: what a partner sees of them, and what accepting and declining does."""

from __future__ import annotations

from django.urls import reverse

from prm.modules.versions import opaque_version
from tests.cast import World
from tests.factories import make_lead, make_opportunity
from tests.frontend_jobs.conftest import SignIn

HTMX = {"HX-Request": "true"}


def _act(client, record, name, *, version=None, htmx=False, **inputs):
    module = "leads" if record._meta.model_name == "lead" else "opportunities"
    data = {"version": opaque_version(record) if version is None else version, **inputs}
    headers = HTMX if htmx else {}
    return client.post(reverse("offer-act", args=(module, record.pk, name)), data, headers=headers)


def test_offer_hides_the_customer_and_says_why(world: World, sign_in: SignIn) -> None:
    make_lead(
        "assigned", world.northwind, topic="Secret Wi-Fi", company_name="Hidden Ltd", phone="+4930555666",
        offer_reason="Serves EMEA",
    )  # fmt: skip
    page = sign_in(world.alice).get("/offered/").content.decode()
    assert "Secret Wi-Fi" in page
    assert "Serves EMEA" in page
    assert "Hidden Ltd" not in page
    assert "555666" not in page


def test_rival_sees_nothing_of_it(world: World, sign_in: SignIn) -> None:
    lead = make_lead("assigned", world.northwind, topic="Secret Wi-Fi")
    carol = sign_in(world.carol)
    assert "Secret Wi-Fi" not in carol.get("/offered/").content.decode()
    _act(carol, lead, "accept")
    lead.refresh_from_db()
    assert lead.state == "assigned"


def test_accept_leads_to_the_record(world: World, sign_in: SignIn) -> None:
    lead = make_lead("assigned", world.northwind)
    response = _act(sign_in(world.bob), lead, "accept")
    assert response["Location"] == reverse("record", args=("leads", lead.pk))
    lead.refresh_from_db()
    assert (lead.state, lead.assignee) == ("accepted", world.bob)


def test_accept_with_htmx_shows_whom_to_call(world: World, sign_in: SignIn) -> None:
    lead = make_lead("assigned", world.northwind, company_name="Hidden Ltd", phone="+4930555666")
    response = _act(sign_in(world.bob), lead, "accept", htmx=True)
    page = response.content.decode()
    assert "Hidden Ltd" in page
    assert "tel:+4930555666" in page


def test_accept_an_opportunity_shows_its_account(world: World, sign_in: SignIn) -> None:
    offered = make_opportunity("distributed", world.northwind, account=world.fabrikam)
    assert "Fabrikam" not in sign_in(world.alice).get("/offered/").content.decode()
    response = _act(sign_in(world.alice), offered, "accept", htmx=True)
    assert "Fabrikam" in response.content.decode()


def test_decline_needs_a_reason(world: World, sign_in: SignIn) -> None:
    lead = make_lead("assigned", world.northwind)
    alice = sign_in(world.alice)
    refused = _act(alice, lead, "decline", htmx=True)
    assert "notice--bad" in refused.content.decode()
    assert _act(alice, lead, "decline", reason="capacity").status_code == 302
    lead.refresh_from_db()
    assert lead.state == "new"
    assert lead.assignments.get().decline_reason == "capacity"


def test_old_page_does_not_act(world: World, sign_in: SignIn) -> None:
    lead = make_lead("assigned", world.northwind)
    response = _act(sign_in(world.alice), lead, "accept", version="old", htmx=True)
    assert "changed this in the meantime" in response.content.decode()
    lead.refresh_from_db()
    assert lead.state == "assigned"


def test_offer_that_is_gone_is_explained(world: World, sign_in: SignIn) -> None:
    lead = make_lead("new")
    response = _act(sign_in(world.alice), lead, "accept", htmx=True)
    assert "This offer is over" in response.content.decode()


def test_pool_is_claimed(world: World, sign_in: SignIn) -> None:
    lead = make_lead("pooled", topic="Free for all")
    alice = sign_in(world.alice)
    page = alice.get("/offered/").content.decode()
    assert "Free for all" in page
    assert lead.company_name not in page
    _act(alice, lead, "claim")
    lead.refresh_from_db()
    assert (lead.state, lead.partner_id) == ("accepted", world.northwind.pk)


def test_reading_changes_nothing(world: World, sign_in: SignIn) -> None:
    lead = make_lead("assigned", world.northwind)
    url = reverse("offer-act", args=("leads", lead.pk, "accept"))
    assert sign_in(world.alice).get(url).status_code == 405


def test_only_the_acts_of_an_offer(world: World, sign_in: SignIn) -> None:
    lead = make_lead("accepted", world.northwind)
    assert _act(sign_in(world.alice), lead, "disqualify").status_code == 404
    assert sign_in(world.alice).post(f"/offered/contacts/{world.alice.contact_id}/accept/").status_code == 404


def test_list_costs_the_same_for_one_and_many(world: World, sign_in: SignIn) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make_lead("assigned", world.northwind)
    alice = sign_in(world.alice)
    alice.get("/offered/")
    with CaptureQueriesContext(connection) as one:
        alice.get("/offered/")
    for _number in range(6):
        make_lead("assigned", world.northwind)
    with CaptureQueriesContext(connection) as many:
        alice.get("/offered/")
    assert len(many) == len(one)
