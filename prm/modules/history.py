"""A record's history as its reader may know it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.access.rights import Rights, rights_for
from prm.modules import registry
from prm.modules.registry import Module, Row
from workflows.models import TransitionRecord

#: Entries that are no transition of a machine.
PLAIN_TITLES = {"create": _("Created"), "update": _("Changed")}

#: A page or an answer shows at most this many of the latest entries.
MOST = 500


@dataclass(frozen=True)
class _Named:
    """Who of the actors may be named to the reader, and who of them are colleagues."""

    everyone: bool
    seen: frozenset[Any]
    colleagues: frozenset[Any]


def _named(rights: Rights, records: Iterable[TransitionRecord]) -> _Named:
    if rights.policy.staff:
        return _Named(True, frozenset(), frozenset())
    ids = {record.actor_id for record in records if record.actor_id}
    rows = rights.visible(registry.get("users")).filter(pk__in=ids)
    found = dict(rows.values_list("pk", "contact__company_id"))
    company = rights.user.company_id
    mine = {pk for pk, of in found.items() if company and of == company}
    # An applicant's link, a timer and the system have no id, and names that tell nothing of anybody.
    return _Named(False, frozenset({*found, None}), frozenset({*mine, rights.user.pk}))


def history_rows(user: Any, module: Module, obj: models.Model) -> list[Row]:
    """The history that the user may read, oldest first, as dicts.

    Keys: id, transition, title, from_state, to_state, actor_kind, actor (a name), reason, inputs, at. Inputs
    and changed fields that the user may not read on the record as it stands are left out. People outside the
    vendor are told the inputs and reasons of their own company's people alone, and the names of those only
    whom they may see.
    """
    rights = rights_for(user)
    readable = rights.readable(module, obj)
    known = set(module.by_name)
    titles = {one.name: str(one.title) for one in module.machine.transitions} if module.machine else {}
    latest = rights.history(module, obj).reverse()[:MOST]
    named = _named(rights, latest)
    rows = []
    for record in reversed(latest):
        mine = rights.policy.staff or record.actor_id in named.colleagues
        inputs = {
            name: value
            for name, value in record.inputs.items()
            if mine and (name not in known or name in readable)
        }
        if "changed" in inputs and record.transition == "update":
            inputs["changed"] = [name for name in inputs["changed"] if name in readable]
        rows.append(
            {
                "id": record.pk,
                "transition": record.transition,
                "title": titles.get(record.transition)
                or str(PLAIN_TITLES.get(record.transition, record.transition)),
                "from_state": record.from_state,
                "to_state": record.to_state,
                "actor_kind": record.actor_kind,
                "actor": record.actor_name if named.everyone or record.actor_id in named.seen else "",
                "reason": record.reason if mine else "",
                "inputs": inputs,
                "at": record.at,
            }
        )
    return rows
