"""What an amount is worth in another currency; and that nothing is made up where nobody knows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest
from djmoney.money import Money
from hypothesis import given
from hypothesis import strategies as st

from prm.catalog.currencies import NoRate, Rates, convert, digits
from prm.catalog.models import ExchangeRate

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


def rates(*rows: tuple[str, str, date, str]) -> Rates:
    return Rates((one, two, on, D(rate)) for one, two, on, rate in rows)


def test_the_latest_rate_up_to_the_day_counts() -> None:
    known = rates(("EUR", "USD", JUNE, "1.10"), ("EUR", "USD", JULY, "1.20"))
    assert known.convert(Money("100", "EUR"), "USD", date(2026, 6, 30)) == Money("110.00", "USD")
    assert known.convert(Money("100", "EUR"), "USD", JULY) == Money("120.00", "USD")


def test_a_rate_is_read_both_ways_and_the_younger_one_counts() -> None:
    known = rates(("EUR", "USD", JUNE, "1.25"), ("USD", "EUR", JULY, "0.5"))
    assert known.convert(Money("10", "USD"), "EUR", JUNE) == Money("8.00", "EUR")
    assert known.convert(Money("10", "EUR"), "USD", JULY) == Money("20.00", "USD")


def test_two_other_currencies_meet_in_the_portals_own() -> None:
    known = rates(("EUR", "USD", JUNE, "1.20"), ("USD", "JPY", JUNE, "150"))
    assert known.convert(Money("1", "EUR"), "JPY", JUNE) == Money("180", "JPY")


@pytest.mark.parametrize("to", ["USD", "CHF"])
def test_where_no_rate_is_known_it_says_which(to: str) -> None:
    known = rates(("EUR", "USD", JULY, "1.20"))
    with pytest.raises(NoRate, match=f"no exchange rate from EUR to {to} on"):
        known.convert(Money("1", "EUR"), to, JUNE)


def test_the_same_currency_needs_no_rate() -> None:
    assert rates().convert(Money("1.23", "EUR"), "EUR", JUNE) == Money("1.23", "EUR")


def test_coins() -> None:
    assert [digits(code) for code in ("USD", "JPY", "KWD", "BHD", "EUR")] == [2, 0, 3, 3, 2]
    known = rates(("USD", "JPY", JUNE, "149.5"))
    assert str(known.convert(Money("1", "USD"), "JPY", JUNE).amount) == "150"


@given(st.decimals("0.01", 10_000_000, places=2), st.decimals("0.0001", 1_000, places=6))
def test_there_and_back_is_off_by_coins_at_most(amount: D, rate: D) -> None:
    known = rates(("EUR", "USD", JUNE, str(rate)))
    there = known.convert(Money(amount, "EUR"), "USD", JUNE)
    back = known.convert(there, "EUR", JUNE)
    assert abs(back.amount - amount) <= D("0.005") / rate + D("0.005")


@pytest.mark.django_db
def test_it_reads_the_rates_that_are_kept() -> None:
    ExchangeRate.objects.create(from_currency="EUR", to_currency="USD", valid_from=JUNE, rate=D("1.1"))
    assert convert(Money("10", "EUR"), "USD", JULY) == Money("11.00", "USD")
    with pytest.raises(NoRate):
        convert(Money("10", "EUR"), "GBP", JULY)
