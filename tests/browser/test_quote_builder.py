"""The quote builder in a browser: by keyboard alone, with sums as one types, on a phone, without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from prm.catalog.models import PriceBook, PriceBookEntry, Product
from prm.quotes.models import Quote
from tests.browsing import Live
from tests.cast import World, build_world
from tests.factories import make_contact, make_quote

pytestmark = pytest.mark.browser

NewPage = Callable[..., Any]


@pytest.fixture
def cast(live: Live) -> World:
    world = build_world()
    book = PriceBook.objects.create(name="Everyone", currency="USD")
    for product, prices in (
        (world.product, {1: 1200, 10: 1000}),
        (Product.objects.create(name="Switch S8"), {1: 250}),
        (Product.objects.create(name="Support, one year"), {1: 90}),
    ):
        for least, price in prices.items():
            PriceBookEntry.objects.create(
                book=book, product=product, min_quantity=Decimal(least), price=Decimal(price)
            )
    deal = world.northwind_opportunity
    deal.product = world.product
    deal.contact = make_contact(world.fabrikam, name="Fay Fabrikant")
    deal.save(update_fields=["product", "contact"])
    return world


def draft(cast: World) -> Quote:
    return make_quote(
        opportunity=cast.northwind_opportunity,
        price_book=PriceBook.objects.get(),
        lines=[{"product": cast.product, "name": cast.product.name, "quantity": 2, "unit_price": None}],
    )


def total(page: Page, amount: str) -> None:
    expect(page.locator(".sums__total dd")).to_have_text(amount)


def focused(page: Page, name: str) -> None:
    expect(page.locator(f"[id$='-{name}']:focus, :focus[name$='-{name}']")).to_have_count(1)


def test_by_keyboard_alone_from_the_opportunity_to_the_pdf(
    cast: World, new_page: NewPage, shot: Callable[..., Any]
) -> None:
    page = new_page(user=cast.alice)
    page.goto(f"/opportunities/{cast.northwind_opportunity.pk}/")
    page.get_by_role("button", name="New quote").focus()
    page.keyboard.press("Enter")
    focused(page, "quantity")
    total(page, "$1,200")
    page.keyboard.type("12")
    total(page, "$12,000")
    # A line more: Enter on the last one; its product by typing, which leads on to its quantity.
    page.keyboard.press("Enter")
    focused(page, "product")
    page.keyboard.type("switch")
    page.locator("[role=option][aria-selected=true]").wait_for()
    page.keyboard.press("Enter")
    focused(page, "quantity")
    page.keyboard.type("4")
    page.keyboard.press("Tab")
    expect(page.locator(".qline").nth(1).get_by_label("Unit price")).to_have_attribute("placeholder", "250")
    page.keyboard.press("Tab")
    page.keyboard.type("10")
    total(page, "$12,900")
    expect(page.get_by_text("needs no approval")).to_be_visible()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_text("Line moved to place 1.")).to_be_visible()
    shot(page, "builder-1440")
    page.get_by_role("button", name="Finish").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("is ready: look at the PDF, or send it")).to_be_visible()
    quote = Quote.objects.get()
    lines = [(one.name, int(one.quantity)) for one in quote.lines.order_by("position")]
    assert lines == [("Switch S8", 4), (cast.product.name, 12)]
    assert (quote.state, quote.net.amount) == ("approved", Decimal(12900))
    answer = page.request.get(page.get_by_role("link", name="PDF").get_attribute("href"))
    assert answer.headers["content-type"] == "application/pdf"


def test_a_line_is_removed_and_comes_back(cast: World, new_page: NewPage) -> None:
    page = new_page(user=cast.alice)
    page.goto(f"/quotes/{draft(cast).pk}/build/")
    page.get_by_role("button", name="Add a line").click()
    focused(page, "product")
    expect(page.locator(".qline")).to_have_count(2)
    page.get_by_role("group", name="Line 1").get_by_role("button", name="Remove line").click()
    expect(page.locator(".qline")).to_have_count(1)
    total(page, "$0")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("group", name="Line 1").get_by_label("Quantity")).to_have_value("2")
    total(page, "$2,400")


def test_what_is_not_complete_is_said_and_what_is_given_away_too(cast: World, new_page: NewPage) -> None:
    page = new_page(user=cast.alice)
    page.goto(f"/quotes/{draft(cast).pk}/build/")
    page.get_by_label("Overall discount %").fill("16")
    expect(page.get_by_text("needs approval above 15")).to_be_visible()
    total(page, "$2,016")
    page.get_by_role("button", name="Add a line").click()
    line = page.get_by_role("group", name="Line 2")
    line.get_by_text("Name and description").click()
    line.get_by_label("Name", exact=True).fill("Cable")
    expect(page.get_by_text("1 line is not complete and not counted.")).to_be_visible()
    expect(line.get_by_text("There is no price of Cable")).to_be_visible()
    page.get_by_role("button", name="Finish").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.locator(".error-summary a").click()
    focused(page, "unit_price")
    expect(page.get_by_label("Overall discount %")).to_have_value("16")


def test_leaving_with_something_typed_asks_first(cast: World, live: Live, new_page: NewPage) -> None:
    page = new_page(user=cast.alice)
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    page.goto(f"/quotes/{draft(cast).pk}/build/")
    page.keyboard.type("5")
    total(page, "$6,000")
    page.get_by_role("link", name="Home").first.click()
    page.wait_for_url(f"{live.url}/")
    assert asked == ["beforeunload"]


def test_without_scripts_it_is_a_form(cast: World, new_page: NewPage) -> None:
    page = new_page(user=cast.alice, java_script_enabled=False)
    page.goto(f"/quotes/{draft(cast).pk}/build/")
    page.get_by_label("Quantity").fill("10")
    page.get_by_role("button", name="Recalculate").click()
    total(page, "$10,000")
    page.get_by_role("button", name="Add a line").click()
    page.get_by_role("group", name="Line 2").get_by_label("Product").select_option("Switch S8")
    page.get_by_role("group", name="Line 2").get_by_role("button", name="Move line up").click()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("is ready: look at the PDF, or send it")).to_be_visible()
    quote = Quote.objects.get()
    lines = [(one.name, int(one.quantity)) for one in quote.lines.order_by("position")]
    assert lines == [("Switch S8", 1), (cast.product.name, 10)]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_the_builder_is_usable_by_everybody(
    cast: World, new_page: NewPage, shot: Callable[..., Any], theme: str, width: int
) -> None:
    page = new_page(user=cast.alice, viewport=(width, 844), color_scheme=theme, reduced_motion="reduce")
    page.goto(f"/quotes/{draft(cast).pk}/build/")
    with page.expect_response(re.compile("/preview/$")):
        page.get_by_role("button", name="Add a line").click()
    page.get_by_role("group", name="Line 2").get_by_text("Name and description").click()
    page.get_by_text("Price book, language, tax and texts").click()
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:160]) for one in found] == []
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider == 0
    shot(page, f"builder-{width}-{theme}")
