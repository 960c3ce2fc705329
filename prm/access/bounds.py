"""What one policy allows, held against another: nobody hands on, or looks through, more than they hold.

A scope of the holder covers another one where its rows are at least the same: it has no condition, or its
condition is part of the other's. Covering is decided by what the conditions say, not by today's rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from prm.access.policy import CompiledGrant, CompiledScope, Policy
from prm.access.specs import HIDDEN, READ, WRITE, Level
from workflows.conditions import fields_in, parameters_in

_RANK = {HIDDEN: 0, READ: 1, WRITE: 2}

#: The verbs under which a field is set.
_SETTING = ("create", "edit")


@dataclass(frozen=True)
class Excess:
    """Something that is wanted and not held. what: "rows", "action edit" or "field margin".

    path: where it stands in the document of the portal that wants it.
    """

    module: str
    scope: str
    what: str
    path: str
    text: str


def exceeds(holder: Policy, wanted: Policy) -> list[Excess]:
    """All that `wanted` grants and `holder` does not; nothing where the one stays within the other."""
    text = _("You are none of the vendor's people, so you cannot make somebody one.")
    found = [Excess("", "", "staff", "", text)] if wanted.staff and not holder.staff else []
    return found + [
        one
        for module, grant in wanted.grants.items()
        for number, scope in enumerate(grant.scopes)
        for one in _excesses(holder.grants.get(module), module, number, scope)
    ]


def _excesses(held: CompiledGrant | None, module: str, number: int, scope: CompiledScope) -> Iterator[Excess]:
    path = f"grants.{module}.scopes.{number}"
    covering = [one for one in (held.scopes if held else ()) if _covers(one, scope)]
    if not covering:
        text = _("You do not hold these rows yourself, so you cannot grant them.")
        yield Excess(module, scope.name, "rows", f"{path}.where", text)
        return
    for action in sorted(scope.actions):
        if not any(_allows(one, action) for one in covering):
            text = _("You may not do “%(action)s” yourself, so you cannot grant it.") % {"action": action}
            yield Excess(module, scope.name, f"action {action}", f"{path}.actions", text)
    for name in sorted(_names(scope, *covering)):
        if any(
            _highest(covering, verb, name, state) < _needed(scope, verb, name, state)
            for verb in ("view", *_SETTING)
            for state in _states(name, scope, *covering)
        ):
            text = _("The field “%(field)s” is not yours to this extent, so you cannot grant it.")
            yield Excess(module, scope.name, f"field {name}", f"{path}.fields", text % {"field": name})


def _conjuncts(where: Mapping[str, Any] | None) -> frozenset[str]:
    """The parts that must all hold, each as text; none for no condition."""
    if where is None:
        return frozenset()
    if set(where) == {"all"}:
        return frozenset(one for part in where["all"] for one in _conjuncts(part))
    return frozenset([json.dumps(where, sort_keys=True, default=str)])


def _covers(holder: CompiledScope, other: CompiledScope) -> bool:
    if holder.admins_only and not other.admins_only:
        return False
    own, others = _conjuncts(holder.where), _conjuncts(other.where)
    # What is added to the condition may not ask for what the holder cannot read.
    return own <= others and all(
        _at(holder.fields, path.partition(".")[0], "*") != HIDDEN
        for part in others - own
        for path in fields_in(json.loads(part))
    )


def _allows(scope: CompiledScope, action: str) -> bool:
    """ "*" is covered by "*" alone: a transition to come would be granted by it, too."""
    return "*" in scope.actions if action == "*" else scope.allows(action)


def _names(*scopes: CompiledScope) -> set[str]:
    return {"*", *(name for scope in scopes for name in scope.fields)}


def _states(name: str, *scopes: CompiledScope) -> set[str]:
    levels = (scope.fields.get(one) for scope in scopes for one in (name, "*"))
    return {"*", *(state for level in levels if isinstance(level, Mapping) for state in level)}


def _at(fields: Mapping[str, Level], name: str, state: str) -> str:
    level = fields.get(name, fields.get("*", HIDDEN))
    return level if isinstance(level, str) else level.get(state, level.get("*", HIDDEN))


def _needed(scope: CompiledScope, verb: str, name: str, state: str) -> int:
    """What the scope grants under the verb: to read where it may be viewed, else to set or nothing."""
    if not scope.allows(verb):
        return 0
    rank = _RANK[_at(scope.fields, name, state)]
    return min(rank, 1) if verb == "view" else rank if rank == 2 else 0


def _highest(scopes: Iterable[CompiledScope], verb: str, name: str, state: str) -> int:
    return max((_needed(one, verb, name, state) for one in scopes), default=0)


def joined(first: Policy, second: Policy) -> Policy:
    """All that the one or the other grants: what somebody may grant who holds `first` and keeps `second`."""
    empty = CompiledGrant(scopes=(), views=())
    grants = {
        module: CompiledGrant(
            scopes=first.grants.get(module, empty).scopes + second.grants.get(module, empty).scopes, views=()
        )
        for module in {*first.grants, *second.grants}
    }
    return Policy(portal=first.portal, staff=first.staff or second.staff, grants=grants)


@lru_cache(maxsize=500)
def both(holder: Policy, other: Policy) -> Policy:
    """What may be read under `other` and is the holder's to read as well; nothing can be done under it.

    Of the holder's scopes only those count whose conditions name no reader: "of my company" means other rows
    for the holder than for the one that is looked at, and with that one's values it would show rows that are
    not the holder's. Left out with their fields, they can only deny: whoever holds nothing but such scopes of
    a module sees nothing of it here. The same two policies give the same object, whoever the two are.
    """
    grants = {}
    for module, grant in other.grants.items():
        held = holder.grants.get(module)
        scopes = tuple(
            cut for scope in grant.scopes if (cut := _cut(held.scopes if held else (), scope)) is not None
        )
        if scopes:
            grants[module] = CompiledGrant(
                scopes=scopes,
                views=grant.views,
                columns=grant.columns,
                canvas=grant.canvas,
                layouts=grant.layouts,
                related=grant.related,
            )
    return Policy(portal=other.portal, staff=other.staff and holder.staff, grants=grants)


def _cut(held: tuple[CompiledScope, ...], scope: CompiledScope) -> CompiledScope | None:
    covering = [
        one
        for one in held
        if one.allows("view")
        and not one.admins_only
        and (one.where is None or not parameters_in(one.where))
        and _covers(one, scope)
    ]
    if not covering or not scope.allows("view"):
        return None
    fields: dict[str, Level] = {}
    for name in _names(scope, *covering):
        levels = {
            state: READ
            if _needed(scope, "view", name, state) and _highest(covering, "view", name, state)
            else HIDDEN
            for state in _states(name, scope, *covering)
        }
        fields[name] = levels["*"] if len(set(levels.values())) == 1 else levels
    return CompiledScope(
        name=scope.name,
        where=scope.where,
        actions=frozenset({"view"}),
        fields=fields,
        admins_only=scope.admins_only,
    )
