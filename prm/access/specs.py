"""What a module declares about who may see and do what with it.

The declarations are written into rows (`prm.access.models`) by `sync_portals`, and from then on the rows
rule: an administrator's change of a row is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HIDDEN, READ, WRITE = "hidden", "read", "write"
LEVELS = (HIDDEN, READ, WRITE)

#: A field's level, or one for each state with "*" for the states that are not named.
Level = str | Mapping[str, str]


@dataclass(frozen=True)
class PortalSpec:
    """A portal that every installation has. `staff`: its users belong to the vendor."""

    key: str
    title: str
    staff: bool


BUILT_IN = (
    PortalSpec("administrator", "Administrator", staff=True),
    PortalSpec("channel_manager", "Channel manager", staff=True),
    PortalSpec("partner", "Partner", staff=False),
    PortalSpec("customer", "Customer", staff=False),
    PortalSpec("employee", "Employee", staff=True),
)


@dataclass(frozen=True, kw_only=True)
class ScopeSpec:
    """Some rows of a module, what may be done with them, and which of their fields are shown.

    where: a condition (see `workflows.conditions`); None reaches every row, which must be said.
    actions: "view", "create", "edit", "delete", names of transitions, or "*" for every transition
        that people may do.
    fields: level by field name, "*" for the others; a level may depend on the state of the record.
    admins_only: the scope counts only for contacts with the Admin flag.
    """

    name: str
    where: Mapping[str, Any] | None
    actions: tuple[str, ...]
    fields: Mapping[str, Level] = field(default_factory=lambda: {"*": READ})
    admins_only: bool = False


@dataclass(frozen=True, kw_only=True)
class GrantSpec:
    """One portal's permission on one module. views: how its rows may be shown ("list", "board")."""

    scopes: tuple[ScopeSpec, ...]
    views: tuple[str, ...] = ("list", "board")
