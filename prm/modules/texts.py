"""Numbers as people read them, in their language: the same on pages and in alerts and mails."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    get_currency_symbol,
    parse_pattern,
)
from django.utils import formats
from django.utils.translation import get_language, to_locale

LEFT_TO_RIGHT, END = "\N{LEFT-TO-RIGHT ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


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
    places = -int(amount.normalize().as_tuple().exponent)
    if places <= 0:
        pattern = pattern.replace(".00", "")
    elif places > 2:
        # Dinars have thousandths, and the price of one of many may be finer than a coin.
        pattern = pattern.replace(".00", f".{'0' * places}")
    text = str(parse_pattern(pattern).apply(amount, locale, currency=currency, currency_digits=False))
    return _whole_symbol(text, currency, locale)


def _whole_symbol(text: str, currency: str, locale: Locale) -> str:
    """`text` with a symbol like "US$" kept together, whose sign a text from the right would part."""
    if locale.text_direction != "rtl":
        return text
    symbol = get_currency_symbol(currency, locale)
    return text.replace(symbol, f"{LEFT_TO_RIGHT}{symbol}{END}")


def exact_money(amount: Decimal, currency: str, places: int, language: str) -> str:
    """An amount with exactly so many decimal places, whole or not, as documents write it."""
    locale = _locale(language)
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    pattern.frac_prec = (places, places)
    return _whole_symbol(
        str(pattern.apply(amount, locale, currency=currency, currency_digits=False)), currency, locale
    )


def money(value: Any) -> str:
    """Money as text, from {"amount", "currency"} or a Money object; "" for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, Mapping):
        amount, currency = value["amount"], value["currency"]
    else:
        amount, currency = value.amount, str(value.currency)
    return _money(Decimal(amount), currency, get_language() or "en")


#: Languages that write a noun with a capital wherever it stands.
CAPITAL_NOUNS = frozenset({"de"})


def noun(label: Any) -> str:
    """A label as it stands inside a sentence: "New lead", but "Neuer Lead"."""
    text = str(label)
    return text if (get_language() or "en").partition("-")[0] in CAPITAL_NOUNS else text.lower()


def number(value: Any, unit: str = "") -> str:
    """A number with the separators of the language, and its unit."""
    if isinstance(value, Decimal):
        # A column's places beyond what the number needs say nothing.
        value = value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
    text = str(formats.number_format(value, use_l10n=True, force_grouping=True))
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


def short_money(amount: Decimal, currency: str) -> str:
    """An amount that fits beside a bar, in the reader's language, to three digits: $1.25M."""
    locale = _locale(get_language() or "en")
    text = str(format_compact_currency(amount, currency, locale=locale, fraction_digits=_fraction(amount)))
    return _whole_symbol(text, currency, locale)


def short_number(value: float | Decimal) -> str:
    """A number that fits on an axis, to three digits: 1.25K."""
    locale = _locale(get_language() or "en")
    return str(format_compact_decimal(value, locale=locale, fraction_digits=_fraction(Decimal(value))))


def _fraction(value: Decimal) -> int:
    """How many decimals three digits leave, where thousands and millions are counted in their own unit."""
    before = (max(0, abs(value).adjusted()) % 3) + 1 if value else 1
    return 3 - before
