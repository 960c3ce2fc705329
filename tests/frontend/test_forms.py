"""Making and changing records: the engine's rules, shown where they belong."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import override

from frontend import formats
from prm.leads.models import Lead
from prm.modules.versions import opaque_version
from prm.records.models import Activity, Note


def test_a_partner_enters_a_lead_that_starts_accepted(world, as_user):
    client = as_user(world.alice)
    data = {
        "topic": "New scanners",
        "company_name": "Berg AG",
        "country": "DE",
        "amount_amount": "12500",
        "amount_currency": "EUR",
    }
    response = client.post("/leads/new/", data)
    assert response.status_code == 302, response.content.decode()[:2000]
    lead = Lead.objects.get(topic="New scanners")
    assert lead.state == "accepted"
    assert lead.partner_id == world.northwind.pk
    assert lead.amount.amount == Decimal(12500)
    assert str(lead.amount.currency) == "EUR"


def test_what_is_missing_is_said_at_the_field_and_in_the_summary(world, as_user, parse):
    response = as_user(world.alice).post(
        "/leads/new/", {"company_name": "Kept AG", "email": "not an address"}
    )
    page = parse(response)
    assert response.status_code == 422
    summary = page.one("div", class_="error-summary")
    assert summary["role"] == "alert"
    for name in ("topic", "email"):
        field = page.one("input", name=name)
        assert field["aria-invalid"] == "true"
        assert f"f-{name}_error" in field["aria-describedby"]
        assert page.all("a", href=f"#f-{name}")
    assert page.one("input", name="company_name")["value"] == "Kept AG"


def test_a_body_cannot_set_what_the_form_does_not_show(world, as_user):
    data = {
        "topic": "Sneaky",
        "partner": str(world.contoso.pk),
        "state": "converted",
        "owner": str(world.nils.pk),
    }
    as_user(world.alice).post("/leads/new/", data)
    lead = Lead.objects.get(topic="Sneaky")
    assert lead.partner_id == world.northwind.pk
    assert lead.state == "accepted"


def test_saving_on_an_old_version_keeps_what_was_typed(world, as_user):
    client = as_user(world.alice)
    lead = world.northwind_lead
    old = opaque_version(lead)
    address = f"/leads/{lead.pk}/edit/"
    assert client.post(address, {**form_of(lead), "size": "90 seats", "version": old}).status_code == 302
    response = client.post(address, {**form_of(lead), "size": "10 seats", "version": old})
    assert response.status_code == 412
    body = response.content.decode()
    assert "Someone was faster" in body
    assert 'value="10 seats"' in body
    lead.refresh_from_db()
    assert lead.size == "90 seats"


def form_of(lead) -> dict[str, str]:
    names = ("topic", "need", "size", "region", "company_name", "contact_name", "email", "street", "city")
    return {name: getattr(lead, name) for name in names} | {
        "country": str(lead.country),
        "phone": str(lead.phone),
    }


def test_duplicates_are_found_among_ones_own_while_typing(world, as_user):
    data = {"name": "Fabrikam", "website": "https://fabrikam.example", "domain": "fabrikam.example"}
    mine = as_user(world.alice).post("/accounts/new/duplicates/", data).content.decode()
    assert "Fabrikam" in mine
    theirs = as_user(world.carol).post("/accounts/new/duplicates/", data).content.decode()
    assert "Fabrikam" not in theirs


def test_notes_stay_with_who_may_read_them(world, as_user):
    lead = world.northwind_lead
    as_user(world.maria).post(f"/leads/{lead.pk}/notes/", {"body": "Ours only", "internal": "1"})
    as_user(world.alice).post(f"/leads/{lead.pk}/notes/", {"body": "They answered"})
    assert Note.objects.count() == 2
    partner = as_user(world.bob).get(f"/leads/{lead.pk}/").content.decode()
    assert "They answered" in partner
    assert "Ours only" not in partner
    assert "Ours only" in as_user(world.maria).get(f"/leads/{lead.pk}/").content.decode()


def test_a_task_is_planned_and_ticked_off(world, as_user, parse):
    client = as_user(world.alice)
    lead = world.northwind_lead
    due = (timezone.now() + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    client.post(f"/leads/{lead.pk}/activities/", {"kind": "call", "title": "Ring them", "due_at": due})
    task = Activity.objects.get()
    page = parse(client.get(f"/leads/{lead.pk}/"))
    done = page.one("form", action=f"/leads/{lead.pk}/activities/{task.pk}/done/")
    client.post(done["action"])
    task.refresh_from_db()
    assert task.done_at
    assert "Call done: Ring them" in client.get(f"/leads/{lead.pk}/").content.decode()


def test_an_empty_note_is_answered_on_the_page(world, as_user):
    response = as_user(world.alice).post(f"/leads/{world.northwind_lead.pk}/notes/", {"body": " "})
    assert response.status_code == 422
    assert "error-summary" in response.content.decode()


def test_money_and_numbers_in_the_language_of_the_reader():
    assert formats.money({"amount": Decimal("12500.00"), "currency": "USD"}) == "$12,500"
    assert formats.money({"amount": Decimal("12500.50"), "currency": "EUR"}) == "€12,500.50"
    with override("de"):
        assert formats.money({"amount": Decimal("12500.50"), "currency": "EUR"}) == "12.500,50\xa0€"
        assert formats.number(1234567) == "1.234.567"


def test_time_left_says_how_pressing_it_is():
    def after(**span):
        return formats.left(timezone.now() + dt.timedelta(**span, seconds=30))

    assert after(days=4, hours=3) == ("4 d 3 h", "")
    assert after(hours=6) == ("6 h 0 min", "soon")
    assert after(minutes=40) == ("40 min", "late")
    assert formats.left(timezone.now() - dt.timedelta(seconds=1)) == ("overdue", "late")


def test_times_are_shown_in_the_zone_of_the_user(world, as_user):
    world.alice.timezone = "Asia/Tokyo"
    world.alice.save()
    Lead.objects.filter(pk=world.northwind_lead.pk).update(
        created_at=dt.datetime(2025, 1, 1, 20, 0, tzinfo=dt.UTC)
    )
    body = as_user(world.alice).get(f"/leads/{world.northwind_lead.pk}/").content.decode()
    assert "Jan. 2, 2025, 5 a.m." in body
