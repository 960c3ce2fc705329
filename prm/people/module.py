from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.access.rights import visible
from prm.access.specs import GrantSpec, ScopeSpec
from prm.modules import registry
from prm.modules.registry import Importing, Module, Section, fields
from prm.people.actions import prepare_invitation
from prm.people.models import Company, Contact, Invitation, User
from prm.people.rules import check_contact, check_user
from workflows.actor import Actor

OWN_COMPANY = {"field": "company", "op": "is", "value": "$user.company"}
MY_CONTACT = {"field": "id", "op": "is", "value": "$user.contact"}
MY_CUSTOMERS = {"field": "company.account_role.partner", "op": "is", "value": "$user.company"}
COLLEAGUE_LOGINS = {"field": "contact.company", "op": "is", "value": "$user.company"}
MYSELF = {"field": "id", "op": "is", "value": "$user.id"}
OUTSIDERS = {"field": "portal.staff", "op": "is", "value": False}

PERSON = {"name": "write", "phone": "write", "job_title": "write"}
ALL = GrantSpec(scopes=(ScopeSpec(name="all", where=None, actions=("view",)),), views=("list",))


def prepare_contact(contact: Contact, actor: Actor) -> None:
    """Somebody outside the vendor who names no company means the own one."""
    if contact.company_id is None and not actor.user.portal.staff:
        contact.company_id = actor.user.company_id


def begin_import(user: User, values: Mapping[str, Any]) -> None:
    """A login from a file has no password: its first one is set through the link of a reset."""
    user.set_unusable_password()


def same_person(user: User, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Contacts with the same email address, among those that the user may see."""
    email = str(values.get("email") or "").strip()
    if not email:
        return []
    found = visible(user, registry.get("contacts")).filter(email__iexact=email).order_by("pk")[:5]
    return [
        {
            "module": "contacts",
            "id": str(contact.pk),
            "title": contact.name,
            "why": [gettext("Same email address")],
        }
        for contact in found
    ]


companies = Module(
    key="companies",
    model=Company,
    label=_("Company"),
    label_plural=_("Companies"),
    icon="building",
    title="name",
    fields=fields(Company, "name", "domain", "website", "phone", "city", "region", "country", "created_at"),
    columns=("name", "domain", "city", "country"),
    search=("name", "domain"),
    filters=("country", "region"),
    ordering=("name", "created_at"),
    default_ordering="name",
    # A role of a company is its own module; this one only gives references their titles.
    nav=False,
    grants={
        "administrator": ALL,
        "channel_manager": ALL,
        "partner": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="own company",
                    where={"field": "id", "op": "is", "value": "$user.company"},
                    actions=("view",),
                ),
                ScopeSpec(
                    name="own customers",
                    where={"field": "account_role.partner", "op": "is", "value": "$user.company"},
                    actions=("view",),
                ),
            ),
            views=("list",),
        ),
        "customer": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="own company",
                    where={"field": "id", "op": "is", "value": "$user.company"},
                    actions=("view",),
                ),
            ),
            views=("list",),
        ),
    },
)

contacts = Module(
    key="contacts",
    model=Contact,
    label=_("Contact"),
    label_plural=_("Contacts"),
    icon="contact",
    title="name",
    fields=fields(
        Contact,
        "name",
        "email",
        "phone",
        "job_title",
        "company",
        "is_admin",
        "created_at",
        "updated_at",
        # A person who changes company is another contact: history and rights stay where they were.
        company={"edit": False},
    ),
    columns=("name", "job_title", "company", "email", "phone"),
    card=("name", "job_title", "company", "phone"),
    layout=(
        Section(_("Person"), ("name", "job_title", "company")),
        Section(_("Reach"), ("email", "phone")),
        Section(_("Portal"), ("is_admin",)),
    ),
    search=("name", "email", "job_title", "phone"),
    filters=("company", "email", "is_admin"),
    ordering=("name", "email", "created_at"),
    default_ordering="name",
    prepare=prepare_contact,
    check=check_contact,
    duplicates=same_person,
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
                ScopeSpec(name="colleagues", where=OWN_COMPANY, actions=("view",)),
                ScopeSpec(
                    name="own card",
                    where=MY_CONTACT,
                    actions=("view", "edit"),
                    fields={"*": "read", **PERSON},
                ),
                ScopeSpec(
                    name="team",
                    where=OWN_COMPANY,
                    actions=("view", "create", "edit"),
                    fields={"*": "write"},
                    admins_only=True,
                ),
                ScopeSpec(
                    name="people of own customers",
                    where=MY_CUSTOMERS,
                    actions=("view", "create", "edit"),
                    fields={"*": "write", "is_admin": "hidden"},
                ),
            ),
            views=("list",),
        ),
        "customer": GrantSpec(
            scopes=(
                ScopeSpec(name="colleagues", where=OWN_COMPANY, actions=("view",)),
                ScopeSpec(
                    name="own card",
                    where=MY_CONTACT,
                    actions=("view", "edit"),
                    fields={"*": "read", **PERSON},
                ),
                ScopeSpec(
                    name="team",
                    where=OWN_COMPANY,
                    actions=("view", "create", "edit"),
                    fields={"*": "write"},
                    admins_only=True,
                ),
            ),
            views=("list",),
        ),
    },
)

_own_profile = ScopeSpec(
    name="oneself",
    where=MYSELF,
    actions=("view", "edit"),
    fields={"*": "read", "name": "write", "timezone": "write", "language": "write"},
)
_staff_profile = ScopeSpec(
    name="oneself",
    where=MYSELF,
    actions=("view", "edit"),
    fields={
        "*": "read",
        "name": "write",
        "timezone": "write",
        "language": "write",
        "cover": "write",
        "away_from": "write",
        "away_until": "write",
    },
)
_colleagues = ScopeSpec(
    name="colleagues",
    where=COLLEAGUE_LOGINS,
    actions=("view",),
    fields={"*": "hidden", "name": "read", "email": "read", "contact": "read", "is_active": "read"},
)
_colleagues_of_admin = ScopeSpec(
    name="team",
    # Whom the vendor has shut out is shown among the colleagues, and only the vendor lets them in again.
    where={"all": [COLLEAGUE_LOGINS, {"field": "barred", "op": "is", "value": False}]},
    actions=("view", "edit"),
    fields={
        "*": "hidden",
        "name": "read",
        "email": "read",
        "contact": "read",
        "last_login": "read",
        "created_at": "read",
        "is_active": "write",
    },
    admins_only=True,
)
_vendor_contacts = ScopeSpec(
    name="the vendor's channel managers",
    where={"field": "portal.channel", "op": "is", "value": True},
    actions=("view",),
    fields={"*": "hidden", "name": "read"},
)

users = Module(
    key="users",
    model=User,
    importing=Importing(
        key="email", known_by=("email", "name"), fields=("email", "name", "portal"), begin=begin_import
    ),
    label=_("User"),
    label_plural=_("Users"),
    icon="user",
    title="name",
    fields=fields(
        User,
        "name",
        "email",
        "portal",
        "contact",
        "is_active",
        "timezone",
        "language",
        "cover",
        "away_from",
        "away_until",
        "last_login",
        "created_at",
        email={"create": False, "edit": False},
        portal={"create": False, "edit": False},
        contact={"create": False, "edit": False},
        last_login={"create": False, "edit": False},
    ),
    columns=("name", "email", "portal", "is_active", "last_login"),
    search=("name", "email"),
    filters=("portal", "is_active"),
    ordering=("name", "email", "created_at"),
    default_ordering="name",
    check=check_user,
    nav=False,
    administration=True,
    grants={
        "administrator": GrantSpec(
            scopes=(ScopeSpec(name="all", where=None, actions=("view", "edit"), fields={"*": "write"}),),
            views=("list",),
        ),
        "channel_manager": GrantSpec(
            scopes=(
                ScopeSpec(name="all", where=None, actions=("view",)),
                _staff_profile,
                ScopeSpec(
                    name="outside users",
                    where=OUTSIDERS,
                    actions=("view", "edit"),
                    fields={"*": "read", "is_active": "write"},
                ),
            ),
            views=("list",),
        ),
        "partner": GrantSpec(
            scopes=(_colleagues, _colleagues_of_admin, _own_profile, _vendor_contacts), views=("list",)
        ),
        "customer": GrantSpec(scopes=(_colleagues, _colleagues_of_admin, _own_profile), views=("list",)),
        "employee": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="the vendor's people",
                    where={"field": "portal.staff", "op": "is", "value": True},
                    actions=("view",),
                    fields={"*": "hidden", "name": "read", "email": "read"},
                ),
                _staff_profile,
            ),
            views=("list",),
        ),
    },
)

_invite = ("view", "create", "resend", "revoke")
_own_team = ScopeSpec(
    name="own company",
    where=OWN_COMPANY,
    actions=_invite,
    fields={"*": "read", "email": "write", "name": "write", "is_admin": "write", "portal": "hidden"},
    admins_only=True,
)

invitations = Module(
    key="invitations",
    from_files=False,
    model=Invitation,
    label=_("Invitation"),
    label_plural=_("Invitations"),
    icon="mail-plus",
    title="email",
    fields=fields(
        Invitation,
        "email",
        "name",
        "company",
        "portal",
        "is_admin",
        "state",
        "expires_at",
        "used_at",
        "invited_by",
        "created_at",
        email={"edit": False},
        name={"edit": False},
        company={"edit": False},
        portal={"edit": False, "required": False},
        is_admin={"edit": False},
        expires_at={"create": False, "edit": False},
        invited_by={"create": False, "edit": False},
    ),
    columns=("email", "name", "company", "state", "expires_at"),
    search=("email", "name"),
    filters=("state", "company", "portal"),
    ordering=("created_at", "expires_at"),
    prepare=prepare_invitation,
    nav=False,
    administration=True,
    grants={
        "administrator": GrantSpec(
            scopes=(ScopeSpec(name="all", where=None, actions=_invite, fields={"*": "write"}),),
            views=("list",),
        ),
        "channel_manager": GrantSpec(
            scopes=(
                ScopeSpec(name="outside users", where=OUTSIDERS, actions=_invite, fields={"*": "write"}),
            ),
            views=("list",),
        ),
        "partner": GrantSpec(scopes=(_own_team,), views=("list",)),
        "customer": GrantSpec(scopes=(_own_team,), views=("list",)),
    },
)

modules = [companies, contacts, users, invitations]
