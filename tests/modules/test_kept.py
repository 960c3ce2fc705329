"""A kept statement gives what the ORM gives, to every reader, whoever made it be kept."""

import pytest

from prm.access.policy import touch
from prm.modules import kept, registry
from prm.modules.read import get_row, get_rows, list_page
from tests.gadgets.models import Gadget
from workflows.errors import NotFound

pytestmark = pytest.mark.django_db

CAST = ("admin", "maria", "alice", "bob", "carol", "dana", "erin")


def answer(read, *args, **options):
    try:
        return read(*args, **options)
    except NotFound:
        return NotFound


@pytest.mark.parametrize("key", [module.key for module in registry.all_modules()])
def test_kept_and_stated_anew_are_the_same_for_everybody(world, key):
    module = registry.get(key)
    kept._kept.clear()
    # A parameter that changes nothing keeps the second read from the kept statement.
    for _ in range(2):
        for who in CAST:
            user = getattr(world, who)
            by_kept = answer(list_page, user, module, {})
            stated = answer(list_page, user, module, {"count": "0"})
            assert getattr(by_kept, "rows", by_kept) == getattr(stated, "rows", stated)
            rows = {row["id"]: row for row in getattr(stated, "rows", [])}
            pks = list(module.rows().values_list("pk", flat=True)[:5])
            assert get_rows(user, module, pks) == {pk: rows[pk] for pk in pks if pk in rows}
            for pk in pks[:2]:
                assert get_row(user, module, pk) == rows.get(pk)


@pytest.mark.parametrize("number", [1, 2, 3, 63, 64, 65, 130])
def test_any_number_of_records_is_read(world, number):
    module = registry.get("gadgets")
    pks = [Gadget.objects.create(name=f"g{one}").pk for one in range(number)]
    assert set(get_rows(world.admin, module, pks)) == set(pks)


def test_a_constant_that_is_somebodys_id_stays_a_constant(world):
    module = registry.get("gadgets")
    Gadget.objects.create(name="theirs", holder=world.northwind)
    scope = world.alice.portal.grants.get(module="gadgets").scopes.get(name="lent to us")
    scope.where = {"field": "holder", "op": "is", "value": str(world.northwind.pk)}
    scope.save()
    touch(world.alice.portal)
    for user in (world.alice, world.carol):
        user.portal.refresh_from_db()
        assert [row["name"] for row in list_page(user, module, {}).rows] == ["theirs"]


def test_the_statement_is_made_once_for_a_portal(world, monkeypatch):
    module, made = registry.get("gadgets"), []
    kept._kept.clear()
    compiled = kept._compiled
    monkeypatch.setattr(kept, "_compiled", lambda *args: made.append(1) or compiled(*args))
    for user in (world.alice, world.carol, world.alice):
        list_page(user, module, {})
    assert len(made) == 1


def test_a_changed_grant_makes_another_statement(world):
    module = registry.get("gadgets")
    Gadget.objects.create(name="pin", size=1)
    assert len(list_page(world.alice, module, {}).rows) == 1
    world.alice.portal.grants.get(module="gadgets").scopes.filter(name="small ones").delete()
    touch(world.alice.portal)
    world.alice.portal.refresh_from_db()
    assert list_page(world.alice, module, {}).rows == []
