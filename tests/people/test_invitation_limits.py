"""Invitations are mails that come from the vendor: their number and their words have limits."""

from __future__ import annotations

import pytest

from prm.people import actions
from prm.people.models import Invitation
from tests.cast import World
from workflows.actor import Actor
from workflows.errors import InvalidInput


def invite(world: World, number: int, name: str = "") -> Invitation:
    return actions.invite(Actor.of(world.alice), email=f"new{number}@northwind.example", name=name)


def test_a_company_invites_only_so_many_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "INVITATIONS_A_DAY", 3)
    for number in range(3):
        invite(world, number)
    with pytest.raises(InvalidInput) as refused:
        invite(world, 4)
    assert "email" in refused.value.errors
    # The vendor's people, and another company, are not held up by it.
    actions.invite(Actor.of(world.carol), email="new@contoso.example")


@pytest.mark.parametrize("name", ["CLICK https://evil.example now", "www.evil.example"])
def test_a_name_leads_nowhere(world: World, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        invite(world, 1, name=name)
    assert "name" in refused.value.errors
