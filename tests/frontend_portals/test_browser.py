"""Order by arrows and by dragging, rows that follow their field, and the sample card, in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from prm.access.models import Portal
from prm.portals.actions import open_draft
from tests.cast import build_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(live: Any) -> Any:
    return build_world()


def test_arrows_dragging_rows_and_the_sample(world: Any, new_page: Any, live: Any) -> None:
    portal = Portal.objects.get(key="partner")
    module = f"{live.url}/portals-admin/{portal.pk}/modules/leads/"
    page = new_page(user=world.admin)
    page.goto(f"{module}layouts/new/")
    fields = page.locator("[data-sort=fields]")

    def at(section: int, place: int) -> Any:
        return fields.nth(section).locator("[data-item]").nth(place).locator("input[type=hidden]")

    expect(at(0, 0)).to_have_value("topic")
    expect(at(0, 1)).to_have_value("state")
    up = fields.nth(0).locator("li", has_text="State").get_by_role("button", name="Move State up")
    up.focus()
    page.keyboard.press("Enter")
    expect(at(0, 0)).to_have_value("state")
    expect(at(0, 1)).to_have_value("topic")
    expect(up).to_be_focused()
    # From one section into another.
    fields.nth(1).locator("li", has_text="Email").drag_to(fields.nth(0).locator("li").first)
    expect(fields.nth(0).locator("input[value=email][name=in-0]")).to_have_count(1)
    expect(fields.nth(1).locator("input[value=email]")).to_have_count(0)
    page.get_by_role("button", name="Save in the draft").last.click()
    page.wait_for_url("**/layouts/")
    draft = open_draft(portal)
    assert draft
    saved = draft.document["grants"]["leads"]["layouts"][0]["sections"]
    assert "email" in saved[0]["fields"] and "email" not in saved[1]["fields"]
    assert saved[0]["fields"].index("state") < saved[0]["fields"].index("topic")

    page.goto(f"{module}scopes/new/")
    page.get_by_role("button", name="Add a condition").click()
    page.locator("#c0-field").select_option("state")
    expect(page.locator("select#c0-value option", has_text="Contacted")).to_have_count(1)
    page.locator("#c0-op").select_option("in")
    expect(page.locator("#c0 .chip", has_text="Contacted")).to_be_visible()

    page.goto(f"{module}views/")
    expect(page.locator("#sample")).not_to_contain_text("Country")
    page.locator("#line-add").select_option("country")
    expect(page.locator("#sample")).to_contain_text("Country")
