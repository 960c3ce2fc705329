from datetime import date

import pytest
from django.db import IntegrityError, transaction

from prm.access.rights import visible
from prm.modules import registry
from prm.modules.read import get_row
from prm.people.actions import deactivate, reactivate, set_admin, set_away, update_profile
from prm.people.models import User
from prm.people.queries import colleagues
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound


def test_one_mailbox_one_login_however_it_is_spelled(db):
    user = User.objects.create_user(" Joe@Example.COM ")
    assert user.email == "joe@example.com"
    assert User.objects.get_by_natural_key("JOE@example.com") == user
    assert not user.has_usable_password()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("joe@EXAMPLE.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(email="Joe@example.com")


def test_the_first_administrator(db):
    user = User.objects.create_superuser("root@vendor.example", "x")
    assert (user.portal.key, user.is_superuser, user.company_id, user.is_portal_admin) == (
        "administrator",
        True,
        None,
        False,
    )


def test_a_user_comes_with_portal_and_contact(world, django_assert_num_queries):
    with django_assert_num_queries(1):
        user = User.objects.get(pk=world.alice.pk)
        assert (user.portal.key, user.company_id, user.is_portal_admin) == (
            "partner",
            world.northwind.pk,
            True,
        )


def test_an_admin_deactivates_colleagues_and_no_others(world):
    assert deactivate(Actor.of(world.alice), world.bob).is_active is False
    assert reactivate(Actor.of(world.alice), world.bob).is_active is True
    with pytest.raises(NotFound):
        deactivate(Actor.of(world.alice), world.carol)
    with pytest.raises((Denied, InvalidInput)):
        deactivate(Actor.of(world.bob), world.alice)
    with pytest.raises((Denied, InvalidInput)):
        deactivate(Actor.of(world.alice), world.maria)
    assert deactivate(Actor.of(world.maria), world.bob).is_active is False


def test_the_last_admin_stays(world):
    with pytest.raises(InvalidInput):
        deactivate(Actor.of(world.alice), world.alice)
    with pytest.raises(InvalidInput):
        set_admin(Actor.of(world.alice), world.alice, False)
    set_admin(Actor.of(world.alice), world.bob, True)
    assert set_admin(Actor.of(world.alice), world.alice, False).is_admin is False
    # And with the flag goes the right.
    with pytest.raises((Denied, InvalidInput)):
        set_admin(Actor.of(User.objects.get(pk=world.alice.pk)), world.bob, False)


def test_the_last_administrator_stays(world):
    with pytest.raises(InvalidInput):
        deactivate(Actor.of(world.admin), world.admin)
    User.objects.create_superuser("root@vendor.example", "x")
    assert deactivate(Actor.of(world.admin), world.admin).is_active is False


def test_an_admin_flag_is_given_within_the_company(world):
    for actor, user in ((world.bob, world.bob), (world.alice, world.carol), (world.alice, world.dana)):
        with pytest.raises((Denied, NotFound, InvalidInput)):
            set_admin(Actor.of(actor), user, True)


def test_the_own_profile_reaches_the_contact(world):
    user = update_profile(world.bob, name="Robert Brandt", language="en", timezone="Europe/Berlin")
    assert (user.name, user.timezone, user.contact.name) == (
        "Robert Brandt",
        "Europe/Berlin",
        "Robert Brandt",
    )


def test_a_cover_stands_in_while_away(world):
    maria = set_away(world.maria, cover=world.nils, away_from=date(2026, 8, 1), away_until=date(2026, 8, 14))
    days = (date(2026, 7, 31), date(2026, 8, 1), date(2026, 8, 14), date(2026, 8, 15))
    assert [maria.away_on(day) for day in days] == [False, True, True, False]
    assert maria.cover == world.nils
    for cover, field in ((world.maria, "cover"), (world.alice, "cover")):
        with pytest.raises(InvalidInput) as invalid:
            set_away(world.maria, cover=cover, away_from=None, away_until=None)
        assert list(invalid.value.errors) == [field]
    with pytest.raises(InvalidInput) as invalid:
        set_away(world.maria, cover=None, away_from=date(2026, 8, 2), away_until=date(2026, 8, 1))
    assert list(invalid.value.errors) == ["away_until"]


def test_who_sees_which_users(world):
    users = registry.get("users")
    seen = {
        name: sorted(visible(getattr(world, name), users).values_list("name", flat=True))
        for name in ("alice", "carol", "dana", "erin")
    }
    assert seen == {
        "alice": ["Alice Adler", "Bob Brandt", "Maria Marin", "Nils Nyman"],
        "carol": ["Carol Cohen", "Maria Marin", "Nils Nyman"],
        "dana": ["Dana Diaz"],
        "erin": ["Ada Admin", "Erin Ek", "Maria Marin", "Nils Nyman"],
    }
    assert visible(world.maria, users).count() == 8
    maria = get_row(world.alice, users, world.maria.pk)
    assert {
        name: value for name, value in maria.items() if value is not None and name not in ("id", "version")
    } == {"name": "Maria Marin"}


def test_colleagues_are_those_of_the_own_company(world):
    assert list(colleagues(world.alice)) == [world.alice, world.bob]
    assert list(colleagues(world.dana)) == [world.dana]
    assert list(colleagues(world.maria)) == []
