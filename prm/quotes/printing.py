"""Documents of quotes, for whoever reads them: nothing in them that their reader may not read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from prm.access.rights import readable_fields, visible
from prm.files import store
from prm.modules import registry
from prm.people.addresses import address_lines
from prm.quotes.document import Line, Party, QuoteDocument, TaxLine
from prm.quotes.models import Dispatch, Quote, QuoteLine
from prm.quotes.pdf import Rendered, render
from prm.quotes.pricing import worth_of
from prm.vendor.queries import logo, vendor

#: Not approved, and so marked on every page.
DRAFTS = (Quote.State.DRAFT, Quote.State.PENDING_APPROVAL)


@dataclass(frozen=True)
class Printed:
    """A PDF and what it is called when it is saved. etag: changes with the bytes."""

    content: bytes
    name: str

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()}"'


def file_name(quote: Quote) -> str:
    """What the file is called, in the language of the document."""
    with translation.override(quote.language):
        return _("Quote %(number)s") % {"number": quote.reference} + ".pdf"


def printed(quote: Quote, user: Any) -> Printed:
    """The quote as PDF for a user who may see it: as it was sent, where it was; without what the user may not
    read of it. `quote` is one that was asked of `prm.access`."""
    shown = document(quote, user)
    sent = Dispatch.objects.select_related("content", "quote").filter(quote=quote).first()
    if sent and shown == document(quote):
        return Printed(content_of(sent), file_name(quote))
    return Printed(render(shown).content, file_name(quote))


def respond(request: HttpRequest, made: Printed) -> HttpResponse:
    """The PDF, for the browser to show: for its reader alone, and not sent again where it has these bytes."""
    response = HttpResponse(made.content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(False, made.name) or "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    # The browser shows it in a page of its own, which the rules of our pages would leave empty.
    response["Content-Security-Policy"] = "frame-ancestors 'none'"
    response["ETag"] = made.etag
    return get_conditional_response(request, etag=made.etag, response=response) or response


def content_of(sent: Dispatch) -> bytes:
    """The bytes that were sent; where the store has lost them, the same data set anew."""
    try:
        with store.open_file(sent.content) as stream:
            return stream.read()
    except FileNotFoundError:
        return rendered(sent.quote).content


def rendered(quote: Quote) -> Rendered:
    """The whole quote, as its customer gets it."""
    return render(document(quote))


def document(quote: Quote, user: Any = None) -> QuoteDocument:
    """The quote as `user` may read it; without one, as its customer does: everything that is printed."""
    readable = None if user is None else readable_fields(user, registry.get("quotes"), quote)

    def may(*names: str) -> bool:
        return readable is None or not readable.isdisjoint(names)

    at = quote.sent_at or quote.updated_at
    rows = _lines(quote, user)
    money = {
        name: getattr(quote, name).amount if may(name) else None for name in ("net", "discount", "total")
    }
    net, discount = money["net"], money["discount"]
    sums = worth_of(quote, [line for line, _names in rows]).totals
    with translation.override(quote.language):
        notes = dict.fromkeys(line.tax_note for line, names in rows if "tax_rate" in names)
    known = vendor()
    return QuoteDocument(
        number=quote.reference if may("reference", "number") else "",
        revision=quote.revision,
        title=quote.title if may("title") else "",
        language=quote.language,
        currency=quote.currency,
        at=at,
        issued=timezone.localtime(at, ZoneInfo(known.timezone)).date(),
        valid_until=quote.valid_until if may("valid_until") else None,
        country=str(quote.customer_country or ""),
        vendor=Party(
            name=known.legal,
            lines=tuple(address_lines(known, quote.language)),
            email=known.email,
            phone=known.phone,
            website=known.website,
            tax_id=known.tax_id,
        ),
        partner=_partner(quote, may("assignee")) if may("partner") else Party(),
        customer=Party(
            name=_named(user, "accounts", quote.account, may("customer"), may("account")),
            lines=_address(quote, user, known.country) if may("account", "customer") else (),
            person=_named(user, "contacts", quote.contact, may("contact_name"), may("contact")),
            tax_id=quote.customer_tax_id if may("customer_tax_id") else "",
        ),
        logo=logo() or b"",
        colour=known.palette.light.fill if known.palette else "",
        lines=tuple(_line(line, names) for line, names in rows),
        subtotal=None if net is None or discount is None else net + discount,
        discount_percent=quote.discount_percent if may("discount_percent") else None,
        discount=discount,
        net=net,
        # A tax is said of a net amount, so it is told to those who may read both.
        taxes=tuple(TaxLine(one.rate, one.net, one.tax) for one in sums.taxes)
        if may("tax") and net is not None
        else (),
        tax_notes=tuple(one for one in notes if one),
        total=money["total"],
        note=quote.note if may("note") else "",
        terms=quote.terms if may("terms") else "",
        draft=quote.state in DRAFTS,
    )


def _named(user: Any, key: str, record: Any, told: bool, linked: bool) -> str:
    """The name of what the quote is for: where the quote tells it, or links to it and it is shown."""
    if record is None or not (told or linked):
        return ""
    shown = told or user is None or "name" in readable_fields(user, registry.get(key), record)
    return str(record.name) if shown else ""


def _address(quote: Quote, user: Any, sender_country: Any) -> tuple[str, ...]:
    """The address, of what the user may read of the account: the quote has none of its own."""
    account = quote.account
    if account is None:
        return ()
    parts = ("street", "postal_code", "city", "country")
    shown = set(parts) if user is None else readable_fields(user, registry.get("accounts"), account)
    place = SimpleNamespace(**{name: getattr(account, name) if name in shown else "" for name in parts})
    place.region = account.region if {"city", "country"} <= shown else ""
    return tuple(address_lines(place, quote.language, sender_country))


def _lines(quote: Quote, user: Any) -> list[tuple[QuoteLine, set[str]]]:
    """The lines that the user may see, in their order, each with the names of what may be read of it."""
    module = registry.get("quote-lines")
    rows = visible(user, module) if user is not None else QuoteLine.objects.all()
    found = list(rows.filter(quote=quote).order_by("position"))
    everything = {one.name for one in module.fields}
    told = []
    for line in found:
        line.quote = quote
        told.append((line, everything if user is None else readable_fields(user, module, line)))
    return told


def _line(line: QuoteLine, readable: set[str]) -> Line:
    names = ("description", "unit", "quantity", "unit_price", "discount_percent", "tax_rate", "net")
    given = {name: getattr(line, name) for name in names if name in readable}
    return Line(name=line.name if "name" in readable else "", **given)


def _partner(quote: Quote, person: bool) -> Party:
    partner, assignee = quote.partner, quote.assignee if person else None
    contact = assignee.contact if assignee else None
    return Party(
        name=partner.name,
        lines=tuple(address_lines(partner, quote.language)),
        person=assignee.get_full_name() if assignee else "",
        email=assignee.email if assignee else "",
        phone=(contact.phone if contact else "") or partner.phone,
        website=partner.website,
    )
