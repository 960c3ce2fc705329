from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.access.rights import visible
from prm.access.specs import GrantSpec, ScopeSpec
from prm.accounts.models import Account
from prm.modules import registry
from prm.modules.registry import Module, Related, Section, fields
from prm.people.matching import company_domain, domain_of, name_key, tax_key
from workflows.actor import Actor


def prepare(account: Account, actor: Actor) -> None:
    """A partner's new account is its own, whatever a request says."""
    if not actor.user.portal.staff:
        account.partner_id = actor.user.company_id


def look_alikes(user: Any, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Accounts of the same name, domain or tax id, among those that the user may see."""
    name = name_key(str(values.get("name") or ""))
    domain = domain_of(str(values.get("domain") or "")) or company_domain(str(values.get("website") or ""))
    tax = tax_key(str(values.get("tax_id") or ""))
    same = Q(pk__in=[])
    for column, key in (("name_key", name), ("domain", domain), ("tax_key", tax)):
        if key:
            same |= Q(**{column: key})
    found = visible(user, registry.get("accounts")).filter(same).order_by("pk")[:5]
    return [
        {
            "module": "accounts",
            "id": str(account.pk),
            "title": account.name,
            "why": [
                why
                for alike, why in (
                    (tax and account.tax_key == tax, gettext("Same tax id")),
                    (domain and account.domain == domain, gettext("Same domain")),
                    (
                        name and account.name_key == name,
                        gettext("Same name apart from spelling and legal form"),
                    ),
                )
                if alike
            ],
        }
        for account in found
    ]


module = Module(
    key="accounts",
    model=Account,
    label=_("Account"),
    label_plural=_("Accounts"),
    icon="building-2",
    title="name",
    fields=fields(
        Account,
        "name",
        "partner",
        "industry",
        "domain",
        "website",
        "phone",
        "tax_id",
        "employees",
        "annual_revenue",
        "parent",
        "street",
        "postal_code",
        "city",
        "region",
        "country",
        "created_at",
        "updated_at",
        tax_id={"divided": True},
    ),
    columns=("name", "industry", "partner", "city", "country"),
    card=("name", "industry", "city"),
    layout=(
        Section(_("Company"), ("name", "industry", "website", "domain", "tax_id", "parent")),
        Section(_("Size"), ("employees", "annual_revenue")),
        Section(_("Address"), ("street", "postal_code", "city", "region", "country", "phone")),
        Section(_("Partner"), ("partner",)),
    ),
    search=("name", "domain", "city", "phone", "tax_id"),
    filters=("name", "partner", "industry", "country", "region", "domain"),
    ordering=("name", "created_at"),
    default_ordering="name",
    related=(
        Related("contacts", "company", _("Contacts")),
        Related("opportunities", "account", _("Opportunities")),
        Related("quotes", "account", _("Quotes")),
    ),
    prepare=prepare,
    duplicates=look_alikes,
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
        "channel_manager": GrantSpec(
            scopes=(
                ScopeSpec(name="all", where=None, actions=("view", "create", "edit"), fields={"*": "write"}),
            ),
            views=("list",),
        ),
        "partner": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="own customers",
                    where={"field": "partner", "op": "is", "value": "$user.company"},
                    actions=("view", "create", "edit"),
                    fields={"*": "write", "partner": "read"},
                ),
            ),
            views=("list",),
        ),
        "customer": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="own account",
                    where={"field": "id", "op": "is", "value": "$user.company"},
                    actions=("view",),
                    fields={
                        "*": "hidden",
                        "name": "read",
                        "industry": "read",
                        "website": "read",
                        "phone": "read",
                        "street": "read",
                        "postal_code": "read",
                        "city": "read",
                        "country": "read",
                    },
                ),
            ),
            views=("list",),
        ),
    },
)
