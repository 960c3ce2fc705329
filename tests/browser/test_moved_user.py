"""A user is moved to another portal while a page of theirs is open."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import expect

from prm.people.models import User
from tests.cast import build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(live: Any) -> Any:
    return build_world()


def test_the_open_page_loads_anew_within_a_second(world: Any, new_page: Any, live: Any) -> None:
    moved, desk = new_page(user=world.carol), new_page(user=world.admin)
    moved.goto(f"{live.url}/")
    leads = moved.locator("nav a[href='/leads/']").first
    expect(leads).to_be_visible()
    desk.goto(f"{live.url}/portal-users/?q=carol")
    desk.get_by_role("checkbox", name="Carol Cohen").check()
    desk.get_by_label("Move the chosen to").select_option(label="Customer")
    seen: list[float] = []
    moved.on("framenavigated", lambda frame: seen.append(time.monotonic()))
    desk.get_by_role("button", name="Move").click()
    expect(desk.locator(".toast", has_text="in “Customer” now").first).to_be_visible()
    done = time.monotonic()
    expect(moved.locator("nav a[href='/leads/']")).to_have_count(0)
    assert User.objects.get(pk=world.carol.pk).portal.key == "customer"
    # Once, and it stays there: the next page is for the new rights.
    assert len(seen) == 1
    assert seen[0] - done < 1
