from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError
from django.utils import timezone

from prm.modules import registry
from prm.modules.actions import create, update
from prm.partners import actions, onboarding
from prm.partners.models import Partner
from prm.partners.queries import onboarding_steps, registration_duplicates
from prm.people.actions import accept_invitation, invite
from prm.people.models import Invitation, User
from tests.factories import PASSWORD, make_account, make_partner, make_registration
from tests.mails import sent_to, token_in
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, Refused
from workflows.models import TransitionRecord
from workflows.perform import available, perform


def approve(registration, user, **inputs):
    return perform(registration, "approve", actor=Actor.of(user), inputs=inputs)


def test_approval_makes_partner_contact_invitation_and_checklist_at_once(world):
    registration = make_registration(
        company_name="Adventure Works",
        contact_name="Zoe Zola",
        contact_email="zoe@adventure.example",
        agreement=world.agreement,
        agreement_accepted_by="Zoe Zola",
        tax_id="FR 12",
    )
    approved = approve(registration, world.maria, tier="silver", territory=str(world.territory.pk))
    partner = Partner.objects.get(pk=approved.partner_id)
    assert (partner.state, partner.tier, partner.partner_type) == ("onboarding", "silver", "reseller")
    assert (partner.territory, partner.channel_manager) == (world.territory, world.maria)
    assert (partner.agreement_version, partner.agreement_accepted_by) == ("2026-1", "Zoe Zola")
    assert (partner.name_key, partner.tax_key) == ("adventure works", "FR12")
    contact = partner.contacts.get()
    assert (contact.name, contact.email, contact.is_admin) == ("Zoe Zola", "zoe@adventure.example", True)
    invitation = partner.invitations.get()
    assert (invitation.state, invitation.contact, invitation.portal.key) == ("pending", contact, "partner")
    assert [(step.key, step.done_at is not None) for step in partner.onboarding_steps.all()] == [
        ("agreement", True),
        ("login", False),
        ("profile", False),
        ("training", False),
        ("colleague", False),
    ]
    assert TransitionRecord.objects.get(object_id=partner.pk).to_state == "onboarding"
    assert [message.subject for message in sent_to("zoe@adventure.example")] == [
        "Welcome as a partner of Vendor",
        "Your invitation to the partner portal of Vendor",
    ]


def test_an_approval_that_fails_leaves_nothing(world, monkeypatch):
    registration = make_registration()

    def broken(*args, **kwargs):
        raise IntegrityError("no invitation")

    monkeypatch.setattr(onboarding, "new_invitation", broken)
    partners = Partner.objects.count()
    with pytest.raises(IntegrityError):
        approve(registration, world.maria)
    registration.refresh_from_db()
    assert (registration.state, Partner.objects.count()) == ("submitted", partners)
    assert sent_to(registration.contact_email) == []


def test_the_second_partner_of_a_company_asks_for_a_conscious_yes(world):
    registration = make_registration(company_name="NORTHWIND SYSTEMS GmbH")
    with pytest.raises(Refused) as refused:
        approve(registration, world.maria)
    assert [reason.code for reason in refused.value.reasons] == ["duplicate_partner"]
    assert approve(registration, world.maria, confirm_duplicate=True).state == "approved"


def test_an_owner_is_one_of_the_vendors_people(world):
    with pytest.raises(Refused) as refused:
        approve(make_registration(), world.maria, channel_manager=str(world.alice.pk))
    assert [reason.code for reason in refused.value.reasons] == ["not_a_channel_manager"]
    approved = approve(make_registration(), world.maria, channel_manager=str(world.nils.pk))
    assert approved.partner.channel_manager == world.nils


def test_duplicates_by_domain_name_and_tax_id_with_the_reason(world):
    other = make_registration(company_name="Northwind", website="https://northwind.example")
    make_registration("draft", company_name="Northwind", website="https://northwind.example")
    account = make_account(None, name="Other name", tax_id="DE 811 907 980")
    registration = make_registration(
        company_name="Nórthwind Systems AG", website="https://www.northwind.example", tax_id="DE811907980"
    )
    found = {
        each["id"]: (each["kind"], each["why"]) for each in registration_duplicates(registration, world.maria)
    }
    assert found == {
        str(world.northwind.pk): (
            "partner",
            [
                "Same tax id DE811907980",
                "Same domain northwind.example",
                "Same name apart from spelling and legal form",
            ],
        ),
        str(other.pk): ("registration", ["Same domain northwind.example"]),
        str(account.pk): ("account", ["Same tax id DE 811 907 980"]),
    }
    assert registration_duplicates(registration, world.erin) == []


def test_a_contact_of_another_partner_is_pointed_out(world):
    registration = make_registration(contact_email="alice@northwind.example")
    found = [(each["title"], each["why"]) for each in registration_duplicates(registration, world.maria)]
    assert found == [("Northwind Systems", ["alice@northwind.example is a contact there"])]


def test_a_question_is_mailed_and_answered(world):
    registration = make_registration("under_review", contact_email="zoe@adventure.example")
    perform(
        registration,
        "return_for_information",
        actor=Actor.of(world.maria),
        inputs={"question": "Which <b>regions?"},
    )
    message = sent_to("zoe@adventure.example")[-1]
    assert "> Which <b>regions?" in message.body
    assert "Which &lt;b&gt;regions?" in message.alternatives[0][0]
    returned = actions.find_registration(token_in(message, "/register/r/"))
    assert (returned.state, returned.request_note) == ("returned", "Which <b>regions?")
    assert returned.due_at.date() == (timezone.now() + timedelta(days=30)).date()
    answered = actions.submit(returned, answer="France and Spain")
    assert (answered.state, answered.request_answer) == ("submitted", "France and Spain")


def test_a_rejection_says_why(world):
    registration = make_registration(contact_email="zoe@adventure.example")
    rejected = perform(
        registration,
        "reject",
        actor=Actor.of(world.nils),
        inputs={"reason": "covered", "comment": "Try again in 2027."},
    )
    assert (rejected.state, rejected.reject_reason) == ("rejected", "covered")
    body = sent_to("zoe@adventure.example")[-1].body
    assert "Reason: Territory already covered." in body
    assert "> Try again in 2027." in body


def test_review_is_taken_by_whoever_begins_it(world):
    registration = perform(make_registration(), "start_review", actor=Actor.of(world.nils))
    assert registration.channel_manager == world.nils


@pytest.mark.parametrize("name", ["alice", "carol", "dana", "erin"])
def test_outsiders_know_of_no_registration(world, name):
    registration = make_registration()
    user = getattr(world, name)
    assert available(registration, Actor.of(user)) == []
    with pytest.raises(NotFound):
        approve(registration, user)


def test_a_draft_is_the_applicants_own(world):
    with pytest.raises(NotFound):
        perform(make_registration("draft"), "start_review", actor=Actor.of(world.maria))


def test_nobody_hands_in_for_the_applicant(world):
    with pytest.raises(Denied):
        perform(make_registration("returned"), "submit", actor=Actor.of(world.admin))


def test_active_once_the_required_steps_are_done(world, client):
    registration = make_registration(contact_email="zoe@adventure.example", agreement=world.agreement)
    partner = approve(registration, world.maria).partner
    with pytest.raises(Refused) as refused:
        perform(partner, "activate", actor=Actor.of(world.maria))
    assert refused.value.message == (
        "Still to do: First login, Company profile completed, Product training attended."
    )
    token = token_in(sent_to("zoe@adventure.example")[-1], "/invite/")
    zoe = accept_invitation(token, name="Zoe Zola", password="a-long-enough-one")
    client.force_login(zoe)
    invite(Actor.of(zoe), email="yan@adventure.example")
    profile = {
        "phone": "+33142685300", "street": "Rue 1", "city": "Paris", "postal_code": "75001",
    }  # fmt: skip
    update(Actor.of(zoe), registry.get("partners"), partner.pk, profile)
    training = partner.onboarding_steps.get(key="training")
    actions.complete_step(Actor.of(world.maria), training)
    assert [step.key for step in onboarding_steps(zoe, partner) if step.done_at is None] == []
    assert perform(partner, "activate", actor=Actor.of(world.maria)).state == "active"


def test_the_checklist_belongs_to_the_partner_and_its_manager(world):
    partner = make_partner("onboarding", steps_done=False)
    step = partner.onboarding_steps.get(key="training")
    with pytest.raises(NotFound):
        actions.complete_step(Actor.of(world.alice), step)
    done = actions.complete_step(Actor.of(world.nils), step)
    assert (done.done_by, done.done_at is not None) == (world.nils, True)
    assert actions.reopen_step(Actor.of(world.nils), step).done_at is None
    assert list(onboarding_steps(world.alice, partner)) == []


def test_staff_enter_a_partner_by_hand(world):
    data = {"name": "Direct AG", "tier": "gold", "partner_type": "msp"}
    partner = create(Actor.of(world.maria), registry.get("partners"), data)
    assert (partner.state, partner.channel_manager) == ("onboarding", world.maria)
    assert [step.key for step in partner.onboarding_steps.all()] == [
        "login",
        "profile",
        "training",
        "colleague",
    ]


def test_suspension_ends_access_at_once_and_reinstatement_gives_it_back(world, client, rf):
    client.force_login(world.alice)
    User.objects.filter(pk=world.bob.pk).update(is_active=False)
    invitation = invite(Actor.of(world.alice), email="new@northwind.example")
    token = token_in(sent_to("new@northwind.example")[0], "/invite/")

    suspended = perform(world.northwind, "suspend", actor=Actor.of(world.maria), inputs={"reason": "Unpaid"})
    assert (suspended.state, suspended.closed_at is not None) == ("suspended", True)
    assert Partner.objects.get(pk=suspended.pk).closed_at is not None
    assert client.get("/").status_code == 302
    assert (
        authenticate(rf.post("/account/login/"), email="alice@northwind.example", password=PASSWORD) is None
    )
    with pytest.raises(NotFound):
        accept_invitation(token, name="New", password="a-long-enough-one")
    with pytest.raises(InvalidInput):
        update(Actor.of(world.admin), registry.get("users"), world.alice.pk, {"is_active": True})
    assert User.objects.get(pk=world.dana.pk).is_active

    perform(world.northwind, "reinstate", actor=Actor.of(world.maria))
    active = dict(User.objects.filter(contact__company=world.northwind).values_list("name", "is_active"))
    # Whom a colleague had deactivated stays out.
    assert active == {"Alice Adler": True, "Bob Brandt": False}
    assert Invitation.objects.get(pk=invitation.pk).state == "pending"
    assert accept_invitation(token, name="New", password="a-long-enough-one").company_id == world.northwind.pk


def test_termination_is_for_good(world):
    perform(world.northwind, "suspend", actor=Actor.of(world.maria), inputs={"reason": "Unpaid"})
    ended = perform(
        world.northwind, "terminate", actor=Actor.of(world.maria), inputs={"reason": "Closed down"}
    )
    assert ended.state == "terminated"
    assert not User.objects.filter(contact__company=world.northwind).filter(is_active=True).exists()
    assert not User.objects.filter(contact__company=world.northwind, paused=True).exists()
    assert available(ended, Actor.of(world.maria)) != []
    assert all(not option.enabled for option in available(ended, Actor.of(world.maria)))


def test_a_partner_sees_itself_and_no_other(world):
    assert available(world.contoso, Actor.of(world.alice)) == []
    with pytest.raises(NotFound):
        update(Actor.of(world.alice), registry.get("partners"), world.contoso.pk, {"city": "X"})
    with pytest.raises(Denied):
        update(Actor.of(world.bob), registry.get("partners"), world.northwind.pk, {"city": "Bonn"})
    assert (
        update(Actor.of(world.alice), registry.get("partners"), world.northwind.pk, {"city": "Bonn"}).city
        == "Bonn"
    )
    with pytest.raises(InvalidInput) as invalid:
        update(Actor.of(world.alice), registry.get("partners"), world.northwind.pk, {"tier": "platinum"})
    assert list(invalid.value.errors) == ["tier"]
