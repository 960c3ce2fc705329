"""The queue of applications and the decisions on them."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from frontend.urls_jobs import nav_jobs
from prm.modules.versions import opaque_version
from prm.partners.models import Partner, Territory
from tests.cast import World
from tests.factories import make_quote, make_registration
from tests.frontend_jobs.conftest import SignIn


def _decide(client, registration, name, **data):
    data.setdefault("version", opaque_version(registration))
    return client.post(reverse("approvals-decide", args=(registration.pk, name)), data)


def test_own_ones_come_first(world: World, sign_in: SignIn) -> None:
    make_registration("submitted", company_name="Of Nils", channel_manager=world.nils)
    make_registration("submitted", company_name="Of nobody")
    make_registration("submitted", company_name="Of Maria", channel_manager=world.maria)
    page = sign_in(world.maria).get("/approvals/").content.decode()
    assert page.index("Of Maria") < page.index("Of nobody") < page.index("Of Nils")


def test_cover_gets_those_of_who_is_away(world: World, sign_in: SignIn) -> None:
    today = timezone.localdate()
    world.nils.cover, world.nils.away_from, world.nils.away_until = (
        world.maria,
        today,
        today + timedelta(days=3),
    )
    world.nils.save()
    make_registration("submitted", company_name="Of nobody")
    make_registration("submitted", company_name="Of Nils", channel_manager=world.nils)
    page = sign_in(world.maria).get("/approvals/").content.decode()
    assert page.index("Of Nils") < page.index("Of nobody")


def test_approve_as_it_is_filled_in(world: World, sign_in: SignIn) -> None:
    registration = make_registration("submitted", region="EMEA", partner_type="msp")
    maria = sign_in(world.maria)
    page = maria.get("/approvals/")
    filled = page.context["decisions"]["approve"]["form"]
    data = {name: field.initial for name, field in filled.fields.items() if field.initial}
    assert _decide(maria, registration, "approve", **data)["Location"] == "/approvals/"
    partner = Partner.objects.get(name=registration.company_name)
    assert (partner.channel_manager, partner.territory, partner.partner_type) == (
        world.maria,
        world.territory,
        "msp",
    )
    assert partner.state == "onboarding"


def test_duplicate_is_shown_and_must_be_confirmed(world: World, sign_in: SignIn) -> None:
    registration = make_registration(
        "submitted", company_name="Northwind", website="https://northwind.example"
    )
    maria = sign_in(world.maria)
    page = maria.get("/approvals/").content.decode()
    assert "Northwind Systems" in page
    assert 'class="is-same"' in page
    refused = _decide(maria, registration, "approve")
    assert refused.status_code == 422
    registration.refresh_from_db()
    assert registration.state == "submitted"
    assert _decide(maria, registration, "approve", confirm_duplicate="on").status_code == 302


def test_question_goes_out(world: World, sign_in: SignIn) -> None:
    registration = make_registration("submitted")
    maria = sign_in(world.maria)
    empty = _decide(maria, registration, "return_for_information", question="")
    assert empty.status_code == 422
    assert "error-summary" in empty.content.decode()
    _decide(maria, registration, "return_for_information", question="Which products?")
    registration.refresh_from_db()
    assert (registration.state, registration.request_note) == ("returned", "Which products?")


def test_reject_with_reason_and_input_kept(world: World, sign_in: SignIn) -> None:
    registration = make_registration("submitted")
    maria = sign_in(world.maria)
    page = _decide(maria, registration, "reject", comment="So sorry")
    assert page.status_code == 422
    assert "So sorry" in page.content.decode()
    _decide(maria, registration, "reject", reason="no_fit", comment="So sorry")
    registration.refresh_from_db()
    assert (registration.state, registration.reject_reason) == ("rejected", "no_fit")


def test_old_page_does_not_decide(world: World, sign_in: SignIn) -> None:
    registration = make_registration("submitted")
    response = _decide(sign_in(world.maria), registration, "approve", version="old")
    assert response.status_code == 422
    assert "changed this in the meantime" in response.content.decode()
    registration.refresh_from_db()
    assert registration.state == "submitted"


def test_partner_cannot_decide(world: World, sign_in: SignIn) -> None:
    registration = make_registration("submitted")
    assert _decide(sign_in(world.alice), registration, "approve").status_code == 404
    assert _decide(sign_in(world.erin), registration, "approve").status_code == 404


def test_only_decisions(world: World, sign_in: SignIn) -> None:
    registration = make_registration("submitted")
    assert _decide(sign_in(world.maria), registration, "withdraw").status_code == 404


def test_territory_is_suggested_only_where_there_is_one_choice(world: World, sign_in: SignIn) -> None:
    Territory.objects.create(name="Arctic", regions=["EMEA"], segments=[])
    make_registration("submitted", region="EMEA")
    form = sign_in(world.maria).get("/approvals/").context["decisions"]["approve"]["form"]
    assert not form.fields["territory"].initial
    assert not form.fields["territory"].required


def test_quotes_above_a_limit_wait_there_too(world: World, sign_in: SignIn) -> None:
    """With how far below, and whose they are; counted with the applications."""
    mine = make_quote("pending_approval", world.northwind_opportunity)
    others = make_quote("pending_approval", world.contoso_opportunity)
    make_quote("draft", world.northwind_opportunity)
    maria = sign_in(world.maria)
    page = maria.get("/approvals/").content.decode()
    assert page.index(mine.reference) < page.index(others.reference)
    assert page.count("below the price book") == 2
    home = maria.get("/")
    assert home.context["queue_count"] == 2 and mine.reference in home.content.decode()
    assert [one["count"] for one in nav_jobs(world.maria) if one["name"] == "approvals"] == [2]
