"""Sending keeps the very bytes, mails them once, and gives the customer a link that decides once."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone
from pypdf import PdfReader

from prm.alerts.models import Alert
from prm.alerts.queries import after
from prm.files import store
from prm.quotes import sending
from prm.quotes.models import Dispatch, Quote
from prm.quotes.printing import printed
from prm.quotes.workflow import not_too_often
from tests.factories import ROUTERS, make_account, make_contact, make_opportunity, make_quote
from tests.mails import sent_to, token_in
from workflows import jobs
from workflows.actor import Actor
from workflows.errors import Denied, NotFound, Refused, WorkflowError, WrongState
from workflows.machine import Context
from workflows.models import TransitionRecord
from workflows.perform import perform

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(world):
    account = make_account(world.northwind, name="Fabrikam Werke", city="Köln", country="DE")
    contact = make_contact(account, name="Dana Weber", email="dana.weber@fabrikam-werke.example")
    return make_opportunity("managed", world.northwind, account=account, contact=contact)


@pytest.fixture
def quote(world, deal):
    """An approved quote of Northwind, in German."""
    return make_quote("approved", deal, language="de", assignee=world.alice, title="Router für Köln")


def send(quote: Quote, user, **inputs) -> Quote:
    return perform(quote, "send", actor=Actor.of(user), inputs=inputs)


@pytest.fixture
def token(world, quote):
    send(quote, world.alice)
    (message,) = sent_to("dana.weber@fabrikam-werke.example")
    return token_in(message, "/quote/")


def text_of(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


# --- the mail


def test_the_mail_brings_the_pdf_and_the_link_in_the_language_of_the_quote(world, quote):
    send(quote, world.alice, message="Wie besprochen.\nGruß, Alice")
    (message,) = sent_to("dana.weber@fabrikam-werke.example")
    assert quote.reference in message.subject
    assert message.reply_to == [world.alice.email]
    assert "> Wie besprochen." in message.body
    html = message.alternatives[0][0]
    assert 'lang="de"' in html
    (attached,) = message.attachments
    name, content, kind = attached
    assert (name.endswith(f"{quote.reference}.pdf"), kind) == (True, "application/pdf")
    text = text_of(content)
    assert "Router für Köln" in text
    assert "Fabrikam Werke" in text
    assert "3.600,00" in text


def test_the_file_is_kept_as_it_was_sent(world, quote):
    send(quote, world.alice)
    kept = Dispatch.objects.get(quote=quote)
    with store.open_file(kept.content) as stream:
        content = stream.read()
    quote.refresh_from_db()
    assert printed(quote, world.alice).content == content
    # What changes afterwards changes nothing that was sent; a draft is always of now.
    (message,) = sent_to("dana.weber@fabrikam-werke.example")
    assert message.attachments[0][1] == content


def test_it_is_mailed_once_however_often_the_job_runs(world, quote):
    send(quote, world.alice)
    sent = Dispatch.objects.get()
    for _ in range(3):
        sending.deliver(str(sent.pk))
    sending.sweep(timezone.now() + timedelta(days=2))
    assert len(sent_to("dana.weber@fabrikam-werke.example")) == 1
    sent.refresh_from_db()
    assert (sent.due_at, sent.attempts, sent.problem) == (None, 1, "")
    assert sent.mailed_at


def test_what_fails_is_tried_again_as_the_same_mail(world, quote, monkeypatch):
    send(quote, world.alice)
    sent = Dispatch.objects.get()
    tried = []

    def refuse(self, *args, **kwargs):
        tried.append(self.extra_headers["Message-ID"])
        raise OSError("no route to host")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        sending.deliver(str(sent.pk))
    sent.refresh_from_db()
    assert sent.problem == "OSError: no route to host"
    assert sent.mailed_at is None
    # Not before its time; then the sweep finds it.
    assert sending.sweep(timezone.now()) == 0
    Dispatch.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    assert sending.sweep(timezone.now()) == 1
    (message,) = sent_to("dana.weber@fabrikam-werke.example")
    assert tried == [message.extra_headers["Message-ID"]] == [sending.message_id(sent.pk)]
    assert message.extra_headers["Message-ID"].endswith("@testserver>")


def test_it_is_given_up_after_the_last_attempt(world, quote, monkeypatch):
    send(quote, world.alice)
    sent = Dispatch.objects.get()
    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", lambda self: 1 / 0)
    for _ in range(len(sending.BACKOFF) + 1):
        Dispatch.objects.update(due_at=timezone.now())
        sending.deliver(str(sent.pk))
    sent.refresh_from_db()
    assert (sent.due_at, sent.mailed_at) == (None, None)
    assert "ZeroDivisionError" in sent.problem


def given_up(monkeypatch, error: Exception) -> Dispatch:
    """The only mail, after its last attempt has failed."""

    def refuse(self, *args, **kwargs):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        for _ in range(len(sending.BACKOFF) + 1):
            Dispatch.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
            sending.deliver(str(Dispatch.objects.get().pk))
    return Dispatch.objects.get()


def test_who_sells_is_told_once_that_it_was_given_up(world, quote, monkeypatch):
    send(quote, world.alice)
    given_up(monkeypatch, OSError("no route to host"))
    told = Alert.objects.filter(kind="quote.undelivered")
    assert {one.recipient for one in told} == {world.alice, world.maria}
    assert told.count() == 2
    (words,) = [one for one in after(world.alice, 0) if one["kind"] == "quote.undelivered"]
    assert words["title"].startswith("The email has not reached the customer: ")
    assert words["url"] == f"/quotes/{quote.pk}/"


def test_an_address_that_never_takes_a_mail_is_given_up_at_once(world, quote, monkeypatch):
    send(quote, world.alice)
    refused = {"dana.weber@fabrikam-werke.example": (550, b"unknown user")}
    assert given_up(monkeypatch, SMTPRecipientsRefused(refused)).attempts == 1
    assert Alert.objects.filter(kind="quote.undelivered", recipient=world.alice).count() == 1


def test_one_that_is_busy_is_not(world, quote, monkeypatch):
    send(quote, world.alice)
    busy = {"dana.weber@fabrikam-werke.example": (451, b"try later")}
    assert given_up(monkeypatch, SMTPRecipientsRefused(busy)).attempts == len(sending.BACKOFF) + 1


# --- again


def again(quote: Quote, user, **inputs) -> Quote:
    return perform(quote, "send_again", actor=Actor.of(user), inputs=inputs)


def test_sent_again_it_is_the_same_file_with_a_new_link_and_the_old_one_ends(world, quote, token):
    kept = Dispatch.objects.get()
    again(quote, world.bob, message="Once more.")
    first, second = sent_to("dana.weber@fabrikam-werke.example")
    fresh = token_in(second, "/quote/")
    assert fresh != token
    assert sending.look_up(token) is None
    with pytest.raises(NotFound):
        sending.decide(token, "accept", "Dana Weber", {})
    assert "> Once more." in second.body
    assert second.attachments[0] == first.attachments[0]
    assert first.extra_headers["Message-ID"] != second.extra_headers["Message-ID"]
    now = Dispatch.objects.get()
    assert (now.content_id, now.problem, now.due_at) == (kept.content_id, "", None)
    sending.decide(fresh, "accept", "Dana Weber", {"accepted_by": "Dana Weber"})
    quote.refresh_from_db()
    assert quote.state == "accepted"


def test_it_goes_to_a_corrected_address_and_stands_in_the_history(world, quote, token):
    again(quote, world.alice, email="dana@werke.example")
    (message,) = sent_to("dana@werke.example")
    assert sending.look_up(token_in(message, "/quote/")).quote == quote
    quote.refresh_from_db()
    assert (quote.state, quote.sent_to) == ("sent", "dana@werke.example")
    line = TransitionRecord.objects.get(transition="send_again", object_id=quote.pk)
    assert (line.actor_id, line.inputs["email"]) == (world.alice.pk, "dana@werke.example")


def test_it_goes_to_the_contacts_present_address_where_none_is_given(world, quote, token):
    quote.contact.email = "dana.new@werke.example"
    quote.contact.save()
    quote.refresh_from_db()
    assert quote.suggested("send_again")["email"] == "dana.new@werke.example"
    again(quote, world.alice)
    assert len(sent_to("dana.new@werke.example")) == 1


def test_what_was_given_up_can_be_sent_again(world, quote, monkeypatch):
    send(quote, world.alice)
    failed = given_up(monkeypatch, OSError("no route to host"))
    again(quote, world.alice)
    assert len(sent_to("dana.weber@fabrikam-werke.example")) == 1
    # The job of the mail before finds nothing to do.
    sending.deliver(str(failed.pk))
    assert len(sent_to("dana.weber@fabrikam-werke.example")) == 1


def test_it_is_sent_again_a_few_times_a_day(world, quote, token):
    for _ in range(5):
        again(quote, world.alice)
    with pytest.raises(Refused) as caught:
        again(quote, world.alice)
    assert [one.code for one in caught.value.reasons] == ["not_too_often"]
    tomorrow = Context(actor=Actor.of(world.alice), now=timezone.now() + timedelta(days=1, minutes=1))
    assert not_too_often(quote, tomorrow) is None


@pytest.mark.parametrize("name", ["accept", "withdraw"])
def test_only_while_the_customer_can_decide(world, quote, token, name):
    quote.refresh_from_db()
    perform(quote, name, actor=Actor.of(world.alice))
    with pytest.raises(WrongState):
        again(quote, world.alice)


def test_not_after_its_last_day(world, quote, token):
    Quote.objects.update(valid_until=timezone.now().date() - timedelta(days=3))
    with pytest.raises(Refused):
        again(quote, world.alice)
    assert len(sent_to("dana.weber@fabrikam-werke.example")) == 1


@pytest.mark.parametrize("who", ["carol", "maria", "erin"])
def test_it_is_the_sellers_to_send_again(world, quote, token, who):
    with pytest.raises((NotFound, Denied)):
        again(quote, getattr(world, who))
    assert sending.look_up(token) is not None


def test_what_was_withdrawn_before_the_mail_left_is_not_mailed(world, quote):
    send(quote, world.alice)
    perform(quote, "withdraw", actor=Actor.of(world.alice))
    while jobs.run_pending():
        pass
    assert not [one for one in mail.outbox if "fabrikam-werke" in one.to[0]]


def test_a_character_that_no_font_has_stops_the_sending_and_says_so(world, deal):
    quote = make_quote("approved", deal, title="Router 漢字")
    with pytest.raises(Refused) as caught:
        send(quote, world.alice)
    assert "字 漢" in str(caught.value)
    quote.refresh_from_db()
    assert quote.state == "approved"
    assert not Dispatch.objects.exists()


def test_nobody_else_is_offered_the_customers_decision(world, deal):
    draft = make_quote("pending_approval", deal, assignee=world.alice)
    perform(draft, "approve", actor=Actor.of(world.maria))
    # The mail about the approval leaves when the quote is with the customer already.
    send(draft, world.alice)
    (message,) = sent_to(world.alice.email)
    assert draft.reference in message.body
    assert "/offer/" not in message.body


# --- the link


def test_looking_changes_nothing(quote, token):
    before = list(TransitionRecord.objects.values_list("pk", flat=True))
    for _ in range(3):
        opened = sending.look_up(token)
        assert (opened.quote, opened.status, opened.readable) == (quote, "open", True)
    assert list(TransitionRecord.objects.values_list("pk", flat=True)) == before


def test_the_database_holds_no_token(token):
    assert token not in repr(list(Dispatch.objects.values()))
    assert sending.look_up(Dispatch.objects.get().token_hash) is None
    assert sending.look_up("") is None


def test_it_accepts_for_the_customer_and_the_partner_is_told(world, quote, token):
    sending.decide(token, "accept", "Dana Weber", {"accepted_by": "Dana Weber"}, request_id="r-1")
    quote.refresh_from_db()
    assert (quote.state, quote.decided_by_name) == ("accepted", "Dana Weber")
    record = TransitionRecord.objects.get(transition="accept", object_id=quote.pk)
    assert (record.actor_kind, record.actor_id, record.actor_name) == ("link", None, "Dana Weber")
    assert Alert.objects.filter(kind="quote.accepted", recipient=world.alice).count() == 1
    assert Alert.objects.filter(kind="quote.accepted", recipient=world.maria).count() == 1
    opened = sending.look_up(token)
    assert (opened.status, opened.readable) == ("accepted", True)
    with pytest.raises(WorkflowError):
        sending.decide(token, "decline", "Dana Weber", {})


def test_it_declines_with_a_reason(quote, token):
    sending.decide(token, "decline", "Dana Weber", {"reason": "price", "note": "Too dear"})
    quote.refresh_from_db()
    assert (quote.state, quote.decline_reason, quote.decline_note) == ("declined", "price", "Too dear")
    assert sending.look_up(token).status == "declined"


@pytest.mark.parametrize("name", ["withdraw", "revise", "order", "send", "expire", "approve"])
def test_it_does_nothing_else(quote, token, name):
    with pytest.raises(NotFound):
        sending.decide(token, name, "Dana Weber", {})
    quote.refresh_from_db()
    assert quote.state == "sent"


def test_a_link_may_do_only_what_it_was_made_for(quote, token):
    quote.refresh_from_db()
    with pytest.raises(WorkflowError):
        perform(quote, "accept", actor=Actor.link(name="Somebody"))


@pytest.mark.parametrize(("name", "status"), [("withdraw", "withdrawn"), ("revise", "superseded")])
def test_it_ends_with_the_version(world, quote, token, name, status):
    quote.refresh_from_db()
    perform(quote, name, actor=Actor.of(world.alice))
    opened = sending.look_up(token)
    assert (opened.status, opened.readable) == (status, False)
    with pytest.raises(WorkflowError):
        sending.decide(token, "accept", "Dana Weber", {})


def test_it_ends_with_the_last_day(quote, token):
    Quote.objects.update(valid_until=timezone.now().date() - timedelta(days=3))
    opened = sending.look_up(token)
    assert (opened.status, opened.readable) == ("expired", False)
    with pytest.raises(WorkflowError):
        sending.decide(token, "accept", "Dana Weber", {})


@pytest.mark.django_db(transaction=True)
def test_of_many_clicks_at_once_one_decides(quote, token):
    results: list[str] = []

    def click(decision: str) -> None:
        try:
            sending.decide(token, decision, "Dana Weber", {})
            results.append("done")
        except WorkflowError as error:
            results.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click, args=[one]) for one in ("accept", "decline") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["done"] + ["wrong_state"] * 5
    assert (
        TransitionRecord.objects.filter(transition__in=["accept", "decline"], actor_kind="link").count() == 1
    )


# --- what a reader gets


def test_drafts_are_marked_and_made_anew(world, deal):
    draft = make_quote("draft", deal, lines=[ROUTERS, {**ROUTERS, "name": "Switch"}])
    text = text_of(printed(draft, world.alice).content)
    assert "Draft" in text
    assert "Switch" in text
    assert printed(draft, world.alice).content == printed(draft, world.alice).content
    approved = make_quote("approved", deal)
    assert "Draft" not in text_of(printed(approved, world.alice).content)


def test_what_a_reader_may_not_read_is_not_printed(world, quote, token, monkeypatch):
    quote.refresh_from_db()
    from prm.quotes import printing

    whole = printing.readable_fields

    def without(user, module, obj=None):
        return whole(user, module, obj) - {"net", "unit_price", "partner"}

    monkeypatch.setattr(printing, "readable_fields", without)
    text = text_of(printed(quote, world.alice).content)
    assert "Router" in text
    for hidden in ("1.200,00", "Northwind", "0 % auf", "0 % on"):
        assert hidden not in text
