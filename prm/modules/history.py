"""A record's history as its reader may know it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.access.rights import rights_for
from prm.modules.registry import Module, Row

#: Entries that are no transition of a machine.
PLAIN_TITLES = {"create": _("Created"), "update": _("Changed")}

#: A page or an answer shows at most this many of the latest entries.
MOST = 500


def history_rows(user: Any, module: Module, obj: models.Model) -> list[Row]:
    """The history that the user may read, oldest first, as dicts.

    Keys: id, transition, title, from_state, to_state, actor_kind, actor (a name), reason, inputs, at. Inputs
    and changed fields that the user may not read on the record as it stands are left out; people outside the
    vendor are not told the inputs of others at all.
    """
    rights = rights_for(user)
    readable = rights.readable(module, obj)
    known = set(module.by_name)
    titles = {one.name: str(one.title) for one in module.machine.transitions} if module.machine else {}
    latest = rights.history(module, obj).reverse()[:MOST]
    rows = []
    for record in reversed(latest):
        mine = rights.policy.staff or record.actor_id == user.pk
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
                "actor": record.actor_name,
                "reason": record.reason,
                "inputs": inputs,
                "at": record.at,
            }
        )
    return rows
