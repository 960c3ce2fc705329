"""History, explain, notes, activities and alerts."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from prm.records.models import Activity, Note
from tests.factories import make_lead
from workflows.actor import Actor
from workflows.perform import perform

pytestmark = pytest.mark.django_db


@pytest.fixture
def offered(world: Any) -> Any:
    """A lead that Contoso declined and that is on offer to Northwind."""
    lead = make_lead("new", owner=world.maria)
    maria, carol = Actor.of(world.maria), Actor.of(world.carol)
    perform(lead, "assign", actor=maria, inputs={"partner": str(world.contoso.pk), "reason": "Near"})
    perform(lead, "decline", actor=carol, inputs={"reason": "capacity"})
    return perform(lead, "assign", actor=maria, inputs={"partner": str(world.northwind.pk), "reason": "Free"})


def test_staff_read_the_whole_history(world: Any, as_: Any, offered: Any) -> None:
    rows = as_(world.maria).get(f"leads/{offered.pk}/history/")[1]["results"]
    assert [(row["transition"], row["from_state"], row["to_state"]) for row in rows] == [
        ("create", None, "new"),
        ("assign", "new", "assigned"),
        ("decline", "assigned", "new"),
        ("assign", "new", "assigned"),
    ]
    assert rows[2]["actor"] == {"kind": "user", "name": world.carol.name}
    assert rows[1]["inputs"]["partner"] == str(world.contoso.pk)


def test_a_partners_history_begins_at_its_own_offer(world: Any, as_: Any, offered: Any) -> None:
    status, body = as_(world.bob).get(f"leads/{offered.pk}/history/")
    assert (status, [row["transition"] for row in body["results"]]) == (200, ["assign"])
    assert "Contoso" not in str(body) and str(world.contoso.pk) not in str(body)
    assert as_(world.carol).get(f"leads/{offered.pk}/history/")[0] == 404


def test_explain_names_the_rule(world: Any, as_: Any, offered: Any) -> None:
    api = as_(world.bob)
    status, yes = api.get(f"leads/{offered.pk}/explain/?verb=accept")
    assert (status, yes["verb"], yes["allowed"]) == (200, "accept", True)
    assert yes["rule"].startswith("partner / leads / ")
    no = api.get(f"leads/{offered.pk}/explain/?verb=assign")[1]
    assert (no["allowed"], no["would_need"]) == (False, "the action assign in a scope")
    for query in ("", "?verb=", "?verb=fly", "?verb=create"):
        status, problem = api.get(f"leads/{offered.pk}/explain/{query}")
        assert (status, list(problem["errors"])) == (400, ["verb"]), query


def test_notes_are_written_and_read(world: Any, as_: Any, offered: Any) -> None:
    bob, path = as_(world.bob), f"leads/{offered.pk}/notes/"
    status, note = bob.post(path, {"body": "Called them"})
    assert (status, note["body"], note["author"], note["internal"]) == (
        201,
        "Called them",
        world.bob.name,
        False,
    )
    assert bob.all(path) == [note] and as_(world.maria).all(path) == [note]


def test_what_staff_keep_to_themselves_stays_with_them(world: Any, as_: Any, offered: Any) -> None:
    path = f"leads/{offered.pk}/notes/"
    status, note = as_(world.maria).post(path, {"body": "Hard customer", "internal": True})
    assert (status, note["internal"]) == (201, True)
    assert (as_(world.maria).all(path), as_(world.bob).all(path)) == ([note], [])


def test_notes_come_in_pages_newest_first(world: Any, as_: Any, offered: Any) -> None:
    api, path = as_(world.bob), f"leads/{offered.pk}/notes/"
    for number in range(5):
        api.post(path, {"body": str(number)})
    first = api.get(f"{path}?limit=3")[1]
    assert [note["body"] for note in first["results"]] == ["4", "3", "2"]
    second = api.get(first["next"])[1]
    assert ([note["body"] for note in second["results"]], second["next"]) == (["1", "0"], None)
    assert api.get(f"{path}?cursor=x")[1]["errors"] == {"cursor": ["Not a cursor of this list."]}
    assert api.get(f"{path}?limit=201")[0] == 400


@pytest.mark.parametrize(
    ("body", "status", "errors"),
    [
        ({}, 422, {"body": ["This field is required."]}),
        ({"body": "  "}, 422, {"body": ["This field is required."]}),
        ({"body": 1}, 400, {"body": ["Must be of type string."]}),
        ({"body": "x", "author": "x"}, 400, {"author": ["Unknown field."]}),
    ],
)
def test_a_note_has_its_form(world: Any, as_: Any, offered: Any, body: Any, status: int, errors: Any) -> None:
    found, problem = as_(world.bob).post(f"leads/{offered.pk}/notes/", body)
    assert (found, problem["errors"], Note.objects.count()) == (status, errors, 0)


def test_a_note_is_written_once_for_its_key(world: Any, as_: Any, offered: Any) -> None:
    api, path = as_(world.bob), f"leads/{offered.pk}/notes/"
    first = api.post(path, {"body": "x"}, Idempotency_Key="n1")
    assert api.post(path, {"body": "x"}, Idempotency_Key="n1") == first
    assert Note.objects.count() == 1
    Note.objects.update(internal=True)
    assert api.post(path, {"body": "x"}, Idempotency_Key="n1")[0] == 404


def test_activities_are_planned_and_done(world: Any, as_: Any, offered: Any) -> None:
    api, path = as_(world.bob), f"leads/{offered.pk}/activities/"
    body = {"kind": "call", "title": "First call", "due_at": "2027-01-05T10:00:00+01:00"}
    status, made = api.post(path, body, Idempotency_Key="a1")
    assert (status, made["due_at"], made["done_at"], made["assignee"]) == (
        201,
        "2027-01-05T09:00:00Z",
        None,
        world.bob.name,
    )
    assert api.post(path, body, Idempotency_Key="a1") == (201, made)
    assert api.all(path) == [made]
    status, done = api.post(f"{path}{made['id']}/complete/", None, Idempotency_Key="a2")
    assert (status, done["id"], done["done_at"] is None) == (200, made["id"], False)
    assert api.post(f"{path}{made['id']}/complete/", None, Idempotency_Key="a2") == (200, done)
    assert Activity.objects.count() == 1


def test_only_activities_that_are_there_can_be_done(world: Any, as_: Any, offered: Any) -> None:
    path = f"leads/{offered.pk}/activities/"
    made = as_(world.maria).post(path, {"kind": "task", "title": "x", "internal": True})[1]
    for pk in (made["id"], uuid4()):
        assert as_(world.bob).post(f"{path}{pk}/complete/")[0] == 404
    assert as_(world.bob).call("GET", f"{path}{made['id']}/complete/").status_code == 405


def test_activities_are_changed_and_deleted_by_whose_they_are(world: Any, as_: Any, offered: Any) -> None:
    api, path = as_(world.bob), f"leads/{offered.pk}/activities/"
    due = "2027-01-05T10:00:00Z"
    made = api.post(path, {"kind": "call", "title": "First call", "due_at": due, "remind": "60"})[1]
    one = f"{path}{made['id']}/"
    response = api.call("GET", one)
    assert (response.json(), response["ETag"]) == (made, f'"{made["version"]}"')
    moved = api.patch(
        one, {"due_at": "2027-01-12T10:00:00Z", "title": "Second call"}, If_Match=made["version"]
    )
    assert (moved[0], moved[1]["due_at"], moved[1]["title"]) == (200, "2027-01-12T10:00:00Z", "Second call")
    assert moved[1]["version"] != made["version"]
    (reminder,) = Activity.objects.get(pk=made["id"]).reminders.all()
    assert (reminder.minutes, reminder.at.isoformat()) == (60, "2027-01-12T09:00:00+00:00")
    for call in (lambda: api.patch(one, {"title": "x"}, If_Match=made["version"]),
                 lambda: api.delete(one, If_Match=f'"{made["version"]}"')):  # fmt: skip
        assert (call()[0], call()[1]["type"]) == (412, "urn:prm:problem:stale")
    assert api.patch(one, {"done": True})[1]["done_at"] is not None
    assert api.patch(one, {"done": False, "remind": None, "body": None})[1]["done_at"] is None
    assert not Activity.objects.get(pk=made["id"]).reminders.exists()
    assert api.delete(one, If_Match=f'"{api.get(one)[1]["version"]}"') == (204, None)
    assert not Activity.objects.exists()
    assert api.delete(one)[0] == 404


def test_an_activity_is_given_to_colleagues_alone(world: Any, as_: Any, offered: Any) -> None:
    perform(offered, "accept", actor=Actor.of(world.alice))
    api, path = as_(world.alice), f"leads/{offered.pk}/activities/"
    one = f"{path}{api.post(path, {'kind': 'task', 'title': 'x'})[1]['id']}/"
    assert api.patch(one, {"assignee": str(world.bob.pk)})[1]["assignee"] == world.bob.name
    assert api.patch(one, {"assignee": str(world.carol.pk)})[0] == 422
    assert api.patch(one, {"assignee": None})[1]["assignee"] == world.alice.name


def test_an_activity_of_others_is_not_there_to_change(world: Any, as_: Any, offered: Any) -> None:
    path = f"leads/{offered.pk}/activities/"
    made = as_(world.alice).post(path, {"kind": "task", "title": "x"})[1]
    other = f"leads/{make_lead('new', owner=world.maria).pk}/activities/"
    for user, where in ((world.bob, path), (world.carol, path), (world.maria, path), (world.maria, other)):
        for call in (
            as_(user).get,
            as_(user).delete,
            lambda one, user=user: as_(user).patch(one, {"title": "y"}),
        ):
            assert call(f"{where}{made['id']}/")[0] == 404
    refused = ({"title": ""}, {"kind": "party"}, {"internal": True}, {"due_at": "noon"}, {"remind": "60"})
    for wrong in refused:
        assert as_(world.alice).patch(f"{path}{made['id']}/", wrong)[0] in (400, 422)
    assert Activity.objects.get().title == "x"
    # The admin of the company may change what is a colleague's.
    done = as_(world.bob).post(path, {"kind": "task", "title": "z"})[1]
    assert as_(world.alice).patch(f"{path}{done['id']}/", {"done": True})[0] == 200


def test_alerts_after_a_number_come_in_its_order(world: Any, as_: Any, offered: Any) -> None:
    api = as_(world.bob)
    for _ in range(2):
        lead = make_lead("new", owner=world.maria)
        inputs = {"partner": str(world.northwind.pk)}
        perform(lead, "assign", actor=Actor.of(world.maria), inputs=inputs)
    rows = api.all("alerts/?after=0")
    assert [row["seq"] for row in rows] == [1, 2, 3]
    assert [row["seq"] for row in api.all("alerts/?after=2")] == [3]
    assert {name: rows[0][name] for name in ("kind", "object")} == {
        "kind": "lead.assigned",
        "object": {"module": "leads", "id": str(offered.pk)},
    }
    first = api.get("alerts/?after=0&limit=2")[1]
    assert [row["seq"] for row in api.get(first["next"])[1]["results"]] == [3]


def test_alerts_are_seen_up_to_a_number(world: Any, as_: Any, offered: Any) -> None:
    api = as_(world.bob)
    seq = api.all("alerts/")[0]["seq"]
    assert api.post("alerts/seen/", {"seq": seq}) == (200, {"unseen": 0})
    assert api.all("alerts/")[0]["seen_at"] is not None
    assert as_(world.alice).all("alerts/")[0]["seen_at"] is None
    assert api.post("alerts/seen/", {})[0] == 422
    assert api.post("alerts/seen/", {"seq": -1})[1]["errors"] == {"seq": ["A whole number from 0."]}
    assert api.post("alerts/seen/", {"seq": "1"})[0] == 400
