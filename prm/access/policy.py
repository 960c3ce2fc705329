"""Compiled portals: what the rows of a portal say, read once for each revision of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid4

from django.db import models, transaction

from prm.access.models import Grant, Portal, Scope
from prm.access.specs import BUILT_IN, HIDDEN, READ, WRITE, GrantSpec, Level


class FieldLike(Protocol):
    """What access needs to know of a field."""

    @property
    def name(self) -> str: ...
    @property
    def hidden(self) -> bool: ...
    @property
    def create(self) -> bool: ...
    @property
    def edit(self) -> bool: ...


class ModuleLike(Protocol):
    """What access needs to know of a module."""

    @property
    def key(self) -> str: ...
    @property
    def fields(self) -> tuple[Any, ...]: ...
    @property
    def states(self) -> tuple[str, ...]: ...
    def rows(self) -> models.QuerySet[Any]: ...


#: True: in every state; otherwise the states in which the field has the level.
States = bool | frozenset[str]


@dataclass(frozen=True)
class CompiledScope:
    """One scope, ready to be asked. where: None reaches every row."""

    name: str
    where: Mapping[str, Any] | None
    actions: frozenset[str]
    fields: Mapping[str, Level]
    admins_only: bool

    def level(self, field: str, state: str | None) -> str:
        """The level of `field` in `state` (None: a record that is only being made)."""
        level = self.fields.get(field, self.fields.get("*", HIDDEN))
        if isinstance(level, str):
            return level
        return level.get(state or "*", level.get("*", HIDDEN))

    def readable(self, field: str, states: tuple[str, ...]) -> States:
        """In which of `states` the field is shown: True for all, an empty set for none."""
        level = self.fields.get(field, self.fields.get("*", HIDDEN))
        if isinstance(level, str):
            return True if level in (READ, WRITE) else frozenset()
        shown = frozenset(state for state in states if self.level(field, state) in (READ, WRITE))
        return True if len(shown) == len(states) and states else shown

    def allows(self, verb: str) -> bool:
        """Whether the scope lists the action; "*" stands for every transition, not for a plain verb."""
        return verb in self.actions or ("*" in self.actions and verb not in PLAIN_VERBS)


PLAIN_VERBS = frozenset({"view", "create", "edit", "delete"})


@dataclass(frozen=True)
class CompiledGrant:
    """The scopes and views of one portal on one module."""

    scopes: tuple[CompiledScope, ...]
    views: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Policy:
    """All that one revision of a portal grants, by module key. Only the same object is the same policy."""

    portal: str
    staff: bool
    grants: Mapping[str, CompiledGrant]


NOTHING = Policy(portal="", staff=False, grants={})

_compiled: dict[Any, tuple[UUID, Policy]] = {}


def policy_of(portal: Portal | None) -> Policy:
    """The compiled policy of a portal as just loaded; compiled anew when its revision has changed."""
    if portal is None:
        return NOTHING
    known = _compiled.get(portal.pk)
    if known and known[0] == portal.revision:
        return known[1]
    policy = _compile(portal)
    _compiled[portal.pk] = (portal.revision, policy)
    return policy


def _compile(portal: Portal) -> Policy:
    grants = {}
    for grant in portal.grants.prefetch_related("scopes"):
        scopes = tuple(
            CompiledScope(
                name=scope.name,
                where=scope.where,
                actions=frozenset(scope.actions),
                fields=scope.fields,
                admins_only=scope.admins_only,
            )
            for scope in grant.scopes.all()
        )
        grants[grant.module] = CompiledGrant(scopes=scopes, views=tuple(grant.views))
    return Policy(portal=portal.key, staff=portal.staff, grants=grants)


def touch(portal: Portal) -> None:
    """Makes compiled policies of the portal stale; called in the transaction that changes a grant."""
    _renew(Portal.objects.filter(pk=portal.pk))


def _renew(portals: models.QuerySet[Portal]) -> None:
    portals.update(version=models.F("version") + 1, revision=uuid4())


@transaction.atomic
def sync_portals(declarations: Mapping[str, Mapping[str, GrantSpec]], using: str = "default") -> None:
    """Writes the built-in portals and the grants that modules declare; what an administrator changed stays.

    declarations: module key → portal key → grant.
    """
    portals = {}
    for spec in BUILT_IN:
        portals[spec.key], _ = Portal.objects.using(using).get_or_create(
            key=spec.key, defaults={"title": spec.title, "staff": spec.staff, "built_in": True}
        )
    existing = {
        (grant.portal.key, grant.module): grant
        for grant in Grant.objects.using(using).select_related("portal").prefetch_related("scopes")
    }
    changed = set()
    for module, grants in declarations.items():
        for portal_key, declared in grants.items():
            if _write_grant(portals[portal_key], module, declared, existing.get((portal_key, module)), using):
                changed.add(portal_key)
    for (portal_key, module), grant in existing.items():
        if grant.declared and portal_key not in declarations.get(module, {}):
            grant.delete(using=using)
            changed.add(portal_key)
    for key in changed:
        _renew(Portal.objects.using(using).filter(key=key))


def _write_grant(portal: Portal, module: str, spec: GrantSpec, grant: Grant | None, using: str) -> bool:
    wanted = [
        {
            "position": position,
            "name": scope.name,
            "where": _plain(scope.where),
            "actions": list(scope.actions),
            "fields": _plain(scope.fields),
            "admins_only": scope.admins_only,
        }
        for position, scope in enumerate(spec.scopes)
    ]
    if grant is None:
        grant = Grant.objects.using(using).create(
            portal=portal, module=module, views=list(spec.views), declared=True
        )
    elif not grant.declared:
        return False
    else:
        have = [
            {
                key: getattr(scope, key)
                for key in ("position", "name", "where", "actions", "fields", "admins_only")
            }
            for scope in grant.scopes.all()
        ]
        if have == wanted and grant.views == list(spec.views):
            return False
        grant.scopes.all().delete()
        grant.views = list(spec.views)
        grant.save(using=using, update_fields=["views"])
    Scope.objects.using(using).bulk_create([Scope(grant=grant, **row) for row in wanted])
    return True


def _plain(value: Any) -> Any:
    """`value` as JSON would give it back, so that what is declared and what is stored compare equal."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) else value
