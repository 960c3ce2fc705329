"""Which tax a quote names: of what kind, and how many per cent.

Where the seller and the customer are decides. The rules are those of the European Union's Council Directive
2006/112/EC (the VAT directive), and of any country whose rates are kept:

- Same country: the rate of that country for the product's class.
- Two countries of the EU, and the customer has a tax id: nothing, the customer accounts for the tax (reverse
  charge; goods Articles 138 and 40, services Articles 44 and 196; to be said on the invoice, Article 226
  (11a)).
- Two countries of the EU, and no tax id: the rate of the customer's country (distance sales, Article 33;
  electronic services, Article 58; one stop shop, Articles 369a and following).
- Anything else leaves the country: an export, nothing (goods Article 146, services Article 44).
- Where no rate is kept of the country whose rate counts, nothing is added, and the quote says so.

A quote is no invoice: whoever sells remains answerable for the tax.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from prm.catalog.choices import TaxClass
from prm.catalog.models import TaxRate

#: Member states (Article 5 of the directive; the list of 1 February 2020).
EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
    ]
)


class TaxRule(models.TextChoices):
    """Why a line is taxed as it is."""

    COUNTRY = "country", gettext_lazy("Rate of the country")
    REVERSE_CHARGE = "reverse_charge", gettext_lazy("Reverse charge")
    EXPORT = "export", gettext_lazy("Export")
    UNKNOWN = "unknown", gettext_lazy("No rate known")


@dataclass(frozen=True)
class Tax:
    """What a line is taxed: per cent, by which rule, and whose rate it is ("" where it is nobody's)."""

    percent: Decimal
    rule: str
    country: str

    @property
    def note(self) -> str:
        """What the quote says of it, in the language of the moment; "" where the rate says it all."""
        return note(self.rule, self.country)


def note(rule: str, country: str) -> str:
    """What a quote says of a tax that is not simply a rate."""
    if rule == TaxRule.REVERSE_CHARGE:
        return _("Reverse charge: the customer accounts for the tax (Article 196, Directive 2006/112/EC).")
    if rule == TaxRule.EXPORT:
        return _("Export: no tax is charged.")
    if rule == TaxRule.UNKNOWN:
        return _("Tax is not included: no rate is kept for %(country)s.") % {
            "country": countries.name(country) or _("the country")
        }
    return ""


class Taxes:
    """The tax rates on a day, read once, for as many lines as there are."""

    def __init__(self, rows: Iterable[tuple[str, str, Decimal]]) -> None:
        self._percent = {(country, tax_class): percent for country, tax_class, percent in rows}

    @classmethod
    def on(cls, day: date) -> Taxes:
        """The rates in force on the day: of each country and class the latest."""
        rows = TaxRate.objects.filter(valid_from__lte=day).order_by("valid_from")
        return cls(rows.values_list("country", "tax_class", "percent"))

    def of(self, seller: str, customer: str, tax_class: str, *, tax_id: bool) -> Tax:
        """The tax on a product of `tax_class`. seller, customer: their countries; tax_id: the customer has
        one."""
        customer = customer or seller
        if customer != seller:
            if not {seller, customer} <= EU:
                return Tax(Decimal(0), TaxRule.EXPORT, "")
            if tax_id:
                return Tax(Decimal(0), TaxRule.REVERSE_CHARGE, "")
        percent = self._percent.get((customer, tax_class))
        if percent is None and tax_class == TaxClass.ZERO:
            percent = Decimal(0)
        if percent is None:
            return Tax(Decimal(0), TaxRule.UNKNOWN, customer)
        return Tax(percent, TaxRule.COUNTRY, customer)
