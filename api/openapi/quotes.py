"""What only quotes have: their lines, which are read and written together."""

from __future__ import annotations

from api import shapes
from api.openapi.files import BINARY
from api.openapi.parts import READING, SENDING, UNCHANGED, closed, operation, ref, says
from api.shapes import Schema
from api.views.quotes import LINES
from prm.modules import registry

MONEY = ref("schemas", "Money")


def quote_schemas() -> dict[str, Schema]:
    """A quote with its lines, and what is sent to change them."""
    quote = shapes.record(registry.get("quotes"))
    tax = closed({"rate": {"type": "string"}, "net": MONEY, "tax": MONEY})
    return {
        "QuoteWhole": {
            **quote,
            "title": "Quote with its lines",
            "properties": {
                **quote["properties"],
                "lines": {"type": "array", "items": ref("schemas", "QuoteLines")},
                "subtotal": {**MONEY, "description": "Of the lines, before the discount on the whole."},
                "taxes": {"type": "array", "items": tax, "description": "By rate, in per cent."},
            },
            "required": [*quote["required"], "lines"],
        },
        "QuoteLinesSent": LINES,
    }


def quote_paths() -> dict[str, Schema]:
    """The paths of a quote's lines and of its PDF."""
    whole = says("The quote with its lines, as it is now.", ref("schemas", "QuoteWhole"), "ETag")
    return {
        "/quotes/{id}/lines/": {
            "parameters": [ref("parameters", "id")],
            "get": operation(
                "read_quote_with_lines", "Quote: with its lines and sums", "quotes", {200: whole}, READING
            ),
            "put": operation(
                "write_quote_lines",
                "Quote: write all lines of a draft",
                "quotes",
                {200: whole},
                (*SENDING, 409, 412),
                body=ref("schemas", "QuoteLinesSent"),
                takes=[ref("parameters", "If-Match")],
            ),
        },
        "/quotes/{id}/pdf/": {
            "parameters": [ref("parameters", "id")],
            "get": operation(
                "print_quote",
                "Quote: as PDF; as it was sent, where it was",
                "quotes",
                {
                    200: {"description": "The file.", "content": {"application/pdf": {"schema": BINARY}}},
                    304: UNCHANGED,
                },
                READING,
                takes=[ref("parameters", "If-None-Match")],
            ),
        },
    }
