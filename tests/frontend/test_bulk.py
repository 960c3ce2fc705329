"""Changing many records at once, and taking back what one has just done."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from frontend import choosing
from prm.leads.models import Lead
from prm.modules import actions, registry
from prm.modules.versions import opaque_version
from prm.records.models import Activity, Note
from prm.views.models import Undo
from prm.views.undo import remember_changes
from tests.factories import make_lead
from workflows.actor import Actor
from workflows.models import TransitionRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(world):
    return [make_lead("accepted", world.northwind, topic=f"Lead {letter}") for letter in "abc"]


def sent(leads, fields, **values):
    return {
        "ids": [str(one.pk) for one in leads],
        "versions": [opaque_version(one) for one in leads],
        "fields": fields,
        **values,
    }


def states(body):
    return re.findall(
        r">(Changed|Was so already|Not changed|Changed by somebody else)<", body.replace("\n", "")
    )


def test_fields_are_chosen_then_given_values_then_each_is_told(world, as_user, three, parse):
    client = as_user(world.alice)
    page = parse(client.get("/leads/change/", {"ids": [one.pk for one in three]}))
    names = [one["value"] for one in page.all("input") if one.get("name") == "fields"]
    assert "region" in names
    # Whose it is, and how it ends, is for transitions.
    assert not {"partner", "state", "owner", "reference"} & set(names)
    page = parse(client.get("/leads/change/", {"ids": [one.pk for one in three], "fields": "region"}))
    assert [one["name"] for one in page.all("input") if one.get("name") == "region"] == ["region"]
    Lead.objects.filter(pk=three[1].pk).update(region="AMER")
    body = client.post("/leads/change/", sent(three, ["region"], region="AMER")).content.decode()
    assert states(body) == ["Changed", "Was so already", "Changed"]
    assert set(Lead.objects.filter(pk__in=[one.pk for one in three]).values_list("region", flat=True)) == {
        "AMER"
    }


def test_each_record_answers_for_itself(world, as_user, three):
    """Changed by somebody else meanwhile, not the user's to see, not to change in its state."""
    offered, foreign = make_lead("assigned", world.northwind), world.contoso_lead
    actions.update(Actor.of(world.bob), registry.get("leads"), three[1].pk, {"size": "7 seats"})
    given = sent([*three, offered, foreign], ["region"], region="APAC")
    body = as_user(world.alice).post("/leads/change/", given).content.decode()
    assert states(body) == ["Changed", "Changed by somebody else", "Changed", "Not changed"]
    regions = dict(Lead.objects.values_list("pk", "region"))
    assert [regions[one.pk] for one in (*three, offered, foreign)] == ["APAC", "EMEA", "APAC", "EMEA", "EMEA"]


def test_a_value_that_is_wrong_for_all_is_said_at_the_field(world, as_user, three):
    given = sent(three, ["email"], email="nonsense")
    response = as_user(world.alice).post("/leads/change/", given)
    assert response.status_code == 422
    assert Lead.objects.filter(email="nonsense").count() == 0


def test_all_that_fit_are_counted_first_and_bounded(world, as_user, three, monkeypatch, parse):
    monkeypatch.setattr(choosing, "MOST", 2)
    response = as_user(world.alice).get("/leads/change/", {"all": "1", "query": "search=lead&state=accepted"})
    page = parse(response)
    assert len([one for one in page.all("input") if one.get("name") == "ids"]) == 2
    body = as_user(world.alice).get("/leads/change/", {"all": "1", "query": "topic=Lead+b"}).content.decode()
    assert "1 record is chosen" in body
    assert as_user(world.alice).get("/leads/change/", {"all": "1", "query": "nonsense=1"}).status_code == 302


def test_who_may_change_nothing_has_no_such_page(world, as_user):
    assert as_user(world.dana).get("/leads/change/").status_code == 404
    assert as_user(world.alice).get("/products/change/").status_code == 404


# --- undo


def last_undo(user):
    return Undo.objects.filter(user=user).latest("created_at")


def test_an_edit_is_taken_back_by_the_toast(world, as_user, parse):
    client, lead = as_user(world.alice), world.northwind_lead
    values = {"topic": lead.topic, "region": "APAC", "version": opaque_version(lead)}
    page = client.post(f"/leads/{lead.pk}/edit/", values, follow=True)
    assert Lead.objects.get(pk=lead.pk).region == "APAC"
    assert f"/undo/{last_undo(world.alice).pk}/" in page.content.decode()
    undo = last_undo(world.alice)
    page = client.post(f"/undo/{undo.pk}/", {"next": f"/leads/{lead.pk}/"}, follow=True)
    lead.refresh_from_db()
    assert (lead.region, lead.need, lead.city) == ("EMEA", "Replace ageing equipment", "Berlin")
    # A change of its own in the history, and only once.
    assert TransitionRecord.objects.filter(object_id=lead.pk, transition="update").count() == 2
    assert "as it was" in page.content.decode()
    page = client.post(f"/undo/{undo.pk}/", follow=True)
    assert "can no longer be undone" in page.content.decode()


def test_nobody_elses_change_is_undone(world, as_user):
    lead, leads = world.northwind_lead, registry.get("leads")
    made = actions.change(Actor.of(world.alice), leads, lead.pk, {"region": "APAC"})
    undo = remember_changes(world.alice, leads, [made])
    actions.update(Actor.of(world.bob), leads, lead.pk, {"region": "AMER"})
    page = as_user(world.alice).post(f"/undo/{undo.pk}/", follow=True)
    assert "Not undone" in page.content.decode()
    assert Lead.objects.get(pk=lead.pk).region == "AMER"


@pytest.mark.parametrize("why", ["other", "late", "rights"])
def test_an_undo_is_its_owners_for_a_while_and_under_the_rights_of_now(world, as_user, why):
    lead, leads = world.northwind_lead, registry.get("leads")
    made = actions.change(Actor.of(world.alice), leads, lead.pk, {"region": "APAC"})
    undo = remember_changes(world.alice, leads, [made])
    who = world.alice
    if why == "other":
        who = world.bob
    elif why == "late":
        Undo.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        Lead.objects.filter(pk=lead.pk).update(partner=world.contoso)
    as_user(who).post(f"/undo/{undo.pk}/", follow=True)
    assert Lead.objects.get(pk=lead.pk).region == "APAC"


def test_all_kinds_of_values_come_back(world):
    """Money, references, days, numbers, choices: what was there is there again."""
    leads, actor = registry.get("leads"), Actor.of(world.admin)
    lead = make_lead("new", product=world.product, expected_close="2027-01-31", amount=None)
    start = {
        "amount": {"amount": "12.50", "currency": "EUR"},
        "product": None,
        "expected_close": "2027-02-01",
        "country": "FR",
        "phone": "+4930998877",
        "company_name": "",
    }
    before = Lead.objects.get(pk=lead.pk)
    made = actions.change(actor, leads, lead.pk, start)
    assert set(made.former) == set(start)
    actions.update(actor, leads, lead.pk, made.former)
    after = Lead.objects.get(pk=lead.pk)
    for name in start:
        assert getattr(after, name) == getattr(before, name), name


def test_a_bulk_change_is_undone_from_its_page(world, as_user, three):
    client = as_user(world.alice)
    body = client.post("/leads/change/", sent(three, ["region"], region="AMER")).content.decode()
    actions.update(Actor.of(world.bob), registry.get("leads"), three[0].pk, {"city": "Bonn"})
    assert f"/undo/{last_undo(world.alice).pk}/" in body
    body = client.post(f"/undo/{last_undo(world.alice).pk}/").content.decode()
    assert states(body) == ["Changed by somebody else", "Changed", "Changed"]
    assert [Lead.objects.get(pk=one.pk).region for one in three] == ["AMER", "EMEA", "EMEA"]


def test_a_note_and_a_tick_are_taken_back(world, as_user):
    client, lead = as_user(world.bob), world.northwind_lead
    client.post(f"/leads/{lead.pk}/notes/", {"body": "Called too early"})
    assert Note.objects.filter(object_id=lead.pk).count() == 1
    client.post(f"/undo/{last_undo(world.bob).pk}/")
    assert Note.objects.filter(object_id=lead.pk).count() == 0
    task = Activity.objects.create(
        kind="task",
        title="Visit",
        author=world.bob,
        assignee=world.bob,
        subject="leads.lead",
        object_id=lead.pk,
        party_id=world.northwind.pk,
    )
    client.post(f"/leads/{lead.pk}/activities/{task.pk}/done/")
    task.refresh_from_db()
    assert task.done_at
    client.post(f"/undo/{last_undo(world.bob).pk}/")
    task.refresh_from_db()
    assert task.done_at is None


def test_after_a_transition_the_way_back_is_offered_where_there_is_one(world, as_user):
    client, lead = as_user(world.maria), make_lead("new")
    page = client.post(f"/leads/{lead.pk}/do/release/", {"version": opaque_version(lead)}, follow=True)
    assert f"/leads/{lead.pk}/do/withdraw_from_pool/" in page.content.decode().split('id="toasts"')[1]


def test_deleting_asks_once_and_names_what_goes(world, as_user):
    lead = world.northwind_lead
    body = as_user(world.admin).get(f"/leads/{lead.pk}/delete/").content.decode()
    assert "1 lead assignment" in body
    assert "cannot be brought back" in body
