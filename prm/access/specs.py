"""What a module declares about who may see and do what with it.

The declarations are written into rows (`prm.access.models`) by `sync_portals`, and from then on the rows
rule: an administrator's change of a row is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    audience: str = "employee"


BUILT_IN = (
    PortalSpec("administrator", "Administrator", staff=True),
    PortalSpec("channel_manager", "Channel manager", staff=True),
    PortalSpec("partner", "Partner", staff=False, audience="reseller"),
    PortalSpec("customer", "Customer", staff=False, audience="customer"),
    PortalSpec("employee", "Employee", staff=True),
)

#: What may be done with any record; everything else that may be done is a transition.
PLAIN_VERBS = frozenset({"view", "create", "edit", "delete", "export", "attach", "comment"})
#: Who may see a record may do these, too, unless an administrator takes them away: the declarations of
#: modules do not name them.
WITH_VIEW = ("export", "attach", "comment")


def allows(actions: Collection[str], verb: str) -> bool:
    """Whether a scope with these actions allows the verb: "*" is every transition, not a plain verb."""
    return verb in actions or ("*" in actions and verb not in PLAIN_VERBS)


#: How the rows of a module may be shown.
VIEWS = ("list", "board", "canvas")


@dataclass(frozen=True)
class Section:
    """A titled group of fields on the record page and the form."""

    title: Any
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ScopeSpec:
    """Some rows of a module, what may be done with them, and which of their fields are shown.

    where: a condition (see `workflows.conditions`); None reaches every row, which must be said.
    actions: "view", "create", "edit", "delete", names of transitions, or "*" for every transition
        that people may do. "export", "attach" and "comment" come with "view".
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
    """One portal's permission on one module. views: how its rows may be shown (`VIEWS`)."""

    scopes: tuple[ScopeSpec, ...]
    views: tuple[str, ...] = ("list", "board")
