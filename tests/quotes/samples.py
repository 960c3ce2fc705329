"""Documents that need no database."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

from PIL import Image

from prm.quotes.document import Line, Party, QuoteDocument, TaxLine


def logo() -> bytes:
    packed = io.BytesIO()
    Image.new("RGBA", (400, 120), (31, 95, 191, 255)).save(packed, "PNG")
    return packed.getvalue()


def line(name: str = "Edge server R140", **given: Any) -> Line:
    facts = {
        "description": "2 × 16 cores, 256 GB\nService for 3 years",
        "quantity": D(4),
        "unit": "pcs",
        "unit_price": D("5830.00"),
        "discount_percent": D("5"),
        "tax_rate": D("19"),
        "net": D("22154.00"),
    }
    return Line(name=name, **{**facts, **given})


QUOTE = QuoteDocument(
    number="Q-2026-00042",
    language="en",
    currency="EUR",
    at=datetime(2026, 11, 20, 9, tzinfo=UTC),
    title="Servers for the Hamburg plant",
    issued=date(2026, 11, 20),
    valid_until=date(2026, 12, 20),
    country="DE",
    vendor=Party(
        name="Meridian Systems AG",
        lines=("Hafenstraße 12", "20457 Hamburg"),
        website="https://meridian.example",
        email="sales@meridian.example",
        tax_id="DE123456789",
    ),
    partner=Party(name="Northwind Systems", person="Alice Nordmann", email="alice@northwind.example"),
    customer=Party(
        name="Fabrikam",
        lines=("14 Harbour Street", "London", "E1 6AN", "United Kingdom"),
        tax_id="GB999999973",
    ),
    lines=(line(), line("Cloud backup", description="", unit_price=D("0.0125"), net=D("142.50"), unit="GB")),
    subtotal=D("22296.50"),
    discount_percent=D("2.5"),
    discount=D("557.41"),
    net=D("21739.09"),
    taxes=(TaxLine(D(19), D("21739.09"), D("4130.43")),),
    total=D("25869.52"),
    note="Delivery four weeks after the order.",
    terms="Payment within 30 days.\n\nDelivery duty paid.",
)

LONG = replace(QUOTE, lines=tuple(line(f"Position number {at}") for at in range(1, 61)))
GERMAN = replace(
    QUOTE,
    language="de",
    title="Größere Server für das Werk Köln-Süd",
    taxes=(TaxLine(D(0), D("21739.09"), D(0)),),
    tax_notes=("Steuerschuldnerschaft des Leistungsempfängers",),
)
ARABIC = replace(
    QUOTE,
    language="ar",
    title="خوادم لمصنع دبي",
    customer=Party(name="شركة الخليج للتجارة", lines=("Dubai",)),
    lines=(line("خادم طرفي", description="خدمة لثلاث سنوات", unit="قطعة"),),
)
GREEK = replace(
    QUOTE,
    customer=Party(name="Ελληνική Βιομηχανία ΑΕ", lines=("Ερμού 5", "105 63 Αθήνα"), person="Иван Приветов"),
    lines=(line("Řešení pro Łódź"),),
)
YEN = replace(
    QUOTE,
    currency="JPY",
    country="US",
    lines=(line(unit_price=D("583000"), net=D("2215400")),),
    discount=D(0),
    net=D("2215400"),
    taxes=(TaxLine(D(10), D("2215400"), D("221540")),),
    total=D("2436940"),
)
