"""Users who are moved from one portal to another, by whom, and whom not."""

from __future__ import annotations

from typing import Any

import pytest

from prm.access.models import Grant, Portal, Scope
from prm.access.policy import touch
from prm.access.rights import visible
from prm.modules import registry
from prm.people import seats
from prm.people.actions import invite
from prm.people.models import Invitation, PortalStay, User
from prm.people.moving import move, portals_to_move_to
from tests.factories import make_user
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput
from workflows.models import TransitionRecord


@pytest.fixture
def students(world: Any) -> Portal:
    """A portal outside that shows nothing but one's own company."""
    portal = Portal.objects.create(key="students", title="Students")
    grant = Grant.objects.create(portal=portal, module="companies", views=["list"])
    Scope.objects.create(
        grant=grant,
        position=0,
        name="own company",
        where={"field": "id", "op": "is", "value": "$user.company"},
        actions=["view"],
        fields={"*": "read"},
    )
    return portal


def portal(key: str) -> Portal:
    return Portal.objects.get(key=key)


def said(answers: Any) -> list[str]:
    return ["ok" if one.ok else one.error.code for one in answers]


def test_what_they_may_do_is_what_the_new_portal_grants(world: Any, students: Portal) -> None:
    answers = move(Actor.of(world.admin), [world.bob.pk, world.carol.pk], students)
    assert said(answers) == ["ok", "ok"]
    bob = User.objects.get(pk=world.bob.pk)
    assert bob.portal == students
    assert not visible(bob, registry.get("leads")).exists()
    assert [one.pk for one in visible(bob, registry.get("companies"))] == [world.northwind.pk]
    line = TransitionRecord.objects.get(object_id=bob.pk, transition="update")
    assert (line.inputs, line.actor_name) == ({"changed": ["portal"]}, "Ada Admin")
    assert PortalStay.objects.filter(user=bob).count() == 2


@pytest.mark.parametrize("key", ["partner", "customer"])
def test_an_administrator_holds_what_the_built_in_portals_grant(world: Any, key: str) -> None:
    make_user("second@vendor.example", "administrator")
    inside, outside = ("maria", "erin"), ("dana" if key == "partner" else "bob",)
    for name in outside:
        assert said(move(Actor.of(world.admin), [getattr(world, name).pk], portal(key))) == ["ok"]
    for name in inside:
        assert said(move(Actor.of(world.admin), [getattr(world, name).pk], portal(key))) == ["invalid"]
    assert said(move(Actor.of(world.admin), [world.erin.pk], portal("channel_manager"))) == ["ok"]


def test_each_is_answered_for_itself(world: Any, students: Portal) -> None:
    ids = [world.bob.pk, world.erin.pk, "00000000-0000-0000-0000-000000000009", "nonsense", world.bob.pk]
    assert said(move(Actor.of(world.admin), ids, students)) == ["ok", "invalid", "not_found", "not_found"]
    again = move(Actor.of(world.admin), [world.bob.pk], students)
    assert (said(again), again[0].changed) == (["ok"], False)


def test_outsiders_stay_outside(world: Any) -> None:
    answer = move(Actor.of(world.admin), [world.bob.pk], portal("employee"))
    assert list(answer[0].error.errors) == ["portal"]
    assert User.objects.get(pk=world.bob.pk).portal.key == "partner"


def test_only_who_manages_portals_moves(world: Any, students: Portal) -> None:
    for user in (world.maria, world.alice, world.erin):
        assert not portals_to_move_to(user).exists()
        with pytest.raises(Denied):
            move(Actor.of(user), [world.bob.pk], students)


@pytest.fixture
def mover(world: Any) -> User:
    """One of the vendor's people who manages portals and users, and little else."""
    clerk = Portal.objects.create(key="clerk", title="Clerk", staff=True)
    for module, actions in (("portals", ["view", "edit"]), ("users", ["view"]), ("companies", ["view"])):
        grant = Grant.objects.create(portal=clerk, module=module, views=["list"])
        Scope.objects.create(
            grant=grant, position=0, name="all", actions=actions, fields={"*": "write"}, where=None
        )
    return make_user("clerk@vendor.example", "clerk")


def test_nobody_moves_into_or_out_of_more_than_they_hold(world: Any, students: Portal, mover: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        move(Actor.of(mover), [world.dana.pk], portal("partner"))
    assert list(refused.value.errors) == ["portal"]
    # Bob may do what the clerk may not: he is not the clerk's to put elsewhere.
    assert said(move(Actor.of(mover), [world.bob.pk], students)) == ["denied"]
    lower = Portal.objects.create(key="alumni", title="Alumni")
    move(Actor.of(world.admin), [world.bob.pk], students)
    assert said(move(Actor.of(mover), [world.bob.pk], lower)) == ["ok"]


def test_neither_oneself_nor_the_last_administrator(world: Any) -> None:
    assert said(move(Actor.of(world.admin), [world.admin.pk], portal("employee"))) == ["invalid"]
    # Somebody who holds as much, from another portal.
    twin = Portal.objects.create(key="twin", title="Twin", staff=True)
    for grant in Grant.objects.filter(portal__key="administrator"):
        scopes = list(grant.scopes.all())
        grant.pk, grant.portal = None, twin
        grant.save()
        for scope in scopes:
            scope.pk, scope.grant = None, grant
            scope.save()
    other = make_user("other@vendor.example", "twin")
    assert said(move(Actor.of(other), [world.admin.pk], portal("employee"))) == ["invalid"]
    second = make_user("second@vendor.example", "administrator")
    assert said(move(Actor.of(other), [second.pk], portal("employee"))) == ["ok"]


def test_an_archived_portal_takes_nobody(world: Any, students: Portal) -> None:
    Portal.objects.filter(pk=students.pk).update(archived=True)
    touch(students)
    students.refresh_from_db()
    assert students not in portals_to_move_to(world.admin)
    with pytest.raises(InvalidInput):
        move(Actor.of(world.admin), [world.bob.pk], students)


def test_a_portal_with_seats_needs_one(world: Any, students: Portal) -> None:
    Portal.objects.exclude(pk=students.pk).update(seated=False)
    Portal.objects.filter(pk=students.pk).update(seated=True)
    students.refresh_from_db()
    seats.set_pool(Actor.of(world.admin), bought=1, free=0)
    answers = move(Actor.of(world.admin), [world.bob.pk, world.carol.pk], students)
    assert said(answers) == ["ok", "invalid"]
    assert list(answers[1].error.errors) == ["portal"]
    assert User.objects.get(pk=world.carol.pk).portal.key == "partner"
    assert seats.used() == 1


def test_what_was_sent_into_the_former_portal_ends(world: Any, students: Portal) -> None:
    sent = invite(Actor.of(world.alice), email="back@northwind.example")
    others = invite(Actor.of(world.carol), email="new@contoso.example")
    move(Actor.of(world.admin), [world.alice.pk], students)
    assert Invitation.objects.get(pk=sent.pk).state == "revoked"
    assert Invitation.objects.get(pk=others.pk).state == "pending"
