from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.utils import timezone

from prm.access.models import Portal
from prm.modules import registry
from prm.modules.actions import create
from prm.people.actions import (
    accept_invitation,
    find_invitation,
    invite,
    resend_invitation,
    revoke_invitation,
)
from prm.people.models import Contact, Invitation, User
from prm.people.queries import open_invitations
from tests.factories import make_invitation
from tests.mails import sent_to, token_in
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound
from workflows.jobs import run_due
from workflows.models import TransitionRecord

LONG = "a-long-enough-one"
EMAIL = "yan@northwind.example"


def invited(inviter, email=EMAIL, **fields):
    invitation = invite(Actor.of(inviter), email=email, **fields)
    return invitation, token_in(sent_to(email)[-1], "/invite/")


def test_a_colleague_gets_company_and_portal_of_the_inviter(world, rf):
    invitation, token = invited(world.alice, name="Yan")
    assert (invitation.company_id, invitation.portal.key) == (world.northwind.pk, "partner")
    assert invitation.invited_by == world.alice
    assert token not in str(Invitation.objects.filter(pk=invitation.pk).values().get())
    user = accept_invitation(token, name="Yan Yu", password=LONG)
    assert (user.company_id, user.portal, user.is_portal_admin) == (
        world.northwind.pk,
        world.alice.portal,
        False,
    )
    assert user.contact.name == "Yan Yu"
    assert authenticate(rf.post("/"), email=EMAIL, password=LONG) == user
    steps = TransitionRecord.objects.filter(object_id=invitation.pk).order_by("version", "id")
    assert [(step.transition, step.to_state, step.party_id) for step in steps] == [
        ("create", "pending", world.northwind.pk),
        ("accept", "accepted", world.northwind.pk),
    ]
    assert LONG not in str(list(steps.values()))


def test_the_body_names_neither_company_nor_portal(world):
    for name, value in {"company": world.contoso.pk, "portal": world.admin.portal.pk}.items():
        with pytest.raises(InvalidInput) as invalid:
            create(Actor.of(world.alice), registry.get("invitations"), {"email": EMAIL, name: str(value)})
        assert list(invalid.value.errors) == [name]
    assert Invitation.objects.count() == 0


def test_only_admins_of_a_company_invite(world):
    for user in (world.bob, world.dana, world.erin):
        with pytest.raises((Denied, NotFound)):
            invite(Actor.of(user), email=EMAIL)
    assert sent_to(EMAIL) == []


def test_staff_invite_for_partners_but_not_above_themselves(world):
    partner, administrator = Portal.objects.get(key="partner"), Portal.objects.get(key="administrator")
    invitation = invite(Actor.of(world.maria), email=EMAIL, company=world.contoso, portal=partner)
    assert invitation.company_id == world.contoso.pk
    with pytest.raises((Denied, InvalidInput)):
        invite(Actor.of(world.maria), email=EMAIL, portal=administrator)
    with pytest.raises(InvalidInput) as invalid:
        invite(Actor.of(world.maria), email=EMAIL, portal=partner)
    assert list(invalid.value.errors) == ["company"]
    assert invite(Actor.of(world.admin), email=EMAIL, portal=administrator).portal == administrator


def test_one_of_the_vendors_people_belongs_to_no_company(world):
    """Its admins could end their access, and its suspension that of the last administrator."""
    for key in ("administrator", "employee"):
        portal = Portal.objects.get(key=key)
        with pytest.raises(InvalidInput) as invalid:
            invite(Actor.of(world.admin), email=EMAIL, company=world.contoso, portal=portal)
        assert list(invalid.value.errors) == ["portal"]
    assert sent_to(EMAIL) == []


def test_a_link_works_once_and_is_answered_alike_ever_after(world):
    _invitation, token = invited(world.alice)
    accept_invitation(token, name="Yan", password=LONG)
    for wrong in (token, "guess", ""):
        assert find_invitation(wrong) is None
        with pytest.raises(NotFound) as refused:
            accept_invitation(wrong, name="Yan", password=LONG)
        assert refused.value.message == "There is no such record."
    assert User.objects.filter(email=EMAIL).count() == 1


def test_looking_does_not_use_it_up(world):
    invitation, token = invited(world.alice)
    assert find_invitation(token) == invitation
    assert find_invitation(token) == invitation


def test_an_expired_link_is_dead_before_and_after_the_sweep(world):
    invitation, token = invited(world.alice)
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert find_invitation(token) is None
        run_due()
    invitation.refresh_from_db()
    assert invitation.state == "expired"


def test_sent_again_with_another_token_and_a_new_term(world):
    invitation, before = invited(world.alice)
    with time_machine.travel(timezone.now() + timedelta(days=5), tick=False):
        again = resend_invitation(Actor.of(world.alice), invitation)
        after = token_in(sent_to(EMAIL)[-1], "/invite/")
        assert again.due_at == again.expires_at == timezone.now() + timedelta(days=7)
        assert find_invitation(before) is None
        assert find_invitation(after) == invitation


def test_revoked_by_whoever_may(world):
    invitation, token = invited(world.alice)
    with pytest.raises(NotFound):
        revoke_invitation(Actor.of(world.carol), invitation)
    with pytest.raises(NotFound):
        revoke_invitation(Actor.of(world.bob), invitation)
    revoke_invitation(Actor.of(world.alice), invitation)
    assert find_invitation(token) is None


@pytest.mark.parametrize(
    ("name", "password", "fields"),
    [("", LONG, ["name"]), ("Yan", "short", ["password"]), ("", "", ["name", "password"])],
)
def test_what_the_invited_person_must_give(world, name, password, fields):
    invitation, token = invited(world.alice)
    with pytest.raises(InvalidInput) as invalid:
        accept_invitation(token, name=name, password=password)
    assert list(invalid.value.errors) == fields
    assert find_invitation(token) == invitation


def test_a_known_address_is_not_told_to_the_inviter_and_keeps_its_login(world, rf):
    invitation, token = invited(world.alice, email="carol@contoso.example")
    assert invitation.state == "pending"
    with pytest.raises(InvalidInput) as invalid:
        accept_invitation(token, name="Carol", password=LONG)
    assert list(invalid.value.errors) == [""]
    carol = User.objects.get(email="carol@contoso.example")
    assert carol.company_id == world.contoso.pk
    assert authenticate(rf.post("/"), email=carol.email, password=LONG) is None
    assert find_invitation(token) == invitation


def test_a_colleague_who_left_comes_back_by_invitation(world):
    User.objects.filter(pk=world.bob.pk).update(is_active=False)
    _invitation, token = invited(world.alice, email=world.bob.email)
    user = accept_invitation(token, name="Bob Brandt", password=LONG)
    assert (user.pk, user.is_active, user.contact) == (world.bob.pk, True, world.bob.contact)


def test_a_contact_of_that_address_becomes_the_login(world):
    contact = Contact.objects.create(
        company_id=world.northwind.pk, name="Y", email=EMAIL.upper(), job_title="Sales"
    )
    _invitation, token = invited(world.alice, is_admin=True)
    user = accept_invitation(token, name="Yan Yu", password=LONG)
    contact.refresh_from_db()
    assert (user.contact, contact.name, contact.is_admin, contact.job_title) == (
        contact,
        "Yan Yu",
        True,
        "Sales",
    )


def test_open_invitations_are_those_of_the_own_company(world):
    ours, _token = invited(world.alice)
    theirs = make_invitation(company=world.contoso)
    make_invitation("revoked", company=world.northwind)
    internal = make_invitation(portal=world.erin.portal)
    assert list(open_invitations(world.alice)) == [ours]
    assert list(open_invitations(world.bob)) == []
    assert set(open_invitations(world.maria)) == {ours, theirs}
    assert set(open_invitations(world.admin)) == {ours, theirs, internal}


def test_a_link_into_a_portal_that_was_archived_waits_until_it_is_back(world):
    _invitation, token = invited(world.alice)
    Portal.objects.filter(key="partner").update(archived=True)
    assert find_invitation(token) is None
    with pytest.raises(NotFound):
        accept_invitation(token, name="Yan Yu", password=LONG)
    Portal.objects.filter(key="partner").update(archived=False)
    assert accept_invitation(token, name="Yan Yu", password=LONG).is_active
