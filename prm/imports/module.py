"""Imports and exports as lists: each person has their own, administrators see everybody's imports."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.access.specs import READ, GrantSpec, ScopeSpec
from prm.imports.models import Export, Import
from prm.modules.registry import Module, Section, all_modules, fields

OWN = {"field": "user", "op": "is", "value": "$user.id"}
DOES = ("view", "check_rows", "run", "undo", "discard")


def _targets() -> list[tuple[str, Any]]:
    return [(one.key, one.label_plural) for one in all_modules()]


TARGET = {"kind": "choice", "choices": _targets, "create": False, "edit": False}

_own = ScopeSpec(name="own", where=OWN, actions=DOES, fields={"*": READ})
_all = ScopeSpec(name="everybody's", where=None, actions=("view",), fields={"*": READ})
_mine = GrantSpec(
    scopes=(ScopeSpec(name="own", where=OWN, actions=("view",), fields={"*": READ}),), views=("list",)
)

imports = Module(
    key="imports",
    model=Import,
    label=_("Import"),
    label_plural=_("Imports"),
    icon="file-up",
    title="name",
    fields=fields(
        Import,
        "state",
        "rows",
        "made",
        "changed",
        "kept",
        "wrong",
        "user",
        "state_since",
        "created_at",
        target=TARGET,
        name={"create": False, "edit": False},
    ),
    columns=("name", "target", "state", "made", "changed", "wrong", "user", "created_at"),
    card=("name", "target", "made", "changed", "wrong"),
    layout=(Section(_("Import"), ("name", "target", "state", "rows", "made", "changed", "kept", "wrong")),),
    search=("name",),
    filters=("state", "target", "created_at"),
    ordering=("created_at",),
    default_ordering="-created_at",
    notify={"import.done": ("assignee",), "import.failed": ("assignee",)},
    nav=False,
    grants={
        "administrator": GrantSpec(scopes=(_own, _all), views=("list",)),
        "channel_manager": GrantSpec(scopes=(_own,), views=("list",)),
        "partner": GrantSpec(scopes=(_own,), views=("list",)),
    },
)

exports = Module(
    key="exports",
    model=Export,
    label=_("Export"),
    label_plural=_("Exports"),
    icon="file-down",
    title="name",
    fields=fields(
        Export,
        "state",
        "kind",
        "rows",
        "due_at",
        "created_at",
        target=TARGET,
        name={"create": False, "edit": False},
    ),
    columns=("name", "target", "state", "rows", "created_at"),
    card=("name", "target", "rows"),
    search=("name",),
    filters=("state", "created_at"),
    ordering=("created_at",),
    default_ordering="-created_at",
    notify={"export.ready": ("assignee",), "export.failed": ("assignee",)},
    nav=False,
    grants=dict.fromkeys(("administrator", "channel_manager", "partner", "customer", "employee"), _mine),
)

modules = [imports, exports]
