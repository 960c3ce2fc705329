"""Who may be told how much of why somebody may or may not: what the API and the pages both ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models

from prm.access.explain import Explanation, explain, told_to_user
from prm.access.rights import manages_portals, may, readable_fields, rights_for, visible
from prm.access.specs import PLAIN_VERBS
from prm.modules import registry
from prm.modules.registry import Module

#: The plain verbs about a record, in the order in which pages name them.
ABOUT = ("view", "edit", "delete", "export", "attach", "comment")
#: The plain verb that is asked about a module: there is no record yet.
CREATE = "create"


def verbs(module: Module) -> tuple[str, ...]:
    """What may be asked about a record of the module: the plain verbs and the transitions of people."""
    machine = module.machine
    named = tuple(one.name for one in machine.transitions if "user" in one.by) if machine else ()
    return (*(verb for verb in ABOUT if verb in PLAIN_VERBS), *named)


def person(viewer: Any, pk: str) -> Any:
    """The user that a manager of portals asks about, among those that they see; LookupError for nobody."""
    if pk == str(viewer.pk):
        return viewer
    users = registry.get("users")
    try:
        found = visible(viewer, users).filter(pk=users.model._meta.pk.to_python(pk)).first()
    except Exception as error:  # whatever is no id finds nobody
        raise LookupError(pk) from error
    if found is None or not manages_portals(viewer):
        raise LookupError(pk)
    # As it logs in: with its portal and contact.
    return users.model._default_manager.get(pk=found.pk)


def explained(
    viewer: Any, user: Any, module: Module, verb: str, obj: models.Model | None, field: str = ""
) -> Explanation:
    """Why `user` may or may not, as far as `viewer`, who sees the record, may know.

    obj: None for `CREATE`, which who sees the module may ask about. Raises LookupError for a verb or field
    that is not there, or that the viewer has never seen.
    """
    if manages_portals(viewer):
        return explain(user, module, verb, obj, field, tellable=tellable(viewer, module, obj))
    if user.pk != viewer.pk or (field and field not in readable_fields(viewer, module)):
        raise LookupError(field or user.pk)
    state = "state" not in module.by_name or "state" in readable_fields(viewer, module, obj)
    return told_to_user(explain(rights_for(viewer).user, module, verb, obj, field, search=False), state=state)


def tellable(viewer: Any, module: Module, obj: models.Model | None) -> Callable[[str], bool]:
    """Whether the viewer may read what stands at the end of a path from this record, step by step."""

    def ask(path: str) -> bool:
        here: Module | None = module
        row: Any = obj
        for name in path.split("."):
            if here is None or row is None or not may(viewer, here, "view", row):
                return False
            one = next((each for each in here.fields if each.path == name or each.name == name), None)
            if one is not None and one.name not in readable_fields(viewer, here, row):
                return False
            row = getattr(row, name, None)
            target = registry.for_model(type(row)) if isinstance(row, models.Model) else None
            if one is None and target is None and name not in ("id", "pk"):
                return False
            here = target
        return True

    return ask
