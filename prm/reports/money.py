"""Amounts of several currencies: beside each other, or in one that somebody chose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prm.catalog.currencies import NoRate, Rates, rounded

#: Amounts by currency, never added to each other.
Amounts = Mapping[str, Decimal]


def plain(amounts: Amounts) -> dict[str, Decimal]:
    """The amounts in whole coins of their currencies, in the order of the codes."""
    return {code: rounded(amount, code) for code, amount in sorted(amounts.items())}


def add(many: Iterable[Amounts]) -> dict[str, Decimal]:
    """The sums by currency."""
    total: dict[str, Decimal] = {}
    for amounts in many:
        for code, amount in amounts.items():
            total[code] = total.get(code, Decimal(0)) + amount
    return total


class Converter:
    """Turns amounts into one currency at the rates of one day, and remembers what it could not turn."""

    def __init__(self, to: str, on: dt.date) -> None:
        self.to, self.on = to, on
        self.rates = Rates.load()
        self.converted: set[str] = set()
        self.without: set[str] = set()

    def convert(self, amounts: Amounts) -> dict[str, Decimal]:
        """The amounts as one; those of currencies without a rate are left out."""
        total = Decimal(0)
        known = False
        for code, amount in amounts.items():
            try:
                total += self.rates.rate(code, self.to, self.on) * amount
            except NoRate:
                self.without.add(code)
                continue
            known = True
            if code != self.to:
                self.converted.add(code)
        return {self.to: rounded(total, self.to)} if known else {}

    def remarks(self) -> list[str]:
        """What a reader has to know of the amounts."""
        day = date_format(self.on, "DATE_FORMAT")
        found = []
        if self.converted:
            facts = {"others": ", ".join(sorted(self.converted)), "currency": self.to, "day": day}
            found.append(_("%(others)s converted into %(currency)s at the rates of %(day)s.") % facts)
        if self.without:
            facts = {"others": ", ".join(sorted(self.without)), "currency": self.to, "day": day}
            found.append(
                _("Without amounts in %(others)s: there is no exchange rate into %(currency)s on %(day)s.")
                % facts
            )
        return found
