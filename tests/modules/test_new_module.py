"""A module is its own folder and nothing else: `tests/gadgets` is found wherever modules are shown."""

import json

import pytest

from prm.alerts.models import Alert
from prm.modules import registry
from tests.gadgets.models import Gadget
from tests.matrix.cells import cases
from workflows.actor import Actor
from workflows.machine import Machine, machines
from workflows.models import Timer
from workflows.perform import perform

pytestmark = pytest.mark.django_db


@pytest.fixture
def gadget(world):
    return Gadget.objects.create(name="lamp", size=9)


@pytest.fixture
def signed_in(world, client):
    client.force_login(world.admin)
    return client


def test_in_the_registry_and_among_the_machines():
    assert registry.get("gadgets").machine is Machine.of(Gadget)
    assert Machine.of(Gadget) in machines()


def test_in_the_api(world, gadget, signed_in):
    rows = signed_in.get("/api/v1/gadgets/").json()["results"]
    assert [row["name"] for row in rows] == ["lamp"]
    made = signed_in.post("/api/v1/gadgets/", json.dumps({"name": "torch"}), content_type="application/json")
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    path = f"/api/v1/gadgets/{gadget.pk}/transitions/lend/"
    holder = {"holder": str(world.northwind.pk)}
    lent = signed_in.post(path, json.dumps(holder), content_type="application/json")
    assert (lent.status_code, lent.json()["state"]) == (200, "lent")
    history = signed_in.get(f"/api/v1/gadgets/{gadget.pk}/history/").json()["results"]
    assert [one["transition"] for one in history] == ["lend"]


def test_in_the_description_of_the_api(world, signed_in):
    paths = signed_in.get("/api/v1/schema/").json()["paths"]
    assert {path for path in paths if "gadgets" in path} >= {
        "/gadgets/",
        "/gadgets/{id}/",
        "/gadgets/{id}/transitions/lend/",
    }


@pytest.mark.parametrize("path", ["", "board/", "new/", "{id}/", "{id}/edit/", "{id}/do/lend/"])
def test_in_the_pages(gadget, signed_in, path):
    page = signed_in.get(f"/gadgets/{path.format(id=gadget.pk)}")
    assert page.status_code == 200
    assert "adget" in page.content.decode()


def test_its_alerts_and_timers(world, gadget):
    lent = perform(gadget, "lend", actor=Actor.of(world.admin), inputs={"holder": str(world.northwind.pk)})
    alerted = set(Alert.objects.filter(object_id=lent.pk).values_list("recipient", "kind"))
    assert alerted == {(world.alice.pk, "gadget.lent"), (world.bob.pk, "gadget.lent")}
    assert [(one.transition, one.due_at) for one in Timer.objects.filter(object_id=lent.pk)] == [
        ("take_back", lent.due_at)
    ]


def test_among_the_cells_that_are_tried(world):
    assert {case.module for case in cases({"gadgets"})} == {"gadgets"}
