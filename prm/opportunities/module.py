"""What portals show of opportunities and of the offers made of them."""

from django.utils.translation import gettext_lazy as _

from prm.access.specs import READ, WRITE, GrantSpec, ScopeSpec
from prm.modules.registry import Dated, Importing, Module, Related, Section, fields
from prm.opportunities import actions, importing
from prm.opportunities.assignments import OWN, assignment_module
from prm.opportunities.models import Opportunity, OpportunityAssignment

#: In each scope of its own records, so that what is too late or too early says so instead of vanishing.
PARTNER_DOES = ("accept", "decline", "hand_over", "win", "reopen")

#: All that a partner reads before it accepts. The customer is not among it.
ON_OFFER = {
    "*": "hidden",
    **dict.fromkeys(
        (
            "topic",
            "need",
            "size",
            "region",
            "product",
            "amount",
            "expected_close",
            "state",
            "state_since",
            "due_at",
            "created_at",
            "offer_reason",
            "owner",
        ),
        READ,
    ),
}

#: What the partner that works it may change. Whose it is, and how it ends, is for transitions.
MANAGED = {
    "*": READ,
    "reference": "hidden",
    **dict.fromkeys(
        (
            "topic",
            "need",
            "size",
            "region",
            "account",
            "contact",
            "product",
            "amount",
            "expected_close",
            "stage",
            "next_step",
        ),
        WRITE,
    ),
}

opportunities = Module(
    key="opportunities",
    model=Opportunity,
    label=_("Opportunity"),
    label_plural=_("Opportunities"),
    icon="target",
    title="topic",
    fields=fields(
        Opportunity,
        "topic",
        "state",
        "stage",
        "account",
        "contact",
        "product",
        "amount",
        "expected_close",
        "need",
        "size",
        "region",
        "next_step",
        "close_reason",
        "close_note",
        "won_at",
        "lost_at",
        "state_since",
        "due_at",
        "created_at",
        "updated_at",
        "reference",
        probability={"kind": "integer", "unit": "%", "help": _("In per cent; follows from the stage.")},
        partner={"create": False, "edit": False},
        assignee={"create": False, "edit": False},
        owner={"create": False},
        need={"max_length": 20_000},
        offer_reason={"label": _("Why you")},
        # The account may be another partner's record; whoever works the deal still has to know the customer.
        customer={"source": "account__name", "label": _("Customer"), "stands_in_for": "account"},
        customer_street={"source": "account__street", "label": _("Street")},
        customer_city={"source": "account__city", "label": _("City")},
        customer_phone={"source": "account__phone", "label": _("Phone")},
        contact_name={"source": "contact__name", "label": _("Contact name"), "stands_in_for": "contact"},
        contact_email={"source": "contact__email", "label": _("Contact email"), "stands_in_for": "contact"},
        contact_phone={"source": "contact__phone", "label": _("Contact phone"), "stands_in_for": "contact"},
        source={"create": False, "edit": False},
        # Whose partner it is and where, so that lists and reports can be narrowed to them.
        territory={"source": "partner__territory", "label": _("Territory")},
        channel_manager={
            "source": "partner__channel_manager",
            "label": _("Channel manager of the partner"),
        },
    ),
    columns=("topic", "state", "stage", "customer", "amount", "expected_close", "partner", "due_at"),
    card=("topic", "customer", "amount", "expected_close", "assignee"),
    layout=(
        Section(
            _("Opportunity"),
            (
                "topic",
                "state",
                "stage",
                "probability",
                "amount",
                "expected_close",
                "product",
                "next_step",
                "need",
                "size",
                "region",
            ),
        ),
        Section(
            _("Customer"),
            (
                "account",
                "contact",
                "customer",
                "customer_street",
                "customer_city",
                "customer_phone",
                "contact_name",
                "contact_email",
                "contact_phone",
            ),
        ),
        Section(_("Who"), ("partner", "assignee", "owner", "offer_reason", "source", "reference")),
        Section(_("Dates"), ("due_at", "state_since", "won_at", "lost_at", "created_at", "updated_at")),
        Section(_("Outcome"), ("close_reason", "close_note")),
    ),
    search=("topic", "need", "next_step", "customer", "reference"),
    filters=(
        "topic",
        "state",
        "stage",
        "partner",
        "territory",
        "channel_manager",
        "assignee",
        "owner",
        "account",
        "product",
        "region",
        "source",
        "amount",
        "expected_close",
        "won_at",
        "lost_at",
        "due_at",
        "created_at",
        "reference",
        "close_reason",
    ),
    ordering=("created_at", "due_at", "expected_close", "amount"),
    default_ordering="-created_at",
    board="stage",
    related=(
        Related("quotes", "opportunity", _("Quotes")),
        Related("opportunity-assignments", "opportunity", _("Offers")),
    ),
    prepare=actions.prepare,
    check=actions.check,
    importing=Importing(
        key="reference",
        fields=("state", "partner", "owner", "source", "won_at", "lost_at", "close_reason", "created_at"),
        once=("partner", "owner", "source", "stage", "won_at", "lost_at", "close_reason", "created_at"),
        begin=importing.begin,
    ),
    dates=(
        Dated("due_at", _("Offer ends"), ("distributed",)),
        Dated("expected_close", _("Expected close"), ("managed",)),
    ),
    notify={
        "opportunity.distributed": ("partner_users",),
        "opportunity.created": ("partner_manager", "distributors"),
        "opportunity.accepted": ("channel_manager",),
        "opportunity.declined": ("channel_manager",),
        "opportunity.expired": ("channel_manager", "previous_partner_users"),
        "opportunity.recalled": ("previous_partner_users",),
        "opportunity.handed_over": ("assignee",),
        "opportunity.won": ("channel_manager",),
        "opportunity.lost": ("channel_manager", "assignee"),
        "opportunity.reopened": ("channel_manager", "assignee"),
    },
    grants={
        "administrator": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all opportunities",
                    where=None,
                    actions=("view", "create", "edit", "delete", "*"),
                    fields={"*": WRITE},
                ),
            )
        ),
        "channel_manager": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all opportunities",
                    where=None,
                    actions=("view", "create", "edit", "distribute", "recall", "lose", "reopen"),
                    fields={"*": WRITE},
                ),
            )
        ),
        "partner": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="offered to the company",
                    where={"all": [OWN, {"field": "state", "op": "is", "value": "distributed"}]},
                    actions=("view", *PARTNER_DOES),
                    fields=ON_OFFER,
                ),
                ScopeSpec(
                    name="managed by the company",
                    where={"all": [OWN, {"field": "state", "op": "is", "value": "managed"}]},
                    # Not what is only on offer, though it can be lost, too: that is the vendor's to say.
                    actions=("view", "create", "edit", "lose", *PARTNER_DOES),
                    fields=MANAGED,
                ),
                ScopeSpec(
                    name="closed by the company",
                    where={"all": [OWN, {"field": "state", "op": "in", "value": ["won", "lost"]}]},
                    actions=("view", "lose", *PARTNER_DOES),
                    fields={"*": READ, "reference": "hidden"},
                ),
            )
        ),
    },
)


assignments = assignment_module(
    key="opportunity-assignments",
    model=OpportunityAssignment,
    subject="opportunity",
    label=_("Opportunity assignment"),
    label_plural=_("Opportunity assignments"),
)

modules = [opportunities, assignments]
