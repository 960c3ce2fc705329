"""Somebody stays administrator, and admin of a company, though all are taken away at one moment: each by the
other, in any way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connections

from prm.access.models import Portal
from prm.people import moving, rules
from prm.people.actions import deactivate, set_admin
from prm.people.models import User
from prm.privacy import erase as erasing
from prm.privacy.person import of_user
from tests.factories import make_user
from workflows.actor import Actor
from workflows.errors import WorkflowError

#: How long the first who has counted waits for a second who counts; whoever is locked out does not come.
WAIT = 1.0


def move(actor: Actor, user: User) -> None:
    for one in moving.move(actor, [user.pk], Portal.objects.get(key="employee")):
        if one.error:
            raise one.error


def erase(actor: Actor, user: User) -> None:
    erasing.erase(actor, of_user(user))


def demote(actor: Actor, user: User) -> None:
    set_admin(actor, user, False)


def waits(monkeypatch: Any, name: str, *modules: Any) -> None:
    """Between counting with `rules.<name>` and writing, everybody waits for the other."""
    real, met = getattr(rules, name), Barrier(2)

    def counted(*args: Any) -> Any:
        found = real(*args)
        # A query is not asked again after the waiting.
        bool(found)
        with suppress(BrokenBarrierError):
            met.wait(WAIT)
        return found

    for module in modules:
        monkeypatch.setattr(module, name, counted)


def run(act: Any) -> bool:
    try:
        act()
    except WorkflowError:
        return False
    finally:
        connections.close_all()
    return True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("one", "other"), [(deactivate, deactivate), (deactivate, move), (move, move), (erase, deactivate)]
)
def test_of_two_who_take_each_other_away_one_stays(
    world: Any, monkeypatch: Any, one: Any, other: Any
) -> None:
    waits(monkeypatch, "is_last_administrator", rules, moving, erasing)
    second = make_user("second@vendor.example", "administrator")
    acts = [partial(one, Actor.of(world.admin), second), partial(other, Actor.of(second), world.admin)]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, acts)) == [False, True]
    assert User.objects.filter(portal__key="administrator", is_active=True).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("one", "other"), [(deactivate, deactivate), (demote, demote), (demote, deactivate), (erase, demote)]
)
def test_of_two_admins_of_a_company_who_take_each_other_away_one_stays(
    world: Any, monkeypatch: Any, one: Any, other: Any
) -> None:
    waits(monkeypatch, "other_admins", rules, erasing)
    second = make_user("second@northwind.example", "partner", world.northwind, is_admin=True)
    # Only the vendor erases.
    by = Actor.of(world.admin if one is erase else world.alice)
    acts = [partial(one, by, second), partial(other, Actor.of(second), world.alice)]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, acts)) == [False, True]
    left = User.objects.filter(contact__company_id=world.northwind.pk, contact__is_admin=True, is_active=True)
    assert left.count() == 1
