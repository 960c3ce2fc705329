"""Portals by the API: made, changed in drafts, undone, archived, looked back at; by who manages them."""

import pytest

from prm.access.document import apply, document_of
from prm.access.models import Portal, PortalVersion
from prm.portals import actions
from prm.portals.models import PortalDraft
from tests.api.conftest import as_  # noqa: F401
from tests.portals.test_managers_of_some import deputy, of_outsiders
from workflows.actor import Actor
from workflows.errors import Stale
from workflows.perform import perform

pytestmark = pytest.mark.django_db


def test_a_portal_is_made_changed_published_undone_and_archived(world, as_):  # noqa: F811
    api = as_(world.admin)
    body = {"title": "Garages", "audience": "customer", "template": "reseller"}
    response = api.call("POST", "portals/new/", body, Idempotency_Key="p1")
    made = response.json()
    assert (response.status_code, made["key"], made["audience"]) == (201, "garages", "customer")
    assert response["Location"].endswith(f"/api/v1/portals/{made['id']}/")
    assert api.post("portals/new/", body, Idempotency_Key="p1")[1]["id"] == made["id"]
    assert document_of(Portal.objects.get(pk=made["id"]))["grants"] == {}
    path = f"portals/{made['id']}/"

    status, draft = api.post(f"{path}draft/", {})
    assert (status, draft["portal"]["id"], draft["state"]) == (200, made["id"], "draft")
    assert api.post(f"{path}draft/", {})[1]["id"] == draft["id"]
    assert PortalDraft.objects.filter(portal=made["id"]).count() == 1
    for name in ("submit", "publish"):
        assert api.post(f"portal-drafts/{draft['id']}/transitions/{name}/", {})[0] == 200
    in_force = document_of(Portal.objects.get(pk=made["id"]))
    assert in_force["grants"]

    rows = api.all(f"{path}versions/")
    assert [(row["number"], row["by"]) for row in rows] == [(2, world.admin.name), (1, world.admin.name)]
    assert api.get(f"{path}versions/2/") == (200, in_force)
    page = api.get(f"{path}versions/?limit=1")[1]
    assert [row["number"] for row in page["results"]] == [2]
    assert [row["number"] for row in api.get(page["next"])[1]["results"]] == [1]
    assert api.get(f"{path}versions/7/")[0] == 404

    status, version = api.post(f"{path}undo/", {})
    assert (status, version["number"]) == (200, 3)
    assert document_of(Portal.objects.get(pk=made["id"]))["grants"] == {}

    status, again = api.post(f"{path}versions/2/draft/", {})
    assert (status, again["state"]) == (200, "draft")
    assert api.get(f"portal-drafts/{again['id']}/document/")[1]["grants"] == in_force["grants"]
    assert document_of(Portal.objects.get(pk=made["id"]))["grants"] == {}
    status, problem = api.post(f"{path}versions/1/draft/", {})
    assert (status, problem["reasons"][0]["code"]) == (422, "draft_open")
    assert api.post(f"{path}versions/9/draft/", {})[0] == 404

    assert api.post(f"{path}archive/", {})[1]["archived"] is True
    assert api.post(f"{path}undo/", {})[1]["type"] == "urn:prm:problem:refused"
    assert api.post(f"{path}unarchive/", {})[1]["archived"] is False


def test_a_portal_begins_as_a_copy(world, as_):  # noqa: F811
    source = Portal.objects.get(key="partner")
    status, made = as_(world.admin).post("portals/new/", {"title": "Copy", "copy_of": str(source.pk)})
    assert status == 201
    draft = PortalDraft.objects.get(portal=made["id"])
    assert draft.document["grants"] == document_of(source)["grants"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "title"),
        ({"title": " "}, 422, "title"),
        ({"title": "x", "template": "castle"}, 422, "template"),
        ({"title": "x", "audience": "kings"}, 422, "audience"),
        ({"title": "x", "copy_of": "01a1fff6-5ec6-72f3-acfb-bc697b2dccd8"}, 422, "copy_of"),
        ({"title": "x", "key": "partner"}, 400, "key"),
    ],
)
def test_what_makes_no_portal(world, as_, body, status, field):  # noqa: F811
    before = Portal.objects.count()
    found, problem = as_(world.admin).post("portals/new/", body)
    assert (found, list(problem["errors"])) == (status, [field])
    both = {"title": "x", "template": "blank", "copy_of": str(Portal.objects.get(key="partner").pk)}
    assert as_(world.admin).post("portals/new/", both)[0] == 422
    assert Portal.objects.count() == before


def test_what_cannot_be_done_says_why(world, as_):  # noqa: F811
    api, built_in = as_(world.admin), Portal.objects.get(key="customer")
    assert api.post(f"portals/{built_in.pk}/archive/", {})[0] == 422
    alone = actions.new_portal(Actor.of(world.admin), "Alone")
    status, problem = api.post(f"portals/{alone.pk}/undo/", {})
    assert (status, problem["reasons"][0]["code"]) == (422, "no_former")
    assert not Portal.objects.get(pk=built_in.pk).archived


@pytest.mark.parametrize("act", ["draft/", "undo/", "archive/", "versions/1/draft/", "unarchive/"])
def test_what_is_done_to_a_portal_is_done_to_the_version_that_was_seen(world, as_, act):  # noqa: F811
    api, actor = as_(world.admin), Actor.of(world.admin)
    portal = actions.new_portal(actor, "Garages", template="reseller")
    draft = actions.draft_of(actor, portal)
    perform(perform(draft, "submit", actor=actor), "publish", actor=actor)
    if act == "unarchive/":
        actions.archive(actor, portal)
    path = f"portals/{portal.pk}/"
    old = api.call("GET", path)
    apply(portal, document_of(portal) | {"title": "Renamed meanwhile"})
    now = api.call("GET", path)
    before = PortalVersion.objects.count(), PortalDraft.objects.count(), Portal.objects.get(pk=portal.pk)

    def stands():
        count, drafts, was = before
        found = Portal.objects.get(pk=portal.pk)
        told = PortalVersion.objects.count(), PortalDraft.objects.count(), found.archived, found.version
        return told == (count, drafts, was.archived, was.version)

    for tag in (old["ETag"], "W/" + old["ETag"], f'"{old.json()["version"]}"', "nonsense"):
        status, problem = api.post(f"{path}{act}", {}, If_Match=tag)
        assert (status, problem["type"]) == (412, "urn:prm:problem:stale"), tag
        assert stands()
    # An old one fails before the key is looked up, and so does not use it.
    assert api.post(f"{path}{act}", {}, If_Match=old["ETag"], Idempotency_Key="k")[0] == 412
    tags = f"{old['ETag']}, W/{now['ETag']}"
    assert api.post(f"{path}{act}", {}, If_Match=tags, Idempotency_Key="k")[0] == 200
    assert not stands()


@pytest.mark.parametrize("act", [actions.undo, actions.archive, actions.unarchive, actions.draft_of])
def test_the_version_is_asked_again_behind_the_lock(world, act):
    actor = Actor.of(world.admin)
    portal = actions.new_portal(actor, "Garages", template="reseller")
    with pytest.raises(Stale):
        act(actor, portal, portal.version - 1)


ASKS = [
    ("post", "draft/"), ("post", "undo/"), ("post", "archive/"), ("post", "unarchive/"),
    ("get", "versions/"), ("get", "versions/1/"), ("post", "versions/1/draft/"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ASKS)
def test_nobody_else_finds_them(world, as_, method, path):  # noqa: F811
    portal = actions.new_portal(Actor.of(world.admin), "Theirs")
    before = PortalVersion.objects.count(), PortalDraft.objects.count()
    for user in (world.maria, world.alice, world.dana):
        assert getattr(as_(user), method)(f"portals/{portal.pk}/{path}")[0] == 404
        assert as_(user).post("portals/new/", {"title": "Mine"})[0] == 404
    assert as_(None).post("portals/new/", {"title": "Mine"})[0] == 401
    assert (PortalVersion.objects.count(), PortalDraft.objects.count()) == before
    assert not Portal.objects.filter(title="Mine").exists()


@pytest.mark.parametrize(("method", "path"), ASKS)
def test_who_manages_some_finds_no_others(world, as_, method, path):  # noqa: F811
    deputy(world, of_outsiders)
    other = Portal.objects.get(key="administrator")
    api = as_(world.maria)
    assert getattr(api, method)(f"portals/{other.pk}/{path}")[0] == 404
    assert api.post("portals/new/", {"title": "Mine", "copy_of": str(other.pk)})[0] == 422
    assert not Portal.objects.get(pk=other.pk).archived
