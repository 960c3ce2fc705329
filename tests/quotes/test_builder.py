"""The quote builder as a plain form: everything works without a script, and nothing typed is lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from djmoney.money import Money

from prm.catalog.models import PriceBook, PriceBookEntry
from prm.modules import registry
from prm.modules.read import aggregate
from prm.modules.versions import opaque_version
from prm.people.models import User
from prm.quotes.models import Quote, QuoteLine
from tests.cast import World
from tests.factories import make_contact, make_opportunity, make_quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(world: World) -> PriceBook:
    """1,200 dollars for one router, 1,000 from ten on."""
    book = PriceBook.objects.create(name="Everyone", currency="USD")
    PriceBookEntry.objects.create(book=book, product=world.product, price=D(1200))
    PriceBookEntry.objects.create(book=book, product=world.product, min_quantity=10, price=D(1000))
    return book


@pytest.fixture
def draft(world: World, book: PriceBook) -> Quote:
    return make_quote(
        opportunity=world.northwind_opportunity,
        price_book=book,
        contact=make_contact(world.fabrikam, name="Fay Fabrikant"),
        lines=[{"name": "Router X1", "product": world.product, "quantity": 2, "unit_price": None}],
    )


@pytest.fixture
def bob(world: World) -> Client:
    client = Client()
    client.force_login(world.bob)
    return client


def url(quote: Quote) -> str:
    return f"/quotes/{quote.pk}/build/"


def form(quote: Quote, *lines: dict[str, Any], do: str = "save", **header: Any) -> dict[str, Any]:
    """What the page would send. Each line: its key as "key", and what was typed."""
    data: dict[str, Any] = {
        "version": opaque_version(Quote.objects.get(pk=quote.pk)),
        "do": do,
        "title": quote.title,
        "contact": str(quote.contact_id or ""),
        "price_book": str(quote.price_book_id or ""),
        "language": quote.language,
        "valid_until": quote.valid_until.isoformat(),
        "line": [line["key"] for line in lines],
        **header,
    }
    for line in lines:
        data |= {f"{line['key']}-{name}": value for name, value in line.items() if name != "key"}
    return data


def routers(world: World, quantity: Any = 2, key: str = "l1", **more: Any) -> dict[str, Any]:
    return {"key": key, "product": str(world.product.pk), "quantity": quantity, **more}


def test_a_new_quote_begins_with_the_product_and_is_opened(
    world: World, book: PriceBook, bob: Client
) -> None:
    deal = world.northwind_opportunity
    deal.product = world.product
    deal.save(update_fields=["product"])
    page = bob.get(f"/opportunities/{deal.pk}/")
    assert f'action="/opportunities/{deal.pk}/quote/"' in page.text
    answer = bob.post(f"/opportunities/{deal.pk}/quote/")
    quote = Quote.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, url(quote))
    page = bob.get(url(quote))
    assert page.context["draft"].lines[0]["product"].value()["id"] == world.product.pk
    # What follows from the price book is not typed, so that a quantity still decides about it.
    assert page.context["draft"].lines[0]["unit_price"].value() == ""
    assert "$1,200" in page.text


def test_from_the_list_of_quotes_only_the_opportunity_is_asked(world: World, bob: Client) -> None:
    page = bob.get("/quotes/new/")
    assert list(page.context["form"].fields) == ["opportunity"]
    assert bob.post("/quotes/new/", {"opportunity": ""}).status_code == 422
    answer = bob.post("/quotes/new/", {"opportunity": str(world.northwind_opportunity.pk)})
    assert answer["Location"] == url(Quote.objects.get())


def test_one_that_is_not_managed_says_why_it_gets_none(world: World, bob: Client) -> None:
    deal = make_opportunity("won", world.northwind)
    page = bob.get(f"/opportunities/{deal.pk}/")
    assert "Only a managed opportunity gets a quote." in page.text
    answer = bob.post(f"/opportunities/{deal.pk}/quote/", follow=True)
    assert "Only a managed opportunity gets a quote." in answer.text
    assert not Quote.objects.exists()


def test_saving_puts_all_lines_in_their_order(world: World, draft: Quote, bob: Client) -> None:
    free = {"key": "n1", "name": "Installation", "quantity": "1", "unit_price": "450.5"}
    answer = bob.post(url(draft), form(draft, free, routers(world, "10"), title="For Fabrikam"))
    assert (answer.status_code, answer["Location"]) == (302, url(draft))
    lines = list(draft.lines.order_by("position"))
    assert [(one.name, one.quantity, one.unit_price) for one in lines] == [
        ("Installation", D(1), D("450.5")),
        ("Router X1", D(10), D(1000)),
    ]
    quote = Quote.objects.get(pk=draft.pk)
    assert (quote.title, quote.net) == ("For Fabrikam", Money("10450.50", "USD"))


def test_lines_that_nobody_filled_in_are_not_there(world: World, draft: Quote, bob: Client) -> None:
    bob.post(url(draft), form(draft, routers(world), {"key": "n1", "quantity": "1"}, {"key": "n2"}))
    assert QuoteLine.objects.filter(quote=draft).count() == 1


def test_finishing_saves_and_submits(world: World, draft: Quote, bob: Client) -> None:
    answer = bob.post(url(draft), form(draft, routers(world, 3), do="finish"), follow=True)
    assert answer.request["PATH_INFO"] == f"/quotes/{draft.pk}/"
    assert "is ready: look at the PDF, or send it" in answer.text
    quote = Quote.objects.get(pk=draft.pk)
    assert (quote.state, quote.net) == ("approved", Money(3600, "USD"))


def test_a_price_book_counts_on_its_last_day_wherever_that_is(
    world: World, book: PriceBook, draft: Quote, bob: Client
) -> None:
    """In California the last day of May goes on while it is June in UTC."""
    User.objects.filter(pk=world.bob.pk).update(timezone="America/Los_Angeles")
    PriceBook.objects.filter(pk=book.pk).update(valid_from=date(2026, 1, 1), valid_until=date(2026, 5, 31))
    with time_machine.travel("2026-06-01T03:00:00Z", tick=False):
        ends = form(draft, routers(world), do="finish", valid_until="2026-06-30")
        assert bob.post(url(draft), ends).status_code == 302
    assert Quote.objects.get(pk=draft.pk).state == "approved"


def test_what_gives_away_too_much_is_said_before_and_waits_for_approval(
    world: World, draft: Quote, bob: Client
) -> None:
    data = form(draft, routers(world, 1, discount_percent="20"), do="finish")
    sums = bob.post(f"/quotes/{draft.pk}/preview/", data)
    assert "needs approval above 15" in sums.text
    answer = bob.post(url(draft), data, follow=True)
    assert "waits for approval" in answer.text
    assert Quote.objects.get(pk=draft.pk).state == "pending_approval"


def test_what_stands_in_the_way_of_finishing_is_told_and_all_is_saved(
    world: World, draft: Quote, bob: Client
) -> None:
    answer = bob.post(url(draft), form(draft, do="finish", title="Nothing yet"))
    assert answer.status_code == 422
    assert "The quote has no lines" in answer.text
    quote = Quote.objects.get(pk=draft.pk)
    assert (quote.title, quote.state) == ("Nothing yet", "draft")
    # The page goes on from there.
    assert answer.context["version"] == opaque_version(quote)


@pytest.mark.parametrize(
    ("line", "field", "problem"),
    [
        ({"name": "Cable", "quantity": "many", "unit_price": "3"}, "quantity", "Enter a number."),
        ({"name": "Cable", "quantity": "2", "unit_price": ""}, "unit_price", "There is no price of Cable"),
        ({"name": "Cable", "quantity": "-2", "unit_price": "3"}, "quantity", "greater than or equal"),
        ({"name": "", "quantity": "2", "unit_price": "3"}, "name", ""),
        (
            {"name": "Cable", "quantity": "2", "unit_price": "3", "discount_percent": "101"},
            "discount_percent",
            "",
        ),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_what_was_typed_is_kept(
    world: World, draft: Quote, bob: Client, line: dict[str, str], field: str, problem: str
) -> None:
    answer = bob.post(url(draft), form(draft, routers(world), {"key": "n7", **line}, note="Call me first"))
    assert answer.status_code == 422
    assert f'<a href="#f-n7-{field}">Line 2, ' in answer.text
    assert problem in answer.text
    assert f'id="f-n7-{field}_error"' in answer.text
    assert "Call me first" in answer.text
    assert answer.context["draft"].lines[1]["quantity"].value() == line["quantity"]
    assert draft.lines.get().quantity == 2


def test_whoever_was_faster_is_shown_beside_what_was_typed(world: World, draft: Quote, bob: Client) -> None:
    mine = form(draft, routers(world, 5), title="My title")
    alice = Client()
    alice.force_login(world.alice)
    alice.post(url(draft), form(draft, routers(world, 7), title="Her title"))
    answer = bob.post(url(draft), mine)
    assert answer.status_code == 412
    assert "Someone was faster" in answer.text
    assert "Alice Adler" in answer.text
    assert "$8,400" in answer.text
    assert answer.context["draft"].lines[0]["quantity"].value() == "5"
    assert Quote.objects.get(pk=draft.pk).title == "Her title"
    # Saving again puts mine in its place, knowingly.
    again = bob.post(url(draft), {**mine, "version": answer.context["version"]})
    assert again.status_code == 302
    assert Quote.objects.get(pk=draft.pk).title == "My title"


def test_one_that_was_submitted_meanwhile_keeps_what_was_typed(
    world: World, draft: Quote, bob: Client
) -> None:
    mine = form(draft, routers(world, 5), title="Too late")
    bob.post(url(draft), form(draft, routers(world, 7), do="finish"))
    answer = bob.post(url(draft), {**mine, "version": opaque_version(Quote.objects.get(pk=draft.pk))})
    assert answer.status_code in (403, 409)
    assert "Too late" in answer.text
    assert draft.lines.get().quantity == 7
    assert bob.get(url(draft))["Location"] == f"/quotes/{draft.pk}/"


def test_without_scripts_lines_are_added_moved_and_removed(world: World, draft: Quote, bob: Client) -> None:
    one, two = routers(world, 1, "l1"), {"key": "l2", "name": "Cable", "quantity": "2", "unit_price": "3.5"}

    def keys(do: str) -> list[str]:
        answer = bob.post(url(draft), form(draft, one, two, do=do, title="Still typing"))
        assert answer.status_code == 200
        assert "Still typing" in answer.text
        return [line.key for line in answer.context["draft"].lines]

    assert keys("add") == ["l1", "l2", "n3"]
    assert keys("down:l1") == ["l2", "l1"]
    assert keys("up:l2") == ["l2", "l1"]
    assert keys("up:l1") == ["l1", "l2"]
    assert keys("remove:l1") == ["l2"]
    assert keys("remove:l9") == ["l1", "l2"]
    assert keys("recalculate") == ["l1", "l2"]
    assert draft.lines.get().quantity == 2


@pytest.mark.parametrize("do", ["add", "up:l1", "recalculate"])
def test_a_text_that_is_too_long_is_said_whatever_is_pressed(
    world: World, draft: Quote, bob: Client, do: str
) -> None:
    page = bob.post(url(draft), form(draft, routers(world, description="x" * 2001), do=do)).text
    assert "Ensure this value has at most 2000 characters (it has 2001)." in page
    page = bob.post(url(draft), form(draft, routers(world), do=do, note="x" * 5001)).text
    assert "Ensure this value has at most 5000 characters (it has 5001)." in page
    page = bob.post(url(draft), form(draft, routers(world, description="x" * 2000), do=do)).text
    assert "Ensure this value" not in page


def test_the_preview_counts_what_is_complete_and_writes_nothing(
    world: World, draft: Quote, bob: Client
) -> None:
    before = Quote.objects.get(pk=draft.pk).version
    lines = (
        routers(world, 12),
        {"key": "n1", "product": str(world.product.pk), "quantity": ""},
        {"key": "n2", "name": "Cable", "quantity": "3"},
        {"key": "n3", "quantity": "1"},
    )
    answer = bob.post(f"/quotes/{draft.pk}/preview/", form(draft, *lines, discount_percent="10"))
    assert answer.status_code == 200
    for text in ("$12,000", "−$1,200", "$10,800", "2 lines are not complete", "There is no price of Cable"):
        assert text in answer.text
    assert 'data-price="1,000"' in answer.text
    quote = Quote.objects.get(pk=draft.pk)
    assert (quote.version, draft.lines.count()) == (before, 1)


def test_a_page_of_many_lines_asks_no_more_often(world: World, draft: Quote, bob: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert bob.get(url(draft)).status_code == 200
        return len(captured)

    bob.get(url(draft))
    few = queries()
    bob.post(url(draft), form(draft, *(routers(world, 2, f"n{number}") for number in range(40))))
    assert draft.lines.count() == 40
    bob.get(url(draft))
    assert queries() == few


def test_as_many_lines_as_a_quote_has_are_saved_and_more_are_refused(
    world: World, draft: Quote, bob: Client
) -> None:
    many = [
        routers(world, 1, key=f"n{number}", name="", unit="", description="", unit_price="5")
        for number in range(1, 202)
    ]
    fewer = form(draft, *many[:200], discount_percent="", note="", terms="")
    assert bob.post(url(draft), fewer).status_code == 302
    assert draft.lines.count() == 200
    answer = bob.post(url(draft), form(draft, *many))
    assert answer.status_code == 422
    assert "A quote has at most 200 lines." in answer.text
    assert len(answer.context["draft"].lines) == 201, "what was typed stays"
    assert "at most 200 lines" in bob.post(f"/quotes/{draft.pk}/preview/", form(draft, *many)).text
    assert draft.lines.count() == 200


def test_the_quote_of_another_partner_is_not_there(world: World, draft: Quote) -> None:
    for user, status in ((world.carol, 404), (world.dana, 404), (world.erin, 404)):
        client = Client()
        client.force_login(user)
        for answer in (
            client.get(url(draft)),
            client.post(url(draft), form(draft, do="finish")),
            client.post(f"/quotes/{draft.pk}/preview/", form(draft)),
            client.post(f"/opportunities/{draft.opportunity_id}/quote/"),
        ):
            assert answer.status_code == status
    assert Quote.objects.get(pk=draft.pk).state == "draft"


def test_who_may_only_look_is_led_to_the_page_of_the_record(world: World, draft: Quote) -> None:
    client = Client()
    client.force_login(world.maria)
    assert client.get(url(draft))["Location"] == f"/quotes/{draft.pk}/"
    assert client.post(url(draft), form(draft, routers(world, 9))).status_code == 403
    assert draft.lines.get().quantity == 2
    assert client.post(f"/opportunities/{draft.opportunity_id}/quote/").status_code == 404


def test_the_customer_cannot_have_prices_and_limits_worked_out(world: World, book: PriceBook) -> None:
    line = {"name": "Router X1", "product": world.product, "quantity": 2, "unit_price": D(1300)}
    sent = make_quote("sent", opportunity=world.northwind_opportunity, price_book=book, lines=[line])
    data = {"line": ["l1"], "l1-product": str(world.product.pk), "l1-quantity": "1", "l1-unit_price": "1"}
    for user in (world.dana, world.maria):
        client = Client()
        client.force_login(user)
        assert client.get(f"/quotes/{sent.pk}/").status_code == 200
        for answer in (
            client.post(f"/quotes/{sent.pk}/preview/", data),
            client.post(url(sent), data | {"do": "recalculate"}),
            client.post(url(sent), data | {"do": "add"}),
        ):
            assert answer.status_code == 403
            assert "1,200" not in answer.text


@pytest.mark.parametrize("junk", ["", "l1; drop", "L1", "l1\x00", "x" * 50, "__key__"])
def test_made_up_names_of_lines_are_left_out(world: World, draft: Quote, bob: Client, junk: str) -> None:
    data = form(draft, routers(world, 4)) | {"line": [junk, "l1", "l1"], f"{junk}-quantity": "9"}
    assert bob.post(url(draft), data).status_code == 302
    assert draft.lines.get().quantity == 4


def test_the_board_sums_quotes_by_state_and_only_a_draft_is_edited(
    world: World, draft: Quote, bob: Client
) -> None:
    sent = make_quote("sent", partner=world.northwind, title="Sent")
    board = bob.get("/quotes/board/")
    assert board.status_code == 200
    assert {lane.key: lane.sums for lane in board.context["lanes"] if lane.count} == {
        "draft": ["$2,400"],
        "sent": ["$3,600"],
    }
    assert url(draft) in bob.get(f"/quotes/{draft.pk}/").text
    page = bob.get(f"/quotes/{sent.pk}/").text
    assert f"/quotes/{sent.pk}/pdf/" in page
    assert url(sent) not in page


def test_sums_by_a_reference_have_its_title(world: World, draft: Quote) -> None:
    found = aggregate(world.alice, registry.get("quotes"), {}, "partner", "total")
    assert [(one["title"], one["count"], one["sum"], one["currency"]) for one in found] == [
        ("Northwind Systems", 1, D(2400), "USD")
    ]
