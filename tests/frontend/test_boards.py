"""Boards: a drop is a change of stage or a transition, and a refusal says why."""

from __future__ import annotations

import pytest

from prm.modules import registry
from prm.modules.versions import opaque_version
from prm.opportunities.models import Opportunity
from tests.factories import make_lead, make_opportunity

JSON = {"Accept": "application/json"}


@pytest.fixture
def deal(world):
    return make_opportunity("managed", world.northwind, topic="A deal", stage="qualification")


def move(client, obj, to, **headers):
    key = registry.for_model(type(obj)).key
    return client.post(
        f"/{key}/{obj.pk}/move/", {"to": to, "version": opaque_version(obj)}, headers=headers or JSON
    )


def test_a_new_stage_is_a_change_of_the_record(world, as_user, deal):
    response = move(as_user(world.alice), deal, "proposal")
    assert response.status_code == 200
    assert Opportunity.objects.get(pk=deal.pk).stage == "proposal"


def test_a_final_lane_is_a_transition_which_may_ask_first(world, as_user, deal):
    answer = move(as_user(world.alice), deal, "lost").json()
    assert answer["form"].startswith(f"/opportunities/{deal.pk}/do/lose/")
    assert Opportunity.objects.get(pk=deal.pk).state == "managed"


def test_a_refusal_says_why_and_changes_nothing(world, as_user):
    lead = make_lead("accepted", world.northwind)
    response = move(as_user(world.alice), lead, "assigned")
    assert response.status_code == 422
    assert response.json()["reason"]
    lead.refresh_from_db()
    assert lead.state == "accepted"


def test_a_stale_card_is_412(world, as_user, deal):
    Opportunity.objects.filter(pk=deal.pk).update(version=deal.version + 1)
    assert move(as_user(world.alice), deal, "proposal").status_code == 412


def test_without_scripts_the_menu_is_a_form(world, as_user, deal, parse):
    client = as_user(world.alice)
    page = parse(client.get("/opportunities/board/"))
    form = page.one("form", action=f"/opportunities/{deal.pk}/move/")
    assert form["method"] == "post"
    response = client.post(form["action"], {"to": "negotiation", "version": opaque_version(deal)})
    assert response["Location"] == "/opportunities/board/"
    assert Opportunity.objects.get(pk=deal.pk).stage == "negotiation"


def test_lanes_count_and_sum_only_what_one_may_see(world, as_user, deal, parse):
    page = parse(as_user(world.alice).get("/opportunities/board/"))
    cards = page.all("li", class_="kard")
    mine = Opportunity.objects.filter(partner=world.northwind, state="managed").exclude(stage="").count()
    assert len(cards) == mine
