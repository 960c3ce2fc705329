"""Seats: what uses one, what gives one back, and what becomes of whoever comes too late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from prm.access.models import Portal
from prm.people import actions, seats
from prm.people.models import Invitation, User
from tests.factories import make_user
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput
from workflows.jobs import run_due
from workflows.perform import perform

LONG = "a-long-enough-one"


@pytest.fixture
def seated(world: Any) -> Any:
    """Only the portal of partners has seats: Alice, Bob and Carol hold three."""
    Portal.objects.exclude(key="partner").update(seated=False)
    return world


def limit(world: Any, number: int | None, free: int = 0) -> None:
    seats.set_pool(Actor.of(world.admin), bought=number, free=free)


def ask(world: Any, name: str = "yan") -> Invitation:
    return actions.invite(Actor.of(world.alice), email=f"{name}@northwind.example")


def test_as_many_as_are_needed_until_somebody_sets_a_number(seated: Any) -> None:
    for number in range(5):
        ask(seated, f"new{number}")
    assert (seats.use().used, seats.use().limit, seats.use().left) == (8, None, None)


def test_used_are_active_users_and_invitations_that_can_be_taken(seated: Any) -> None:
    ask(seated)
    found = seats.use()
    assert [(one.portal.key, one.users, one.invited) for one in found.portals] == [("partner", 3, 1)]
    User.objects.filter(pk=seated.bob.pk).update(is_active=False)
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        # Expired, though nobody has swept yet.
        assert seats.used() == 2


def test_none_is_given_that_is_not_there(seated: Any) -> None:
    limit(seated, 2, free=2)
    taken = ask(seated)
    with pytest.raises(seats.NoSeats) as refused:
        ask(seated, "zoe")
    assert list(refused.value.errors) == ["email"]
    assert not Invitation.objects.filter(email="zoe@northwind.example").exists()
    # Accepted, the place stays the same one.
    user = actions.accept_invitation(taken.fresh_token, name="Yan", password=LONG)
    assert (user.is_active, seats.used()) == (True, 4)


def test_a_known_address_is_refused_like_an_unknown_one(seated: Any) -> None:
    limit(seated, 3)
    said = []
    for email in (seated.carol.email, "nobody@northwind.example"):
        with pytest.raises(seats.NoSeats) as refused:
            actions.invite(Actor.of(seated.alice), email=email)
        said.append(refused.value.errors)
    assert said[0] == said[1]


def test_each_way_back_gives_one_free(seated: Any) -> None:
    limit(seated, 4)
    first = ask(seated)
    actions.revoke_invitation(Actor.of(seated.alice), first)
    second = ask(seated, "zoe")
    actions.deactivate(Actor.of(seated.alice), seated.bob)
    ask(seated, "yves")
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        run_due()
        assert seats.used() == 2
        actions.reactivate(Actor.of(seated.alice), User.objects.get(pk=seated.bob.pk))
        again = actions.resend_invitation(Actor.of(seated.alice), second)
        assert (again.state, seats.used()) == ("pending", 4)
        with pytest.raises(seats.NoSeats):
            ask(seated, "one-too-many")


def test_who_is_let_in_again_needs_one(seated: Any) -> None:
    actions.deactivate(Actor.of(seated.alice), seated.bob)
    limit(seated, 2)
    with pytest.raises(seats.NoSeats) as refused:
        actions.reactivate(Actor.of(seated.alice), User.objects.get(pk=seated.bob.pk))
    assert list(refused.value.errors) == ["is_active"]
    assert not User.objects.get(pk=seated.bob.pk).is_active


def test_an_invitation_that_expired_needs_a_new_one(seated: Any) -> None:
    limit(seated, 4)
    invitation = ask(seated)
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        run_due()
        ask(seated, "zoe")
        with pytest.raises(seats.NoSeats):
            actions.resend_invitation(Actor.of(seated.alice), invitation)


def test_sending_again_keeps_the_seat_even_where_there_are_too_few(seated: Any) -> None:
    invitation = ask(seated)
    limit(seated, 1)
    assert actions.resend_invitation(Actor.of(seated.alice), invitation).state == "pending"
    # Promised is promised.
    fresh = actions.resend_invitation(Actor.of(seated.alice), invitation).fresh_token
    assert actions.accept_invitation(fresh, name="Yan", password=LONG).is_active


def test_a_company_comes_back_whole_or_not_at_all(seated: Any) -> None:
    suspend = {"reason": "Unpaid"}
    partner = perform(seated.northwind, "suspend", actor=Actor.of(seated.admin), inputs=suspend)
    limit(seated, 2)
    with pytest.raises(InvalidInput):
        perform(partner, "reinstate", actor=Actor.of(seated.admin))
    assert not User.objects.filter(contact__company_id=partner.pk, is_active=True).exists()
    limit(seated, 3)
    perform(partner, "reinstate", actor=Actor.of(seated.admin))
    assert seats.used() == 3


def test_portals_without_seats_are_not_counted(seated: Any) -> None:
    limit(seated, 0)
    partner = Portal.objects.get(key="customer")
    actions.invite(
        Actor.of(seated.maria), email="c@fabrikam.example", company=seated.fabrikam, portal=partner
    )
    make_user("new@vendor.example", "employee")
    seated.bob.refresh_from_db()
    seated.bob.name = "Robert"
    seated.bob.save()


def test_only_administrators_set_the_number(seated: Any) -> None:
    for user in (seated.maria, seated.alice):
        with pytest.raises(Denied):
            seats.set_pool(Actor.of(user), bought=1, free=0)
    with pytest.raises(InvalidInput) as wrong:
        seats.set_pool(Actor.of(seated.admin), bought=-1, free=2_000_000)
    assert sorted(wrong.value.errors) == ["bought", "free"]


AT_ONCE = 8


def together(*acts: Any) -> list[bool]:
    """Runs them all from one moment on; whether each was done."""
    start = Barrier(len(acts))

    def run(act: Any) -> bool:
        start.wait()
        try:
            act()
        except InvalidInput:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_nobody_gets_the_last_seat_twice(seated: Any) -> None:
    """Invited, sent again, let in again and accepted, all at once: never more than there are."""
    alice = Actor.of(seated.alice)
    gone = [make_user(f"gone{n}@northwind.example", "partner", seated.northwind) for n in range(2)]
    for one in gone:
        actions.deactivate(alice, one)
    taken = ask(seated, "taken")
    limit(seated, 6)
    answers = together(
        *(partial(ask, seated, f"new{number}") for number in range(AT_ONCE - 3)),
        *(partial(actions.reactivate, alice, one) for one in gone),
        partial(actions.accept_invitation, taken.fresh_token, name="Taken", password=LONG),
    )
    assert answers[-1]
    assert sum(answers[:-1]) == 2
    assert seats.used() == 6
