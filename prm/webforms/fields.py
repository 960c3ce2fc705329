"""Which fields of which modules a public form may fill, and with what."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from prm.access.rights import may
from prm.modules import registry
from prm.modules.actions import form_fields
from prm.modules.registry import Field, Module
from prm.webforms.models import WebForm

#: What strangers may be asked for. A reference would tell which records there are.
OPEN_KINDS = frozenset(
    {
        "text",
        "longtext",
        "email",
        "phone",
        "url",
        "integer",
        "decimal",
        "money",
        "date",
        "datetime",
        "boolean",
        "choice",
        "country",
    }
)

#: Whose a record is and what somebody may: for nobody who comes by.
CLOSED_FIELDS = frozenset(
    {
        "is_admin",
        "is_active",
        "is_staff",
        "portal",
        "partner",
        "owner",
        "assignee",
        "state",
        "role",
        "reference",
    }
)

#: Records that give rights, what the vendor sells and says, and what only somebody with a login begins.
CLOSED_MODULES = frozenset(
    {
        "users",
        "portals",
        "portal-drafts",
        "invitations",
        "web-forms",
        "touches",
        "documents",
        "products",
        "product-families",
        "price-books",
        "quotes",
    }
)

MONEY = re.compile(r"^(?P<amount>-?\d+(\.\d+)?)\s+(?P<currency>[A-Z]{3})$")


def open_modules(user: Any) -> list[Module]:
    """The modules that the user may build a form for, in their order: those of people's daily work."""
    return [
        module
        for module in registry.all_modules()
        if module.nav
        and not module.administration
        and module.key not in CLOSED_MODULES
        and may(user, module, "create")
        and choosable(user, module)
    ]


def choosable(user: Any, module: Module) -> dict[str, Field]:
    """The fields that visitors may fill in: those of the user's own form that strangers may be asked for."""
    return {
        # What helps our own people to fill it in is not said to strangers.
        name: replace(one, help="")
        for name, one in form_fields(user, module).items()
        if one.kind in OPEN_KINDS and name not in CLOSED_FIELDS
    }


def asked(form: WebForm) -> dict[str, Field]:
    """The fields of the form as visitors see them, in their order; those that the owner may set today."""
    module = module_of(form)
    if module is None or form.owner is None:
        return {}
    open_to = choosable(form.owner, module)
    found = {name: open_to[name] for name in names_of(form) if name in open_to}
    mail = next((name for name, one in found.items() if one.kind == "email"), None)
    if form.confirm and mail is not None:
        found[mail] = replace(found[mail], required=True)
    return found


def module_of(form: WebForm) -> Module | None:
    """The module whose records the form makes."""
    try:
        return None if form.module in CLOSED_MODULES else registry.get(form.module)
    except LookupError:
        return None


def names_of(form: WebForm) -> list[str]:
    """The names as they were written, each once."""
    return list(dict.fromkeys(form.field_names.replace(",", " ").split()))


def fixed_of(form: WebForm) -> dict[str, Any]:
    """The fixed values by field, as `create` takes them. Raises ValueError for a line that says no value."""
    return read_fixed(form.fixed_values)


def read_fixed(text: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for line in filter(None, (one.strip() for one in text.splitlines())):
        name, sign, value = (part.strip() for part in line.partition("="))
        if not (name and sign and value):
            raise ValueError(line)
        money = MONEY.match(value)
        values[name] = {"amount": money["amount"], "currency": money["currency"]} if money else value
    return values


def origins_of(form: WebForm) -> list[str]:
    """The sites that may show the form and send to it."""
    return list(dict.fromkeys(form.origins.split()))


def is_origin(text: str) -> bool:
    """Whether it is an origin as browsers name it: scheme, host and perhaps a port, and nothing else."""
    try:
        parts = urlsplit(text)
        _port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    named = re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host) is not None
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in ("localhost", "127.0.0.1"))
    return named and secure and f"{parts.scheme}://{parts.netloc}" == text and "@" not in parts.netloc
