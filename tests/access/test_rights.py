"""The questions of access, asked for the cast."""

import pytest

from prm.access import rights
from prm.access.explain import explain
from prm.access.policy import sync_portals, touch
from prm.access.specs import GrantSpec, ScopeSpec
from prm.modules import registry
from tests.gadgets.models import Gadget

pytestmark = pytest.mark.django_db


@pytest.fixture
def module():
    return registry.get("gadgets")


@pytest.fixture
def gadget(world):
    return Gadget.objects.create(name="lamp", size=9, holder=world.northwind, state="lent")


def test_fields_by_state(world, module, gadget):
    assert "secret" not in rights.readable_fields(world.bob, module, gadget)
    assert rights.writable_fields(world.bob, module, gadget) == {"note"}
    back = Gadget.objects.create(name="lamp", holder=world.northwind, state="back")
    assert "secret" in rights.readable_fields(world.bob, module, back)


def test_a_rival_has_nothing(world, module, gadget):
    assert rights.readable_fields(world.carol, module, gadget) == set()
    assert rights.writable_fields(world.carol, module, gadget) == set()
    assert rights.allowed_transitions(world.carol, module, gadget) == set()
    assert not rights.may(world.carol, module, "view", gadget)


def test_transitions_are_granted_by_name(world, module, gadget):
    assert rights.allowed_transitions(world.bob, module, gadget) == {"take_back"}
    assert rights.allowed_transitions(world.admin, module, gadget) == {"lend", "take_back"}


def test_explain_names_the_rule(world, module, gadget):
    allowed = explain(world.bob, module, "take_back", gadget)
    assert (allowed.allowed, allowed.rule) == (True, "partner / gadgets / lent to us")
    denied = explain(world.bob, module, "lend", gadget)
    assert (denied.allowed, denied.would_need) == (False, "the action lend in a scope")
    small = Gadget.objects.create(name="pin", size=1)
    away = explain(world.bob, module, "take_back", small)
    assert (away.allowed, away.rule) == (False, "partner / gadgets / “lent to us”")


def test_an_inactive_user_has_no_rights(world, module, gadget):
    world.bob.is_active = False
    assert rights.visible(world.bob, module).count() == 0


def test_a_changed_grant_counts_at_once(world, module, gadget):
    assert rights.may(world.bob, module, "view", gadget)
    portal = world.bob.portal
    portal.grants.get(module="gadgets").delete()
    touch(portal)
    portal.refresh_from_db()
    assert not rights.may(world.bob, module, "view", gadget)


def test_an_administrators_change_outlives_the_next_release(world):
    portal = world.bob.portal
    grant = portal.grants.get(module="gadgets")
    declared = {
        "gadgets": {"partner": GrantSpec(scopes=(ScopeSpec(name="new", where=None, actions=("view",)),))}
    }
    sync_portals(declared)
    assert [scope.name for scope in grant.scopes.all()] == ["new"]
    grant.declared = False
    grant.save()
    grant.scopes.update(name="changed by hand")
    sync_portals({"gadgets": {"partner": GrantSpec(scopes=())}})
    assert [scope.name for scope in grant.scopes.all()] == ["changed by hand"]


def test_a_module_that_is_gone_takes_its_grants_along(world):
    revision = world.bob.portal.revision
    sync_portals({})
    world.bob.portal.refresh_from_db()
    assert not world.bob.portal.grants.filter(declared=True).exists()
    assert world.bob.portal.revision != revision


def test_admins_only_scopes_count_for_admins(world, module, gadget):
    grant = world.bob.portal.grants.get(module="gadgets")
    grant.scopes.filter(name="lent to us").update(admins_only=True)
    touch(world.bob.portal)
    for user, sees in ((world.alice, True), (world.bob, False)):
        user.portal.refresh_from_db()
        assert rights.may(user, module, "view", gadget) is sees
    assert (
        explain(world.bob, module, "take_back", gadget).would_need == "the Admin flag on the user's contact"
    )
