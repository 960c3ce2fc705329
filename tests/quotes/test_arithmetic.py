"""The sums of a quote against plain decimals, for whatever lines there may be."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.quotes.arithmetic import Line, coin, compute, effective_discount

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "BHD"])
DIGITS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3, "BHD": 3}
PERCENT = st.decimals(0, 100, places=2)
RATES = st.sampled_from([D(0), D("5.5"), D(7), D(19), D("9.975")])
PRICES = st.decimals(0, 99_999, places=4)

LINES = st.lists(
    st.builds(
        Line,
        quantity=st.decimals("0.001", 9_999, places=3),
        unit_price=PRICES,
        discount_percent=PERCENT,
        tax_rate=RATES,
        book_price=st.none() | PRICES,
    ),
    max_size=12,
)


def half_up(amount: Fraction, digits: int) -> Decimal:
    """Rounding said once more in other words: by whole numbers."""
    scaled = amount * 10**digits
    whole = scaled.numerator // scaled.denominator
    return Decimal(whole + (scaled - whole >= Fraction(1, 2))).scaleb(-digits)


@given(LINES, PERCENT, CURRENCIES)
def test_the_sums_add_up_exactly(lines: list[Line], percent: Decimal, currency: str) -> None:
    totals = compute(lines, percent, currency)
    for line, net in zip(lines, totals.lines, strict=True):
        exact = (
            Fraction(line.quantity) * Fraction(line.unit_price) * (1 - Fraction(line.discount_percent) / 100)
        )
        assert net == half_up(exact, DIGITS[currency])
    assert totals.subtotal == sum(totals.lines)
    assert totals.discount == half_up(Fraction(totals.subtotal) * Fraction(percent) / 100, DIGITS[currency])
    assert totals.net == totals.subtotal - totals.discount
    assert totals.net == sum(one.net for one in totals.taxes)
    for one in totals.taxes:
        assert one.tax == half_up(Fraction(one.net) * Fraction(one.rate) / 100, DIGITS[currency])
    assert totals.tax == sum(one.tax for one in totals.taxes)
    assert totals.total == totals.net + totals.tax


@given(LINES, PERCENT, CURRENCIES)
def test_every_sum_is_whole_coins_and_none_is_negative(
    lines: list[Line], percent: Decimal, currency: str
) -> None:
    totals = compute(lines, percent, currency)
    every = [*totals.lines, totals.subtotal, totals.discount, totals.net, totals.tax, totals.total]
    every += [amount for one in totals.taxes for amount in (one.net, one.tax)]
    assert all(amount >= 0 for amount in every)
    assert {amount.as_tuple().exponent for amount in every} == {-DIGITS[currency]}


@given(LINES, PERCENT, CURRENCIES, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_nothing(
    lines: list[Line], percent: Decimal, currency: str, random: object
) -> None:
    other = list(lines)
    random.shuffle(other)  # type: ignore[attr-defined]
    one, two = compute(lines, percent, currency), compute(other, percent, currency)
    assert (one.subtotal, one.discount, one.net, one.taxes, one.total) == (
        two.subtotal,
        two.discount,
        two.net,
        two.taxes,
        two.total,
    )
    assert effective_discount(lines, percent) == effective_discount(other, percent)


@given(LINES, PERCENT, CURRENCIES)
def test_a_discount_is_spread_over_the_rates_to_the_coin(
    lines: list[Line], percent: Decimal, currency: str
) -> None:
    """No rate bears a coin more or less than its exact share, and never more than it has."""
    totals = compute(lines, percent, currency)
    before: dict[Decimal, Decimal] = {}
    for line, net in zip(lines, totals.lines, strict=True):
        before[line.tax_rate] = before.get(line.tax_rate, D(0)) + net
    for one in totals.taxes:
        share = before[one.rate] - one.net
        exact = Fraction(totals.discount) * Fraction(before[one.rate])
        exact = exact / Fraction(totals.subtotal) if totals.subtotal else Fraction(0)
        assert abs(Fraction(share) - exact) < Fraction(coin(currency))
        assert 0 <= share <= before[one.rate]


@given(LINES, PERCENT)
def test_nothing_is_lost_in_the_middle(lines: list[Line], percent: Decimal) -> None:
    """A narrow context of the caller's does not reach in."""
    with localcontext(prec=5, rounding="ROUND_DOWN"):
        narrow = compute(lines, percent, "USD")
    assert narrow == compute(lines, percent, "USD")


@pytest.mark.parametrize(
    ("currency", "net", "tax"), [("USD", "33.34", "6.33"), ("JPY", "33", "6"), ("KWD", "33.335", "6.334")]
)
def test_a_quote_is_rounded_to_the_coins_of_its_currency(currency: str, net: str, tax: str) -> None:
    totals = compute([Line(D(1), D("33.335"), tax_rate=D(19))], D(0), currency)
    assert (totals.net, totals.tax) == (D(net), D(tax))
    assert D("33.335").quantize(D("0.01"), ROUND_HALF_UP) == D("33.34")


def test_the_largest_sums_that_can_be_kept_are_exact() -> None:
    line = Line(D("999999999.999"), D("99999999999.9999"), D("0.01"))
    assert compute([line], D(0), "USD").net == half_up(
        Fraction(line.quantity) * Fraction(line.unit_price) * Fraction("0.9999"), 2
    )


class TestEffectiveDiscount:
    """One measure for every way to ask less than the book does."""

    def test_by_a_discount_on_the_line_or_on_the_whole_or_by_a_lower_price(self) -> None:
        for line, whole in (
            (Line(D(2), D(100), D(10), book_price=D(100)), D(0)),
            (Line(D(2), D(100), book_price=D(100)), D(10)),
            (Line(D(2), D(90), book_price=D(100)), D(0)),
        ):
            assert effective_discount([line], whole) == 10

    def test_together_they_multiply(self) -> None:
        line = Line(D(1), D(90), D(10), book_price=D(100))
        assert effective_discount([line], D(10)) == Fraction("27.1")

    def test_it_is_of_the_whole_quote(self) -> None:
        lines = [Line(D(1), D(100), D(30), book_price=D(100)), Line(D(2), D(100), book_price=D(100))]
        assert effective_discount(lines, D(0)) == 10

    def test_a_dear_line_hides_no_cheap_one(self) -> None:
        lines = [Line(D(1), D(50), book_price=D(100)), Line(D(1), D(150), book_price=D(100))]
        assert effective_discount(lines, D(0)) == 25

    def test_what_has_no_price_dilutes_nothing(self) -> None:
        lines = [Line(D(1), D(50), book_price=D(100)), Line(D(1), D(9_900))]
        assert effective_discount(lines, D(0)) == 50

    def test_rounding_does_not_make_a_discount(self) -> None:
        """10 % off 12.4 yen is 11.16, on the paper 11: still 10 %."""
        assert effective_discount([Line(D(1), D("12.4"), D(10), book_price=D("12.4"))], D(0)) == 10

    @given(LINES, PERCENT)
    def test_it_is_a_percentage(self, lines: list[Line], percent: Decimal) -> None:
        assert 0 <= effective_discount(lines, percent) <= 100
