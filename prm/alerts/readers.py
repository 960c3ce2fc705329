"""Which readers see the same: what is read for one of them need not be read for the others."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable
from typing import Any

from django.utils.crypto import salted_hmac

from prm.access.rights import rights_for
from prm.modules import registry
from prm.modules.registry import Module

#: What a condition may name that differs between two users of one company and one portal.
PERSONAL = ('"$user.id"', '"$user.contact"')


def mark(user: Any, module: Module, names: Iterable[str] = ()) -> Hashable:
    """Equal for users to whom the module's rows, and the fields `names` of them, are the same.

    They are where portal, company and Admin flag are, unless a scope asks for the very person: a scope of the
    module, or of one that a field refers to.
    """
    rights = rights_for(user)
    keys = {module.key} | {one.module for name in names if (one := module.field(name)).kind == "reference"}
    scopes = [scope for key in keys for scope in rights.scopes(key)]
    personal = any(word in json.dumps(scope.where) for scope in scopes for word in PERSONAL)
    portal = user.portal
    return (
        module.key,
        (portal.pk, portal.revision) if portal else None,
        user.is_active,
        user.company_id,
        user.is_portal_admin,
        user.pk if personal else None,
    )


def rights_mark(user: Any) -> str:
    """Changes with whatever changes all that the user may see: portal, its grants, company, Admin flag.

    An open page is made for one mark, and is made anew when there is another.
    """
    portal = user.portal
    facts = (portal and (portal.pk, portal.revision), user.company_id, user.is_portal_admin)
    return salted_hmac("prm.alerts.rights", repr(facts), algorithm="sha256").hexdigest()[:16]


def find(key: str) -> Module | None:
    """The module of an alert, or None where it is gone."""
    try:
        return registry.get(key)
    except LookupError:
        return None
