"""Numbers as people read them, in their language: the same on pages and in alerts and mails."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import parse_pattern
from django.utils import formats
from django.utils.translation import get_language, to_locale


@lru_cache(maxsize=32)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(to_locale(language))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


@lru_cache(maxsize=4096)
def _money(amount: Decimal, currency: str, language: str) -> str:
    locale = _locale(language)
    pattern = locale.currency_formats["standard"].pattern
    # Whole amounts without ",00": columns of them are easier to compare.
    if amount == amount.to_integral_value():
        pattern = pattern.replace(".00", "")
    return str(parse_pattern(pattern).apply(amount, locale, currency=currency, currency_digits=False))


def money(value: Any) -> str:
    """Money as text, from {"amount", "currency"} or a Money object; "" for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, Mapping):
        amount, currency = value["amount"], value["currency"]
    else:
        amount, currency = value.amount, str(value.currency)
    return _money(Decimal(amount), currency, get_language() or "en")


def number(value: Any, unit: str = "") -> str:
    """A number with the separators of the language, and its unit."""
    text = str(formats.number_format(value, use_l10n=True, force_grouping=True))
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text
