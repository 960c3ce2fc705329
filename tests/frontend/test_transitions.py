"""Transitions from pages: offered as the engine offers them, done once, refused with a reason."""

from __future__ import annotations

import pytest

from prm.leads.models import Lead, LeadAssignment
from prm.modules.versions import opaque_version
from tests.factories import make_lead
from workflows.actor import Actor
from workflows.perform import perform


@pytest.fixture
def offered(world):
    return make_lead("assigned", world.northwind, topic="Offered one")


def url(lead, name: str) -> str:
    return f"/leads/{lead.pk}/do/{name}/"


def test_accepting_without_scripts(world, as_user, offered, parse):
    client = as_user(world.alice)
    page = parse(client.get(f"/leads/{offered.pk}/"))
    form = page.one("form", action=url(offered, "accept"))
    assert form["method"] == "post"
    response = client.post(url(offered, "accept"), {"version": opaque_version(offered)}, follow=True)
    assert response.status_code == 200
    assert Lead.objects.get(pk=offered.pk).state == "accepted"
    assert "is now: Accepted" in response.content.decode()


def test_what_is_hidden_on_offer_is_named_and_not_shown(world, as_user, offered):
    body = as_user(world.alice).get(f"/leads/{offered.pk}/").content.decode()
    assert "Shown after acceptance" in body
    for hidden in (offered.company_name, offered.email, offered.phone, offered.street):
        assert str(hidden) not in body


def test_declining_asks_for_a_reason_by_chip_and_keeps_what_was_typed(world, as_user, offered, parse):
    client = as_user(world.alice)
    page = parse(client.get(url(offered, "decline")))
    assert page.all("label", class_="chip")
    response = client.post(url(offered, "decline"), {"version": opaque_version(offered), "note": "next year"})
    assert response.status_code == 422
    again = parse(response)
    assert again.one("div", class_="error-summary")["tabindex"] == "-1"
    assert any(one.get("value") == "next year" for one in again.all("input"))
    assert Lead.objects.get(pk=offered.pk).state == "assigned"


def test_a_stale_form_tells_what_happened_and_keeps_the_input(world, as_user, offered, parse):
    client = as_user(world.alice)
    old = opaque_version(offered)
    perform(offered, "accept", actor=Actor.of(world.bob))
    lead = Lead.objects.get(pk=offered.pk)
    response = client.post(url(lead, "disqualify"), {"version": old, "reason": "no_need", "note": "typed"})
    body = response.content.decode()
    assert response.status_code in (412, 422)
    if response.status_code == 412:
        assert "Someone was faster" in body
        assert "Bob Brandt" in body
        assert "typed" in body
        assert opaque_version(lead) in body


def test_the_wrong_state_is_409_and_says_so(world, as_user, offered):
    client = as_user(world.alice)
    lead = perform(offered, "accept", actor=Actor.of(world.alice))
    response = client.post(url(lead, "accept"), {"version": opaque_version(lead)})
    assert response.status_code == 409
    assert "not possible in the state" in response.content.decode()


def test_what_is_impossible_stays_visible_and_says_why(world, as_user, parse):
    page = parse(as_user(world.alice).get(f"/leads/{world.northwind_lead.pk}/"))
    blocked = [one for one in page.elements if one.get("aria-disabled") == "true"]
    assert blocked
    for one in blocked:
        assert one["tag"] in ("a", "button")
        assert one["data-reason"].strip()
        assert one["data-reason"].strip() in one["text"]
        if one["tag"] == "a":
            assert "Not possible now" in as_user(world.alice).get(one["href"]).content.decode()


def test_htmx_is_sent_on_and_a_toast_stays_where_it_is(world, as_user, offered):
    client = as_user(world.alice)
    data = {"version": opaque_version(offered), "then": "event"}
    response = client.post(url(offered, "accept"), data, headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert "prm:done" in response["HX-Trigger"]
    lead = Lead.objects.get(pk=offered.pk)
    response = client.post(
        url(lead, "contact"), {"version": opaque_version(lead)}, headers={"HX-Request": "true"}
    )
    assert response["HX-Redirect"] == f"/leads/{lead.pk}/"


def test_what_was_given_back_leads_to_the_list(world, as_user, offered):
    client = as_user(world.alice)
    choices = dict(LeadAssignment._meta.get_field("decline_reason").flatchoices)
    data = {"version": opaque_version(offered), "reason": next(key for key in choices if key)}
    response = client.post(url(offered, "decline"), data)
    assert response.status_code == 302
    assert response["Location"] == "/leads/"


def test_no_way_out_to_another_site(world, as_user, offered):
    data = {"version": opaque_version(offered), "next": "https://evil.example/"}
    response = as_user(world.alice).post(url(offered, "accept"), data)
    assert response["Location"] == f"/leads/{offered.pk}/"


def test_many_at_once_answers_for_each(world, as_user, parse):
    free = [make_lead("new") for _ in range(2)]
    busy = make_lead("qualified", world.northwind)
    client = as_user(world.maria)
    ids = [str(one.pk) for one in (*free, busy)]
    page = parse(client.get("/leads/do/assign/", {"ids": ids}))
    assert len(page.all("input", name="ids")) == 3
    assert "2 of them can be done" in "".join(one["text"] for one in page.all("p"))
    data = {"ids": ids, "partner": str(world.northwind.pk)}
    answer = client.post("/leads/do/assign/", data)
    body = answer.content.decode()
    assert "2 records are done" in body
    assert "1 is not" in body
    assert Lead.objects.filter(pk__in=[one.pk for one in free], state="assigned").count() == 2
    assert Lead.objects.get(pk=busy.pk).state == "qualified"


def test_many_at_once_reaches_only_what_is_visible(world, as_user):
    data = {"ids": [str(world.contoso_lead.pk)]}
    response = as_user(world.alice).post("/leads/do/contact/", data)
    assert response.status_code == 302
    assert Lead.objects.get(pk=world.contoso_lead.pk).state == "accepted"
