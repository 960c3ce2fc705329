"""Which tax stands on a quote, by where seller and customer are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest

from prm.catalog.models import TaxRate
from prm.catalog.taxes import EU, Taxes, TaxRule

KNOWN = Taxes(
    [
        ("DE", "standard", D(19)),
        ("DE", "reduced", D(7)),
        ("FR", "standard", D(20)),
        ("CH", "standard", D("8.1")),
    ]
)


@pytest.mark.parametrize(
    ("seller", "customer", "tax_class", "tax_id", "percent", "rule"),
    [
        ("DE", "DE", "standard", True, 19, TaxRule.COUNTRY),
        ("DE", "DE", "reduced", False, 7, TaxRule.COUNTRY),
        ("DE", "", "standard", False, 19, TaxRule.COUNTRY),
        ("DE", "FR", "standard", True, 0, TaxRule.REVERSE_CHARGE),
        ("DE", "FR", "standard", False, 20, TaxRule.COUNTRY),
        ("DE", "CH", "standard", True, 0, TaxRule.EXPORT),
        ("DE", "US", "standard", False, 0, TaxRule.EXPORT),
        ("CH", "CH", "standard", False, D("8.1"), TaxRule.COUNTRY),
        ("CH", "DE", "standard", True, 0, TaxRule.EXPORT),
        ("US", "US", "standard", False, 0, TaxRule.UNKNOWN),
        ("DE", "IT", "standard", False, 0, TaxRule.UNKNOWN),
        ("DE", "DE", "zero", False, 0, TaxRule.COUNTRY),
    ],
)
def test_rules(seller: str, customer: str, tax_class: str, tax_id: bool, percent: D, rule: str) -> None:
    tax = KNOWN.of(seller, customer, tax_class, tax_id=tax_id)
    assert (tax.percent, tax.rule) == (percent, rule)


def test_what_is_no_plain_rate_is_said() -> None:
    assert KNOWN.of("DE", "DE", "standard", tax_id=False).note == ""
    assert "Article 196" in KNOWN.of("DE", "FR", "standard", tax_id=True).note
    assert "Export" in KNOWN.of("DE", "US", "standard", tax_id=False).note
    assert "no rate is kept for Italy" in KNOWN.of("DE", "IT", "standard", tax_id=False).note


def test_the_union_has_27_members() -> None:
    assert len(EU) == 27 and "GB" not in EU and "CH" not in EU


@pytest.mark.django_db
def test_the_rate_in_force_on_the_day_counts() -> None:
    for day, percent in ((date(2020, 1, 1), 19), (date(2026, 7, 1), 21)):
        TaxRate.objects.create(country="DE", tax_class="standard", percent=percent, valid_from=day)
    assert Taxes.on(date(2026, 6, 30)).of("DE", "DE", "standard", tax_id=False).percent == 19
    assert Taxes.on(date(2026, 7, 1)).of("DE", "DE", "standard", tax_id=False).percent == 21
