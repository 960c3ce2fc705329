"""What a quote asks: prices out of price books, taxes by country, and whether it gives away too much.

A product's price is looked for in the quote's own price book, then in the other books of its currency that
address the partner (in their order, see `prm.catalog.books`), then in the product's own list price. A price
in another currency is never converted: then there is none, and somebody has to name one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from prm.catalog import books
from prm.catalog.choices import TaxClass
from prm.catalog.models import PriceBook, PriceBookEntry, Product
from prm.catalog.taxes import Taxes
from prm.opportunities.models import Opportunity
from prm.partners.models import Partner
from prm.partners.queries import quote_discount_limit
from prm.quotes import arithmetic
from prm.quotes.arithmetic import Totals
from prm.quotes.models import MOST, Quote, QuoteLine
from prm.vendor.queries import vendor
from workflows.actor import Actor
from workflows.errors import InvalidInput


@dataclass(frozen=True)
class Price:
    """A product's price in one book: of a single one (or the least that there is a price for), and of so
    many."""

    single: Decimal
    at_quantity: Decimal


class Prices:
    """The prices of some products for a partner, in one currency on one day, read at once."""

    def __init__(
        self,
        partner: Partner,
        book: PriceBook | None,
        currency: str,
        day: date,
        products: Iterable[Product],
    ) -> None:
        self.currency = currency
        wanted = {product.pk: product for product in products}
        order = [one.pk for one in books.addressing(partner, day, currency)] if wanted else []
        if book is not None and book.currency == currency:
            order = [book.pk, *(pk for pk in order if pk != book.pk)]
        #: By product and book, the (from quantity, price) with the largest quantity first.
        self._steps: dict[tuple[UUID, UUID], list[tuple[Decimal, Decimal]]] = {}
        rows = PriceBookEntry.objects.filter(book__in=order, product__in=wanted).order_by("-min_quantity")
        for book_id, product_id, least, price in rows.values_list(
            "book_id", "product_id", "min_quantity", "price"
        ):
            self._steps.setdefault((product_id, book_id), []).append((least, price))
        self._order = order

    def of(self, product: Product | None, quantity: Decimal) -> Price | None:
        """The price of so many of the product; None where nothing says one."""
        if product is None:
            return None
        for book_id in self._order:
            steps = self._steps.get((product.pk, book_id), [])
            found = next((price for least, price in steps if least <= quantity), None)
            if found is not None:
                return Price(single=steps[-1][1], at_quantity=found)
        listed: Any = product.list_price
        if listed is not None and str(listed.currency) == self.currency:
            return Price(listed.amount, listed.amount)
        return None


@dataclass(frozen=True)
class Worth:
    """What has been found out of a quote and its lines.

    effective_discount: per cent below the book, exact. limit: how much of that the partner may give by
    itself. unpriced: lines that the book has no price for.
    """

    totals: Totals
    effective_discount: Fraction
    limit: Decimal
    unpriced: int

    @property
    def needs_approval(self) -> bool:
        """More is given away than may be, or something is offered that has no price to compare."""
        return bool(self.unpriced) or self.effective_discount > Fraction(self.limit)


def defaults(opportunity: Opportunity, actor: Actor) -> dict[str, Any]:
    """What a new quote of the opportunity begins with, by the names of its columns."""
    partner, account = opportunity.partner, opportunity.account
    amount: Any = opportunity.amount
    book = first_book(partner, str(amount.currency) if amount else "") if partner else None
    user = actor.user
    return {
        "title": opportunity.topic,
        "partner": partner,
        "account": account,
        "contact": opportunity.contact,
        "assignee": user if user and user.company_id == opportunity.partner_id else opportunity.assignee,
        "owner": opportunity.owner or (partner.channel_manager if partner else None),
        "price_book": book,
        "currency": book.currency if book else str(amount.currency) if amount else vendor().currency,
        "customer_country": account.country if account else "",
        "customer_tax_id": account.tax_id if account else "",
        "terms": vendor().quote_terms,
    }


def first_book(partner: Partner, currency: str) -> PriceBook | None:
    """The book that counts most for the partner today: in this currency, else in the portal's, else any."""
    found = list(books.addressing(partner, timezone.localdate()))
    wished = (currency, settings.DEFAULT_CURRENCY)
    for wanted in wished:
        book = next((one for one in found if one.currency == wanted), None)
        if book is not None:
            return book
    return found[0] if found else None


def in_force(quote: Quote, day: date) -> bool:
    """Whether the quote's price book addresses its partner on the day, in the currency of the quote."""
    book, found = quote.price_book, books.addressing(quote.partner, day, quote.currency)
    return book is not None and found.filter(pk=book.pk).exists()


def seller_country(quote: Quote) -> str:
    """Where the seller is: the vendor, whose paper it is; where it has not said so, the partner."""
    return vendor().country or str(quote.partner.country or "")


def work_out(quote: Quote, lines: Sequence[QuoteLine]) -> Worth:
    """Prices, taxes and sums, set on the lines and on the quote; nothing is saved.

    A line without a unit price gets that of the book. Raises InvalidInput where there is none, or where a sum
    is too large to be kept.
    """
    today = timezone.localdate()
    products = [line.product for line in lines if line.product]
    prices = Prices(quote.partner, quote.price_book, quote.currency, today, products)
    taxes = Taxes.on(today)
    seller, customer = seller_country(quote), str(quote.customer_country or "")
    for at, line in enumerate(lines):
        price = prices.of(line.product, line.quantity)
        line.list_price = price.single if price else None
        line.book_price = price.at_quantity if price else None
        if line.unit_price is None:
            if price is None:
                raise InvalidInput({f"lines.{at}.unit_price": [_no_price(line, quote.currency)]})
            line.unit_price = price.at_quantity
        tax_class = line.product.tax_class if line.product else TaxClass.STANDARD
        tax = taxes.of(seller, customer, tax_class, tax_id=bool(quote.customer_tax_id))
        line.tax_rate, line.tax_rule, line.tax_country = tax.percent, tax.rule, tax.country
    worth = worth_of(quote, lines)
    for line, net in zip(lines, worth.totals.lines, strict=True):
        line.net = net
    _keep(quote, worth)
    return worth


def worth_of(quote: Quote, lines: Sequence[QuoteLine]) -> Worth:
    """The sums of lines whose prices and taxes are set."""
    plain = [
        arithmetic.Line(
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount_percent=line.discount_percent,
            tax_rate=line.tax_rate,
            book_price=line.book_price,
        )
        for line in lines
    ]
    totals = arithmetic.compute(plain, quote.discount_percent, quote.currency)
    if totals.subtotal + totals.tax >= MOST:
        raise InvalidInput({"": [_("The sum is too large.")]})
    return Worth(
        totals=totals,
        effective_discount=arithmetic.effective_discount(plain, quote.discount_percent),
        limit=quote_discount_limit(quote.partner.tier),
        unpriced=sum(one.book_price is None for one in plain),
    )


def above_limit(quote: Quote) -> bool:
    """Whether the quote has to be approved, held against the prices of today."""
    return _of_today(quote)[1].needs_approval


def compare(quote: Quote) -> None:
    """Keeps how the quote compares with the prices of today; what it asks stays."""
    lines, worth = _of_today(quote)
    QuoteLine.objects.bulk_update(lines, ["list_price", "book_price"])
    _keep(quote, worth)


def _of_today(quote: Quote) -> tuple[list[QuoteLine], Worth]:
    """A draft may be old, and a new version of an old quote is: prices may have risen since its lines were
    saved."""
    lines = list(quote.lines.select_related("product").order_by("position"))
    products = [line.product for line in lines if line.product]
    prices = Prices(quote.partner, quote.price_book, quote.currency, timezone.localdate(), products)
    for line in lines:
        price = prices.of(line.product, line.quantity)
        line.list_price = price.single if price else None
        line.book_price = price.at_quantity if price else None
    return lines, worth_of(quote, lines)


def accepted_net(deal: Opportunity) -> Money | None:
    """What the customer has accepted to pay, before tax: by the quote that was accepted last."""
    accepted = Quote.objects.filter(
        opportunity=deal, state__in=[Quote.State.ACCEPTED, Quote.State.ORDERED]
    ).order_by("-decided_at", "-id")
    quote = accepted.first()
    return Money(quote.net.amount, quote.currency) if quote else None


#: The columns that `work_out` sets: of a quote, and of a line that has its unit price.
MONEY = ("net", "discount", "tax", "total")
SUMS = (*MONEY, *(f"{name}_currency" for name in MONEY), "effective_discount")
LINE_SUMS = ("list_price", "book_price", "tax_rate", "tax_rule", "tax_country", "net")


def _keep(quote: Quote, worth: Worth) -> None:
    totals = worth.totals
    for name in MONEY:
        setattr(quote, name, Money(getattr(totals, name), quote.currency))
    # Rounded up, so that what is a little above a limit does not look as if it kept to it.
    exact = Decimal(worth.effective_discount.numerator) / Decimal(worth.effective_discount.denominator)
    quote.effective_discount = exact.quantize(Decimal("0.01"), ROUND_UP)


def _no_price(line: QuoteLine, currency: str) -> str:
    return _("There is no price of %(product)s in %(currency)s: name one.") % {
        "product": line.name,
        "currency": currency,
    }
