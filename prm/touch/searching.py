"""Searching the log: its lines keep no words, so the people, modules and ids that are meant come first."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from uuid import UUID

from django.db.models import Q

from prm.access.rights import Rights
from prm.modules import registry
from prm.modules.columns import ALWAYS, NEVER, shown
from prm.modules.registry import Module
from prm.search import find

#: People of one name; who means more of them narrows by other things.
MOST = 500


def plug() -> None:
    """Has searches in the module `touches` answered here."""
    find.answer("touches", found)


def found(rights: Rights, module: Module, text: str) -> Q:
    """Lines of the people, the record, the module, the address or the request that `text` names."""
    text = text.strip()
    if not text:
        return Q()
    either = NEVER
    for field, condition in _meant(rights, text):
        where = shown(rights, module, field)
        if where is not NEVER:
            either |= condition if where is ALWAYS else where & condition
    return either


def _meant(rights: Rights, text: str) -> list[tuple[str, Q]]:
    meant = [("module", Q(module=text.lower())), ("request", Q(request=text)), ("verb", Q(verb=text.lower()))]
    with suppress(ValueError):
        meant.append(("record", Q(record=UUID(text))))
    with suppress(ValueError):
        meant.append(("address", Q(address=str(ipaddress.ip_address(text)))))
    users = registry.get("users")
    if rights.scopes(users.key, "view"):
        named = find.found(rights, users, text, users.search)
        ids = list(rights.visible(users).filter(named).values_list("pk", flat=True)[:MOST])
        meant += [("user", Q(user__in=ids)), ("as_user", Q(as_user__in=ids))] if ids else []
    return meant
