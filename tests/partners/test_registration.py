from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from django_q.models import OrmQ

from prm.partners import actions
from prm.partners.models import Registration
from prm.people.tokens import token_hash
from tests.factories import make_agreement, make_registration
from tests.mails import sent_to, token_in
from workflows.errors import InvalidInput, NotFound, Refused, Stale, WrongState
from workflows.jobs import run_due
from workflows.models import TransitionRecord

ANSWERS = {
    "company_name": "Adventure Works",
    "website": "https://adventure.example",
    "country": "FR",
    "contact_name": "Zoe Zola",
    "partner_type": "reseller",
}


def confirmed(email="zoe@adventure.example"):
    actions.start_registration(email=email)
    return actions.confirm_email(token_in(sent_to(email)[-1], "/register/r/"))


def test_from_the_first_page_to_handing_in(world):
    registration, token = actions.start_registration(email=" Zoe@Adventure.example ")
    assert (registration.state, registration.contact_email) == ("draft", "zoe@adventure.example")
    assert actions.find_registration(token) == registration

    mailed = token_in(sent_to("zoe@adventure.example")[0], "/register/r/")
    assert actions.find_registration(mailed) == registration
    actions.confirm_email(mailed)
    actions.save_answers(registration, ANSWERS)
    actions.accept_agreement(registration, world.agreement)
    done = actions.submit(registration)

    assert (done.state, done.domain, done.agreement_version) == ("submitted", "adventure.example", "2026-1")
    assert done.agreement_accepted_by == "Zoe Zola <zoe@adventure.example>"
    assert [message.subject for message in sent_to("zoe@adventure.example")][1:] == [
        "We have received your application"
    ]
    steps = TransitionRecord.objects.filter(object_id=done.pk).order_by("version", "id")
    assert [(step.transition, step.from_state, step.to_state, step.actor_kind) for step in steps] == [
        ("create", None, "draft", "link"),
        ("submit", "draft", "submitted", "link"),
    ]


def test_guards_name_everything_that_is_missing(world):
    registration, _token = actions.start_registration(email="zoe@adventure.example")
    actions.save_answers(registration, {"company_name": "Adventure Works", "website": ""})
    with pytest.raises(Refused) as refused:
        actions.submit(registration)
    assert [(reason.code, reason.message) for reason in refused.value.reasons] == [
        ("email_not_confirmed", "Open the link in the mail to confirm your email address first."),
        ("incomplete", "Still missing: website, country, contact name, partner type."),
        ("agreement_not_accepted", "The partner agreement has not been accepted."),
    ]


def test_only_the_mailed_token_confirms_the_address(world):
    registration, token = actions.start_registration(email="zoe@adventure.example")
    with pytest.raises(NotFound):
        actions.confirm_email(token)
    registration.refresh_from_db()
    assert registration.email_confirmed_at is None


def test_tokens_are_kept_as_hashes_and_sealed_in_the_queue(world):
    registration, token = actions.start_registration(email="zoe@adventure.example")
    assert registration.token_hash == token_hash(token)
    queued = OrmQ.objects.get().payload
    mailed = token_in(sent_to("zoe@adventure.example")[0], "/register/r/")
    assert mailed not in queued
    assert registration.mail_token_hash == token_hash(mailed) != registration.token_hash


def test_a_token_expires_and_a_guess_finds_nothing(world):
    _registration, token = actions.start_registration(email="zoe@adventure.example")
    assert actions.find_registration(token[:-1]) is None
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        assert actions.find_registration(token) is None


def test_known_and_unknown_addresses_are_answered_alike(world):
    for email in ("alice@northwind.example", "zoe@adventure.example", "zoe@adventure.example"):
        registration, _token = actions.start_registration(email=email)
        assert registration.state == "draft"
        assert sent_to(email)[-1].subject == "Your application to become a partner of Vendor"


def test_no_address_is_flooded(world):
    for _count in range(7):
        registration, _token = actions.start_registration(email="zoe@adventure.example")
    actions.resend_link(registration)
    actions.send_links(email="zoe@adventure.example")
    assert len(sent_to("zoe@adventure.example")) == actions.MAILS_A_DAY


def test_a_lost_link_is_sent_again_and_the_one_before_ends(world):
    actions.start_registration(email="zoe@adventure.example")
    before = token_in(sent_to("zoe@adventure.example")[-1], "/register/r/")
    actions.send_links(email="zoe@adventure.example")
    actions.send_links(email="nobody@adventure.example")
    after = token_in(sent_to("zoe@adventure.example")[-1], "/register/r/")
    assert actions.find_registration(before) is None
    assert actions.find_registration(after) is not None
    assert sent_to("nobody@adventure.example") == []


@pytest.mark.parametrize("email", ["", "zoe", "zoe@", "a b@c.example"])
def test_no_address_no_draft(db, email):
    with pytest.raises(InvalidInput) as invalid:
        actions.start_registration(email=email)
    assert list(invalid.value.errors) == ["email"]
    assert Registration.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"state": "approved"}, "state"),
        ({"contact_email": "other@x.example"}, "contact_email"),
        ({"channel_manager": "1"}, "channel_manager"),
        ({"website": "no address"}, "website"),
        ({"country": "XX"}, "country"),
        ({"partner_type": "king"}, "partner_type"),
        ({"contact_phone": "12"}, "contact_phone"),
    ],
)
def test_answers_that_cannot_be(world, data, field):
    registration, _token = actions.start_registration(email="zoe@adventure.example")
    with pytest.raises(InvalidInput) as invalid:
        actions.save_answers(registration, data)
    assert list(invalid.value.errors) == [field]


def test_two_windows_and_a_late_change(world):
    registration = confirmed()
    version = registration.version
    actions.save_answers(registration, ANSWERS, expected_version=version)
    with pytest.raises(Stale):
        actions.save_answers(registration, {"region": "EMEA"}, expected_version=version)
    actions.accept_agreement(registration, world.agreement)
    actions.submit(registration)
    with pytest.raises(WrongState):
        actions.save_answers(registration, {"region": "EMEA"})


def test_an_agreement_that_is_not_published_cannot_be_accepted(world):
    registration = confirmed()
    with pytest.raises(NotFound):
        actions.accept_agreement(registration, make_agreement("9", published_at=None))


def test_withdrawn_by_the_applicant_and_by_time(world):
    assert actions.withdraw(make_registration("under_review")).state == "withdrawn"
    draft, _token = actions.start_registration(email="zoe@adventure.example")
    run_due(timezone.now() + timedelta(days=29))
    draft.refresh_from_db()
    assert draft.state == "draft"
    run_due(timezone.now() + timedelta(days=31))
    draft.refresh_from_db()
    assert draft.state == "withdrawn"
