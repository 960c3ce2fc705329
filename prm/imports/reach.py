"""What one importer may do: everything for the system, and for a person what their portal grants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from prm.access.rights import rights_for
from prm.access.specs import WRITE
from prm.imports.mapping import importable, importing
from prm.modules.registry import Field, Module
from workflows.actor import Actor
from workflows.errors import InvalidInput
from workflows.inserting import maker

#: What follows from other things than a file, whoever imports.
FIXED = ("state", "created_at")


def may_import(user: Any, module: Module) -> bool:
    """Whether the user may make records of the module, out of a file."""
    rights = rights_for(user)
    granted = rights.may(module, "create") and rights.may(module, "view")
    return module.from_files and granted and bool(Reach(module, user).fields)


class Reach:
    """The rights of an import into one module. user: who imports; None for the system."""

    def __init__(self, module: Module, user: Any = None) -> None:
        self.module, self.user = module, user
        self.actor = Actor.importer(user)
        self.rights = rights_for(user) if user is not None else None
        self._new = maker(module.model)

    @cached_property
    def whole(self) -> bool:
        """Whether the importer may bring a record into any state and to anybody: it could do so anyway."""
        if self.rights is None:
            return True
        scopes = self.rights.scopes(self.module.key, "create")
        return any(scope.where is None and "*" in scope.actions for scope in scopes)

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The fields that a file may set, by name."""
        found = importable(self.module)
        if self.rights is None:
            return found
        names = self.rights.writable(self.module)
        extra = set(importing(self.module).fields) if self.whole else set()
        return {name: one for name, one in found.items() if name in names | extra}

    def label(self, name: str) -> str:
        """How a field is called in what is said to the importer: a command speaks of names."""
        return name if self.user is None else str(self.fields[name].label)

    def make(self, values: Mapping[str, Any]) -> Any:
        """A new record with these values, not saved. Raises InvalidInput where it may not be or cannot be."""
        module, how = self.module, importing(self.module)
        obj = self._new()
        self._set(obj, values)
        if self.rights is not None:
            if module.prepare:
                module.prepare(obj, self.actor)
            if self.whole:
                # What is prepared for a new record gives way to what the file says of an old one.
                self._set(obj, values)
        if values.get("state") and self.whole:
            obj.__dict__["state"] = values["state"]
        if how.begin and (self.rights is None or self.rights.policy.staff):
            how.begin(obj, values)
        if self.rights is not None:
            if module.check:
                module.check(obj, {name for name, value in values.items() if value is not None})
            self._check_made(obj, [name for name, value in values.items() if value is not None])
        return obj

    def _set(self, obj: Any, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if value is not None and name not in FIXED:
                setattr(obj, self.module.field(name).path, value)

    def _check_made(self, obj: Any, given: Iterable[str]) -> None:
        assert self.rights is not None
        scopes = self.rights.matching(self.module, obj, "create")
        if not scopes:
            raise InvalidInput({"": [_("A record like this is not yours to create.")]})
        extra = set(importing(self.module).fields) if self.whole else set()
        refused = [
            name
            for name in given
            if name not in extra and not any(scope.level(name, None) == WRITE for scope in scopes)
        ]
        if refused:
            raise InvalidInput({name: [_("You may not set this field.")] for name in refused})

    def check_change(self, obj: Any, names: Iterable[str]) -> None:
        """Whether the importer may change these fields of a known record. Raises InvalidInput."""
        if self.rights is None:
            return
        if not self.rights.may(self.module, "edit", obj):
            raise InvalidInput({"": [_("You may not change this record.")]})
        refused = set(names) - self.rights.writable(self.module, obj)
        if refused:
            labels = get_text_list([self.label(name) for name in sorted(refused)], _("and"))
            said = _("You may not change %(fields)s of this record.") % {"fields": labels}
            raise InvalidInput({"": [said]})
