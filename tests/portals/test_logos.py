"""A portal's logo is a picture that was uploaded as its logo, since everybody is shown it."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from prm.access.models import Portal
from prm.files.models import StoredFile
from prm.files.store import keep
from prm.modules import registry
from prm.portals import actions
from prm.records import files
from tests.api.conftest import as_  # noqa: F401
from tests.browsing import LOGIN_BACKEND
from tests.cast import World
from tests.portals.test_managers_of_some import deputy, of_outsiders
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput
from workflows.perform import perform

REFUSED = "Choose a picture that was uploaded as the logo of this portal."


def drawing() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "#225588").save(out, "PNG")
    out.seek(0)
    return out


@pytest.fixture
def admin(world: World) -> Actor:
    return Actor.of(world.admin)


@pytest.fixture
def client(world: World) -> Client:
    client = Client()
    client.force_login(world.admin, backend=LOGIN_BACKEND)
    return client


@pytest.fixture
def garage(admin: Actor) -> Portal:
    return actions.new_portal(admin, "Garage", "customer")


@pytest.fixture
def picture(world: World) -> StoredFile:
    """A picture on a record, which whoever manages portals need not be able to see."""
    actor, module = Actor.of(world.bob), registry.get("leads")
    stored = files.keep(actor, module, world.northwind_lead, drawing(), "plan.png")
    files.attach(actor, module, world.northwind_lead, stored)
    return stored


def upload(client: Client, portal: Portal) -> str:
    """Uploads a logo on the page of the settings; gives the id that the draft then names."""
    url = f"/portals-admin/{portal.pk}/"
    version = re.search(r'name="version" value="([^"]+)"', client.get(url).content.decode())
    assert version
    answer = client.post(
        url,
        {
            "version": version[1],
            "do": "save",
            "title": portal.title,
            "audience": portal.audience,
            "converts": "hand",
            "logo_file": SimpleUploadedFile("logo.png", drawing().getvalue()),
        },
    )
    assert answer.status_code == 302, answer.content
    draft = actions.open_draft(portal)
    assert draft and draft.document["logo"]
    found: str = draft.document["logo"]
    return found


def saved(actor: Actor, portal: Portal, logo: Any) -> str:
    draft = actions.draft_of(actor, portal)
    document = draft.document | {"logo": logo}
    named: str = actions.save_draft(actor, draft, document, draft.version).document["logo"]
    return named


def published(actor: Actor, portal: Portal) -> Portal:
    perform(perform(actions.draft_of(actor, portal), "submit", actor=actor), "publish", actor=actor)
    return Portal.objects.get(pk=portal.pk)


def test_the_api_names_no_other_stored_picture(garage: Portal, admin: Actor, picture: Any, as_: Any) -> None:  # noqa: F811
    draft = actions.draft_of(admin, garage)
    path = f"portal-drafts/{draft.pk}/document/"
    api = as_(admin.user)
    loose = keep(drawing(), "loose.png", "image/png")
    for other in (str(picture.pk), str(loose.pk), "0192d0c0-0000-7000-8000-000000000000", [], {"a": 1}, 7):
        response = api.call("PUT", path, draft.document | {"logo": other})
        assert response.status_code == 422, other
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["errors"] == {"logo": [REFUSED]}
    draft.refresh_from_db()
    assert (draft.document["logo"], draft.logo_id) == ("", None)


def test_what_was_uploaded_for_the_portal_may_be_taken_and_chosen_again(
    garage: Portal, admin: Actor, client: Client
) -> None:
    first = upload(client, garage)
    garage = published(admin, garage)
    assert str(garage.logo_id) == first
    second = upload(client, garage)
    # Of a draft that nothing came of, too; and of an earlier version.
    perform(actions.draft_of(admin, garage), "discard", actor=admin)
    assert saved(admin, garage, second) == second
    published(admin, garage)
    assert saved(admin, garage, first) == first
    actions.undo(admin, garage)
    assert str(Portal.objects.get(pk=garage.pk).logo_id) == first


def test_the_logo_of_another_portal_comes_with_a_copy_only(
    garage: Portal, admin: Actor, client: Client
) -> None:
    logo = upload(client, garage)
    garage = published(admin, garage)
    partner = Portal.objects.get(key="partner")
    with pytest.raises(InvalidInput) as refused:
        saved(admin, partner, logo)
    assert refused.value.errors == {"logo": [REFUSED]}
    copied = actions.new_portal(admin, "Second garage", "customer", copy_of=garage)
    assert str(published(admin, copied).logo_id) == logo


def test_the_page_says_what_is_wrong_with_a_picture(garage: Portal, client: Client, picture: Any) -> None:
    """Its form cannot name one; a draft that does is refused where the logo stands."""
    draft = actions.draft_of(Actor.system(), garage)
    type(draft).objects.filter(pk=draft.pk).update(document=draft.document | {"logo": str(picture.pk)})
    url = f"/portals-admin/{garage.pk}/"
    version = re.search(r'name="version" value="([^"]+)"', client.get(url).content.decode())
    assert version
    sent = {"version": version[1], "do": "save", "title": "Other", "audience": "customer", "converts": "hand"}
    answer = client.post(url, sent)
    assert answer.status_code == 422
    assert REFUSED in answer.content.decode()
    assert client.post(url, sent | {"remove_logo": "on"}).status_code == 302


def test_a_portal_is_copied_by_who_manages_it(world: World) -> None:
    actor = deputy(world, of_outsiders)
    with pytest.raises(Denied):
        actions.new_portal(actor, "Mine", copy_of=Portal.objects.get(key="employee"))
    client = Client()
    client.force_login(actor.user, backend=LOGIN_BACKEND)
    page = client.get("/portals-admin/new/").content.decode()
    offered = {one.key for one in Portal.objects.all() if str(one.pk) in page}
    assert offered == {"partner", "customer"}


def test_the_document_of_a_portal_is_told_to_who_manages_it(world: World, as_: Any) -> None:  # noqa: F811
    actor = deputy(world, of_outsiders)
    theirs, other = (
        actions.draft_of(Actor.of(world.admin), Portal.objects.get(key=key))
        for key in ("partner", "employee")
    )
    api = as_(actor.user)
    for what in ("document", "impact"):
        assert api.get(f"portal-drafts/{theirs.pk}/{what}/")[0] == 200
        assert api.get(f"portal-drafts/{other.pk}/{what}/")[0] == 404
    assert api.put(f"portal-drafts/{other.pk}/document/", other.document)[0] == 404
