"""What the demo company sells, at which prices, and what is taxed and exchanged."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from djmoney.money import Money

from prm.catalog.models import (
    ExchangeRate,
    PriceBook,
    PriceBookAudience,
    PriceBookEntry,
    Product,
    ProductFamily,
    TaxRate,
)

#: Family: what it is, what is counted, and its series.
FAMILIES = (
    ("Networking", "Switches and wireless for offices, halls and campuses.", "pcs", ("Beacon",)),
    ("Security", "Firewalls for branches and data centres.", "pcs", ("Anchor",)),
    ("Operations", "Monitoring and backup, by the year.", "year", ("Tidewatch", "Harbour")),
)

#: What stands under the name in a quote.
DESCRIPTIONS = {
    "Beacon Switch 24": "24 ports, 1 Gbit/s, managed, 19-inch, 5 years of replacement",
    "Beacon Switch 48": "48 ports, 1 Gbit/s, managed, 19-inch, 5 years of replacement",
    "Beacon Access Point": "Wi-Fi 7, powered over Ethernet, with mounting kit",
    "Anchor Firewall S": "Up to 100 users, 2 Gbit/s inspected",
    "Anchor Firewall L": "Up to 2,000 users, 20 Gbit/s inspected, redundant power",
    "Tidewatch Monitoring": "Up to 500 devices, alerts by mail and chat",
    "Harbour Backup 10 TB": "Encrypted, two sites, restore within four hours",
    "Harbour Backup 50 TB": "Encrypted, two sites, restore within four hours",
}

#: Standard and reduced rates of the countries where the demo's partners and customers are, in per cent.
TAXES = {
    "DE": ("19", "7"),
    "FR": ("20", "5.5"),
    "NL": ("21", "9"),
    "ES": ("21", "10"),
    "IT": ("22", "10"),
    "PL": ("23", "8"),
    "SE": ("25", "12"),
    "AT": ("20", "10"),
    "GB": ("20", "5"),
    "CH": ("8.1", "2.6"),
    "NO": ("25", "15"),
    "EE": ("24", "9"),
    "CA": ("5", "0"),
    "AU": ("10", "0"),
    "SG": ("9", "0"),
    # Sales tax is the states' and comes on top; the country itself takes none.
    "US": ("0", "0"),
}

#: What one costs in dollars, a year ago and now.
RATES = {
    "EUR": ("1.0850", "1.1240"),
    "GBP": ("1.2710", "1.3120"),
    "CHF": ("1.1320", "1.2050"),
    "JPY": ("0.00671", "0.00648"),
    "CAD": ("0.7350", "0.7190"),
    "AUD": ("0.6620", "0.6480"),
}


def products(rows: tuple[tuple[str, str, int], ...]) -> list[Product]:
    """The families and products. rows: name, series, list price in dollars."""
    by_series: dict[str, tuple[ProductFamily, str]] = {}
    for name, description, unit, series in FAMILIES:
        family = ProductFamily.objects.create(name=name, description=description)
        by_series |= dict.fromkeys(series, (family, unit))
    return [
        Product.objects.create(
            name=name,
            series=series,
            code=f"{series[:3].upper()}-{number:02}",
            family=by_series[series][0],
            unit=by_series[series][1],
            description=DESCRIPTIONS[name],
            list_price=Money(price, "USD"),  # type: ignore[misc]  # its field takes money
        )
        for number, (name, series, price) in enumerate(rows, 1)
    ]


def prices(made: list[Product], start: dt.datetime) -> None:
    """Price books, rates and taxes as they have been since the demo's beginning."""
    year, begin = start.year + 1, start.date()
    standard = PriceBook.objects.create(name=f"Standard {year}", currency="USD", valid_from=begin)
    europe = PriceBook.objects.create(name=f"Europe {year}", currency="EUR", valid_from=begin)
    gold = PriceBook.objects.create(
        name=f"Gold and Platinum {year}", currency="USD", audience="tiers", valid_from=begin
    )
    PriceBookAudience.objects.bulk_create(
        PriceBookAudience(book=gold, tier=tier) for tier in ("gold", "platinum")
    )
    entries = []
    for product in made:
        listed: Any = product.list_price
        price = listed.amount
        entries.append(PriceBookEntry(book=standard, product=product, price=price))
        entries.append(PriceBookEntry(book=europe, product=product, price=_tens(price * Decimal("0.95"))))
        # Higher tiers buy cheaper, and cheaper still from a number on.
        for least, share in ((1, "0.95"), (10, "0.90"), (50, "0.82")):
            entries.append(
                PriceBookEntry(
                    book=gold, product=product, min_quantity=least, price=_tens(price * Decimal(share))
                )
            )
    PriceBookEntry.objects.bulk_create(entries)
    TaxRate.objects.bulk_create(
        TaxRate(country=country, tax_class=tax_class, percent=Decimal(percent), valid_from=begin)
        for country, percents in TAXES.items()
        for tax_class, percent in zip(("standard", "reduced"), percents, strict=True)
    )
    ExchangeRate.objects.bulk_create(
        ExchangeRate(from_currency=currency, to_currency="USD", valid_from=day, rate=Decimal(rate))
        for currency, two in RATES.items()
        for day, rate in zip((begin, (start + dt.timedelta(days=183)).date()), two, strict=True)
    )


def _tens(price: Decimal) -> Decimal:
    return price.quantize(Decimal("1E1"), ROUND_HALF_UP) if price > 1000 else price.quantize(Decimal(1))
