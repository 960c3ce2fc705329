"""Finding and acting by keyboard alone, in a browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from prm.leads.models import Lead
from prm.views.models import SavedView
from tests.cast import build_world
from tests.factories import make_lead

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(live: Any) -> Any:
    return build_world()


def test_the_finder_by_keyboard(world: Any, new_page: Any, live: Any) -> None:
    lead = make_lead("accepted", world.northwind, topic="Findable routers")
    page = new_page(user=world.alice)
    page.goto(f"{live.url}/leads/{lead.pk}/")
    page.keyboard.press("Control+k")
    box = page.locator("#finder [role=combobox]")
    expect(box).to_be_focused()
    box.type("findable")
    option = page.locator("#finder [role=option][aria-selected=true]")
    expect(option).to_contain_text("Findable routers")
    expect(box).to_have_attribute("aria-activedescendant", option.get_attribute("id"))
    box.fill("mark cont")
    expect(option).to_contain_text("Mark as contacted")
    page.keyboard.press("Enter")
    dialog = page.locator("#dialog[open]")
    expect(dialog).to_contain_text("Mark as contacted")
    dialog.locator("button.btn--primary").click()
    page.locator(".toast", has_text="Contacted").wait_for()
    # What was opened last stands there without a word typed.
    page.goto(f"{live.url}/")
    page.keyboard.press("/")
    expect(page.locator("#finder")).to_contain_text("Findable routers")


ENTER_AT_ONCE = """addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector("#finder [role=combobox]");
  const results = document.querySelector("#finder-results");
  new MutationObserver(() => {
    const chosen = results.querySelector("[aria-selected=true]");
    if (chosen?.textContent.includes("Mark as"))
      box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  }).observe(results, { childList: true, subtree: true, attributes: true });
});"""


def test_a_command_opens_its_dialog_however_soon_it_is_chosen(world: Any, new_page: Any, live: Any) -> None:
    lead = make_lead("accepted", world.northwind)
    page = new_page(user=world.alice)
    page.add_init_script(ENTER_AT_ONCE)
    page.goto(f"{live.url}/leads/{lead.pk}/")
    page.keyboard.press("Control+k")
    box = page.locator("#finder [role=combobox]")
    expect(box).to_be_focused()
    box.fill("mark cont")
    expect(page.locator("#dialog[open]")).to_contain_text("Mark as contacted")


def test_rows_are_chosen_changed_and_the_change_is_undone(world: Any, new_page: Any, live: Any) -> None:
    leads = [make_lead("accepted", world.northwind, topic=f"Row {letter}") for letter in "abcd"]
    page = new_page(user=world.alice)
    page.goto(f"{live.url}/leads/?search=row")
    boxes = page.locator(".pick")
    expect(boxes).to_have_count(4)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("[data-picked]")).to_have_text("3")
    boxes.nth(0).click()
    boxes.nth(3).click(modifiers=["Shift"])
    page.locator(".bulkbar").get_by_role("button", name="Change fields").click()
    dialog = page.locator("#dialog[open]")
    dialog.get_by_label("Region", exact=True).check()
    dialog.get_by_role("button", name="Go on").click()
    dialog.get_by_role("textbox", name="Region").fill("APAC")
    dialog.get_by_role("button", name="Change").click()
    expect(dialog.locator(".answers")).to_contain_text("Changed")
    changed = Lead.objects.filter(region="APAC").count()
    assert changed >= 1
    dialog.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text=re.compile("is as it was|are as they were"))).to_be_visible()
    assert Lead.objects.filter(pk__in=[one.pk for one in leads], region="APAC").count() == 0


def test_keys_are_quiet_while_typing_and_when_switched_off(world: Any, new_page: Any, live: Any) -> None:
    page = new_page(user=world.maria)
    page.goto(f"{live.url}/leads/")
    page.keyboard.press("/")
    expect(page.locator(".filters [type=search]")).to_be_focused()
    page.keyboard.type("?gl/")
    expect(page.locator("#dialog")).not_to_be_visible()
    page.locator(".filters [type=search]").blur()
    page.keyboard.press("?")
    expect(page.locator("#dialog")).to_contain_text("Next and previous row")
    page.locator("[data-keys-switch]").click()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator(".filters [type=search]")).not_to_be_focused()


def test_columns_are_put_in_order_and_kept_in_a_view(world: Any, new_page: Any, live: Any) -> None:
    page = new_page(user=world.alice)
    page.goto(f"{live.url}/leads/")
    page.locator("summary", has_text="Columns").click()
    second = page.locator("[data-order] li").nth(1)
    name = second.inner_text().strip()
    second.locator("[data-move='-1']").press("Enter")
    expect(page.locator("[data-order] li").first).to_contain_text(name)
    page.locator("form:has([data-order]) button.btn--primary").click()
    expect(page.locator("thead th").nth(2)).to_have_text(name)
    page.locator("summary", has_text="View").click()
    page.locator("form[action$='/views/'] [name=name]").fill("My order")
    page.get_by_role("button", name="Save as a new view").click()
    expect(page.locator(".states a[aria-current]").first).to_have_text("My order")
    assert SavedView.objects.get().query.startswith("cols=")


@pytest.mark.parametrize("width", [320, 390, 820])
def test_what_opens_beside_the_search_of_a_list_stays_on_the_page(
    world: Any, new_page: Any, live: Any, width: int
) -> None:
    page = new_page(user=world.maria, viewport=(width, 844))
    page.goto(f"{live.url}/leads/")
    for menu in page.locator(".filters details").all():
        menu.locator("> summary").click()
        place = menu.locator("> .menu__list").bounding_box()
        assert place is not None
        assert place["x"] >= 0 and place["x"] + place["width"] <= width, menu.inner_text()[:40]
        menu.locator("> summary").click()


def test_the_menu_of_a_record_stays_on_a_telephone(world: Any, new_page: Any, live: Any) -> None:
    lead = make_lead("assigned", world.northwind)
    page = new_page(user=world.alice, viewport=(320, 640))
    page.goto(f"{live.url}/leads/{lead.pk}/")
    page.get_by_text("More actions").click()
    place = page.locator(".page__actions .menu__list").bounding_box()
    assert place is not None
    assert place["x"] >= 0 and place["x"] + place["width"] <= 320
