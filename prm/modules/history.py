"""A record's history as its reader may know it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.access.rights import rights_for
from prm.modules.naming import names
from prm.modules.registry import Module, Row

#: Entries that are no transition of a machine.
PLAIN_TITLES = {"create": _("Created"), "update": _("Changed")}

#: A page or an answer shows at most this many of the latest entries.
MOST = 500


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
    states_told = "state" not in known or "state" in readable
    titles = {one.name: str(one.title) for one in module.machine.transitions} if module.machine else {}
    latest = rights.history(module, obj).reverse()[:MOST]
    named = names(user, (record.actor_id for record in latest))
    rows = []
    for record in reversed(latest):
        actor = record.actor_id
        mine = named.everybody or actor in named.colleagues
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
                "from_state": record.from_state if states_told else None,
                "to_state": record.to_state if states_told else "",
                "actor_kind": record.actor_kind,
                # A link, a timer and the system have no id, and names that tell nothing of anybody.
                "actor": record.actor_name if actor is None or named.told(actor) else "",
                "reason": record.reason if mine else "",
                "inputs": inputs,
                "at": record.at,
            }
        )
    return rows
