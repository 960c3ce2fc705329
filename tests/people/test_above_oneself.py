"""What an Admin of a company may do with colleagues, and that it is never more than they have themselves."""

from __future__ import annotations

from typing import Any

import pytest

from prm.access.models import Portal
from prm.modules import registry
from prm.modules.actions import update
from prm.people.actions import (
    deactivate,
    invite,
    invite_contact,
    reactivate,
    resend_invitation,
    set_admin,
    update_profile,
)
from prm.people.models import Contact, Invitation, User
from tests.factories import make_contact, make_invitation
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, Refused


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


@pytest.fixture
def higher(world: Any) -> Portal:
    """Bob has been put into a portal of which his colleague Alice knows nothing."""
    portal = Portal.objects.create(key="gold", title="Gold partners")
    User.objects.filter(pk=world.bob.pk).update(portal=portal)
    return portal


def test_colleagues_are_invited_edited_and_deactivated(world: Any) -> None:
    alice = Actor.of(world.alice)
    assert invite(alice, email="new@northwind.example").portal == world.alice.portal
    card = update(alice, registry.get("contacts"), world.bob.contact_id, {"job_title": "Sales", "name": "B."})
    assert (card.job_title, fresh(world.bob).name) == ("Sales", "B.")
    assert deactivate(alice, world.bob).is_active is False


def test_others_are_not(world: Any) -> None:
    alice, contacts = Actor.of(world.alice), registry.get("contacts")
    for act in (
        lambda: update(alice, contacts, world.carol.contact_id, {"job_title": "X"}),
        lambda: deactivate(alice, world.carol),
        lambda: invite_contact(alice, make_contact(world.contoso)),
        lambda: invite_contact(alice, make_contact(world.fabrikam)),
        lambda: deactivate(alice, world.dana),
    ):
        with pytest.raises((NotFound, Denied)):
            act()
    # And neither is a portal theirs to give.
    for values in ({"portal": str(world.admin.portal_id)}, {"contact": None}, {"email": "x@y.example"}):
        with pytest.raises(InvalidInput):
            update(alice, registry.get("users"), world.bob.pk, values)


def test_nobody_is_let_into_another_portal(world: Any, higher: Portal) -> None:
    alice = Actor.of(world.alice)
    with pytest.raises(Denied):
        set_admin(alice, fresh(world.bob), True)
    deactivate(alice, fresh(world.bob))
    with pytest.raises(Denied):
        reactivate(alice, fresh(world.bob))
    assert not fresh(world.bob).is_active
    assert reactivate(Actor.of(world.maria), fresh(world.bob)).is_active


def test_an_invitation_into_another_portal_is_the_vendors_to_renew(world: Any, higher: Portal) -> None:
    invitation = make_invitation(company=world.northwind, portal=higher)
    with pytest.raises(Refused):
        resend_invitation(Actor.of(world.alice), invitation)
    assert resend_invitation(Actor.of(world.maria), invitation).state == "pending"


def test_nobody_is_invited_into_an_archived_portal(world: Any) -> None:
    Portal.objects.filter(key="partner").update(archived=True)
    partner = Portal.objects.get(key="partner")
    with pytest.raises(InvalidInput) as refused:
        invite(Actor.of(world.maria), email="new@contoso.example", company=world.contoso, portal=partner)
    assert list(refused.value.errors) == ["portal"]
    with pytest.raises(Refused):
        resend_invitation(Actor.of(world.maria), make_invitation(company=world.contoso, portal=partner))


def test_a_card_is_invited_once(world: Any) -> None:
    contact = make_contact(world.northwind, name="Yan Yu", email="yan@northwind.example", is_admin=True)
    twin = make_contact(world.northwind, name="Same mailbox", email="yan@northwind.example")
    invitation = invite_contact(Actor.of(world.alice), twin)
    assert (invitation.contact, invitation.is_admin) == (twin, False)
    assert invite_contact(Actor.of(world.alice), contact).is_admin
    for wrong in (world.bob.contact, make_contact(world.northwind, email="")):
        with pytest.raises(InvalidInput):
            invite_contact(Actor.of(world.alice), wrong)
    assert Invitation.objects.count() == 2


def test_the_own_profile_is_the_own_card(world: Any) -> None:
    update_profile(
        world.bob, name="Robert", language="de", timezone="", phone="+4930123456", job_title="Sales"
    )
    card = Contact.objects.get(pk=world.bob.contact_id)
    assert (card.name, card.phone, card.job_title) == ("Robert", "+4930123456", "Sales")
    with pytest.raises(InvalidInput) as wrong:
        update_profile(world.bob, name="Bob", language="de", timezone="", phone="no number")
    assert list(wrong.value.errors) == ["phone"]
    assert fresh(world.bob).name == "Robert"


def test_through_any_door_the_two_are_called_alike(world: Any) -> None:
    update(Actor.of(world.bob), registry.get("users"), world.bob.pk, {"name": "Bobby"})
    assert Contact.objects.get(pk=world.bob.contact_id).name == "Bobby"
    update(Actor.of(world.bob), registry.get("contacts"), world.bob.contact_id, {"name": "Robert"})
    assert fresh(world.bob).name == "Robert"
