"""Amounts of different currencies: their digits, and what one is worth in another on a day.

Nothing here guesses: where no rate is known, `NoRate` says which one is missing, and nothing is summed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from djmoney.money import Money

from prm.catalog.models import ExchangeRate
from workflows.inputs import digits


class NoRate(Exception):
    """There is no exchange rate between two currencies on a day."""

    def __init__(self, currency: str, to: str, on: date) -> None:
        self.currency, self.to, self.on = currency, to, on
        super().__init__(
            _("There is no exchange rate from %(currency)s to %(to)s on %(day)s.")
            % {"currency": currency, "to": to, "day": date_format(on, "DATE_FORMAT")}
        )


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount in whole smallest coins, half a coin up."""
    return amount.quantize(Decimal(1).scaleb(-digits(currency)), ROUND_HALF_UP)


class _Dated(NamedTuple):
    on: date
    rate: Decimal


class Rates:
    """The exchange rates, read once, for as many conversions as there are."""

    def __init__(self, rows: Iterable[tuple[str, str, date, Decimal]]) -> None:
        self._known: dict[tuple[str, str], list[_Dated]] = {}
        for currency, to, on, rate in rows:
            self._known.setdefault((currency, to), []).append(_Dated(on, rate))
        for dated in self._known.values():
            dated.sort(reverse=True)

    @classmethod
    def load(cls) -> Rates:
        """All rates that are kept."""
        return cls(ExchangeRate.objects.values_list("from_currency", "to_currency", "valid_from", "rate"))

    def rate(self, currency: str, to: str, on: date) -> Decimal:
        """What one unit of `currency` is worth in `to` on the day. Raises NoRate.

        The latest rate up to the day counts: of the pair, where there is one (the younger, of the pair and
        its reverse), else by way of the portal's own currency.
        """
        if currency == to:
            return Decimal(1)
        found = self._direct(currency, to, on)
        if found is not None:
            return found
        way = settings.DEFAULT_CURRENCY
        first, second = self._direct(currency, way, on), self._direct(way, to, on)
        if first is None or second is None:
            raise NoRate(currency, to, on)
        return first * second

    def convert(self, amount: Money, to: str, on: date) -> Money:
        """The amount in another currency, rounded to its coins. Raises NoRate."""
        currency = str(amount.currency)
        if currency == to:
            return amount
        return Money(rounded(amount.amount * self.rate(currency, to, on), to), to)

    def _direct(self, currency: str, to: str, on: date) -> Decimal | None:
        straight = self._latest(currency, to, on)
        turned = self._latest(to, currency, on)
        if turned is not None and (straight is None or turned.on > straight.on):
            return 1 / turned.rate
        return straight.rate if straight else None

    def _latest(self, currency: str, to: str, on: date) -> _Dated | None:
        return next((one for one in self._known.get((currency, to), ()) if one.on <= on), None)


def convert(amount: Money, to: str, on: date) -> Money:
    """The amount in another currency at the rate of the day. Raises NoRate. For many, see `Rates`."""
    return amount if str(amount.currency) == to else Rates.load().convert(amount, to, on)
