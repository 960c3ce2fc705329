"""What only quotes have: lines that are read and written together, since the sums are theirs, and the PDF."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from api import shapes
from api.views.base import ModuleView, answer
from prm.access.rights import readable_fields
from prm.modules import registry, versions
from prm.modules.read import MAX_LIMIT, list_page
from prm.modules.render import plain, to_json
from prm.quotes.actions import LINE, MOST_LINES, save
from prm.quotes.models import Quote
from prm.quotes.pricing import worth_of
from prm.quotes.printing import printed, respond
from workflows.errors import InvalidInput

#: What is sent: all lines in their order, and the discount on the whole where it changes, too.
LINES: shapes.Schema = {
    "type": "object",
    "properties": {
        "discount_percent": {"type": "string", "pattern": r"^\d+(\.\d+)?$", "title": "Discount on the whole"},
        "lines": {"type": "array", "maxItems": MOST_LINES, "items": shapes.an_object(LINE.items())},
    },
    "required": ["lines"],
    "additionalProperties": False,
}


class LinesView(ModuleView):
    """`/quotes/{id}/lines/`: a quote with its lines and what they come to."""

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        return self.told_whole(id)

    def put(self, request: Request, module: str, id: UUID) -> HttpResponse:
        data = self.data(LINES)
        if "lines" not in data:
            raise InvalidInput({"lines": [_("This field is required.")]})
        quote: Any = self.find(id)
        version = versions.opaque_version(quote) if self.matched(quote) else None
        header = {name: data[name] for name in ("discount_percent",) if name in data}
        save(self.actor, quote, header, data["lines"], version)
        return self.told_whole(id)

    def told_whole(self, pk: UUID) -> HttpResponse:
        """The quote as the caller may read it, with lines, subtotal and tax by rate."""
        row = self.row(pk)
        if row is None:
            raise Http404
        lines = registry.get("quote-lines")
        page = list_page(
            self.user, lines, {"quote": str(pk), "ordering": "position", "limit": str(MAX_LIMIT)}
        )
        quote = Quote.objects.get(pk=pk)
        totals = worth_of(quote, list(quote.lines.order_by("position"))).totals
        readable = readable_fields(self.user, self.module, quote)
        whole = {**row, "lines": [to_json(lines, one) for one in page.rows]}
        # Each is made of two sums, and told to those who may read both.
        if {"net", "discount"} <= readable:
            whole["subtotal"] = money(totals.subtotal, quote)
        if {"net", "tax"} <= readable:
            whole["taxes"] = [
                {"rate": plain(one.rate), "net": money(one.net, quote), "tax": money(one.tax, quote)}
                for one in totals.taxes
            ]
        return answer(whole, headers={"ETag": versions.etag(row)})


class PdfView(ModuleView):
    """`/quotes/{id}/pdf/`: the printed quote, with what the caller may read of it."""

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        quote: Any = self.find(id)
        return respond(request._request, printed(quote, self.user))


def money(amount: Any, quote: Quote) -> dict[str, str]:
    """An amount in the currency of the quote."""
    return {"amount": plain(amount), "currency": quote.currency}
