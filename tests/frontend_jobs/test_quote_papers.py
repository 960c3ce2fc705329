"""The PDF for whoever may read it, and the page where a customer decides without a login."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from prm.quotes.models import Dispatch, Quote
from tests.factories import ROUTERS, make_account, make_contact, make_opportunity, make_quote, make_user
from tests.mails import sent_to, token_in
from workflows.actor import Actor
from workflows.models import TransitionRecord
from workflows.perform import perform

pytestmark = [pytest.mark.once, pytest.mark.django_db]


@pytest.fixture
def quote(world) -> Quote:
    account = make_account(world.northwind, name="Fabrikam <b>Werke</b>", city="Köln", country="DE")
    contact = make_contact(account, name="Dana Weber", email="dana.weber@werke.example")
    deal = make_opportunity("managed", world.northwind, account=account, contact=contact)
    return make_quote(
        "approved",
        deal,
        assignee=world.alice,
        title="Routers",
        terms="Thirty days.",
        note="<script>x</script>",
    )


@pytest.fixture
def token(world, quote) -> str:
    perform(quote, "send", actor=Actor.of(world.alice))
    (message,) = sent_to("dana.weber@werke.example")
    return token_in(message, "/quote/")


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- the PDF of people with a login


@pytest.mark.parametrize("path", ["/quotes/{}/pdf/", "/api/v1/quotes/{}/pdf/"])
def test_the_pdf_is_for_those_who_may_read_the_quote(world, quote, path):
    address = path.format(quote.pk)
    for user in (world.alice, world.bob, world.maria, world.admin):
        answer = signed_in(user).get(address)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer.content.startswith(b"%PDF-1.7")
    for user in (world.carol, world.dana, world.erin):
        assert signed_in(user).get(address).status_code == 404
    assert Client().get(address).status_code in (302, 401)


@pytest.mark.parametrize("path", ["/quotes/{}/pdf/", "/api/v1/quotes/{}/pdf/"])
def test_the_pdf_is_shown_under_its_name_and_kept_by_its_reader_alone(world, quote, path):
    client = signed_in(world.alice)
    answer = client.get(path.format(quote.pk))
    assert answer["Content-Disposition"] == f'inline; filename="Quote {quote.reference}.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer["Cache-Control"]
    again = client.get(path.format(quote.pk), headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_after_sending_it_is_what_was_sent(world, quote, token):
    (message,) = sent_to("dana.weber@werke.example")
    assert signed_in(world.alice).get(f"/quotes/{quote.pk}/pdf/").content == message.attachments[0][1]
    assert Client().get(f"/quote/{token}/pdf/").content == message.attachments[0][1]


def test_a_customer_with_a_login_gets_the_file_that_was_sent(world, quote, token):
    quote.refresh_from_db()
    user = make_user("priya@werke.example", "customer", quote.account, name="Priya")
    answer = signed_in(user).get(f"/quotes/{quote.pk}/pdf/")
    assert answer.content == Client().get(f"/quote/{token}/pdf/").content


def test_the_page_of_a_quote_shows_its_lines_and_sums(world, quote):
    page = signed_in(world.alice).get(f"/quotes/{quote.pk}/").content.decode()
    assert "What is offered" in page
    assert "Router" in page
    assert "3,600.00" in page
    assert "frontend/quote.css" in page
    # In place of the list of related rows.
    assert "/quote-lines/" not in page


def test_more_lines_cost_no_more_queries(world, quote):
    many = make_quote("approved", quote.opportunity, lines=[ROUTERS] * 40)
    client = signed_in(world.alice)
    for address in ("/quotes/{}/", "/quotes/{}/pdf/"):
        client.get(address.format(quote.pk))
        with CaptureQueriesContext(connection) as few:
            client.get(address.format(quote.pk))
        with CaptureQueriesContext(connection) as lots:
            client.get(address.format(many.pk))
        assert len(lots) <= len(few)


def test_the_page_says_that_the_mail_did_not_get_through(world, quote, token):
    Dispatch.objects.update(problem="SMTPRecipientsRefused: unknown user", due_at=None)
    page = signed_in(world.alice).get(f"/quotes/{quote.pk}/").content.decode()
    assert "SMTPRecipientsRefused: unknown user" in page
    assert "send it again" in page
    assert f"/quotes/{quote.pk}/do/send_again/" in page
    # What our mail server said is nothing that the customer should read.
    assert "SMTPRecipientsRefused" not in signed_in(world.dana).get(f"/quotes/{quote.pk}/").content.decode()


def test_the_form_to_send_again_is_filled_in_and_the_old_link_ends(world, quote, token):
    client = signed_in(world.alice)
    path = f"/quotes/{quote.pk}/do/send_again/"
    assert 'value="dana.weber@werke.example"' in client.get(path).content.decode()
    assert signed_in(world.carol).get(path).status_code == 404
    address = f"/api/v1/quotes/{quote.pk}/transitions/send_again/"
    answer = client.post(address, {"email": "dana@werke.example"}, content_type="application/json")
    assert (answer.status_code, answer.json()["sent_to"]) == (200, "dana@werke.example")
    (message,) = sent_to("dana@werke.example")
    assert Client().get(f"/quote/{token_in(message, '/quote/')}/").status_code == 200
    assert Client().get(f"/quote/{token}/").status_code == 404


# --- the customer's page


def test_opening_shows_the_quote_and_changes_nothing(quote, token):
    before = TransitionRecord.objects.count()
    for _ in range(2):
        answer = Client().get(f"/quote/{token}/")
        page = answer.content.decode()
        assert answer.status_code == 200
    for text in ("Router", "$3,600.00", "Thirty days.", "Alice", "Accept this quote", "Decline this quote"):
        assert text in page
    assert "Fabrikam &lt;b&gt;Werke&lt;/b&gt;" in page
    assert "&lt;script&gt;x&lt;/script&gt;" in page
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"].startswith("noindex")
    assert TransitionRecord.objects.count() == before


def test_accepting_takes_a_name_and_the_tick(quote, token):
    answer = Client().post(f"/quote/{token}/", {"decision": "accept", "accepted_by": "Dana Weber"})
    assert answer.status_code == 422
    quote.refresh_from_db()
    assert quote.state == "sent"
    answer = Client().post(
        f"/quote/{token}/", {"decision": "accept", "accepted_by": "Dana Weber", "agreed": "on"}
    )
    assert answer.status_code == 200
    assert "You accepted this quote" in answer.content.decode()
    quote.refresh_from_db()
    assert (quote.state, quote.decided_by_name) == ("accepted", "Dana Weber")
    # Read again it says so, and a second decision is refused.
    page = Client().get(f"/quote/{token}/").content.decode()
    assert "Accepted by Dana Weber" in page
    assert "Accept this quote" not in page
    assert Client().post(f"/quote/{token}/", {"decision": "decline"}).status_code == 409


def test_declining_takes_a_reason_and_a_note(quote, token):
    given = {"decision": "decline", "decline-reason": "price", "decline-note": "Too dear"}
    answer = Client().post(f"/quote/{token}/", given)
    assert "You declined this quote" in answer.content.decode()
    quote.refresh_from_db()
    assert (quote.state, quote.decline_reason, quote.decline_note) == ("declined", "price", "Too dear")


@pytest.mark.parametrize("decision", ["", "withdraw", "accept\x00"])
def test_any_other_post_decides_nothing(quote, token, decision):
    assert Client().post(f"/quote/{token}/", {"decision": decision}).status_code == 200
    quote.refresh_from_db()
    assert quote.state == "sent"


def test_it_takes_the_token_of_the_form(quote, token):
    strict = Client(enforce_csrf_checks=True)
    given = {"decision": "accept", "accepted_by": "Dana", "agreed": "on"}
    assert strict.post(f"/quote/{token}/", given).status_code == 403
    quote.refresh_from_db()
    assert quote.state == "sent"


@pytest.mark.parametrize(
    ("name", "text"), [("withdraw", "has been withdrawn"), ("revise", "There is a newer version")]
)
def test_a_version_that_is_over_says_so_kindly(world, quote, token, name, text):
    quote.refresh_from_db()
    perform(quote, name, actor=Actor.of(world.alice))
    for path in (f"/quote/{token}/", f"/quote/{token}/pdf/"):
        answer = Client().get(path)
        assert answer.status_code == 410
        page = answer.content.decode()
        assert text in page
        assert world.alice.email in page
        assert "3,600" not in page


def test_a_quote_whose_last_day_is_over_says_so(quote, token):
    Quote.objects.update(valid_until=timezone.now().date() - timedelta(days=3))
    answer = Client().get(f"/quote/{token}/")
    assert answer.status_code == 410
    assert "has expired" in answer.content.decode()


def test_links_that_never_were_are_answered_alike(token):
    found = [
        Client().get(f"/quote/{one}/{tail}") for one in ("x" * 43, token[:-1], "a") for tail in ("", "pdf/")
    ]
    assert {one.status_code for one in found} == {404}
    assert len({one.content.split(b"<main")[1].split(b"</main>")[0] for one in found}) == 1
    assert {one["X-Robots-Tag"] for one in found} == {"noindex, nofollow"}


def test_it_is_limited(token, monkeypatch):
    monkeypatch.setattr("frontend.views_jobs.quote_papers.MOST", 3)
    answers = [Client().get(f"/quote/{token}/").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]


def test_page_and_file_speak_the_language_of_the_quote(world, quote):
    Quote.objects.update(language="ar")
    quote.refresh_from_db()
    perform(quote, "send", actor=Actor.of(world.alice))
    (message,) = sent_to("dana.weber@werke.example")
    token = token_in(message, "/quote/")
    page = Client().get(f"/quote/{token}/", headers={"Accept-Language": "en"}).content.decode()
    assert '<html lang="ar" dir="rtl"' in page
    reader = PdfReader(io.BytesIO(Client().get(f"/quote/{token}/pdf/").content))
    assert reader.trailer["/Root"]["/Lang"] == "ar"


def test_who_is_signed_in_decides_in_the_customers_name_all_the_same(world, quote, token):
    client = signed_in(world.carol)
    client.post(f"/quote/{token}/", {"decision": "accept", "accepted_by": "Dana Weber", "agreed": "on"})
    record = TransitionRecord.objects.get(transition="accept", object_id=quote.pk)
    assert (record.actor_kind, record.actor_id) == ("link", None)
