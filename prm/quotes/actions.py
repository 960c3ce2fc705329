"""Writing quotes: begun from an opportunity, saved whole with their lines, and what follows from other
changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from djmoney.money import Money

from prm.access.rights import may, visible
from prm.catalog.models import Product
from prm.modules import actions, registry
from prm.modules.policy import resolve_reference
from prm.opportunities.models import Opportunity
from prm.opportunities.offers import is_new
from prm.quotes.models import Quote, QuoteLine
from prm.quotes.pricing import LINE_SUMS, MONEY, SUMS, Worth, defaults, work_out
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, WrongState
from workflows.inputs import Input, clean
from workflows.locking import lock
from workflows.perform import perform
from workflows.ports import Event

#: More lines than anybody reads; the sums of a page of them are still worked out at once.
MOST_LINES = 200

#: What is given of a line. Decimals have as many places as their columns.
LINE: dict[str, Input] = {
    "product": Input(kind="reference", module="products", required=False, label=_("Product")),
    "name": Input(
        kind="text", required=False, max_length=200, label=_("Name"), help=_("Empty: that of the product.")
    ),
    "description": Input(kind="longtext", required=False, max_length=2000, label=_("Description")),
    "unit": Input(kind="text", required=False, max_length=20, label=_("Unit")),
    "quantity": Input(kind="decimal", label=_("Quantity")),
    "unit_price": Input(
        kind="decimal", required=False, label=_("Unit price"), help=_("Empty: that of the price book.")
    ),
    "discount_percent": Input(kind="decimal", required=False, label=_("Discount")),
}

#: Fields of the header that change the sums.
HEADER = frozenset({"discount_percent", "customer_country", "customer_tax_id", "price_book"})
#: With them, what the history calls the lines.
COUNTED = HEADER | {"line_count"}


@dataclass(frozen=True)
class Preview:
    """What a quote would come to. lines: not saved, with prices, taxes and net set; quote: the header,
    likewise."""

    quote: Quote
    lines: list[QuoteLine]
    worth: Worth


def start(actor: Actor, opportunity: Opportunity, data: Mapping[str, Any] | None = None) -> Quote:
    """A draft of a quote for the opportunity, with a first line of its product where that has a price.

    Raises NotFound, Denied, InvalidInput (the opportunity is not being managed).
    """
    return actions.create(actor, registry.get("quotes"), {**(data or {}), "opportunity": str(opportunity.pk)})


def save(
    actor: Actor,
    quote: Quote,
    header: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]] | None,
    expected_version: str | None = None,
) -> Quote:
    """Writes fields of the header and, unless None, all lines at once; works out the sums. Returns the quote.

    lines: dicts with the keys of `LINE`, in their order. expected_version: the opaque version the change was
    made on. Raises NotFound, Denied (it is no draft, or not the actor's), Stale, InvalidInput (an error of a
    line is named "lines.<number from 0>.<field>").
    """

    def replace(obj: Quote) -> set[str]:
        if obj.state != Quote.State.DRAFT:
            raise WrongState(gettext("Only a draft can be changed: make a new version."))
        if lines is None:
            return set()
        made = read_lines(actor.user, obj, lines)
        obj.lines.all().delete()
        check_header(obj, set(header))
        work_out(obj, made)
        QuoteLine.objects.bulk_create(made)
        return {"line_count"}

    return actions.update(
        actor, registry.get("quotes"), quote.pk, dict(header), expected_version, alongside=replace
    )


def preview(
    user: Any, quote: Quote, header: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
) -> Preview:
    """What `save` would come to, by the same arithmetic; writes nothing.

    quote: as it is kept. header: only what is known of discount_percent, customer_country, customer_tax_id
    and price_book counts. Raises NotFound, Denied (it tells prices and limits: only to who may change the
    quote), InvalidInput.
    """
    module = registry.get("quotes")
    if not may(user, module, "view", quote):
        raise NotFound()
    if not may(user, module, "edit", quote):
        raise Denied()
    fields = {name: module.field(name) for name in HEADER & set(header)}
    given = {name: header[name] for name in fields}
    values = clean(fields, given, lambda key, pk: resolve_reference(user, key, pk))
    draft = Quote.objects.get(pk=quote.pk)
    for name, value in values.items():
        setattr(draft, name, "" if value is None and name != "price_book" else value)
    made = read_lines(user, draft, lines)
    draft.currency = draft.price_book.currency if draft.price_book else draft.currency
    return Preview(draft, made, work_out(draft, made))


def read_lines(user: Any, quote: Quote, lines: Sequence[Mapping[str, Any]]) -> list[QuoteLine]:
    """The given lines as rows that are not saved yet. Raises InvalidInput, which names each line by its
    number."""
    if len(lines) > MOST_LINES:
        raise InvalidInput({"lines": [gettext("A quote has at most %(most)d lines.") % {"most": MOST_LINES}]})
    products = _products(user, quote, lines)
    errors: dict[str, list[str]] = {}
    made = []
    for at, given in enumerate(lines):
        try:
            made.append(_line(quote, at, clean(LINE, given, lambda _key, pk: products.get(str(pk)))))
        except InvalidInput as error:
            errors |= {f"lines.{at}.{name}": messages for name, messages in error.errors.items()}
    if errors:
        raise InvalidInput(errors)
    return made


def _products(user: Any, quote: Quote, lines: Sequence[Mapping[str, Any]]) -> dict[str, Product]:
    """The products that the lines name: those that the user may see, and those the quote already has."""
    wanted = set()
    for given in lines:
        value = given.get("product")
        value = value.get("id") if isinstance(value, Mapping) else value
        try:
            wanted.add(UUID(str(value)))
        except ValueError:
            continue
    if not wanted:
        return {}
    kept = Product.objects.filter(pk__in=QuoteLine.objects.filter(quote=quote).values("product"))
    found = {*visible(user, registry.get("products")).filter(pk__in=wanted), *kept.filter(pk__in=wanted)}
    return {str(one.pk): one for one in found}


def _line(quote: Quote, at: int, values: Mapping[str, Any]) -> QuoteLine:
    product = values["product"]
    line = QuoteLine(
        quote=quote,
        position=at + 1,
        product=product,
        name=values["name"] or (product.name if product else ""),
        description=values["description"] or (product.description if product else ""),
        unit=values["unit"] or (product.unit if product else ""),
        quantity=values["quantity"],
        unit_price=values["unit_price"],
        discount_percent=values["discount_percent"] or 0,
    )
    # The product has just been read; to look for it again would cost a query for each line.
    known = {"quote", "position", "product"} | ({"unit_price"} if line.unit_price is None else set())
    try:
        line.clean_fields(exclude=known)
    except ValidationError as error:
        raise InvalidInput(error.message_dict) from None
    return line


def prepare(quote: Quote, actor: Actor) -> None:
    """A new quote is what its opportunity makes of it, as far as nothing else was said."""
    if quote.opportunity_id is None:
        return
    # It must not end while the quote is being made: nobody would withdraw a quote that is not there yet.
    deal = quote.opportunity = lock(Opportunity, quote.opportunity_id)
    if deal is None or deal.state != Opportunity.State.MANAGED or deal.partner_id is None:
        raise InvalidInput({"opportunity": [gettext("Only a managed opportunity gets a quote.")]})
    values = defaults(deal, actor)
    currency = values.pop("currency")
    for name, value in values.items():
        if not getattr(quote, name, None):
            setattr(quote, name, value)
    quote.currency = quote.price_book.currency if quote.price_book else currency
    for name in MONEY:
        setattr(quote, name, Money(0, quote.currency))


def check(quote: Quote, changed: set[str]) -> set[str] | None:
    """Raises InvalidInput where the fields contradict each other; works out the sums anew where they may have
    changed, and returns the columns that it has set."""
    check_header(quote, changed)
    if quote._state.adding or not changed & COUNTED:
        return None
    if "line_count" not in changed:
        made = list(quote.lines.select_related("product").order_by("position"))
        work_out(quote, made)
        QuoteLine.objects.bulk_update(made, LINE_SUMS)
    return {*SUMS, "currency"}


def check_header(quote: Quote, changed: set[str]) -> None:
    """Raises InvalidInput where the header contradicts itself. A quote has the currency of its book."""
    contact, book = quote.contact, quote.price_book
    if "contact" in changed and contact is not None and contact.company_id != quote.account_id:
        raise InvalidInput({"contact": [gettext("This person does not belong to the account.")]})
    if book is None or book.currency == quote.currency:
        return
    if not quote._state.adding and quote.lines.exists():
        reason = gettext("This price book is in another currency: its lines have to be given with it.")
        raise InvalidInput({"price_book": [reason]})
    quote.currency = book.currency


def follow(event: Event) -> None:
    """A new quote gets a first line; what an opportunity comes to decides what becomes of its open quotes."""
    if isinstance(event.obj, Quote):
        if is_new(event) and event.actor.is_person and event.obj.previous_id is None:
            _first_line(event.obj)
    elif isinstance(event.obj, Opportunity) and event.name in ENDED:
        _withdraw_open(event.obj, str(ENDED[event.name]))


#: When a deal ends, nobody should accept what is still open. The accepted quote of a won one stays.
ENDED = {
    "opportunity.won": _("The opportunity was won."),
    "opportunity.lost": _("The opportunity was lost."),
    "opportunity.recalled": _("The opportunity was taken back."),
}


def _withdraw_open(deal: Opportunity, reason: str) -> None:
    for quote in Quote.objects.filter(opportunity=deal, state__in=Quote.OPEN).order_by("id"):
        # Decided a moment ago: then it is not open any more, and stays as it was decided.
        with suppress(WrongState):
            perform(quote, "withdraw", actor=Actor.system(), inputs={"reason": reason})


def _first_line(quote: Quote) -> None:
    """The product of the opportunity, once; nothing where it has none, or none with a price."""
    product = quote.opportunity.product
    if product is None or not product.active:
        return
    nothing = dict.fromkeys(LINE)
    line = _line(quote, 0, {**nothing, "product": product, "quantity": Decimal(1)})
    try:
        work_out(quote, [line])
    except InvalidInput:
        return
    line.save(force_insert=True)
    quote.save(update_fields=SUMS)
