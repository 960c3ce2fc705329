"""Somebody stays administrator, though all are taken away at one moment: each by the other, in any way."""

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
from prm.people.actions import deactivate
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


@pytest.fixture
def slowly(monkeypatch: Any) -> None:
    """Between counting and writing, everybody waits for the other."""
    real, met = rules.is_last_administrator, Barrier(2)

    def counted(user: User) -> bool:
        found = real(user)
        with suppress(BrokenBarrierError):
            met.wait(WAIT)
        return found

    for module in (rules, moving, erasing):
        monkeypatch.setattr(module, "is_last_administrator", counted)


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
@pytest.mark.usefixtures("slowly")
def test_of_two_who_take_each_other_away_one_stays(world: Any, one: Any, other: Any) -> None:
    second = make_user("second@vendor.example", "administrator")
    acts = [partial(one, Actor.of(world.admin), second), partial(other, Actor.of(second), world.admin)]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, acts)) == [False, True]
    assert User.objects.filter(portal__key="administrator", is_active=True).count() == 1
