"""Applying to become a partner, without scripts and without a login."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from frontend.views_jobs.register_forms import FORMS, EmailForm
from prm.partners import mail
from prm.partners.models import Registration
from tests.cast import World
from tests.factories import make_registration
from tests.frontend_jobs.conftest import said

COMPANY = {"company_name": "Wingtip", "website": "wingtip.example", "country": "DE", "tax_id": ""}
CONTACT = {"contact_name": "Kim Kraft", "contact_phone": ""}
PROGRAMME = {"partner_type": "msp", "region": "EMEA", "motivation": ""}


def _begin(client: Client, email: str = "kim@wingtip.example") -> Registration:
    response = client.post("/register/email/", {"email": email})
    assert response["Location"] == "/register/company/"
    return Registration.objects.latest("created_at")


def _fill(client: Client) -> None:
    for step, answers, after in (
        ("company", COMPANY, "/register/contact/"),
        ("contact", CONTACT, "/register/programme/"),
        ("programme", PROGRAMME, "/register/check/"),
    ):
        assert client.post(f"/register/{step}/", answers)["Location"] == after


def _link(registration: Registration) -> str:
    """The link of a mail, as the applicant finds it."""
    address = mail.renew_link(registration)
    registration.save()
    return "/register/r/" + address.split("/register/r/")[1]


def test_at_most_eight_required_answers(world: World) -> None:
    required = [
        name
        for form in (EmailForm(), *(FORMS[step]() for step in FORMS))
        for name, field in form.fields.items()
        if field.required
    ]
    # The eighth is the agreement.
    assert len(required) == 7


def test_whole_way(world: World, client: Client) -> None:
    registration = _begin(client)
    _fill(client)
    check = client.get("/register/check/").content.decode()
    assert "Wingtip" in check
    assert "https://wingtip.example" in check
    assert "Managed service provider" in check
    refused = client.post("/register/agreement/", {"agreement": "on"})
    assert refused.status_code == 200
    assert "error-summary" in refused.content.decode()
    assert client.post(_link(Registration.objects.get(pk=registration.pk)))["Location"] == "/register/check/"
    assert client.post("/register/agreement/", {"agreement": "on"})["Location"] == "/register/status/"
    registration = Registration.objects.get(pk=registration.pk)
    assert registration.state == "submitted"
    assert registration.agreement == world.agreement
    assert registration.reference in client.get("/register/status/").content.decode()


def test_agreement_must_be_ticked(world: World, client: Client) -> None:
    _begin(client)
    _fill(client)
    assert "Accept the partner agreement" in client.post("/register/agreement/", {}).content.decode()


def test_link_shows_and_only_the_button_confirms(world: World, client: Client) -> None:
    registration = make_registration("draft", email_confirmed_at=None)
    link = _link(registration)
    assert client.get(link).status_code == 200
    registration.refresh_from_db()
    assert registration.email_confirmed_at is None
    client.post(link)
    registration.refresh_from_db()
    assert registration.email_confirmed_at is not None


def test_link_resumes_in_another_browser(world: World, client: Client) -> None:
    registration = _begin(client)
    client.post("/register/company/", COMPANY)
    elsewhere = Client()
    assert elsewhere.get("/register/check/")["Location"] == "/register/"
    elsewhere.post(_link(Registration.objects.get(pk=registration.pk)))
    # The first page with something still to answer.
    assert elsewhere.get("/register/check/")["Location"] == "/register/contact/"


def test_errors_are_said_at_the_field_and_input_is_kept(world: World, client: Client) -> None:
    _begin(client)
    page = client.post(
        "/register/company/", {**COMPANY, "website": "nonsense", "country": ""}
    ).content.decode()
    assert 'role="alert"' in page
    assert 'href="#id_website"' in page
    assert "Enter a website like company.example" in page
    assert "Choose the country of your company" in page
    assert 'value="nonsense"' in page
    assert 'value="Wingtip"' in page
    assert "<title>Error:" in page.replace("\n", "")


def test_same_answer_for_known_and_unknown_addresses(world: World) -> None:
    def answers(email: str) -> list[tuple[int, str]]:
        client = Client()
        begun = client.post("/register/email/", {"email": email})
        lost = client.post("/register/find/", {"email": email})
        return [
            (begun.status_code, begun["Location"]),
            (lost.status_code, said(lost).replace(email, "")),
        ]

    make_registration("submitted", contact_email="known@applicant.example")
    assert (
        answers("known@applicant.example")
        == answers("nobody@applicant.example")
        == answers(world.alice.email)
    )


def test_unknown_link(client: Client, world: World) -> None:
    response = client.get("/register/r/nothing/")
    assert response.status_code == 404
    assert "/register/find/" in response.content.decode()


@pytest.mark.parametrize(
    "step", ["company", "contact", "programme", "check", "agreement", "status", "answer"]
)
def test_pages_without_an_application_lead_to_the_start(world: World, client: Client, step: str) -> None:
    assert client.get(f"/register/{step}/")["Location"] == "/register/"


def test_question_is_answered(world: World, client: Client) -> None:
    registration = make_registration(
        "returned", request_note="Which products do you sell today?", agreement=world.agreement, region="EMEA"
    )
    assert client.post(_link(registration))["Location"] == "/register/answer/"
    assert "Which products do you sell today?" in client.get("/register/answer/").content.decode()
    assert "Enter your answer" in client.post("/register/answer/", {"answer": ""}).content.decode()
    assert client.post("/register/answer/", {"answer": "Routers"})["Location"] == "/register/status/"
    registration.refresh_from_db()
    assert (registration.state, registration.request_answer) == ("submitted", "Routers")


def test_submitted_answers_cannot_be_changed(world: World, client: Client) -> None:
    registration = make_registration("submitted")
    client.post(_link(registration))
    assert client.post("/register/company/", COMPANY)["Location"] == "/register/status/"
    registration.refresh_from_db()
    assert registration.company_name != "Wingtip"


def test_withdraw_asks_once(world: World, client: Client) -> None:
    registration = make_registration("submitted")
    client.post(_link(registration))
    assert client.get("/register/withdraw/").status_code == 200
    registration.refresh_from_db()
    assert registration.state == "submitted"
    client.post("/register/withdraw/")
    registration.refresh_from_db()
    assert registration.state == "withdrawn"
    assert "Application withdrawn" in client.get("/register/status/").content.decode()


def test_changing_one_answer_returns_to_the_check(world: World, client: Client) -> None:
    _begin(client)
    _fill(client)
    response = client.post("/register/contact/?change", {**CONTACT, "contact_name": "Kim K."})
    assert response["Location"] == "/register/check/"


def test_forms_are_protected(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/register/email/", {"email": "a@b.example"}).status_code == 403
    assert reverse("register-resend") == "/register/resend/"
    assert strict.get("/register/resend/").status_code == 405
