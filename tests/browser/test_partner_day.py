"""A partner's day: the offer in the mail, the quote, the customer's word, the win; presses counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from djmoney.money import Money
from playwright.sync_api import expect

from prm.catalog.models import PriceBook, PriceBookEntry
from prm.opportunities.models import Opportunity
from prm.quotes.models import Quote
from tests.browsing import Live
from tests.budgets import Watched
from tests.cast import World, build_world
from tests.factories import make_contact, make_opportunity
from workflows.actor import Actor
from workflows.perform import perform

pytestmark = pytest.mark.browser

NewPage = Callable[..., Any]


@pytest.fixture
def cast(live: Live) -> World:
    world = build_world()
    book = PriceBook.objects.create(name="Everyone", currency="USD")
    PriceBookEntry.objects.create(book=book, product=world.product, price=Decimal(1200))
    return world


def offered(cast: World) -> Opportunity:
    """An opportunity on offer, of a customer whose contact can be written to."""
    deal = make_opportunity(
        "draft",
        topic="Campus Wi-Fi renewal",
        account=cast.fabrikam,
        contact=make_contact(cast.fabrikam, name="Fay Fabrikant", email="fay@fabrikam.example"),
        product=cast.product,
        amount=Money(14_000, "USD"),
        owner=cast.maria,
    )
    by = Actor.of(cast.maria)
    return perform(deal, "distribute", actor=by, inputs={"partner": str(cast.northwind.pk)})


def test_from_the_offer_in_the_mail_to_the_win(
    cast: World, live: Live, new_page: NewPage, shot: Callable[..., Any]
) -> None:
    deal = offered(cast)

    # Between two meetings, on the phone: one press in the mail, one on the page, no login.
    phone = Watched(new_page(viewport=(390, 844)), slow=False)
    link = live.link(cast.bob.email, "/offer/")
    with phone.job() as cost:
        cost.presses += 1
        assert phone.visit(link).heavy() == []
        phone.page.get_by_role("button", name="Accept this offer").click()
        expect(phone.page.get_by_text("Fabrikam").first).to_be_visible()
    assert cost.presses <= 2
    assert Opportunity.objects.get(pk=deal.pk).state == "managed"

    # At the desk: from the opportunity to the PDF in four presses and the quantities.
    desk = Watched(new_page(user=cast.bob), slow=False)
    page = desk.page
    for address in ("/", "/managed/", f"/opportunities/{deal.pk}/", "/quotes/"):
        assert desk.visit(address).heavy() == [], address
    page.goto(f"/opportunities/{deal.pk}/")
    with desk.job() as cost:
        page.get_by_role("button", name="New quote").click()
        expect(page.get_by_label("Quantity")).to_be_focused()
        page.keyboard.type("12")
        expect(page.locator(".sums__total dd")).to_have_text("$14,400")
        page.get_by_role("button", name="Finish").click()
        pdf = page.get_by_role("link", name="PDF")
        expect(pdf).to_be_visible()
        address = str(pdf.get_attribute("href"))
        with page.expect_response(lambda answer: answer.url.endswith(address)) as answer:
            pdf.click()
    assert answer.value.ok
    assert cost.presses <= 4
    assert page.request.get(address).body().startswith(b"%PDF-")
    quote = Quote.objects.get()
    assert (quote.state, quote.net) == ("approved", Money(14_400, "USD"))

    # Sent by mail: the customer reads it and decides without a login.
    page.goto(f"/quotes/{quote.pk}/")
    page.get_by_role("link", name="Send", exact=True).first.click()
    page.locator("#dialog-body").get_by_label("Message").fill("As we spoke about this morning.")
    page.locator("#dialog-body").get_by_role("button", name="Send").click()
    expect(page.get_by_text("is now: Sent")).to_be_visible()
    page.goto("/managed/")
    customer = new_page(viewport=(390, 844))
    customer.goto(live.link("fay@fabrikam.example", "/quote/"))
    expect(customer.get_by_text("$14,400").first).to_be_visible()
    shot(customer, "customer-reads-390")
    customer.get_by_label("Your name").fill("Fay Fabrikant")
    customer.get_by_label("I accept this quote").check()
    customer.get_by_role("button", name="Accept this quote").click()
    expect(customer.get_by_text("You accepted this quote")).to_be_visible()

    # The partner is told in the open page, and closes the deal.
    toast = page.locator("#toasts [data-seq]").filter(has_text="accepted by the customer")
    expect(toast).to_be_visible()
    shot(page, "partner-told-1440")
    page.goto(f"/opportunities/{deal.pk}/")
    expect(page.get_by_role("link", name=re.compile(quote.reference))).to_be_visible()
    with desk.job() as cost:
        page.get_by_role("link", name="Win", exact=True).first.click()
        page.locator("#dialog-body").get_by_role("button", name="Win").click()
        expect(page.get_by_text("This one has ended.")).to_be_visible()
    assert cost.presses <= 2
    assert Opportunity.objects.get(pk=deal.pk).state == "won"
    assert Quote.objects.get().state == "accepted"
