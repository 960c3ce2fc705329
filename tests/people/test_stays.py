"""Which portal a user had when: kept up with every way in which it changes."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from prm.access.models import Portal
from prm.people.actions import accept_invitation, invite
from prm.people.models import PortalStay, User
from tests.factories import make_user
from workflows.actor import Actor
from workflows.perform import insert_many, unit_of_work


def stays(user: User) -> list[tuple[str, bool]]:
    """Portal and whether it has ended, oldest first."""
    rows = PortalStay.objects.filter(user=user).select_related("portal").order_by("since", "pk")
    return [(one.portal.key, one.until is not None) for one in rows]


def test_it_begins_with_the_login(world: Any) -> None:
    assert stays(world.bob) == [("partner", False)]
    invite(Actor.of(world.alice), email="yan@northwind.example")
    fresh = invite(Actor.of(world.alice), email="yan@northwind.example").fresh_token
    yan = accept_invitation(fresh, name="Yan", password="a-long-enough-one")
    assert stays(yan) == [("partner", False)]


def test_it_ends_where_the_next_begins(world: Any) -> None:
    user = User.objects.get(pk=world.bob.pk)
    customer = Portal.objects.get(key="customer")
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        user.portal = customer
        user.save(update_fields=["portal"])
        before, after = PortalStay.objects.filter(user=user).order_by("since")
        assert before.until == after.since == timezone.now()
    assert stays(user) == [("partner", True), ("customer", False)]


def test_other_changes_are_none(world: Any) -> None:
    user = User.objects.get(pk=world.bob.pk)
    user.name = "Robert"
    user.save()
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert stays(user) == [("partner", False)]


def test_without_a_portal_there_is_no_stay(world: Any) -> None:
    user = User.objects.get(pk=world.bob.pk)
    user.portal = None
    user.save()
    assert stays(user) == [("partner", True)]
    user.portal = Portal.objects.get(key="partner")
    user.save()
    assert stays(user) == [("partner", True), ("partner", False)]


def test_users_of_a_file_have_theirs(world: Any) -> None:
    made = [User(email=f"{name}@vendor.example", portal=world.erin.portal) for name in ("ann", "ben")]
    with unit_of_work():
        insert_many(made, Actor.importer())
    assert [stays(one) for one in made] == [[("employee", False)]] * 2


def test_a_user_has_one_present_portal(world: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PortalStay.objects.create(user=world.bob, portal=world.dana.portal, since=timezone.now())


def test_those_who_were_there_before_get_theirs_by_the_migration(db: None) -> None:
    user = make_user("old@vendor.example", "employee")
    PortalStay.objects.all().delete()
    migration = import_module("prm.people.migrations.0004_begin_stays")
    with connection.schema_editor() if connection.vendor == "postgresql" else _Editor() as editor:
        migration.begin_stays(apps, editor)
    assert stays(user) == [("employee", False)]
    assert user.stays.get().since == user.created_at


class _Editor:
    """What a migration asks of a schema editor; SQLite's own wants no transaction around it."""

    connection = connection

    def __enter__(self) -> _Editor:
        return self

    def __exit__(self, *exc: object) -> None:
        return None
