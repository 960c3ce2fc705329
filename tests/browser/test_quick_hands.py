"""What is pressed before a script or an answer is there is not lost, nor does it hit what stood there."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from prm.catalog.models import PriceBook, PriceBookEntry
from tests.browsing import Live
from tests.cast import World, build_world
from tests.factories import make_lead, make_quote

pytestmark = pytest.mark.browser

NewPage = Callable[..., Any]


@pytest.fixture
def cast(live: Live) -> World:
    return build_world()


class Held:
    """Requests that are not answered until they are let go."""

    def __init__(self, page: Page, address: str) -> None:
        self._waiting: list[Route] = []
        self._open = False
        page.route(re.compile(address), self._take)

    def _take(self, route: Route) -> None:
        if self._open:
            route.continue_()
        else:
            self._waiting.append(route)

    def let_go(self) -> None:
        self._open = True
        for route in self._waiting:
            route.continue_()


def test_what_is_typed_while_the_finder_is_fetched_is_searched(cast: World, new_page: NewPage) -> None:
    lead = make_lead("accepted", cast.northwind)
    page = new_page(user=cast.alice)
    page.goto(f"/leads/{lead.pk}/")
    script = Held(page, r"/finder\..*js$")
    page.keyboard.press("Control+k")
    page.keyboard.type("mark cont")
    expect(page.locator("#finder [role=combobox]")).to_have_value("mark cont")
    script.let_go()
    expect(page.locator("#finder [role=option][aria-selected=true]")).to_contain_text("Mark as contacted")


def test_enter_in_the_finder_means_what_is_typed(cast: World, new_page: NewPage) -> None:
    lead = make_lead("accepted", cast.northwind, topic="Opened last")
    page = new_page(user=cast.alice)
    page.goto(f"/leads/{lead.pk}/")
    page.goto("/leads/")
    page.goto(f"/leads/{lead.pk}/")
    page.keyboard.press("Control+k")
    expect(page.locator("#finder [role=option][aria-selected=true]")).to_contain_text("Opened last")
    answer = Held(page, r"/search/\?")
    page.keyboard.type("mark cont")
    page.keyboard.press("Enter")
    answer.let_go()
    expect(page.locator("#dialog[open]")).to_contain_text("Mark as contacted")
    expect(page.locator("#finder")).not_to_be_visible()


def test_enter_in_a_box_of_references_means_what_is_typed(cast: World, new_page: NewPage) -> None:
    page = new_page(user=cast.alice)
    page.goto("/opportunities/new/")
    answer = Held(page, r"\?q=fabri$")
    box = page.get_by_label("Account", exact=False).first
    box.fill("fabri")
    box.press("Enter")
    answer.let_go()
    expect(box).to_have_value("Fabrikam")
    expect(page.locator("select[name=account]")).to_have_value(str(cast.fabrikam.pk))
    # It has not sent the form.
    expect(page.locator(".error-summary")).to_have_count(0)


@pytest.mark.parametrize(
    ("address", "script", "every"),
    [("/distribute/", "jobs", "Choose all"), ("/leads/", "list", "Choose all on this page")],
)
def test_all_are_chosen_before_the_script_is_there(
    cast: World, new_page: NewPage, address: str, script: str, every: str
) -> None:
    for number in range(3):
        make_lead("new", topic=f"Lead number {number}")
    page = new_page(user=cast.maria)
    held = Held(page, rf"/{script}\..*js$")
    page.goto(address, wait_until="commit")
    page.get_by_label(every).check()
    expect(page.locator(".bulkbar__count")).not_to_contain_text(re.compile("[1-9] chosen"))
    held.let_go()
    count = page.locator(".pick").count()
    expect(page.locator(".bulkbar__count")).to_contain_text(f"{count} chosen")
    expect(page.locator(".pick:checked")).to_have_count(count)


#: A quantity typed in the very moment in which its field is given the focus.
TYPED_AT_ONCE = """addEventListener("focusin", (event) => {
  if (window.typed || !event.target.name?.endsWith("-quantity")) return;
  window.typed = true;
  event.target.value = "12";
  event.target.dispatchEvent(new Event("input", { bubbles: true }));
}, true);"""


def test_the_first_quantity_is_in_the_sums_however_soon_it_is_typed(cast: World, new_page: NewPage) -> None:
    book = PriceBook.objects.create(name="Everyone", currency="USD")
    PriceBookEntry.objects.create(book=book, product=cast.product, price=Decimal(1200))
    line = {"product": cast.product, "name": cast.product.name, "quantity": 2, "unit_price": None}
    quote = make_quote(opportunity=cast.northwind_opportunity, price_book=book, lines=[line])
    page = new_page(user=cast.alice)
    page.add_init_script(TYPED_AT_ONCE)
    page.goto(f"/quotes/{quote.pk}/build/")
    expect(page.locator(".sums__total dd")).to_have_text("$14,400")
