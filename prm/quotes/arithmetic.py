"""The sums of a quote: exact decimals in, whole coins out. Knows no database, no request and no Django.

Each line is rounded by itself, half a coin up, since that is what stands on the paper; the sum is the sum of
what stands there. A discount on the whole is rounded once and then spread over the tax rates in proportion,
so that each rate taxes what is really paid; coins left over by rounding go to the largest remainders, the
higher rate first. Tax is rounded once for each rate. The order of the lines changes nothing, and nothing
becomes negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from moneyed import get_currency

#: Enough for the longest product of a quantity, a price and two percentages to stay exact.
PRECISION = 80
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Line:
    """What a sum is made of. Percentages are 0 to 100; nothing is negative.

    book_price: what the price book asks for one at this quantity; None where it says nothing.
    """

    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal = Decimal(0)
    tax_rate: Decimal = Decimal(0)
    book_price: Decimal | None = None


@dataclass(frozen=True)
class TaxSum:
    """What is taxed at one rate (per cent), the discount on the whole already taken off, and its tax."""

    rate: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True)
class Totals:
    """All sums of a quote, in whole coins of its currency.

    lines: the net of each line, in their order. subtotal: their sum. discount: what the whole is reduced by.
    net = subtotal - discount; taxes by rate, ascending; total = net + tax.
    """

    lines: tuple[Decimal, ...]
    subtotal: Decimal
    discount: Decimal
    net: Decimal
    taxes: tuple[TaxSum, ...]
    tax: Decimal
    total: Decimal


def coin(currency: str) -> Decimal:
    """The smallest coin of the currency (ISO 4217): 0.01 of USD, 1 of JPY, 0.001 of KWD."""
    return Decimal(1).scaleb(1 - len(str(get_currency(currency).sub_unit)))


def compute(lines: Sequence[Line], discount_percent: Decimal, currency: str) -> Totals:
    """The sums of the lines with this discount on the whole."""
    with localcontext(prec=PRECISION):
        smallest = coin(currency)
        nets = tuple(
            _rounded(one.quantity * one.unit_price * _left(one.discount_percent), smallest) for one in lines
        )
        zero = Decimal(0).quantize(smallest)
        subtotal = sum(nets, zero)
        discount = _rounded(subtotal * discount_percent / HUNDRED, smallest)
        by_rate: dict[Decimal, Decimal] = {}
        for one, net in zip(lines, nets, strict=True):
            by_rate[one.tax_rate] = by_rate.get(one.tax_rate, zero) + net
        shares = _spread(discount, by_rate, smallest)
        taxes = tuple(
            TaxSum(rate, net - shares[rate], _rounded((net - shares[rate]) * rate / HUNDRED, smallest))
            for rate, net in sorted(by_rate.items())
        )
        tax = sum((one.tax for one in taxes), zero)
        net = subtotal - discount
        return Totals(nets, subtotal, discount, net, taxes, tax, net + tax)


def effective_discount(lines: Iterable[Line], discount_percent: Decimal) -> Fraction:
    """How many per cent less than its price book a quote asks, by whichever way: a discount on a line, one on
    the whole, or a unit price lowered by hand; exact, before any rounding.

    A line that asks more than the book makes up for nothing: else a dear line would hide a cheap one. Lines
    that the book has no price for cannot be compared, and do not count.
    """
    asked, given = Fraction(0), Fraction(0)
    for one in lines:
        if one.book_price is None:
            continue
        left = _left(one.discount_percent) * _left(discount_percent)
        base = Fraction(one.quantity) * Fraction(one.book_price)
        price = Fraction(one.quantity) * Fraction(one.unit_price) * Fraction(left)
        asked += base
        given += max(base - price, Fraction(0))
    return given / asked * 100 if asked else Fraction(0)


def _left(percent: Decimal) -> Decimal:
    return (HUNDRED - percent) / HUNDRED


def _rounded(amount: Decimal, smallest: Decimal) -> Decimal:
    return amount.quantize(smallest, ROUND_HALF_UP)


def _spread(amount: Decimal, over: dict[Decimal, Decimal], smallest: Decimal) -> dict[Decimal, Decimal]:
    """The amount in proportion to the values of `over`, in whole coins that add up to it."""
    whole = sum(over.values(), Decimal(0))
    if not whole:
        return dict.fromkeys(over, Decimal(0))
    exact = {
        key: Fraction(amount) * Fraction(value) / Fraction(whole) / Fraction(smallest)
        for key, value in over.items()
    }
    coins = {key: part.numerator // part.denominator for key, part in exact.items()}
    missing = int((amount / smallest).to_integral_value(ROUND_FLOOR)) - sum(coins.values())
    for key in sorted(over, key=lambda one: (exact[one] - coins[one], one), reverse=True)[:missing]:
        coins[key] += 1
    return {key: number * smallest for key, number in coins.items()}
