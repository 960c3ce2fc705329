"""Converting a lead invites its contact: into a portal chosen by hand, or by the portal's own rule."""

from __future__ import annotations

from typing import Any

import pytest

from prm.access.models import Portal
from prm.catalog.models import Product
from prm.leads.models import Lead
from prm.people import seats
from prm.people.models import Invitation
from tests.browsing import LOGIN_BACKEND
from tests.factories import make_contact, make_lead, make_user
from tests.mails import sent_to
from workflows.actor import Actor
from workflows.errors import InvalidInput, Refused
from workflows.models import TransitionRecord
from workflows.perform import perform


@pytest.fixture
def auto(world: Any) -> Portal:
    """Auto policyholders: who has asked for that."""
    product = Product.objects.create(name="Auto policy", code="AUTO", series="Policies")
    rule = {"field": "product.name", "op": "is", "value": product.name}
    return Portal.objects.create(key="auto", title="Auto policyholders", seated=True, converts=rule)


def lead(world: Any, code: str = "AUTO", **fields: Any) -> Lead:
    return make_lead("qualified", world.northwind, product=Product.objects.get(code=code), **fields)


def convert(lead: Lead, user: Any, **inputs: Any) -> str:
    """Converts it; what the history says besides."""
    done = perform(lead, "convert", actor=Actor.of(user), inputs=inputs)
    assert done.state == "converted"
    return TransitionRecord.objects.get(object_id=lead.pk, transition="convert").reason


def test_the_rule_invites_whoever_converts(world: Any, auto: Portal) -> None:
    found = lead(world)
    assert "Auto policyholders" in convert(found, world.bob)
    invitation = Invitation.objects.get()
    found.refresh_from_db()
    assert (invitation.portal, invitation.contact, invitation.company_id, invitation.is_admin) == (
        auto,
        found.contact_person,
        found.account_id,
        False,
    )
    assert len(sent_to(found.email)) == 1


def test_without_a_rule_that_fits_it_is_as_ever(world: Any, auto: Portal) -> None:
    assert convert(lead(world, "RX1"), world.bob) == ""
    assert not Invitation.objects.exists()


def test_the_first_in_use_by_title(world: Any, auto: Portal) -> None:
    for key, title, more in (
        ("a", "A broken one", {"converts": {"field": "nothing", "op": "is", "value": 1}}),
        ("b", "Archived", {"converts": {"all": []}, "archived": True}),
        ("c", "Another staff", {"converts": {"all": []}, "staff": True}),
        ("d", "Zebra", {"converts": {"all": []}}),
    ):
        Portal.objects.create(key=key, title=title, **more)
    convert(lead(world), world.bob)
    convert(lead(world, "RX1"), world.bob)
    assert list(Invitation.objects.order_by("created_at").values_list("portal__key", flat=True)) == [
        "auto",
        "d",
    ]


def test_by_hand_comes_before_the_rule(world: Any, auto: Portal) -> None:
    customer = Portal.objects.get(key="customer")
    found = lead(world)
    assert found.suggested("convert") == {"portal": str(auto.pk)}
    convert(found, world.admin, portal=str(customer.pk))
    assert Invitation.objects.get().portal == customer


def test_nobody_where_that_is_said(world: Any, auto: Portal) -> None:
    assert convert(lead(world), world.bob, no_invitation=True) == ""
    assert not Invitation.objects.exists()


def test_only_who_may_invite_chooses(world: Any, auto: Portal) -> None:
    found = lead(world)
    with pytest.raises(InvalidInput) as refused:
        perform(found, "convert", actor=Actor.of(world.alice), inputs={"portal": str(auto.pk)})
    assert list(refused.value.errors) == ["portal"]
    for key in ("administrator", "employee"):
        inputs = {"portal": str(Portal.objects.get(key=key).pk)}
        with pytest.raises(Refused):
            perform(found, "convert", actor=Actor.of(world.admin), inputs=inputs)
    assert not Invitation.objects.exists()


def test_used_up_seats_stop_no_conversion(world: Any, auto: Portal) -> None:
    Portal.objects.exclude(pk=auto.pk).update(seated=False)
    seats.set_pool(Actor.of(world.admin), bought=0, free=1)
    assert "was invited" in convert(lead(world), world.bob)
    found = lead(world)
    assert "seats" in convert(found, world.bob)
    assert Invitation.objects.count() == 1
    assert not sent_to(found.email)
    assert Lead.objects.get(pk=found.pk).opportunity is not None


def test_whom_there_is_no_need_to_invite(world: Any, auto: Portal) -> None:
    assert "no email" in convert(lead(world, email=""), world.bob)
    contact = make_contact(world.fabrikam, email="known@fabrikam.example")
    user = make_user("known@fabrikam.example", "customer")
    user.contact = contact
    user.save()
    found = lead(world, email=contact.email)
    assert "login" in convert(found, world.bob, account=str(world.fabrikam.pk))
    assert not Invitation.objects.exists()


def test_the_page_offers_the_choice_to_who_has_one(world: Any, auto: Portal, client: Any) -> None:
    found = lead(world)
    path = f"/leads/{found.pk}/do/convert/"
    client.force_login(world.admin, backend=LOGIN_BACKEND)
    page = client.get(path).content.decode()
    assert f'value="{auto.pk}" selected' in page
    client.force_login(world.bob, backend=LOGIN_BACKEND)
    page = client.get(path).content.decode()
    assert "Auto policyholders" not in page
    assert 'name="portal"' not in page
