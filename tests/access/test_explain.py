"""Why somebody may or may not: the rule by name, and a smallest change that turns the answer."""

from __future__ import annotations

import random
from typing import Any

import pytest

from prm.access.explain import EXTENT, Change, explain, field_lines
from prm.access.models import Grant, Portal, Scope
from prm.access.policy import touch
from prm.access.rights import Rights
from prm.access.specs import PLAIN_VERBS
from prm.modules import registry
from prm.modules.explaining import explained, verbs
from prm.modules.registry import Module
from prm.people.models import User
from tests.gadgets.models import Gadget
from workflows.actor import Actor
from workflows.perform import available

pytestmark = pytest.mark.django_db


@pytest.fixture
def module() -> Module:
    return registry.get("gadgets")


@pytest.fixture
def gadget(world: Any) -> Gadget:
    return Gadget.objects.create(name="lamp", size=9, holder=world.northwind, state="lent")


def fresh(user: Any) -> Any:
    return User.objects.get(pk=user.pk)


def make(change: Change, user: Any, module: Module, obj: Any) -> tuple[Any, Any]:
    """Makes a suggested change for good: in the rows of the portal, of the user, or on the record."""
    details = change.details
    grant = user.portal and Grant.objects.filter(portal=user.portal, module=module.key).first()
    match change.kind:
        case "action":
            scope = Scope.objects.get(grant=grant, position=details["position"])
            actions = set(scope.actions)
            if details["to"]:
                actions.add(details["action"])
            else:
                if "*" in actions and details["action"] not in PLAIN_VERBS:
                    actions = (actions - {"*"}) | {one.capability for one in module.machine.transitions}
                actions.discard(details["action"])
            scope.actions = sorted(actions)
            scope.save()
        case "level":
            scope = Scope.objects.get(grant=grant, position=details["position"])
            scope.fields = {**scope.fields, details["field"]: details["value"]}
            scope.save()
        case "admin":
            user.contact.is_admin = details["to"]
            user.contact.save()
        case "active":
            User.objects.filter(pk=user.pk).update(is_active=details["to"])
        case "portal":
            portal = Portal.objects.get(key=details["portal"])
            if details.get("to") is False:
                Portal.objects.filter(pk=portal.pk).update(archived=False)
            else:
                User.objects.filter(pk=user.pk).update(portal=portal)
        case "scope" | "grant":
            if change.kind == "grant" and not details["to"]:
                grant.delete()
            else:
                grant = grant or Grant.objects.create(
                    portal=user.portal, module=module.key, views=["list"], declared=False
                )
                position = grant.scopes.count()
                Scope.objects.create(grant=grant, position=position, **details["spec"])
        case "record":
            target = obj
            *way, last = details["path"].split(".")
            for name in way:
                target = getattr(target, name)
            column = target._meta.get_field(last)
            # Past the machine, which asks for a transition.
            target.__dict__[column.attname] = column.to_python(details["value"])
            target._state.fields_cache.pop(last, None)
        case kind:
            raise AssertionError(kind)
    if user.portal:
        touch(user.portal)
    return fresh(user), obj


def really(user: Any, module: Module, verb: str, obj: Any, field: str) -> bool:
    """What the doors themselves answer."""
    rights = Rights(user)
    if field:
        if verb == "view":
            return field in rights.readable(module, obj)
        assert verb == "edit"
        return rights.may(module, "view", obj) and field in rights.writable(module, obj)
    if not rights.may(module, "view", obj):
        return False
    if verb in PLAIN_VERBS:
        return rights.may(module, verb, obj)
    return any(one.name == verb and one.enabled for one in available(obj, Actor.of(user)))


def everybody(world: Any) -> list[Any]:
    return [
        fresh(one)
        for one in (world.admin, world.maria, world.erin, world.alice, world.bob, world.carol, world.dana)
    ]


def test_each_rule_is_named(world: Any, module: Module, gadget: Gadget) -> None:
    assert explain(world.bob, module, "take_back", gadget).code == "allowed"
    assert explain(world.bob, module, "lend", gadget).code == "no_action"
    assert explain(world.dana, module, "view", gadget).code == "not_granted"
    assert explain(world.carol, module, "view", gadget).code == "not_among_rows"
    assert explain(world.admin, module, "lend", gadget).code == "wrong_state"
    hidden = explain(world.bob, module, "view", gadget, "secret")
    assert (hidden.code, hidden.scope) == ("hidden", "“lent to us”")
    assert "“lent to us” in the state “Lent”" in hidden.text
    assert explain(world.bob, module, "edit", gadget, "size").code == "read_only"
    nameless = Gadget.objects.create(name="nameless", size=9)
    guard = explain(world.admin, module, "lend", nameless)
    assert (guard.code, guard.text, guard.changes) == ("guard", "Name the gadget first.", ())
    User.objects.filter(pk=world.bob.pk).update(is_active=False)
    assert explain(fresh(world.bob), module, "view", gadget).code == "inactive"
    Portal.objects.filter(pk=world.carol.portal.pk).update(archived=True)
    assert explain(fresh(world.carol), module, "view", gadget).code == "archived"
    User.objects.filter(pk=world.dana.pk).update(portal=None)
    assert explain(fresh(world.dana), module, "view", gadget).code == "no_portal"


def test_what_of_a_condition_fails_and_with_which_values(world: Any) -> None:
    contacts = registry.get("opportunities")
    found = explain(world.carol, contacts, "view", world.northwind_opportunity)
    assert found.code == "not_among_rows"
    texts = [check.text for check in found.checks]
    assert any("partner is Northwind Systems, the scope needs: is Contoso Partners" in one for one in texts)
    assert found.changes and found.changes[0].kind == "record"
    assert "from Northwind Systems to Contoso Partners" in found.changes[0].text


def test_admins_only_is_turned_by_the_flag(world: Any, module: Module, gadget: Gadget) -> None:
    Scope.objects.filter(grant__module="gadgets", grant__portal__key="partner").update(admins_only=True)
    touch(world.bob.portal)
    bob = fresh(world.bob)
    found = explain(bob, module, "view", gadget)
    assert (found.code, [one.kind for one in found.changes]) == ("admins_only", ["admin"])
    bob, gadget = make(found.changes[0], bob, module, gadget)
    assert explain(bob, module, "view", gadget).allowed


def test_the_module_itself_is_no_matter_of_portals(world: Any) -> None:
    leads = registry.get("leads")
    found = explain(world.admin, leads, "edit", world.northwind_lead, "partner")
    assert (found.code, found.changes) == ("fixed_by_module", ())


def test_two_things_in_the_way_are_both_named(world: Any, module: Module, gadget: Gadget) -> None:
    """No grant, and the wrong state: neither change alone would do."""
    dana = fresh(world.dana)
    found = explain(dana, module, "lend", gadget)
    assert sorted(one.kind for one in found.changes) == ["grant", "record"]
    for change in found.changes:
        dana, gadget = make(change, dana, module, gadget)
    assert explain(dana, module, "lend", gadget).allowed


def test_somebody_shut_out_needs_two_changes(world: Any, module: Module, gadget: Gadget) -> None:
    User.objects.filter(pk=world.dana.pk).update(is_active=False)
    dana = fresh(world.dana)
    found = explain(dana, module, "view", gadget)
    assert [one.kind for one in found.changes] == ["active", "grant"]
    for change in found.changes:
        dana, gadget = make(change, dana, module, gadget)
    assert explain(dana, module, "view", gadget).allowed


@pytest.mark.parametrize("seed", range(4))
def test_answers_are_those_of_the_doors_and_the_change_turns_them(world: Any, seed: int) -> None:
    """For sampled users, records, verbs and fields; each suggestion is made and asked again."""
    chance = random.Random(seed)
    Gadget.objects.create(name="lamp", size=9, holder=world.northwind, state="lent")
    Gadget.objects.create(name="pin", size=1)
    Gadget.objects.create(name="bag", size=2, holder=world.contoso, state="back")
    keys = ("gadgets", "leads", "opportunities", "accounts", "contacts", "partners")
    turned = 0
    for _round in range(60):
        module = registry.get(chance.choice(keys))
        user = fresh(chance.choice(everybody(world)))
        obj = chance.choice(list(module.rows().order_by("pk")))
        verb = chance.choice(verbs(module))
        field = chance.choice([one.name for one in module.fields]) if verb in ("view", "edit") else ""
        if chance.random() < 0.4:
            field = ""
        found = explain(user, module, verb, obj, field)
        case = (module.key, user.email, verb, field, found)
        assert found.allowed is really(user, module, verb, obj, field), case
        if found.code in ("guard", "hidden_by_module", "fixed_by_module"):
            assert not found.changes, case
            continue
        if not found.changes:
            # Only a guard that holds in every state leaves nothing that a portal could turn.
            assert found.code in ("wrong_state", "no_action", "not_among_rows", "not_granted"), case
            assert verb not in PLAIN_VERBS, case
            continue
        for change in found.changes:
            user, obj = make(change, user, module, obj)
        after = explain(user, module, verb, obj, field, search=False)
        assert after.allowed is not found.allowed, (case, after)
        turned += 1
    assert turned > 30


def test_no_smaller_change_is_left_out(world: Any, module: Module, gadget: Gadget) -> None:
    """Of all single changes that turn an answer, none touches less than the first."""
    for user in everybody(world):
        for verb in ("view", "edit", "delete", "take_back"):
            found = explain(user, module, verb, gadget)
            if len(found.changes) == 1:
                extents = [EXTENT[one.kind] for one in (*found.changes, *found.others)]
                assert extents == sorted(extents)


def test_all_fields_in_one_table(
    world: Any, module: Module, gadget: Gadget, django_assert_num_queries: Any
) -> None:
    bob = fresh(world.bob)
    Rights(bob)
    with django_assert_num_queries(0):
        lines = {one.name: one for one in field_lines(bob, module, gadget)}
    rights = Rights(bob)
    assert {name for name, one in lines.items() if one.level != "hidden"} == rights.readable(module, gadget)
    assert {name for name, one in lines.items() if one.level == "write"} == rights.writable(module, gadget)
    assert "“lent to us”" in lines["secret"].why


def test_users_are_told_what_reveals_nothing(world: Any, module: Module, gadget: Gadget) -> None:
    """The same question about two records that differ only in what is hidden has the same answer."""
    bob = fresh(world.bob)
    pin = Gadget.objects.create(name="pin", size=1, holder=world.contoso)
    other = Gadget.objects.create(name="pin", size=1)
    for verb in verbs(module):
        told = explained(bob, bob, module, verb, pin)
        assert (told.checks, told.changes, told.others) == ((), (), ())
        assert "Contoso" not in str(told) and "lent to us" not in str(told)
        assert told == explained(bob, bob, module, verb, other)
    with pytest.raises(LookupError):
        explained(bob, world.alice, module, "view", gadget)
    # Hidden in this state, but read in another: that much they know already.
    assert not explained(bob, bob, module, "view", gadget, "secret").allowed
    with pytest.raises(LookupError):
        explained(bob, bob, module, "view", gadget, "nothing")
