"""Saved views above a list: saving, opening, sharing, and the order of columns."""

from __future__ import annotations

import pytest

from prm.modules import registry
from prm.views import actions
from prm.views.models import DefaultView, SavedView
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def leads():
    return registry.get("leads")


def saved(user, module, name="Mine", query="state=accepted", shared="nobody", **more):
    return actions.save(user, module, name=name, query=query, kind="list", shared=shared, **more)


def test_saving_opening_and_the_tabs(world, as_user, parse):
    client = as_user(world.alice)
    make_lead("accepted", world.northwind, topic="Kept in view")
    given = {
        "name": "Open ones",
        "query": "search=kept&cols=city,region",
        "kind": "list",
        "shared": "company",
    }
    page = client.post("/leads/views/", given, follow=True)
    view = SavedView.objects.get()
    assert page.redirect_chain[-1][0] == f"/leads/?search=kept&cols=city%2Cregion&view={view.pk}"
    assert "Kept in view" in as_user(world.bob).get(page.redirect_chain[-1][0]).content.decode()
    tabs = as_user(world.bob).get("/leads/").content.decode()
    assert "Open ones" in tabs
    assert "Shared by Alice Adler" in tabs
    assert "Open ones" not in as_user(world.carol).get("/leads/").content.decode()
    assert as_user(world.carol).post(f"/leads/views/{view.pk}/", {"do": "default"}).status_code == 404
    assert as_user(world.bob).post(f"/leads/views/{view.pk}/", {"do": "delete"}).status_code == 404
    client.post(f"/leads/views/{view.pk}/", {"do": "save", "name": "Closed", "query": "", "kind": "board"})
    view.refresh_from_db()
    assert (view.name, view.kind, view.shared) == ("Closed", "board", "nobody")
    assert client.get(f"/leads/board/?view={view.pk}").status_code == 200
    client.post(f"/leads/views/{view.pk}/", {"do": "delete"})
    assert not SavedView.objects.exists()


def test_a_name_that_is_missing_is_said(world, as_user):
    page = as_user(world.alice).post("/leads/views/", {"name": "", "query": "state=new"}, follow=True)
    assert "Give a name" in page.content.decode()
    assert page.redirect_chain[-1][0] == "/leads/?state=new"


def test_the_list_opens_in_the_view_that_one_has_chosen(world, as_user, leads):
    view = saved(world.alice, leads, shared="company")
    client = as_user(world.bob)
    client.post(f"/leads/views/{view.pk}/", {"do": "default"})
    assert client.get("/leads/").url == f"/leads/?state=accepted&view={view.pk}"
    assert client.get("/leads/?view=all").status_code == 200
    assert as_user(world.alice).get("/leads/").status_code == 200
    # No longer shared: the list is the list again.
    saved(world.alice, leads, view=view)
    assert client.get("/leads/").status_code == 200
    assert DefaultView.objects.count() == 1
    saved(world.alice, leads, shared="company", view=view)
    client.post(f"/leads/views/{view.pk}/", {"do": "no-default"})
    assert client.get("/leads/").status_code == 200


def test_a_shared_view_gives_nobody_the_rights_of_its_owner(world, as_user, leads):
    """What the opener may not filter by is left out and said; their rows are their own."""
    make_lead("accepted", world.northwind, topic="Own row")
    view = saved(
        world.alice, leads, query="reference=ext-1&source=event&ordering=-created_at", shared="company"
    )
    response = as_user(world.bob).get(f"/leads/?{view.query}&view={view.pk}")
    body = response.content.decode()
    assert response.status_code == 200
    assert "what you may not read: Reference" in body
    # By hand, without the view, it is a bad address as before; and a wrong one stays wrong within a view.
    assert as_user(world.bob).get(f"/leads/?{view.query}").status_code == 400
    assert as_user(world.bob).get(f"/leads/?nonsense=1&view={view.pk}").status_code == 400


def test_columns_stand_in_the_order_of_the_address(world, as_user, parse):
    page = parse(as_user(world.alice).get("/leads/?cols=city&cols=created_at&cols=region"))
    labels = [one["data-label"] for one in page.all("td") if one.get("data-label")][:3]
    assert labels == ["City", "Created", "Region"]
    chooser = [one["value"] for one in page.all("input") if one.get("name") == "cols"]
    assert chooser[:3] == ["city", "created_at", "region"]
