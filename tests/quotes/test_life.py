"""The life of a quote, from an opportunity to an order, and who may do what with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse
from djmoney.money import Money

from prm.alerts.models import Alert
from prm.alerts.words import render
from prm.catalog.models import PriceBook, PriceBookEntry, TaxRate
from prm.modules import registry
from prm.modules.read import get_row, list_page
from prm.modules.versions import opaque_version
from prm.opportunities.models import Opportunity
from prm.partners.models import TierTerms
from prm.quotes import actions
from prm.quotes.models import Quote, QuoteLine
from tests.browsing import LOGIN_BACKEND
from tests.cast import World
from tests.factories import make_contact, make_quote
from workflows import timers
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, Refused, Stale, WrongState
from workflows.models import TransitionRecord
from workflows.perform import available, perform

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(world: World) -> PriceBook:
    """1,200 dollars for one router, 1,000 from ten on."""
    book = PriceBook.objects.create(name="Everyone", currency="USD")
    PriceBookEntry.objects.create(book=book, product=world.product, price=D(1200))
    PriceBookEntry.objects.create(book=book, product=world.product, min_quantity=10, price=D(1000))
    return book


def start(world: World, **data: Any) -> Quote:
    deal = world.northwind_opportunity
    deal.contact = make_contact(world.fabrikam, email="dana@fabrikam.example")
    deal.product = world.product
    deal.save(update_fields=["contact", "product"])
    return actions.start(Actor.of(world.bob), deal, data)


def do(quote: Quote, name: str, user: Any, **inputs: Any) -> Quote:
    done: Quote = perform(quote, name, actor=Actor.of(user), inputs=inputs)
    return done


def save(
    user: Any,
    quote: Quote,
    header: Mapping[str, Any] | None = None,
    *,
    lines: Sequence[Mapping[str, Any]] | None = None,
    version: str | None = None,
) -> Quote:
    actions.save(Actor.of(user), quote, header or {}, lines, version)
    return Quote.objects.get(pk=quote.pk)


def line(world: World, quantity: int, **given: Any) -> dict[str, Any]:
    return {"product": str(world.product.pk), "quantity": str(quantity), **given}


def lines_of(quote: Quote) -> list[QuoteLine]:
    return list(quote.lines.order_by("position"))


def test_a_quote_begins_with_what_the_opportunity_knows(world: World, book: PriceBook) -> None:
    quote = start(world)
    assert quote.number.startswith("Q-") and quote.number.endswith("-00001")
    assert (quote.partner, quote.account, quote.assignee) == (world.northwind, world.fabrikam, world.bob)
    assert (quote.price_book, quote.currency) == (book, "USD")
    line = quote.lines.get()
    assert (line.product, line.unit_price, line.net) == (world.product, 1200, 1200)
    assert quote.total == Money(1200, "USD")


class TestSaving:
    """Header and lines are written together, in a draft only, and the sums are worked out anew."""

    def test_the_books_price_follows_the_quantity(self, world: World, book: PriceBook) -> None:
        quote = start(world)
        saved = save(world.bob, quote, lines=[line(world, 10), line(world, 9)])
        assert [(one.list_price, one.book_price, one.unit_price, one.net) for one in lines_of(saved)] == [
            (1200, 1000, 1000, 10_000),
            (1200, 1200, 1200, 10_800),
        ]
        assert saved.net == Money(20_800, "USD")

    def test_tax_follows_the_customers_country(self, world: World, book: PriceBook) -> None:
        TaxRate.objects.create(country="DE", percent=19, valid_from=date(2020, 1, 1))
        quote = save(world.bob, start(world), lines=[line(world, 1)])
        assert (quote.customer_country.code, quote.tax) == ("DE", Money(228, "USD"))
        quote = save(world.bob, quote, {"customer_country": "CH"})
        assert (quote.tax, quote.total) == (Money(0, "USD"), Money(1200, "USD"))
        assert "Export" in lines_of(quote)[0].tax_note

    def test_a_free_line_needs_a_name_and_a_price(self, world: World, book: PriceBook) -> None:
        with pytest.raises(InvalidInput) as refused:
            save(world.bob, start(world), lines=[line(world, 1), {"quantity": "0", "unit_price": "-1"}])
        assert set(refused.value.errors) == {"lines.1.name", "lines.1.quantity", "lines.1.unit_price"}
        with pytest.raises(InvalidInput) as refused:
            save(world.bob, start(world), lines=[{"name": "Work", "quantity": "1"}])
        assert set(refused.value.errors) == {"lines.0.unit_price"}

    def test_a_sum_that_no_column_holds_is_refused(self, world: World, book: PriceBook) -> None:
        most = {"name": "Much", "quantity": "999999999", "unit_price": "99999999999"}
        with pytest.raises(InvalidInput):
            save(world.bob, start(world), lines=[most])

    def test_what_was_refused_changed_nothing(self, world: World, book: PriceBook) -> None:
        quote = start(world)
        with pytest.raises(InvalidInput):
            save(world.bob, quote, {"note": "x"}, lines=[line(world, 2), {"quantity": "1"}])
        quote.refresh_from_db()
        assert (quote.note, [one.quantity for one in lines_of(quote)]) == ("", [1])

    def test_a_stale_version_is_refused(self, world: World, book: PriceBook) -> None:
        quote = start(world)
        seen = opaque_version(quote)
        save(world.bob, quote, lines=[line(world, 2)], version=seen)
        with pytest.raises(Stale):
            save(world.alice, quote, lines=[line(world, 3)], version=seen)

    def test_only_a_draft_changes(self, world: World, book: PriceBook) -> None:
        quote = do(start(world), "submit", world.bob)
        with pytest.raises(WrongState):
            save(world.bob, quote, lines=[line(world, 2)])
        with pytest.raises(InvalidInput):
            save(world.bob, quote, {"note": "x"})

    def test_a_rival_finds_nothing_and_a_customer_may_not(self, world: World, book: PriceBook) -> None:
        quote = start(world)
        for user, error in ((world.carol, NotFound), (world.dana, NotFound), (world.maria, Denied)):
            with pytest.raises(error):
                save(user, quote, lines=[line(world, 2)])

    def test_another_currency_comes_with_its_lines(self, world: World, book: PriceBook) -> None:
        euro = PriceBook.objects.create(name="Euro", currency="EUR")
        PriceBookEntry.objects.create(book=euro, product=world.product, price=D(1100))
        quote, wanted = start(world), {"price_book": str(euro.pk)}
        with pytest.raises(InvalidInput) as refused:
            save(world.bob, quote, wanted)
        assert set(refused.value.errors) == {"price_book"}
        saved = save(world.bob, quote, wanted, lines=[line(world, 2)])
        assert (saved.currency, saved.total) == ("EUR", Money(2200, "EUR"))

    def test_a_preview_comes_to_the_same_and_writes_nothing(self, world: World, book: PriceBook) -> None:
        quote = start(world)
        header, wanted = {"discount_percent": "12.5"}, [line(world, 10), line(world, 3, discount_percent="5")]
        seen = actions.preview(world.bob, quote, header, wanted)
        before = Quote.objects.get(pk=quote.pk)
        assert (before.version, before.total) == (quote.version, quote.total)
        saved = save(world.bob, quote, header, lines=wanted)
        assert (seen.quote.total, seen.quote.tax) == (saved.total, saved.tax)
        assert [one.net for one in seen.lines] == [one.net for one in lines_of(saved)]
        with pytest.raises(NotFound):
            actions.preview(world.carol, quote, header, wanted)

    def test_a_product_that_left_the_shelf_stays_on_its_quote(self, world: World, book: PriceBook) -> None:
        quote = start(world)
        type(world.product).objects.update(active=False)
        assert save(world.bob, quote, lines=[line(world, 2)]).net == Money(2400, "USD")
        other = start(world)
        other.lines.all().delete()
        with pytest.raises(InvalidInput) as refused:
            save(world.bob, other, lines=[line(world, 2)])
        assert set(refused.value.errors) == {"lines.0.product"}


class TestApproval:
    """Above the limit of the partner's tier, for Gold 15 %, the vendor is asked, however it is passed."""

    @pytest.mark.parametrize(
        ("header", "given", "state"),
        [
            ({}, {}, "approved"),
            ({"discount_percent": "15"}, {}, "approved"),
            ({"discount_percent": "15.01"}, {}, "pending_approval"),
            ({}, {"discount_percent": "15"}, "approved"),
            ({}, {"discount_percent": "16"}, "pending_approval"),
            ({}, {"unit_price": "1020"}, "approved"),
            ({}, {"unit_price": "1019.99"}, "pending_approval"),
            ({"discount_percent": "8"}, {"discount_percent": "8"}, "pending_approval"),
            ({"discount_percent": "10"}, {"unit_price": "1080"}, "pending_approval"),
        ],
    )
    def test_the_limit(self, world: World, book: PriceBook, header: Any, given: Any, state: str) -> None:
        quote = save(world.bob, start(world), header, lines=[line(world, 2, **given)])
        assert do(quote, "submit", world.bob).state == state

    def test_a_quantity_break_is_no_discount(self, world: World, book: PriceBook) -> None:
        quote = save(world.bob, start(world), lines=[line(world, 10)])
        assert do(quote, "submit", world.bob).state == "approved"

    def test_what_has_no_list_price_is_always_asked_about(self, world: World, book: PriceBook) -> None:
        """Else a product could be sold under another name, at any price."""
        free = {"name": "Router X1, as new", "quantity": "1", "unit_price": "10"}
        quote = save(world.bob, start(world), lines=[line(world, 1), free])
        assert do(quote, "submit", world.bob).state == "pending_approval"

    def test_the_limit_is_the_tiers_as_it_is_set_now(self, world: World, book: PriceBook) -> None:
        quote = save(world.bob, start(world), {"discount_percent": "12"}, lines=[line(world, 2)])
        TierTerms.objects.filter(tier="gold").update(quote_discount_limit=10)
        assert do(quote, "submit", world.bob).state == "pending_approval"

    def test_an_old_draft_is_held_against_the_prices_of_today(self, world: World, book: PriceBook) -> None:
        quote = do(start(world), "submit", world.bob)
        assert quote.state == "approved"
        PriceBookEntry.objects.filter(price=1200).update(price=2000)
        revised = do(quote, "revise", world.bob)
        draft = Quote.objects.get(previous=revised)
        asked = do(draft, "submit", world.bob)
        assert (asked.state, asked.effective_discount) == ("pending_approval", D(40))
        assert (asked.net, asked.lines.get().book_price) == (Money(1200, "USD"), D(2000))

    def test_no_partner_approves_its_own(self, world: World, book: PriceBook) -> None:
        quote = save(world.bob, start(world), {"discount_percent": "50"}, lines=[line(world, 2)])
        quote = do(quote, "submit", world.bob)
        for user in (world.alice, world.bob):
            for name in ("approve", "return_to_draft"):
                with pytest.raises(Denied):
                    do(quote, name, user, **({"return_note": "x"} if name != "approve" else {}))
        returned = do(quote, "return_to_draft", world.maria, return_note="At most 20 %.")
        assert (returned.state, returned.return_note) == ("draft", "At most 20 %.")
        quote = do(do(returned, "submit", world.bob), "approve", world.maria)
        assert quote.state == "approved"

    def test_a_book_that_is_over_has_to_be_exchanged(self, world: World, book: PriceBook) -> None:
        quote = start(world)
        PriceBook.objects.update(active=False)
        with pytest.raises(Refused) as refused:
            do(quote, "submit", world.bob)
        assert [reason.code for reason in refused.value.reasons] == ["prices_in_force"]


class TestAtTheCustomer:
    def test_the_customer_reads_what_was_sent_and_decides(self, world: World, book: PriceBook) -> None:
        module = registry.get("quotes")
        quote = do(start(world), "submit", world.bob)
        assert get_row(world.dana, module, quote.pk) is None
        quote = do(quote, "send", world.bob)
        assert quote.sent_to == "dana@fabrikam.example" and quote.sent_at
        row = get_row(world.dana, module, quote.pk)
        assert row is not None
        assert {"effective_discount", "price_book", "opportunity"}.isdisjoint(row)
        lines = list_page(world.dana, registry.get("quote-lines"), {"quote": str(quote.pk)}).rows
        assert [one["net"] for one in lines] == [1200] and "book_price" not in lines[0]
        quote = do(quote, "accept", world.dana)
        assert (quote.state, quote.decided_by_name) == ("accepted", "Dana Diaz")

    def test_it_expires_when_its_last_day_is_over_everywhere(self, world: World, book: PriceBook) -> None:
        quote = save(world.bob, start(world), {"valid_until": "2027-03-31"})
        quote = do(do(quote, "submit", world.bob), "send", world.bob)
        assert quote.due_at == datetime(2027, 4, 1, 12, tzinfo=UTC)
        with time_machine.travel(datetime(2027, 4, 1, 11, 59, tzinfo=UTC), tick=False):
            timers.run_due()
            assert do(quote, "accept", world.dana).state == "accepted"
        other = do(do(start(world, valid_until="2027-03-31"), "submit", world.bob), "send", world.bob)
        with time_machine.travel(datetime(2027, 4, 1, 12, tzinfo=UTC), tick=False):
            with pytest.raises(Refused) as refused:
                do(other, "accept", world.dana)
            assert [reason.code for reason in refused.value.reasons] == ["still_valid"]
            assert timers.run_due() == 1
        other.refresh_from_db()
        assert other.state == "expired"

    def test_without_an_address_there_is_nobody_to_send_it_to(self, world: World, book: PriceBook) -> None:
        quote = do(save(world.bob, start(world), {"contact": None}), "submit", world.bob)
        options = {option.name: option for option in available(quote, Actor.of(world.bob))}
        assert [reason.code for reason in options["send"].reasons] == ["contact_has_email"]

    def test_a_contact_of_somebody_elses_is_refused(self, world: World, book: PriceBook) -> None:
        stranger = make_contact(world.northwind)
        with pytest.raises(InvalidInput) as refused:
            save(world.bob, start(world), {"contact": str(stranger.pk)})
        assert set(refused.value.errors) == {"contact"}


class TestVersions:
    def test_a_new_version_takes_the_old_ones_place(self, world: World, book: PriceBook) -> None:
        quote = save(world.bob, start(world), {"discount_percent": "5"}, lines=[line(world, 10)])
        quote = do(do(do(quote, "submit", world.bob), "send", world.bob), "decline", world.dana)
        old = do(quote, "revise", world.bob)
        new = old.later.get()
        assert (old.state, new.state, new.revision) == ("superseded", "draft", 2)
        assert (new.number, new.reference) == (old.number, f"{old.number}-2")
        assert (new.total, [one.net for one in lines_of(new)]) == (old.total, [10_000])
        assert (new.sent_at, new.decided_at, new.decided_by_name) == (None, None, "")
        for gone in (old, new):
            with pytest.raises(NotFound):
                do(gone, "accept", world.dana)
        assert TransitionRecord.objects.get(object_id=new.pk).transition == "create"

    def test_the_old_one_can_no_longer_be_revised(self, world: World, book: PriceBook) -> None:
        old = do(do(start(world), "submit", world.bob), "revise", world.bob)
        with pytest.raises(WrongState):
            do(old, "revise", world.bob)


class TestWithItsOpportunity:
    def states(self, world: World) -> list[str]:
        """One quote in each state, then what became of them."""
        return [
            quote.state
            for quote in Quote.objects.filter(opportunity=world.northwind_opportunity).order_by("created_at")
        ]

    @pytest.fixture(autouse=True)
    def _one_in_each_state(self, world: World) -> None:
        for state in Quote.State.values:
            make_quote(state, world.northwind_opportunity)

    @pytest.mark.parametrize("name", ["lose", "recall", "win"])
    def test_when_it_ends_what_is_open_is_withdrawn(self, world: World, name: str) -> None:
        inputs = {"reason": "price"} if name == "lose" else {}
        perform(world.northwind_opportunity, name, actor=Actor.of(world.admin), inputs=inputs)
        assert self.states(world) == [
            "withdrawn",
            "withdrawn",
            "withdrawn",
            "withdrawn",
            "accepted",
            "declined",
            "expired",
            "superseded",
            "withdrawn",
            "ordered",
        ]

    def test_where_the_loss_is_undone_so_is_the_withdrawal(self, world: World) -> None:
        before, alice = self.states(world), Actor.of(world.alice)
        with transaction.atomic():
            perform(world.northwind_opportunity, "lose", actor=alice, inputs={"reason": "price"})
            assert self.states(world) != before
            transaction.set_rollback(True)
        assert self.states(world) == before


def test_only_a_managed_opportunity_gets_a_quote(world: World, book: PriceBook) -> None:
    deal = perform(
        world.northwind_opportunity, "lose", actor=Actor.of(world.alice), inputs={"reason": "price"}
    )
    with pytest.raises(InvalidInput):
        actions.start(Actor.of(world.bob), deal)
    with pytest.raises(InvalidInput):
        actions.start(Actor.of(world.bob), world.contoso_opportunity)
    with pytest.raises(Denied):
        actions.start(Actor.of(world.dana), world.contoso_opportunity)


def test_who_is_told(world: World, book: PriceBook) -> None:
    quote = save(world.bob, start(world), {"discount_percent": "30"}, lines=[line(world, 2)])
    quote = do(quote, "submit", world.bob)
    assert told(world, "quote.pending_approval") == {world.maria, world.nils}
    quote = do(quote, "approve", world.maria)
    assert told(world, "quote.approved") == {world.bob}
    quote = do(quote, "send", world.bob)
    quote = do(quote, "accept", world.dana)
    assert told(world, "quote.accepted") == {world.bob, world.maria}
    do(quote, "order", world.bob, order_reference="PO 7")
    assert Quote.objects.get().order_reference == "PO 7"


def told(world: World, kind: str) -> set[Any]:
    """Who has an alert of this kind, in words."""
    found = Alert.objects.filter(kind=kind).select_related("recipient")
    for alert in found:
        words = render([alert], alert.recipient)[0]
        assert Quote.objects.get().reference in words["title"] and not words["title"].startswith("Quote:")
    return {alert.recipient for alert in found}


def test_winning_offers_what_was_accepted(world: World, book: PriceBook) -> None:
    """Filled in, to be seen and changed; what is sent counts."""
    quote = save(world.bob, start(world), {"discount_percent": "5"}, lines=[line(world, 2)])
    deal = Opportunity.objects.get(pk=quote.opportunity_id)
    quote = do(do(quote, "submit", world.bob), "send", world.bob)
    assert deal.suggested("win") == {}
    do(quote, "accept", world.dana)
    assert deal.suggested("win") == {"amount": Money(2280, "USD")}
    assert deal.suggested("lose") == {}
    client = Client()
    client.force_login(world.bob, backend=LOGIN_BACKEND)
    page = client.get(reverse("record-transition", args=("opportunities", deal.pk, "win"))).content.decode()
    assert 'value="2280"' in page
    won = perform(deal, "win", actor=Actor.of(world.bob), inputs={})
    assert won.amount == Money(5000, "USD")
