"""A user is moved to another portal while a page of theirs is open."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from prm.people.models import User
from tests.cast import build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(live: Any) -> Any:
    return build_world()


def test_the_open_page_loads_anew_at_once(world: Any, new_page: Any, live: Any) -> None:
    moved, desk = new_page(user=world.carol), new_page(user=world.admin)
    told: list[list[str]] = []

    def listen(socket: Any) -> None:
        told.append([])
        socket.on("framereceived", lambda text, kinds=told[-1]: kinds.append(json.loads(text)["type"]))

    moved.on("websocket", listen)
    moved.goto(f"{live.url}/")
    leads = moved.locator("nav a[href='/leads/']").first
    expect(leads).to_be_visible()
    desk.goto(f"{live.url}/portal-users/?q=carol")
    desk.get_by_role("checkbox", name="Carol Cohen").check()
    desk.get_by_label("Move the chosen to").select_option(label="Customer")
    loads: list[str] = []
    moved.on("framenavigated", lambda frame: loads.append(frame.url))
    desk.get_by_role("button", name="Move").click()
    expect(desk.locator(".toast", has_text="in “Customer” now").first).to_be_visible()
    expect(moved.locator("nav a[href='/leads/']")).to_have_count(0)
    assert User.objects.get(pk=world.carol.pk).portal.key == "customer"
    # Once, and it stays there: the next page is for the new rights.
    assert len(loads) == 1
    # Told, rather than found out with the next look of its own, which a sync would end.
    assert told[0] == ["sync", "rights"]
