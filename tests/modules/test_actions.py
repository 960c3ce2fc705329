"""Create, update and delete through the access of a small module."""

import pytest

from prm.access.policy import touch
from prm.modules import actions, registry
from prm.modules.versions import opaque_version, version_matches
from tests.gadgets.models import Gadget
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, Stale
from workflows.models import TransitionRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def module():
    return registry.get("gadgets")


def history_of(obj):
    return [
        (one.transition, one.from_state, one.to_state)
        for one in TransitionRecord.objects.filter(object_id=obj.pk)
    ]


def test_create_writes_the_first_history(world, module):
    made = actions.create(Actor.of(world.admin), module, {"name": "lamp", "size": 2})
    assert (made.name, made.size, made.state, made.version) == ("lamp", 2, "draft", 1)
    assert history_of(made) == [("create", None, "draft")]


@pytest.mark.parametrize("field", ["state", "id", "version", "created_at", "due_at"])
def test_the_body_sets_no_field_that_is_not_its_to_set(world, module, field):
    with pytest.raises(InvalidInput) as caught:
        actions.create(Actor.of(world.admin), module, {"name": "lamp", field: "lent"})
    assert set(caught.value.errors) == {field}
    assert Gadget.objects.count() == 0


def test_every_wrong_field_is_named(world, module):
    with pytest.raises(InvalidInput) as caught:
        actions.create(Actor.of(world.admin), module, {"size": "big", "shape": "round"})
    assert set(caught.value.errors) == {"name", "size", "shape"}


def test_a_portal_without_the_right_to_create(world, module):
    with pytest.raises(Denied):
        actions.create(Actor.of(world.alice), module, {"name": "lamp"})
    with pytest.raises(NotFound):
        actions.create(Actor.of(world.dana), module, {"name": "lamp"})


def test_update_changes_what_may_be_written_and_says_so(world, module):
    gadget = Gadget.objects.create(name="lamp", holder=world.northwind, state="lent")
    changed = actions.update(Actor.of(world.bob), module, gadget.pk, {"note": "ours"}, opaque_version(gadget))
    assert (changed.note, changed.version) == ("ours", 2)
    assert history_of(gadget) == [("update", "lent", "lent")]
    with pytest.raises(Stale):
        actions.update(Actor.of(world.bob), module, gadget.pk, {"note": "again"}, opaque_version(gadget))


def test_update_that_changes_nothing_leaves_the_version(world, module):
    gadget = Gadget.objects.create(name="lamp", holder=world.northwind, state="lent", note="ours")
    assert actions.update(Actor.of(world.bob), module, gadget.pk, {"note": "ours"}).version == 1
    assert history_of(gadget) == []


def test_update_refuses_a_field_that_is_only_read(world, module):
    gadget = Gadget.objects.create(name="lamp", holder=world.northwind, state="lent")
    for field in ("name", "holder", "secret"):
        with pytest.raises(InvalidInput) as caught:
            actions.update(Actor.of(world.bob), module, gadget.pk, {field: "x"})
        assert set(caught.value.errors) == {field}


def test_a_record_of_a_rival_does_not_exist(world, module):
    gadget = Gadget.objects.create(name="lamp", holder=world.contoso, state="lent")
    for act in (
        lambda: actions.update(Actor.of(world.bob), module, gadget.pk, {"note": "x"}),
        lambda: actions.delete(Actor.of(world.bob), module, gadget.pk),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_visible_record_without_the_right(world, module):
    gadget = Gadget.objects.create(name="lamp", size=1)
    with pytest.raises(Denied):
        actions.update(Actor.of(world.bob), module, gadget.pk, {"note": "x"})
    with pytest.raises(Denied):
        actions.delete(Actor.of(world.bob), module, gadget.pk)


def test_a_reference_to_what_one_may_not_see_is_as_wrong_as_to_nothing(world, module):
    gadget = Gadget.objects.create(name="lamp")
    portal = world.alice.portal
    scope = portal.grants.get(module="gadgets").scopes.get(name="small ones")
    scope.where, scope.actions, scope.fields = None, ["view", "edit"], {"*": "write"}
    scope.save()
    touch(portal)
    portal.refresh_from_db()
    seen = set()
    for pk in (world.contoso.pk, gadget.pk, "x", 7):
        with pytest.raises(InvalidInput) as caught:
            actions.update(Actor.of(world.alice), module, gadget.pk, {"holder": str(pk)})
        seen.add(tuple(caught.value.errors["holder"]))
    assert len(seen) == 1
    changed = actions.update(Actor.of(world.alice), module, gadget.pk, {"holder": str(world.northwind.pk)})
    assert changed.holder_id == world.northwind.pk


def test_delete_keeps_the_history(world, module):
    made = actions.create(Actor.of(world.admin), module, {"name": "lamp"})
    actions.delete(Actor.of(world.admin), module, made.pk)
    assert not Gadget.objects.exists()
    assert history_of(made) == [("create", None, "draft")]


def test_versions_do_not_count(world):
    one = Gadget.objects.create(name="a")
    other = Gadget.objects.create(name="b")
    assert opaque_version(one) != opaque_version(other)
    assert version_matches(one, opaque_version(one))
    assert version_matches(one, f'W/"{opaque_version(one)}.abc"')
    assert not version_matches(one, opaque_version(other))
    assert not version_matches(one, "1")
