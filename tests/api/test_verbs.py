"""Exporting, attaching and commenting are granted by themselves: who only sees a record does none of them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from prm.access.models import Scope
from prm.access.policy import touch
from prm.access.rights import rights_for
from prm.imports import exporting
from prm.imports.models import Export
from prm.modules import registry
from prm.people.models import User
from prm.records import files as records
from prm.records.models import Activity, File, Note
from tests.factories import make_lead
from workflows.actor import Actor
from workflows.errors import Denied
from workflows.jobs import run_pending


def take(portal: str, module: str, verb: str, scope: str = "") -> None:
    """Takes a verb out of the scopes of a grant (of the one called `scope`)."""
    rows = Scope.objects.filter(grant__portal__key=portal, grant__module=module).select_related(
        "grant__portal"
    )
    if scope:
        rows = rows.filter(name=scope)
    assert rows
    for row in rows:
        row.actions = [one for one in row.actions if one != verb]
        row.save()
        touch(row.grant.portal)


@pytest.fixture
def lead(world: Any) -> Any:
    return world.northwind_lead


@pytest.mark.parametrize("verb", ["export", "attach", "comment"])
def test_today_s_portals_may_do_what_they_could(world: Any, verb: str) -> None:
    for user in (world.admin, world.maria, world.alice, world.bob, world.dana, world.erin):
        rights = rights_for(user)
        for module in registry.all_modules():
            seeing, doing = rights.scopes(module.key, "view"), rights.scopes(module.key, verb)
            assert seeing == doing, (user, module.key, verb)


def test_a_note_needs_comment(world: Any, as_: Any, lead: Any) -> None:
    api = as_(world.bob)
    assert api.post(f"leads/{lead.pk}/notes/", {"body": "Mine"})[0] == 201
    take("partner", "leads", "comment")
    status, problem = api.post(f"leads/{lead.pk}/notes/", {"body": "No more"})
    assert (status, problem["type"]) == (403, "urn:prm:problem:denied")
    assert [one["body"] for one in api.all(f"leads/{lead.pk}/notes/")] == ["Mine"]
    task = {"kind": "task", "title": "Words on it all the same"}
    assert api.post(f"leads/{lead.pk}/activities/", task)[0] == 403
    assert api.post(f"leads/{world.contoso_lead.pk}/notes/", {"body": "x"})[0] == 404
    assert (Note.objects.count(), Activity.objects.count()) == (1, 0)


def test_a_file_needs_attach_to_come_and_to_go(world: Any, as_: Any, lead: Any) -> None:
    api, path = as_(world.bob), f"leads/{lead.pk}/files/"
    headers = {"Authorization": f"Token {api.token}"}

    def send() -> Any:
        form = {"file": SimpleUploadedFile("a.txt", b"Words in a file")}
        return api.client.post(f"/api/v1/{path}", form, headers=headers)

    added = send().json()
    begun = {"name": "b.txt", "size": 4}
    status, upload = api.post(f"leads/{lead.pk}/uploads/", begun)
    assert status == 201
    take("partner", "leads", "attach")
    assert send().status_code == 403
    assert api.post(path, {"url": "https://files.example/a.txt"})[0] == 403
    assert api.post(f"leads/{lead.pk}/uploads/", begun)[0] == 403
    part = {"Upload-Offset": "0", "Content-Type": "application/octet-stream"}
    assert api.call("PATCH", f"leads/{lead.pk}/uploads/{upload['id']}/", b"text", **part).status_code == 403
    assert api.delete(f"{path}{added['id']}/")[0] == 403
    # It can still be read.
    assert api.get(f"{path}{added['id']}/")[0] == 200
    assert api.call("GET", f"{path}{added['id']}/content/").status_code == 200
    assert File.objects.filter(removed_at=None).count() == 1


def test_who_may_not_attach_has_nothing_fetched_or_kept(world: Any, lead: Any) -> None:
    take("partner", "leads", "attach")
    module = registry.get("leads")
    # As a request loads him: with the portal as it is now.
    bob = Actor.of(User.objects.get(pk=world.bob.pk))
    with pytest.raises(Denied):
        records.keep(bob, module, lead, BytesIO(b"x"), "a.txt")
    with pytest.raises(Denied):
        records.fetch(bob, module, lead, "https://files.example/a.txt")


def test_a_list_is_exported_where_that_is_granted(world: Any, as_: Any, lead: Any) -> None:
    api = as_(world.bob)
    assert str(lead.pk) in exported(api)
    take("partner", "leads", "export")
    status, problem = api.get("leads/export/")
    assert (status, problem["type"]) == (403, "urn:prm:problem:denied")
    assert api.get("leads/")[0] == 200
    assert api.get("portals/export/")[0] == 404


def exported(api: Any, query: str = "") -> str:
    response = api.call("GET", f"leads/export/{query}")
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def test_only_the_scopes_that_allow_it_are_exported(world: Any, as_: Any) -> None:
    """Rows and fields of a scope without export are seen, and do not leave."""
    mine = make_lead("accepted", world.northwind, company_name="Mine")
    grant = Scope.objects.filter(grant__portal__key="partner", grant__module="leads").first().grant  # type: ignore[union-attr]
    grant.scopes.all().delete()
    shared = {"grant": grant, "actions": ["view"], "fields": {"*": "read"}}
    own = {"field": "id", "op": "is", "value": str(mine.pk)}
    Scope.objects.create(
        position=0,
        name="partner's",
        where={"field": "partner", "op": "is", "value": "$user.company"},
        **shared,
    )
    Scope.objects.create(
        position=1,
        name="one of them",
        where=own,
        **{
            **shared,
            "actions": ["view", "export"],
            "fields": {"topic": "read", "state": "read", "created_at": "read"},
        },
    )
    touch(grant.portal)
    api = as_(world.bob)
    assert {one["id"] for one in api.all("leads/")} >= {str(mine.pk), str(world.northwind_lead.pk)}
    text = exported(api)
    assert str(mine.pk) in text
    assert str(world.northwind_lead.pk) not in text
    assert mine.topic in text
    assert "Mine" not in text
    assert "company_name" not in text
    assert api.get("leads/export/?columns=company_name")[0] == 400
    assert str(mine.pk) not in exported(api, "?search=Mine")


def test_a_file_made_in_the_background_asks_again(world: Any) -> None:
    module, actor = registry.get("leads"), Actor.of(world.bob)
    made = exporting.ask(actor, module, {}, exporting.columns_of(world.bob, module), "csv")
    take("partner", "leads", "export")
    run_pending()
    made = Export.objects.get(pk=made.pk)
    assert (made.state, made.content) == ("failed", None)
    assert made.problem


def test_who_may_no_longer_export_does_not_get_the_finished_file(world: Any, client: Any) -> None:
    module = registry.get("leads")
    made = exporting.ask(Actor.of(world.bob), module, {}, exporting.columns_of(world.bob, module), "csv")
    run_pending()
    client.force_login(world.bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(f"/exports/{made.pk}/file/").status_code == 200
    take("partner", "leads", "export")
    assert client.get(f"/exports/{made.pk}/file/").status_code == 403


def test_a_finished_file_with_a_column_that_is_hidden_since_is_not_given_out(world: Any, client: Any) -> None:
    module = registry.get("leads")
    client.force_login(world.bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    made = [
        exporting.ask(Actor.of(world.bob), module, {}, names, "csv")
        for names in (["topic", "region"], ["topic"])
    ]
    run_pending()
    for scope in Scope.objects.filter(grant__portal__key="partner", grant__module="leads"):
        scope.fields = {**scope.fields, "region": "hidden"}
        scope.save()
        touch(scope.grant.portal)
    assert [client.get(f"/exports/{one.pk}/file/").status_code for one in made] == [403, 200]


def test_me_names_what_may_be_done(world: Any, as_: Any) -> None:
    def actions() -> list[str]:
        modules = as_(world.bob).get("me/")[1]["modules"]
        return next(one["actions"] for one in modules if one["key"] == "leads")

    assert {"export", "attach", "comment"} <= set(actions())
    take("partner", "leads", "export")
    assert "export" not in actions()


def test_an_activity_of_others_is_done_by_who_may_comment(world: Any, as_: Any, lead: Any) -> None:
    api = as_(world.alice)
    made = api.post(f"leads/{lead.pk}/activities/", {"kind": "task", "title": "Call them"})[1]
    take("partner", "leads", "comment")
    done = f"leads/{lead.pk}/activities/{made['id']}/complete/"
    assert as_(world.bob).post(done, {})[0] == 403
    assert Activity.objects.get(pk=made["id"]).done_at is None
    assert api.post(done, {})[0] in (200, 204)
