"""Taking back what was just written on a record: the own note, the tick at an activity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prm.access.rights import rights_for
from prm.modules.actions import Change
from prm.modules.registry import Module
from prm.records.actions import check_may_write
from prm.records.models import Activity, Note
from prm.records.queries import readable
from prm.views.undo import undoes
from workflows.actor import Actor
from workflows.errors import NotFound, Stale
from workflows.units import unit_of_work


def _on(actor: Actor, module: Module, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Where it hangs, if the actor may still write there. Raises NotFound."""
    obj = rights_for(actor.user).visible(module).filter(pk=kept["id"]).first()
    if obj is None:
        raise NotFound
    check_may_write(actor, module, obj)
    return {"subject": module.subject, "object_id": obj.pk}


def _note(actor: Actor, module: Module, kept: Mapping[str, Any]) -> Change:
    with unit_of_work():
        on = _on(actor, module, kept)
        gone, _kinds = Note.objects.filter(pk=kept["note"], author=actor.user, version=1, **on).delete()
        if not gone:
            raise NotFound
    return Change(kept["id"], former={"note": None})


def _done(actor: Actor, module: Module, kept: Mapping[str, Any]) -> Change:
    with unit_of_work():
        rows = readable(Activity, actor.user).filter(**_on(actor, module, kept))
        activity = rows.select_for_update().filter(pk=kept["activity"]).first()
        if activity is None:
            raise NotFound
        if activity.version != kept["version"]:
            raise Stale
        activity.done_at = None
        activity.version += 1
        activity.save(update_fields=["done_at", "version", "updated_at"])
    return Change(kept["id"], former={"done_at": None})


def connect() -> None:
    """Adds these ways back to those of changed values."""
    undoes("note", _note)
    undoes("done", _done)
