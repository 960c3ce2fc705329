"""A quote as the customer gets it: plain data, and the texts that PDF and page show of it.

Nothing here knows of the database: `prm.quotes.printing` makes a document of a quote, for whoever reads it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from django.utils import translation
from django.utils.translation import get_language_info, to_locale
from django.utils.translation import gettext as _

from prm.modules.texts import exact_money
from prm.quotes.arithmetic import coin


@dataclass(frozen=True)
class Party:
    """One of the companies on a quote, with the person to ask. lines: the address, already in order."""

    name: str = ""
    lines: tuple[str, ...] = ()
    person: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    tax_id: str = ""


@dataclass(frozen=True)
class Line:
    """One position. None: the reader may not read it, or there is none. Prices in the quote's currency."""

    name: str
    description: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    discount_percent: Decimal | None = None
    tax_rate: Decimal | None = None
    net: Decimal | None = None


@dataclass(frozen=True)
class TaxLine:
    """Tax of one rate (per cent) on the net amount `base`."""

    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True)
class QuoteDocument:
    """All that a printed quote says.

    number: with the version, where it is not the first. subtotal: sum of the lines; net: after `discount`;
    total: with taxes; tax_notes: what is to be said of them. draft: not approved, and so marked.
    at: when the file says it was made; fixed, so that the same data gives the same bytes.
    country: of the customer; decides the size of the paper. colour ("#rrggbb"), logo (PNG): of the vendor.
    """

    number: str
    language: str
    currency: str
    at: datetime
    revision: int = 1
    title: str = ""
    issued: date | None = None
    valid_until: date | None = None
    country: str = ""
    vendor: Party = field(default_factory=Party)
    partner: Party = field(default_factory=Party)
    customer: Party = field(default_factory=Party)
    logo: bytes = b""
    colour: str = ""
    lines: tuple[Line, ...] = ()
    subtotal: Decimal | None = None
    discount_percent: Decimal | None = None
    discount: Decimal | None = None
    net: Decimal | None = None
    taxes: tuple[TaxLine, ...] = ()
    tax_notes: tuple[str, ...] = ()
    total: Decimal | None = None
    note: str = ""
    terms: str = ""
    draft: bool = False


#: Countries that print on Letter; all others print on A4.
LETTER = frozenset({"US", "CA", "MX", "PH", "CL", "CO", "VE", "GT", "PR"})


@lru_cache(maxsize=32)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(to_locale(language))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def texts(document: QuoteDocument, language: str | None = None) -> dict[str, Any]:
    """Labels and values as text; what is not there is "" or left out. language: None is the document's."""
    with translation.override(language or document.language):
        return _Texts(document, language or document.language).all()


class _Texts:
    """Says a document in the language that is active."""

    def __init__(self, document: QuoteDocument, language: str) -> None:
        self.document = document
        self.language = language
        self.locale = _locale(language)
        self.digits = -int(coin(document.currency).as_tuple().exponent)

    def all(self) -> dict[str, Any]:
        doc = self.document
        discounted = any(line.discount_percent for line in doc.lines)
        return {
            "lang": self.language.partition("-")[0],
            "rtl": bool(get_language_info(self.language)["bidi"]),
            "title": tidy(doc.title),
            "number": doc.number,
            "heading": _("Quote"),
            "file_title": _("Quote %(number)s") % {"number": doc.number},
            "draft": _("Draft") if doc.draft else "",
            "facts": self.facts(),
            "vendor": self.party(doc.vendor),
            "partner": self.party(doc.partner),
            "partner_label": _("Your contact"),
            "customer": self.party(doc.customer),
            "customer_label": _("For"),
            "tax_id_label": _("Tax ID"),
            "columns": {
                "position": _("No."),
                "name": _("Description"),
                "quantity": _("Quantity"),
                "unit_price": _("Unit price"),
                "discount": _("Discount") if discounted else "",
                "tax": _("Tax"),
                "net": _("Amount"),
            },
            "lines": [self.line(at, line) for at, line in enumerate(doc.lines, 1)],
            "currency_note": _("All amounts in %(currency)s.") % {"currency": self.currency_name()},
            "sums": self.sums(),
            "total": {"label": _("Total"), "value": self.money(doc.total)},
            "tax_notes": [tidy(one) for one in doc.tax_notes],
            "sections": self.sections(),
            # Typst fills in the numbers.
            "page": _("Page %(page)s of %(pages)s") % {"page": "{page}", "pages": "{pages}"},
            "closing": self.closing(),
        }

    def facts(self) -> list[dict[str, str]]:
        doc = self.document
        found = [
            (_("Quote number"), doc.number),
            (_("Version"), str(doc.revision) if doc.revision > 1 else ""),
            (_("Date"), self.day(doc.issued)),
            (_("Valid until"), self.day(doc.valid_until)),
            (_("Your tax ID"), tidy(doc.customer.tax_id)),
        ]
        return [{"label": label, "value": value} for label, value in found if value]

    def party(self, party: Party) -> dict[str, Any]:
        return {
            "name": tidy(party.name),
            "lines": [tidy(line) for line in party.lines if line],
            "person": tidy(party.person),
            "email": tidy(party.email),
            "phone": tidy(party.phone),
            "website": tidy(party.website.partition("://")[2].rstrip("/") or party.website),
            "tax_id": tidy(party.tax_id),
        }

    def line(self, position: int, line: Line) -> dict[str, Any]:
        quantity = self.decimal(line.quantity)
        return {
            "position": str(position),
            "name": tidy(line.name),
            "description": tidy(line.description),
            "quantity": f"{quantity} {tidy(line.unit)}".strip(),
            "unit_price": self.price(line.unit_price),
            "discount": self.percent(line.discount_percent) if line.discount_percent else "",
            "tax": self.percent(line.tax_rate),
            "net": self.price(line.net),
            # What is longer than this may go over to the next page; all else stays in one piece.
            "long": len(line.description) > 1200,
        }

    def sums(self) -> list[dict[str, str]]:
        doc = self.document
        found: list[tuple[str, str]] = []
        if doc.discount:
            label = _("Discount")
            if doc.discount_percent:
                label = _("Discount (%(percent)s)") % {"percent": self.percent(doc.discount_percent)}
            found += [(_("Subtotal"), self.money(doc.subtotal)), (label, self.money(-doc.discount))]
        found.append((_("Net amount"), self.money(doc.net)))
        for tax in doc.taxes:
            label = _("Tax %(rate)s on %(base)s") % {
                "rate": self.percent(tax.rate),
                "base": self.money(tax.base),
            }
            found.append((label, self.money(tax.amount)))
        return [{"label": label, "value": value} for label, value in found if value]

    def sections(self) -> list[dict[str, str]]:
        doc = self.document
        found = [(_("Note"), tidy(doc.note)), (_("Terms"), tidy(doc.terms))]
        return [{"title": title, "text": text} for title, text in found if text]

    def closing(self) -> str:
        if self.document.valid_until is None:
            return ""
        return _("This quote can be accepted until %(day)s.") % {"day": self.day(self.document.valid_until)}

    def day(self, value: date | None) -> str:
        return format_date(value, "long", locale=self.locale) if value else ""

    def money(self, value: Decimal | None) -> str:
        if value is None:
            return ""
        # As many digits as the currency has coins for, whatever the language is used to.
        return exact_money(value, self.document.currency, self.digits, self.language)

    def price(self, value: Decimal | None) -> str:
        """An amount under a heading that names the currency; prices of parts of a cent keep their digits."""
        if value is None:
            return ""
        pattern = "#,##0" + ("." if self.digits else "") + "0" * self.digits
        if value != round(value, self.digits):
            pattern = "#,##0." + "0" * self.digits + "#" * (6 - self.digits)
        return format_decimal(value, pattern, locale=self.locale)

    def decimal(self, value: Decimal | None) -> str:
        return "" if value is None else format_decimal(value, "#,##0.####", locale=self.locale)

    def percent(self, value: Decimal | None) -> str:
        """A rate in per cent (19), with as many digits as it has, as the language writes it."""
        if value is None:
            return ""
        return format_percent(value / 100, locale=self.locale, decimal_quantization=False)

    def currency_name(self) -> str:
        code = self.document.currency
        name = self.locale.currencies.get(code)
        return f"{name} ({code})" if name else code


def tidy(text: str) -> str:
    """Text as it can be set: without control characters."""
    kept = text.replace("\r\n", "\n")
    return "".join(char for char in kept if char == "\n" or unicodedata.category(char) not in UNSET).strip()


#: Control characters, halves of surrogates, private and unassigned characters.
UNSET = frozenset({"Cc", "Cs", "Co", "Cn"})
