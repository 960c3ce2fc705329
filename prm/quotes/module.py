"""What portals show of quotes and of their lines."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.access.rights import visible
from prm.access.specs import HIDDEN, READ, WRITE, GrantSpec, Level, ScopeSpec
from prm.modules import registry
from prm.modules.registry import Dated, Module, Related, Row, Section, fields
from prm.quotes import actions
from prm.quotes.models import Quote, QuoteLine

OWN = {"field": "partner", "op": "is", "value": "$user.company"}
SEEN_BY_CUSTOMER = ["sent", "accepted", "declined", "ordered"]

#: All but the draft.
LATER = tuple(state for state in Quote.State.values if state != Quote.State.DRAFT)

_HEADER = (
    "opportunity",
    "title",
    "contact",
    "price_book",
    "language",
    "valid_until",
    "discount_percent",
    "customer_country",
    "customer_tax_id",
    "terms",
    "note",
)

#: What whoever works a draft may change; afterwards it stands. A record that is only being made has no state
#: yet: "*" means it, too.
IN_DRAFT: dict[str, str] = {"*": WRITE, **dict.fromkeys(LATER, READ)}
HEADER: dict[str, Level] = {"*": READ, **dict.fromkeys(_HEADER, IN_DRAFT)}


def counted(rows: list[Row], user: Any) -> None:
    """How many lines each quote has."""
    lines = visible(user, registry.get("quote-lines")).filter(quote__in=[row["id"] for row in rows])
    found = Counter(lines.values_list("quote_id", flat=True))
    for row in rows:
        row["line_count"] = found[row["id"]]


quotes = Module(
    key="quotes",
    from_files=False,
    model=Quote,
    label=_("Quote"),
    label_plural=_("Quotes"),
    icon="receipt-text",
    title="reference",
    fields=fields(
        Quote,
        "reference",
        "number",
        "revision",
        "title",
        "state",
        "opportunity",
        "partner",
        "account",
        "contact",
        "assignee",
        "owner",
        "price_book",
        "currency",
        "language",
        "valid_until",
        "customer_country",
        "customer_tax_id",
        "terms",
        "note",
        "net",
        "discount",
        "tax",
        "total",
        "return_note",
        "sent_to",
        "sent_at",
        "decided_at",
        "decided_by_name",
        "decline_reason",
        "decline_note",
        "order_reference",
        "previous",
        "state_since",
        "due_at",
        "created_at",
        "updated_at",
        opportunity={"edit": False},
        partner={"create": False, "edit": False},
        account={"create": False, "edit": False},
        assignee={"create": False, "edit": False},
        owner={"create": False, "edit": False},
        currency={"create": False, "edit": False},
        net={"create": False, "edit": False},
        discount={"create": False, "edit": False},
        tax={"create": False, "edit": False},
        total={"create": False, "edit": False},
        discount_percent={"unit": "%", "min": 0, "max": 100},
        effective_discount={"unit": "%"},
        # The account and the book may be no record of the reader's; what they are called still counts.
        customer={"source": "account__name", "label": _("Customer"), "stands_in_for": "account"},
        contact_name={"source": "contact__name", "label": _("Contact name"), "stands_in_for": "contact"},
        book={"source": "price_book__name", "label": _("Price book"), "stands_in_for": "price_book"},
        line_count={"source": None, "kind": "integer", "label": _("Lines")},
    ),
    columns=("reference", "title", "state", "customer", "total", "valid_until", "partner"),
    card=("reference", "title", "customer", "total", "valid_until"),
    layout=(
        Section(
            _("Quote"),
            (
                "reference",
                "title",
                "state",
                "opportunity",
                "valid_until",
                "language",
                "previous",
                "return_note",
            ),
        ),
        Section(
            _("Sums"),
            ("line_count", "net", "discount", "tax", "total", "discount_percent", "effective_discount"),
        ),
        Section(
            _("Customer"),
            ("account", "customer", "contact", "contact_name", "customer_country", "customer_tax_id"),
        ),
        Section(_("Prices"), ("price_book", "book", "currency")),
        Section(_("Texts"), ("terms", "note")),
        Section(_("Who"), ("partner", "assignee", "owner")),
        Section(
            _("Decision"),
            (
                "sent_to",
                "sent_at",
                "decided_at",
                "decided_by_name",
                "decline_reason",
                "decline_note",
                "order_reference",
            ),
        ),
        Section(_("Dates"), ("due_at", "state_since", "created_at", "updated_at")),
    ),
    search=("reference", "title", "customer", "contact_name"),
    filters=(
        "reference",
        "number",
        "title",
        "state",
        "opportunity",
        "partner",
        "account",
        "assignee",
        "owner",
        "price_book",
        "currency",
        "total",
        "effective_discount",
        "previous",
        "valid_until",
        "sent_at",
        "decided_at",
        "due_at",
        "created_at",
    ),
    ordering=("created_at", "reference", "valid_until", "total", "due_at"),
    dates=(Dated("valid_until", _("Quote ends"), ("approved", "sent")),),
    board="state",
    related=(
        Related("quote-lines", "quote", _("Lines")),
        Related("quotes", "previous", _("Later versions")),
    ),
    prepare=actions.prepare,
    check=actions.check,
    computed=counted,
    notify={
        "quote.pending_approval": ("approvers",),
        "quote.approved": ("assignee",),
        "quote.returned": ("assignee",),
        "quote.accepted": ("assignee", "channel_manager"),
        "quote.declined": ("assignee", "channel_manager"),
        "quote.undelivered": ("assignee", "channel_manager"),
        "quote.expired": ("assignee", "channel_manager"),
        "quote.withdrawn": ("assignee",),
    },
    grants={
        "administrator": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all quotes",
                    where=None,
                    actions=("view", "create", "edit", "*"),
                    fields=HEADER,
                ),
            )
        ),
        "channel_manager": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all quotes",
                    where=None,
                    actions=("view", "approve", "return_to_draft", "withdraw", "order"),
                    fields={"*": READ},
                ),
            )
        ),
        "partner": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="of the company",
                    where=OWN,
                    actions=(
                        "view",
                        "create",
                        "edit",
                        "submit",
                        "send",
                        "send_again",
                        "accept",
                        "decline",
                        "revise",
                        "withdraw",
                        "order",
                    ),
                    fields=HEADER,
                ),
            )
        ),
        # What was sent to the customer, as it was sent: nothing of how it came about.
        "customer": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="sent to the company",
                    where={
                        "all": [
                            {"field": "account", "op": "is", "value": "$user.company"},
                            {"field": "state", "op": "in", "value": SEEN_BY_CUSTOMER},
                        ]
                    },
                    actions=("view", "accept", "decline"),
                    fields={
                        "*": HIDDEN,
                        **dict.fromkeys(
                            (
                                "reference",
                                "number",
                                "revision",
                                "title",
                                # Who sells, and whom to ask: the printed quote says both.
                                "partner",
                                "assignee",
                                "state",
                                "currency",
                                "language",
                                "valid_until",
                                "discount_percent",
                                "customer_country",
                                "customer_tax_id",
                                "terms",
                                "note",
                                "net",
                                "discount",
                                "tax",
                                "total",
                                "customer",
                                "contact_name",
                                "line_count",
                                "sent_at",
                                "decided_at",
                                "decided_by_name",
                                "decline_reason",
                                "decline_note",
                                "order_reference",
                                "due_at",
                                "created_at",
                            ),
                            READ,
                        ),
                    },
                ),
            ),
            views=("list",),
        ),
    },
)

_ALL_LINES = GrantSpec(scopes=(ScopeSpec(name="all lines", where=None, actions=("view",)),), views=("list",))

lines = Module(
    key="quote-lines",
    from_files=False,
    model=QuoteLine,
    label=_("Quote line"),
    label_plural=_("Quote lines"),
    icon="list",
    title="name",
    fields=fields(
        QuoteLine,
        "name",
        "quote",
        "position",
        "product",
        "description",
        "unit",
        "quantity",
        "list_price",
        "book_price",
        "unit_price",
        "net",
        "tax_rule",
        "created_at",
        discount_percent={"unit": "%"},
        tax_rate={"unit": "%"},
        currency={"source": "quote__currency", "label": _("Currency")},
        **{
            name: {"create": False, "edit": False}
            for name in (
                "name",
                "quote",
                "position",
                "product",
                "description",
                "unit",
                "quantity",
                "unit_price",
            )
        },
    ),
    columns=("position", "name", "quantity", "unit", "unit_price", "discount_percent", "tax_rate", "net"),
    layout=(
        Section(_("Line"), ("quote", "position", "product", "name", "description", "quantity", "unit")),
        Section(
            _("Price"),
            (
                "list_price",
                "book_price",
                "unit_price",
                "discount_percent",
                "tax_rate",
                "tax_rule",
                "net",
                "currency",
            ),
        ),
    ),
    search=("name",),
    filters=("quote", "product", "position"),
    ordering=("created_at", "position"),
    default_ordering="position",
    nav=False,
    # Nobody writes a line by itself: the sums of a quote are those of all its lines.
    grants={
        "administrator": _ALL_LINES,
        "channel_manager": _ALL_LINES,
        "partner": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="of the company's quotes",
                    where={"field": "quote.partner", "op": "is", "value": "$user.company"},
                    actions=("view",),
                ),
            ),
            views=("list",),
        ),
        "customer": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="of quotes sent to the company",
                    where={
                        "all": [
                            {"field": "quote.account", "op": "is", "value": "$user.company"},
                            {"field": "quote.state", "op": "in", "value": SEEN_BY_CUSTOMER},
                        ]
                    },
                    actions=("view",),
                    fields={"*": READ, "list_price": HIDDEN, "book_price": HIDDEN},
                ),
            ),
            views=("list",),
        ),
    },
)

modules = [quotes, lines]
