"""Moving users, inviting many, and seats, through the API."""

from __future__ import annotations

from typing import Any

import pytest

from prm.access.models import Portal
from prm.people.models import Invitation, User


@pytest.fixture
def students(world: Any) -> Portal:
    return Portal.objects.create(key="students", title="Students")


def test_users_are_moved_each_with_an_answer(world: Any, as_: Any, students: Portal) -> None:
    nobody = "00000000-0000-0000-0000-000000000009"
    body = {"ids": [str(world.bob.pk), str(world.erin.pk), nobody], "portal": str(students.pk)}
    status, answer = as_(world.admin).post("users/move/", body)
    assert status == 200
    assert [one["status"] for one in answer["results"]] == [200, 422, 404]
    assert answer["results"][0]["record"]["portal"]["id"] == str(students.pk)
    assert list(answer["results"][1]["problem"]["errors"]) == ["portal"]
    assert User.objects.get(pk=world.bob.pk).portal == students


def test_a_key_moves_once(world: Any, as_: Any, students: Portal) -> None:
    body = {"ids": [str(world.bob.pk)], "portal": str(students.pk)}
    admin = as_(world.admin)
    first = admin.post("users/move/", body, Idempotency_Key="one")
    User.objects.filter(pk=world.bob.pk).update(portal=world.carol.portal)
    again = admin.post("users/move/", body, Idempotency_Key="one")
    assert first[0] == again[0] == 200
    assert User.objects.get(pk=world.bob.pk).portal == world.carol.portal
    assert admin.post("users/move/", {**body, "portal": nothing()}, Idempotency_Key="one")[0] == 422


def nothing() -> str:
    return "00000000-0000-0000-0000-000000000001"


def test_only_who_manages_portals_moves(world: Any, as_: Any, students: Portal) -> None:
    body = {"ids": [str(world.bob.pk)], "portal": str(students.pk)}
    for user in (world.maria, world.alice, world.bob):
        assert as_(user).post("users/move/", body)[0] == 403
    assert as_(None).post("users/move/", body)[0] == 401
    assert as_(world.admin).post("users/move/", {**body, "portal": nothing()})[0] == 422
    assert as_(world.admin).post("users/move/", {"ids": []})[0] == 400


def test_many_are_invited(world: Any, as_: Any) -> None:
    body: dict[str, Any] = {
        "trial": True,
        "lines": [
            {"email": "ann@contoso.example", "portal": "Partner", "company": str(world.contoso.pk)},
            {"email": "ben@contoso.example", "portal": "Nowhere"},
        ],
    }
    status, trial = as_(world.admin).post("invitations/many/", body)
    assert (status, [one["ok"] for one in trial["results"]]) == (200, [True, False])
    assert list(trial["results"][1]["errors"]) == ["portal"]
    assert not Invitation.objects.exists()
    status, done = as_(world.admin).post("invitations/many/", {**body, "trial": False})
    assert done == trial
    assert Invitation.objects.get().email == "ann@contoso.example"
    assert as_(world.bob).post("invitations/many/", body)[0] == 404
    assert as_(world.admin).post("invitations/many/", {"lines": []})[0] in (400, 422)


def test_seats_are_set_and_run_out(world: Any, as_: Any) -> None:
    Portal.objects.exclude(key="partner").update(seated=False)
    admin = as_(world.admin)
    assert admin.get("seats/")[1] == {
        "bought": None,
        "free": 0,
        "used": 3,
        "left": None,
        "portals": [
            {"id": str(world.bob.portal_id), "title": "Partner", "users": 3, "invited": 0},
        ],
    }
    status, answer = admin.put("seats/", {"bought": 2, "free": 1})
    assert (status, answer["left"]) == (200, 0)
    status, problem = as_(world.alice).post("invitations/", {"email": "new@northwind.example"})
    assert (status, list(problem["errors"])) == (422, ["email"])
    for user in (world.maria, world.alice):
        assert as_(user).get("seats/")[0] == 404
        assert as_(user).put("seats/", {"bought": 9, "free": 0})[0] == 404
    assert admin.put("seats/", {"bought": -1, "free": 0})[0] == 422
