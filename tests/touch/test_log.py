"""Who has seen or done what is in the log: by which door, from where, and of which record."""

from __future__ import annotations

import uuid

import pytest
from django.db import DatabaseError
from django.test import Client

from api.tokens import issue
from prm.modules import registry
from prm.touch import keeping
from prm.touch.chain import verify
from prm.touch.models import TouchEntry
from prm.touch.noting import note
from tests.cast import PASSWORD, World

pytestmark = pytest.mark.django_db


def told(lines) -> list[tuple[str, str, str]]:
    return [(one.kind, one.module, one.verb) for one in lines()]


def test_pages_lists_searches_and_records(world: World, client: Client, lines):
    client.force_login(world.alice)
    lead = world.northwind_lead
    for path in ("/", "/leads/?view=none", "/leads/?search=lead", f"/leads/{lead.pk}/", "/search/?q=lead"):
        assert client.get(path, REMOTE_ADDR="192.0.2.9").status_code == 200, path
    found = lines()
    assert [(one.kind, one.module, one.verb) for one in found] == [
        ("sign_in", "", ""),
        ("page", "", "home"),
        ("list", "leads", "module-list"),
        ("search", "leads", "module-list"),
        ("record", "leads", "record"),
        ("search", "", "search"),
    ]
    assert {one.user_id for one in found} == {world.alice.pk}
    assert {one.portal for one in found} == {"partner"}
    assert {one.address for one in found[1:]} == {"192.0.2.9"}
    assert found[4].record == lead.pk
    assert all(one.request for one in found[1:])
    assert verify().broken is None


def test_what_is_refused_or_not_there_was_not_seen(world: World, client: Client, lines):
    client.force_login(world.alice)
    assert client.get(f"/leads/{world.contoso_lead.pk}/").status_code == 404
    assert client.get("/nowhere/at/all/").status_code == 404
    assert [one.kind for one in lines()] == ["sign_in"]


def test_the_api_with_a_token(world: World, client: Client, lines):
    token, _row = issue(world.bob)
    with_token = {"HTTP_AUTHORIZATION": f"Token {token}"}
    lead = world.northwind_lead
    assert client.get("/api/v1/leads/", **with_token).status_code == 200
    assert client.get(f"/api/v1/leads/{lead.pk}/", **with_token).status_code == 200
    assert client.get("/api/v1/me/", **with_token).status_code == 200
    found = lines()
    assert [(one.kind, one.door, one.module, one.record) for one in found] == [
        ("list", "api", "leads", None),
        ("record", "api", "leads", lead.pk),
        ("page", "api", "", None),
    ]
    assert {one.user_id for one in found} == {world.bob.pk}


def test_signing_in_and_out_and_failing_to(world: World, client: Client, lines):
    wrong = {"login": world.alice.email, "password": "not the password"}
    client.post("/account/login/", wrong)
    client.post("/account/login/", {"login": "nobody@nowhere.example", "password": "x"})
    client.post("/account/login/", {"login": world.alice.email.upper(), "password": PASSWORD})
    client.post("/account/logout/")
    found = [(one.kind, one.user_id) for one in lines()]
    assert found == [
        ("sign_in_failed", world.alice.pk),
        ("sign_in_failed", None),
        ("sign_in", world.alice.pk),
        ("sign_out", world.alice.pk),
    ]
    for one in TouchEntry.objects.all():
        assert "nowhere" not in str(vars(one))


def test_tokens_are_sign_ins_too(world: World, client: Client, lines):
    body = {"email": world.bob.email, "password": PASSWORD}
    answer = client.post("/api/v1/auth/token/", body, "application/json")
    token = {"HTTP_AUTHORIZATION": f"Token {answer.json()['token']}"}
    assert client.delete("/api/v1/auth/token/", **token).status_code == 204
    client.post("/api/v1/auth/token/", {**body, "password": "wrong one here"}, "application/json")
    assert [(one.kind, one.user_id, one.door) for one in lines()] == [
        ("sign_in", world.bob.pk, "api"),
        ("sign_out", world.bob.pk, "api"),
        ("sign_in_failed", world.bob.pk, "api"),
    ]


def test_actions_are_told_record_by_record(
    world: World, client: Client, lines, django_capture_on_commit_callbacks
):
    token, _row = issue(world.alice)
    with_token = {"HTTP_AUTHORIZATION": f"Token {token}", "content_type": "application/json"}
    pk = world.northwind_lead.pk
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(f"/api/v1/leads/{pk}/transitions/contact/", {}, **with_token).status_code == 200
        assert client.patch(f"/api/v1/leads/{pk}/", {"city": "Bonn"}, **with_token).status_code == 200
    assert [(one.kind, one.module, one.record, one.verb) for one in lines()] == [
        ("transition", "leads", pk, "contact"),
        ("update", "leads", pk, ""),
    ]


def test_what_changes_no_record_of_a_module_is_an_action(world: World, client: Client, lines):
    client.force_login(world.alice)
    client.post(f"/leads/{world.northwind_lead.pk}/notes/", {"body": "Called them."})
    client.post("/theme/", {"theme": "dark"})
    assert told(lines)[1:] == [("action", "leads", "record-notes")]


def test_an_action_that_is_undone_was_none(world: World, lines, django_capture_on_commit_callbacks):
    from workflows.actor import Actor
    from workflows.errors import WorkflowError
    from workflows.perform import perform

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(WorkflowError):
        perform(world.contoso_lead, "contact", actor=Actor.of(world.alice))
    assert lines() == []


def test_exports_are_written_before_the_first_byte(world: World, client: Client, lines):
    client.force_login(world.maria)
    answer = client.get("/api/v1/leads/export/")
    assert answer.status_code == 200
    found = TouchEntry.objects.get()
    assert (found.kind, found.module, found.door, found.user_id) == ("export", "leads", "api", world.maria.pk)
    assert b"".join(answer.streaming_content)


def test_an_export_that_cannot_be_recorded_is_not_given_out(world: World, client: Client, lines, monkeypatch):
    client.force_login(world.maria)

    def broken(notes: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(keeping.chain, "append", broken)
    answer = client.get("/api/v1/leads/export/")
    assert answer.status_code == 503 and b"lead" not in answer.content


def test_a_page_asks_the_database_nothing_more(world: World, client: Client, lines, settings):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(world.alice)
    client.get("/leads/?view=none")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get("/leads/?view=none")
        return len(found)

    with_log = queries()
    settings.TOUCH_LOG = False
    assert queries() == with_log


def test_the_queue_is_bounded_and_what_it_cannot_take_is_counted(world: World, lines, settings):
    settings.TOUCH_QUEUE = 100
    before = keeping.keeper.dropped
    for _ in range(130):
        note(world.alice, "page")
    assert len(keeping.keeper.notes) == 100
    assert keeping.keeper.dropped == before + 30
    assert len(lines()) == 100


def test_what_could_not_be_written_waits_in_its_order(world: World, lines, monkeypatch):
    for number in range(5):
        note(world.alice, "page", verb=str(number))
    append = keeping.chain.append

    def broken(notes: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(keeping.chain, "append", broken)
    with pytest.raises(DatabaseError):
        keeping.flush()
    monkeypatch.setattr(keeping.chain, "append", append)
    assert [one.verb for one in lines()] == ["0", "1", "2", "3", "4"]


def test_the_module_is_for_those_who_are_granted_it(world: World, client: Client, lines):
    client.force_login(world.alice)
    assert client.get("/touches/").status_code == 404
    assert client.get("/api/v1/touches/").status_code == 404
    lead = world.northwind_lead
    client.get(f"/leads/{lead.pk}/")
    client.force_login(world.admin)
    lines()
    assert client.get("/touches/?view=none").status_code == 200

    def found(**params: str) -> list[str]:
        answer = client.get("/api/v1/touches/", params)
        assert answer.status_code == 200, answer.content
        return [one["kind"] for one in answer.json()["results"]]

    assert found(user=str(world.alice.pk)) == ["record", "sign_in"]
    assert found(module="leads") == ["record"]
    assert found(record=str(lead.pk)) == ["record"]
    assert found(kind="sign_in") == ["sign_in", "sign_in"]
    assert found(at__gte="2099-01-01T00:00:00Z") == []
    assert found(search="alice") == ["record", "sign_in"]
    assert found(search=str(lead.pk)) == ["record"]
    assert found(search="leads") == ["record"]
    assert found(search="nobody") == []
    line = TouchEntry.objects.get(kind="record")
    shown = client.get(f"/api/v1/touches/{line.pk}/").json()
    assert shown["user"]["title"] == world.alice.name and shown["seq"] == line.seq
    assert client.get(f"/touches/{line.pk}/").status_code == 200
    for method, code in (("patch", 403), ("delete", 403)):
        answer = getattr(client, method)(f"/api/v1/touches/{line.pk}/", {}, "application/json")
        assert answer.status_code == code
    export = client.get("/api/v1/touches/export/", {"module": "leads"})
    assert b"record" in b"".join(export.streaming_content)


def test_an_erased_person_has_no_name_in_a_whole_chain(world: World, client: Client, lines):
    from prm.privacy.erase import erase
    from prm.privacy.person import of_user
    from workflows.actor import Actor

    client.force_login(world.bob)
    client.get("/", REMOTE_ADDR="192.0.2.44")
    lines()
    erase(Actor.of(world.admin), of_user(world.bob), confirmed=world.bob.name)
    assert verify().broken is None and verify().erased == 1
    assert not TouchEntry.objects.filter(address="192.0.2.44").exists()
    client.force_login(world.admin)
    rows = client.get("/api/v1/touches/", {"user": str(world.bob.pk)}).json()["results"]
    assert {one["user"]["title"] for one in rows} == {"Erased person"}


def test_every_module_of_a_route_exists():
    from prm.touch.routes import MODULES

    assert {registry.get(key).key for key in MODULES.values()} == set(MODULES.values())


def test_an_unknown_reference_is_no_query(world: World, client: Client, lines):
    client.force_login(world.admin)
    assert client.get("/api/v1/touches/", {"record": str(uuid.uuid4())}).json()["results"] == []


def test_what_is_done_in_the_names_of_people_is_left_out(
    world: World, lines, django_capture_on_commit_callbacks
):
    from prm.touch.noting import unnoted
    from workflows.actor import Actor
    from workflows.perform import perform

    with django_capture_on_commit_callbacks(execute=True), unnoted():
        perform(world.northwind_lead, "contact", actor=Actor.of(world.alice))
    assert lines() == []


def test_what_a_mailed_link_proves_is_in_no_line(world: World, client: Client, lines):
    """Addresses of password resets and confirmations name their secret `key`, as others do their module."""
    client.force_login(world.alice)
    for path in (
        "/account/password/reset/key/1-c0ffee-5ec2e7/",
        "/account/confirm-email/MTk:1tSecret:5ec2e7/",
    ):
        client.get(path)
    found = lines()
    assert {one.module for one in found} == {""}
    assert not any("5ec2e7" in one.verb for one in found)
