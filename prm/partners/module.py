from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.access.specs import GrantSpec, ScopeSpec
from prm.modules.registry import Importing, Module, Related, Section, fields
from prm.partners.models import Agreement, Partner, Registration, Territory, TierTerms
from workflows.actor import Actor

ALL_READ = GrantSpec(scopes=(ScopeSpec(name="all", where=None, actions=("view",)),), views=("list",))
OWN_COMPANY = {"field": "id", "op": "is", "value": "$user.company"}


def prepare_partner(partner: Partner, actor: Actor) -> None:
    """A partner always has an owner: whoever enters it, unless somebody else is named."""
    if partner.channel_manager_id is None:
        partner.channel_manager = actor.user


_profile: dict[str, Any] = dict.fromkeys(
    ("website", "phone", "street", "postal_code", "city", "country"), "write"
)

partners = Module(
    key="partners",
    model=Partner,
    label=_("Partner"),
    label_plural=_("Partners"),
    icon="handshake",
    title="name",
    fields=fields(
        Partner,
        "name",
        "state",
        "tier",
        "partner_type",
        "territory",
        "channel_manager",
        "domain",
        "website",
        "phone",
        "tax_id",
        "street",
        "postal_code",
        "city",
        "region",
        "country",
        "agreement",
        "agreement_accepted_at",
        "agreement_accepted_by",
        "state_since",
        "created_at",
        "updated_at",
        agreement={"create": False, "edit": False},
        tax_id={"divided": True},
    ),
    columns=("name", "state", "tier", "partner_type", "territory", "channel_manager"),
    card=("name", "tier", "territory", "channel_manager"),
    layout=(
        Section(_("Partner"), ("name", "state", "tier", "partner_type", "territory", "channel_manager")),
        Section(_("Company"), ("website", "domain", "tax_id", "phone")),
        Section(_("Address"), ("street", "postal_code", "city", "region", "country")),
        Section(_("Agreement"), ("agreement", "agreement_accepted_at", "agreement_accepted_by")),
    ),
    search=("name", "domain", "city", "phone", "tax_id"),
    filters=("name", "state", "tier", "partner_type", "territory", "channel_manager", "country", "region"),
    ordering=("name", "created_at", "state_since"),
    default_ordering="name",
    board="state",
    related=(
        Related("contacts", "company", _("People")),
        Related("invitations", "company", _("Invitations")),
        Related("accounts", "partner", _("Accounts")),
        Related("leads", "partner", _("Leads")),
        Related("opportunities", "partner", _("Opportunities")),
        Related("quotes", "partner", _("Quotes")),
    ),
    prepare=prepare_partner,
    importing=Importing(key="name", fields=("state",)),
    notify={
        "partner.active": ("partner_users", "channel_manager"),
        "partner.created": ("channel_manager",),
        "partner.suspended": ("channel_manager",),
        "partner.terminated": ("channel_manager",),
    },
    grants={
        "administrator": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all", where=None, actions=("view", "create", "edit", "*"), fields={"*": "write"}
                ),
            )
        ),
        "channel_manager": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all", where=None, actions=("view", "create", "edit", "*"), fields={"*": "write"}
                ),
            )
        ),
        "partner": GrantSpec(
            scopes=(
                ScopeSpec(name="own company", where=OWN_COMPANY, actions=("view",)),
                ScopeSpec(
                    name="own company, as its admin",
                    where=OWN_COMPANY,
                    actions=("view", "edit"),
                    fields={"*": "read", **_profile},
                    admins_only=True,
                ),
            ),
            views=("list",),
        ),
    },
)

registrations = Module(
    key="registrations",
    model=Registration,
    label=_("Registration"),
    label_plural=_("Registrations"),
    icon="clipboard-pen",
    title="company_name",
    fields=fields(
        Registration,
        "company_name",
        "state",
        "website",
        "domain",
        "country",
        "region",
        "tax_id",
        "partner_type",
        "contact_name",
        "contact_email",
        "contact_phone",
        "motivation",
        "expected_annual_revenue",
        "channel_manager",
        "email_confirmed_at",
        "agreement",
        "agreement_accepted_at",
        "agreement_accepted_by",
        "request_note",
        "request_answer",
        "reject_reason",
        "partner",
        "submitted_at",
        "due_at",
        "state_since",
        "created_at",
        "updated_at",
        agreement={"create": False, "edit": False},
        partner={"create": False, "edit": False},
        tax_id={"divided": True},
    ),
    columns=(
        "company_name",
        "state",
        "country",
        "partner_type",
        "contact_name",
        "submitted_at",
        "channel_manager",
    ),
    card=("company_name", "partner_type", "country", "submitted_at"),
    layout=(
        Section(
            _("Company"), ("company_name", "website", "domain", "country", "region", "tax_id", "partner_type")
        ),
        Section(_("Contact"), ("contact_name", "contact_email", "contact_phone", "email_confirmed_at")),
        Section(_("Application"), ("motivation", "expected_annual_revenue", "submitted_at")),
        Section(_("Agreement"), ("agreement", "agreement_accepted_at", "agreement_accepted_by")),
        Section(
            _("Decision"),
            ("state", "channel_manager", "request_note", "request_answer", "reject_reason", "partner"),
        ),
    ),
    search=("company_name", "contact_name", "contact_email", "contact_phone", "domain", "tax_id"),
    filters=("state", "country", "region", "partner_type", "channel_manager"),
    ordering=("created_at", "submitted_at", "due_at", "company_name"),
    board="state",
    notify={"registration.submitted": ("channel_manager",), "registration.withdrawn": ("channel_manager",)},
    grants={
        "administrator": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all",
                    where=None,
                    actions=("view", "edit", "*"),
                    fields={"*": "read", "channel_manager": "write"},
                ),
            )
        ),
        # A draft is the applicant's own until it is handed in.
        "channel_manager": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="handed in",
                    where={"field": "state", "op": "is_not", "value": "draft"},
                    actions=("view", "edit", "*"),
                    fields={"*": "read", "channel_manager": "write"},
                ),
            )
        ),
    },
)

territories = Module(
    key="territories",
    model=Territory,
    label=_("Territory"),
    label_plural=_("Territories"),
    icon="map",
    title="name",
    fields=fields(
        Territory,
        "name",
        "created_at",
        regions={"source": "region_names", "help": _("With commas between them.")},
        segments={"source": "segment_names", "help": _("With commas between them.")},
    ),
    columns=("name", "regions", "segments"),
    search=("name", "regions", "segments"),
    filters=("name",),
    ordering=("name", "created_at"),
    default_ordering="name",
    related=(Related("partners", "territory", _("Partners")),),
    nav=False,
    administration=True,
    grants={
        "administrator": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all",
                    where=None,
                    actions=("view", "create", "edit", "delete"),
                    fields={"*": "write"},
                ),
            ),
            views=("list",),
        ),
        "channel_manager": ALL_READ,
        "partner": ALL_READ,
    },
)

tier_terms = Module(
    key="tier-terms",
    model=TierTerms,
    label=_("Terms of a tier"),
    label_plural=_("Terms of the tiers"),
    icon="medal",
    title="tier",
    fields=fields(TierTerms, "tier", "created_at", quote_discount_limit={"unit": "%"}),
    columns=("tier", "quote_discount_limit"),
    layout=(Section(_("Terms"), ("tier", "quote_discount_limit")),),
    filters=("tier",),
    ordering=("quote_discount_limit", "created_at"),
    default_ordering="quote_discount_limit",
    nav=False,
    administration=True,
    grants={
        "administrator": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all",
                    where=None,
                    actions=("view", "create", "edit", "delete"),
                    fields={"*": "write"},
                ),
            ),
            views=("list",),
        ),
        "channel_manager": ALL_READ,
        "partner": ALL_READ,
    },
)

agreements = Module(
    key="agreements",
    model=Agreement,
    label=_("Partner agreement"),
    label_plural=_("Partner agreements"),
    icon="file-check",
    title="number",
    fields=fields(Agreement, "number", "title", "text", "published_at", "created_at"),
    columns=("number", "title", "published_at"),
    search=("number", "title"),
    filters=("number",),
    ordering=("published_at", "created_at"),
    nav=False,
    administration=True,
    grants={
        "administrator": GrantSpec(
            scopes=(
                ScopeSpec(name="all", where=None, actions=("view",)),
                # What somebody may have accepted is not rewritten afterwards.
                ScopeSpec(
                    name="not yet published",
                    where={"field": "published_at", "op": "is_empty"},
                    actions=("view", "edit", "delete"),
                    fields={"*": "write"},
                ),
                ScopeSpec(name="new ones", where=None, actions=("create",), fields={"*": "write"}),
            ),
            views=("list",),
        ),
        "channel_manager": ALL_READ,
        "partner": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="published",
                    where={"field": "published_at", "op": "is_not_empty"},
                    actions=("view",),
                ),
            ),
            views=("list",),
        ),
    },
)

modules = [partners, registrations, territories, tier_terms, agreements]
