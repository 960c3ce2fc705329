"""Saved views: a name for the address of a list."""

from __future__ import annotations

import pytest

from prm.modules import registry
from prm.views import actions
from prm.views.models import SavedView
from workflows.errors import InvalidInput, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def leads():
    return registry.get("leads")


def saved(user, module, name="Mine", query="state=accepted", shared="nobody", **more):
    return actions.save(user, module, name=name, query=query, kind="list", shared=shared, **more)


def seen(user, module):
    return {one.name for one in actions.seen_by(user, module)}


def test_a_view_is_seen_by_whom_it_is_shared_with(world, leads):
    saved(world.alice, leads, "private")
    saved(world.alice, leads, "ours", shared="company")
    saved(world.maria, leads, "managers", shared="portal")
    assert seen(world.alice, leads) == {"private", "ours"}
    assert seen(world.bob, leads) == {"ours"}
    assert seen(world.nils, leads) == {"managers"}
    for stranger in (world.carol, world.dana, world.erin, world.admin):
        assert seen(stranger, leads) == set()


def test_nobody_shares_with_another_company(world, leads):
    for user, shared in ((world.alice, "portal"), (world.maria, "company"), (world.alice, "everybody")):
        with pytest.raises(InvalidInput) as error:
            saved(user, leads, shared=shared)
        assert "shared" in error.value.errors


def test_only_the_owner_changes_or_deletes(world, leads):
    view = saved(world.alice, leads, shared="company")
    with pytest.raises(NotFound):
        saved(world.bob, leads, "Taken", view=view)
    with pytest.raises(NotFound):
        actions.delete(world.bob, view)
    saved(world.alice, leads, "Renamed", "state=new", view=view)
    assert seen(world.bob, leads) == set()
    actions.delete(world.alice, view)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("given", "wrong"),
    [({"name": " "}, "name"), ({"name": "x" * 61}, "name"), ({"query": "search=" + "x" * 2001}, "query")],
)
def test_what_cannot_be_kept_is_said(world, leads, given, wrong):
    with pytest.raises(InvalidInput) as error:
        saved(world.alice, leads, **given)
    assert set(error.value.errors) == {wrong}


def test_a_view_keeps_the_state_of_the_list_and_not_the_moment(world, leads):
    view = saved(
        world.alice, leads, query="state__in=new&state__in=accepted&cols=city&cols=region&cursor=x&view=1"
    )
    assert view.query == "state__in=new&state__in=accepted&cols=city&cols=region"
