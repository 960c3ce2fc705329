"""What portals show of leads and of the offers made of them."""

from django.utils.translation import gettext_lazy as _

from prm.access.specs import READ, WRITE, GrantSpec, ScopeSpec
from prm.leads import actions, importing, queries
from prm.leads.models import Lead, LeadAssignment
from prm.modules.registry import Dated, Importing, Module, Related, Section, fields
from prm.opportunities.assignments import OWN, assignment_module

#: In each scope of its own records, so that what is too late or too early says so instead of vanishing.
PARTNER_DOES = (
    "claim",
    "accept",
    "decline",
    "hand_over",
    "contact",
    "qualify",
    "convert",
    "disqualify",
    "reopen",
)

#: All that a partner reads before it accepts or claims. The customer is not among it.
ON_OFFER = {
    "*": "hidden",
    **dict.fromkeys(
        (
            "topic",
            "need",
            "size",
            "region",
            "country",
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
HELD = {
    "*": READ,
    "reference": "hidden",
    **dict.fromkeys(
        (
            "topic",
            "need",
            "size",
            "region",
            "country",
            "product",
            "amount",
            "expected_close",
            "company_name",
            "contact_name",
            "email",
            "phone",
            "street",
            "city",
        ),
        WRITE,
    ),
}

leads = Module(
    key="leads",
    model=Lead,
    label=_("Lead"),
    label_plural=_("Leads"),
    icon="inbox",
    title="topic",
    fields=fields(
        Lead,
        "topic",
        "state",
        "need",
        "size",
        "region",
        "country",
        "product",
        "amount",
        "expected_close",
        "company_name",
        "contact_name",
        "email",
        "phone",
        "street",
        "city",
        "source",
        "pool_until",
        "disqualify_reason",
        "disqualify_note",
        "account",
        "contact_person",
        "opportunity",
        "state_since",
        "due_at",
        "created_at",
        "updated_at",
        "reference",
        partner={"create": False, "edit": False},
        assignee={"create": False, "edit": False},
        owner={"create": False},
        need={"max_length": 20_000},
        offer_reason={"label": _("Why you")},
        # Whose partner it is and where, so that lists and reports can be narrowed to them.
        territory={"source": "partner__territory", "label": _("Territory")},
        channel_manager={
            "source": "partner__channel_manager",
            "label": _("Channel manager of the partner"),
        },
    ),
    columns=("topic", "state", "company_name", "region", "product", "partner", "due_at", "created_at"),
    card=("topic", "company_name", "region", "product", "assignee"),
    layout=(
        Section(
            _("Lead"),
            (
                "topic",
                "state",
                "need",
                "size",
                "region",
                "country",
                "product",
                "amount",
                "expected_close",
                "source",
            ),
        ),
        Section(_("Customer"), ("company_name", "contact_name", "email", "phone", "street", "city")),
        Section(_("Who"), ("partner", "assignee", "owner", "offer_reason", "reference")),
        Section(_("Dates"), ("due_at", "pool_until", "state_since", "created_at", "updated_at")),
        Section(
            _("Outcome"), ("account", "contact_person", "opportunity", "disqualify_reason", "disqualify_note")
        ),
    ),
    search=("topic", "need", "company_name", "contact_name", "email", "phone", "city", "reference"),
    filters=(
        "topic",
        "state",
        "partner",
        "territory",
        "channel_manager",
        "assignee",
        "owner",
        "product",
        "region",
        "country",
        "source",
        "company_name",
        "email",
        "due_at",
        "created_at",
        "disqualify_reason",
        "reference",
    ),
    ordering=("created_at", "due_at"),
    default_ordering="-created_at",
    board="state",
    related=(Related("lead-assignments", "lead", _("Offers")),),
    prepare=actions.prepare,
    importing=Importing(
        key="reference",
        fields=("state", "partner", "owner", "source", "created_at"),
        once=("partner", "owner", "source", "created_at"),
        begin=importing.begin,
    ),
    check=actions.check,
    duplicates=queries.duplicates,
    dates=(Dated("due_at", _("Offer ends"), ("assigned",)),),
    notify={
        "lead.created": ("partner_manager", "distributors"),
        "lead.assigned": ("partner_users",),
        "lead.accepted": ("channel_manager",),
        "lead.claimed": ("channel_manager",),
        "lead.declined": ("channel_manager",),
        "lead.expired": ("channel_manager", "previous_partner_users"),
        "lead.recalled": ("previous_partner_users",),
        "lead.withdrawn_from_pool": ("channel_manager",),
        "lead.handed_over": ("assignee",),
        "lead.converted": ("channel_manager",),
        "lead.disqualified": ("channel_manager", "assignee"),
        "lead.reopened": ("channel_manager", "assignee"),
    },
    grants={
        "administrator": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all leads",
                    where=None,
                    actions=("view", "create", "edit", "delete", "*"),
                    fields={"*": WRITE},
                ),
            )
        ),
        "channel_manager": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all leads",
                    where=None,
                    actions=(
                        "view",
                        "create",
                        "edit",
                        "assign",
                        "release",
                        "withdraw_from_pool",
                        "recall",
                        "disqualify",
                        "reopen",
                    ),
                    fields={"*": WRITE},
                ),
            )
        ),
        "partner": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="offered to the company",
                    where={"all": [OWN, {"field": "state", "op": "is", "value": "assigned"}]},
                    actions=("view", *PARTNER_DOES),
                    fields=ON_OFFER,
                ),
                ScopeSpec(
                    name="worked by the company",
                    where={
                        "all": [
                            OWN,
                            {"field": "state", "op": "in", "value": ["accepted", "contacted", "qualified"]},
                        ]
                    },
                    actions=("view", "create", "edit", *PARTNER_DOES),
                    fields=HELD,
                ),
                ScopeSpec(
                    name="closed by the company",
                    where={
                        "all": [OWN, {"field": "state", "op": "in", "value": ["converted", "disqualified"]}]
                    },
                    actions=("view", *PARTNER_DOES),
                    fields={"*": READ, "reference": "hidden"},
                ),
                ScopeSpec(
                    name="in the pool",
                    where={"field": "state", "op": "is", "value": "pooled"},
                    actions=("view", "claim"),
                    # Whom it was offered to before, and who answers for it, says something of other partners.
                    fields={**ON_OFFER, "offer_reason": "hidden", "owner": "hidden"},
                ),
            )
        ),
    },
)


assignments = assignment_module(
    key="lead-assignments",
    model=LeadAssignment,
    subject="lead",
    label=_("Lead assignment"),
    label_plural=_("Lead assignments"),
)

modules = [leads, assignments]
