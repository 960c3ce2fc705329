"""Who wrote a note, added a file or has a task is named to whom the history names them, and to no other."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prm.access.document import apply, document_of
from prm.access.models import Portal
from prm.alerts.queries import after
from prm.calendar import queries as calendar
from prm.modules import registry
from prm.modules.history import history_rows
from prm.modules.naming import label_of, may_name, names
from prm.people.models import User
from prm.records import files
from prm.records.actions import add_activity, add_note, complete_activity
from tests.browsing import LOGIN_BACKEND
from tests.cast import World
from tests.factories import make_lead
from tests.files.making import picture
from workflows import jobs
from workflows.actor import Actor
from workflows.perform import perform


def attach(user: User, lead: Any, name: str) -> Any:
    actor, module = Actor.of(user), registry.get("leads")
    stored = files.keep(actor, module, lead, BytesIO(picture()), name)
    return files.attach(actor, module, lead, stored)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=LOGIN_BACKEND)
    return client


def hangs(world: World, who: User) -> None:
    """A note, a file that is there and one that was removed, a task that is open and one that is done."""
    lead, module, actor = world.northwind_lead, registry.get("leads"), Actor.of(who)
    add_note(actor, module, lead, body=f"Note of {who.pk}")
    attach(who, lead, "kept.png")
    files.remove(actor, module, lead, attach(who, lead, "gone.png").pk)
    for title in ("open", "done"):
        task = add_activity(actor, module, lead, kind="task", title=title)
        if title == "done":
            complete_activity(actor, module, lead, task.pk)


def named_by_api(user: User, lead: Any) -> set[str | None]:
    client, found = client_of(user), set()
    for what in ("notes", "activities", "files"):
        for one in client.get(f"/api/v1/leads/{lead.pk}/{what}/").json()["results"]:
            found |= {one[name] for name in ("author", "assignee") if name in one}
            if what == "files":
                url = f"/api/v1/leads/{lead.pk}/files/{one['id']}/"
                assert client.get(url).json()["author"] == one["author"]
    return found


def without(portal: str, module: str = "users") -> None:
    """Takes a module from a portal."""
    found = Portal.objects.get(key=portal)
    document = document_of(found)
    del document["grants"][module]
    apply(found, document)


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_people_of_the_vendor_stay_as_anonymous_as_in_the_history(world: World) -> None:
    lead = world.northwind_lead
    hangs(world, world.admin)
    assert named_by_api(world.bob, lead) == {None}
    page = client_of(world.bob).get(f"/leads/{lead.pk}/").content.decode()
    assert f"Note of {world.admin.pk}" in page and "kept.png" in page and "gone.png" in page
    assert world.admin.name not in page
    for user in (world.maria, world.nils):
        assert named_by_api(user, lead) == {world.admin.name}
        assert world.admin.name in client_of(user).get(f"/leads/{lead.pk}/").content.decode()


@pytest.mark.parametrize("writer", ["alice", "maria"])
def test_whom_a_reader_may_see_is_named(world: World, writer: str) -> None:
    """A colleague, and the channel managers, whom partners see among the users."""
    who = getattr(world, writer)
    hangs(world, who)
    assert named_by_api(world.bob, world.northwind_lead) == {who.name}
    assert who.name in client_of(world.bob).get(f"/leads/{world.northwind_lead.pk}/").content.decode()


def test_a_portal_that_shows_no_users_names_nobody_but_oneself(world: World) -> None:
    lead = world.northwind_lead
    for who in (world.alice, world.bob):
        hangs(world, who)
    perform(lead, "contact", actor=Actor.of(world.alice))
    assert named_by_api(world.bob, lead) == {world.alice.name, world.bob.name}
    without("partner")
    bob = again(world.bob)
    assert named_by_api(bob, lead) == {None, bob.name}
    assert world.alice.name not in client_of(bob).get(f"/leads/{lead.pk}/").content.decode()
    assert world.alice.name not in {one["actor"] for one in history_rows(bob, registry.get("leads"), lead)}


def test_a_name_that_is_hidden_is_told_nowhere(world: World) -> None:
    """Somebody whose record is seen, but not by name: as the history, so all that hangs on a record."""
    portal = Portal.objects.get(key="partner")
    document = document_of(portal)
    for scope in document["grants"]["users"]["scopes"]:
        scope["fields"] = {"*": "hidden", "is_active": "read"}
    apply(portal, document)
    bob = again(world.bob)
    people = [world.alice, world.maria, world.carol, world.bob]
    named = names(bob, [one.pk for one in people])
    for one in people:
        assert named.told(one.pk) is may_name(bob, one) is (one == world.bob)
    # A page that would name her twice: as who works the lead, and as a colleague to plan something for.
    lead = make_lead("accepted", world.northwind, assignee=world.alice)
    client = Client()
    client.force_login(bob, backend=LOGIN_BACKEND)
    page = client.get(f"/leads/{lead.pk}/").content.decode()
    assert world.bob.get_full_name() in page
    assert "Alice" not in page
    assert "A colleague works this" in page


def test_without_a_name_nobody_is_told_by_the_address(world: World) -> None:
    User.objects.filter(pk=world.alice.pk).update(name="")
    alice, bob = again(world.alice), again(world.bob)
    assert names(bob, [alice.pk]).of(alice) == ""
    assert label_of(bob, alice) == "–"
    assert names(again(world.maria), [alice.pk]).of(alice) == alice.email


def test_both_ways_of_asking_agree(world: World) -> None:
    everybody = list(User.objects.all())
    for reader in everybody:
        named = names(reader, [one.pk for one in everybody])
        assert [named.told(one.pk) for one in everybody] == [may_name(reader, one) for one in everybody]


def test_an_alert_and_its_mail_name_a_colleague_who_may_be_named(world: World) -> None:
    def told(users: bool) -> tuple[bool, bool]:
        mail.outbox.clear()
        seen = max((one["seq"] for one in after(world.bob, 0)), default=0)
        lead = make_lead("accepted", world.northwind)
        given = {"assignee": str(world.bob.pk)}
        perform(lead, "hand_over", actor=Actor.of(world.alice), inputs=given)
        if not users:
            without("partner")
        while jobs.run_pending():
            pass
        (alert,) = after(again(world.bob), seen)
        (sent,) = [one for one in mail.outbox if one.to == [world.bob.email]]
        return world.alice.name in alert["body"], world.alice.name in sent.body

    assert told(users=True) == (True, True)
    assert told(users=False) == (False, False)


def test_the_calendar_of_the_team_names_whom_it_may(world: World) -> None:
    due = timezone.now() + timedelta(hours=1)
    lead, module = world.northwind_lead, registry.get("leads")
    task = add_activity(Actor.of(world.bob), module, lead, kind="call", title="Call", due_at=due)
    today = timezone.localdate()

    def who(user: User) -> list[str]:
        found = calendar.entries(user, today, today + timedelta(days=2), calendar.TEAM)
        return [one.who for one in found if one.activity]

    assert who(world.alice) == [world.bob.name]
    assert who(world.bob) == [""]
    form = f"/calendar/{task.pk}/"
    assert world.bob.name in client_of(world.alice).get(form).content.decode()
    without("partner")
    assert who(again(world.alice)) == [""]
    page = client_of(again(world.alice)).get(form)
    assert page.status_code == 200 and world.bob.name not in page.content.decode()


def test_names_cost_one_query_however_many_there_are(world: World) -> None:
    lead, module = world.northwind_lead, registry.get("leads")
    client = client_of(world.bob)

    def cost() -> int:
        client.get(f"/api/v1/leads/{lead.pk}/notes/")
        with CaptureQueriesContext(connection) as caught:
            client.get(f"/api/v1/leads/{lead.pk}/notes/")
        return len(caught)

    add_note(Actor.of(world.alice), module, lead, body="One")
    few = cost()
    for who in (world.alice, world.maria, world.nils, world.admin):
        add_note(Actor.of(who), module, lead, body="More")
    assert cost() == few
