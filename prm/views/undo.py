"""Taking back what one has just done: through the same door, with the rights of now, over nobody's change.

What is done leaves a row with what it takes to undo it. The row serves its owner, once, for ten minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from prm.modules import registry
from prm.modules.actions import Change, change
from prm.modules.registry import Module
from prm.modules.versions import opaque_version
from prm.views.models import Undo
from workflows.actor import Actor
from workflows.errors import NotFound, WorkflowError
from workflows.units import unit_of_work

#: A toast offers it for half a minute, the page of a bulk action for as long as it is likely to be read.
KEPT = timedelta(minutes=10)

#: kind → undoes one record: (actor, module, what was kept of it).
Way = Callable[[Actor, Module, Mapping[str, Any]], Change]

_ways: dict[str, Way] = {}


def undoes(kind: str, way: Way) -> None:
    """Says how what was remembered as `kind` is taken back."""
    _ways[kind] = way


def remember(user: Any, kind: str, module: Module, kept: list[dict[str, Any]]) -> Undo | None:
    """Keeps what it takes to undo something; None where there is nothing to undo."""
    now = timezone.now()
    Undo.objects.filter(expires_at__lt=now).delete()
    if not kept:
        return None
    return Undo.objects.create(user=user, kind=kind, module=module.key, data=kept, expires_at=now + KEPT)


def remember_changes(user: Any, module: Module, changes: Iterable[Change]) -> Undo | None:
    """Keeps the values that records had before."""
    kept = [
        {"id": one.id, "version": opaque_version(one.obj), "values": dict(one.former)}
        for one in changes
        if one.former
    ]
    return remember(user, "values", module, kept)


def undo(actor: Actor, pk: UUID) -> tuple[Module, list[Change]]:
    """Takes it back, each record in a transaction of its own; one answer for each. Raises NotFound."""
    with unit_of_work():
        found = Undo.objects.select_for_update().filter(pk=pk, user=actor.user, expires_at__gt=timezone.now())
        one = found.first()
        if one is None:
            raise NotFound
        one.delete()
    module = registry.get(one.module)
    answers = []
    for kept in one.data:
        try:
            answers.append(_ways[one.kind](actor, module, kept))
        except WorkflowError as error:
            answers.append(Change(kept["id"], error=error))
    return module, answers


def _values(actor: Actor, module: Module, kept: Mapping[str, Any]) -> Change:
    return change(actor, module, kept["id"], kept["values"], kept["version"])


undoes("values", _values)
