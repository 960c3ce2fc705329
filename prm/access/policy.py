"""Compiled portals: what the rows of a portal say, read once for each revision of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from django.db import models, transaction

from prm.access import channel
from prm.access.document import document_of, keep_version, normal, renew
from prm.access.models import Grant, Portal, PortalVersion, Scope
from prm.access.specs import (
    BUILT_IN,
    HIDDEN,
    PLAIN_VERBS,
    READ,
    WITH_VIEW,
    WRITE,
    GrantSpec,
    Level,
    ScopeSpec,
    Section,
    allows,
)

__all__ = ["PLAIN_VERBS", "Policy", "compile_document", "policy_of", "sync_portals", "touch"]


class ModuleLike(Protocol):
    """What access needs to know of a module."""

    @property
    def key(self) -> str: ...
    @property
    def fields(self) -> tuple[Any, ...]: ...
    @property
    def by_name(self) -> Mapping[str, Any]: ...
    @property
    def states(self) -> tuple[str, ...]: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def card(self) -> tuple[str, ...]: ...
    @property
    def title(self) -> str: ...
    @property
    def layout(self) -> tuple[Section, ...]: ...
    @property
    def related(self) -> tuple[Any, ...]: ...
    @property
    def board(self) -> str: ...
    @property
    def machine(self) -> Any: ...
    def rows(self) -> models.QuerySet[Any]: ...
    def kind_at(self, path: str) -> str | None: ...


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
        """Whether the scope lists the action, by its name or as one of all transitions."""
        return allows(self.actions, verb)


@dataclass(frozen=True)
class CompiledLayout:
    """Sections for the records on which `where` holds; None is every record."""

    name: str
    where: Mapping[str, Any] | None
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class CompiledGrant:
    """The scopes of one portal on one module, and how it is shown: as in `prm.access.document`."""

    scopes: tuple[CompiledScope, ...]
    views: tuple[str, ...]
    columns: tuple[str, ...] = ()
    canvas: Mapping[str, Any] = field(default_factory=dict)
    layouts: tuple[CompiledLayout, ...] = ()
    related: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Policy:
    """All that one revision of a portal grants, by module key. Only the same object is the same policy."""

    portal: str
    staff: bool
    grants: Mapping[str, CompiledGrant]


NOTHING = Policy(portal="", staff=False, grants={})

_compiled: dict[Any, tuple[UUID, Policy]] = {}


def policy_of(portal: Portal | None) -> Policy:
    """The compiled policy of a portal as just loaded; compiled anew when its revision has changed.

    One that is archived grants nothing.
    """
    if portal is None or portal.archived:
        return NOTHING
    known = _compiled.get(portal.pk)
    if known and known[0] == portal.revision:
        return known[1]
    policy = compile_document(portal.key, portal.staff, document_of(portal))
    _compiled[portal.pk] = (portal.revision, policy)
    return policy


def compile_document(key: str, staff: bool, document: Mapping[str, Any]) -> Policy:
    """The policy of a portal with this document. key, staff: of the portal; no document changes them."""
    grants = {module: _compile(grant) for module, grant in normal(document)["grants"].items()}
    return Policy(portal=key, staff=staff, grants=grants)


def _compile(grant: Mapping[str, Any]) -> CompiledGrant:
    return CompiledGrant(
        scopes=tuple(
            CompiledScope(
                name=scope["name"],
                where=scope["where"],
                actions=frozenset(scope["actions"]),
                fields=scope["fields"],
                admins_only=scope["admins_only"],
            )
            for scope in grant["scopes"]
        ),
        views=tuple(grant["views"]),
        columns=tuple(grant["columns"]),
        canvas=grant["canvas"],
        layouts=tuple(
            CompiledLayout(
                name=layout.get("name", ""),
                where=layout.get("where"),
                sections=tuple(Section(one["title"], tuple(one["fields"])) for one in layout["sections"]),
            )
            for layout in grant["layouts"]
        ),
        related=None if grant["related"] is None else tuple(grant["related"]),
    )


@lru_cache(maxsize=500)
def narrowed(policy: Policy, verb: str) -> Policy:
    """The policy with only those scopes that allow `verb`; kept, since statements are kept for it."""
    grants = {
        module: replace(grant, scopes=tuple(one for one in grant.scopes if one.allows(verb)))
        for module, grant in policy.grants.items()
    }
    return replace(policy, grants=grants)


def touch(portal: Portal) -> None:
    """Makes compiled policies of the portal stale; called in the transaction that changes a grant."""
    renew(Portal.objects.filter(pk=portal.pk))


@transaction.atomic
def sync_portals(declarations: Mapping[str, Mapping[str, GrantSpec]], using: str = "default") -> None:
    """Writes the built-in portals and the grants that modules declare; what an administrator changed stays.

    declarations: module key → portal key → grant.
    """
    portals = {}
    for spec in BUILT_IN:
        portals[spec.key], _ = Portal.objects.using(using).get_or_create(
            key=spec.key,
            defaults={
                "title": spec.title,
                "staff": spec.staff,
                "built_in": True,
                "audience": spec.audience,
                "seated": not spec.staff,
            },
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
        renew(Portal.objects.using(using).filter(key=key))
    # Of all: what counts as looking after partners is a release's to say, too.
    channel.mark(Portal.objects.using(using))
    known = set(PortalVersion.objects.using(using).values_list("portal__key", flat=True))
    for key in sorted(changed | (set(portals) - known)):
        keep_version(portals[key], using=using)


def _write_grant(portal: Portal, module: str, spec: GrantSpec, grant: Grant | None, using: str) -> bool:
    wanted = [{"position": position, **one} for position, one in enumerate(declared_scopes(spec))]
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


def declared_scopes(spec: GrantSpec) -> list[dict[str, Any]]:
    """The scopes of a declaration as they stand in a document."""
    return [
        {
            "name": scope.name,
            "where": _plain(scope.where),
            "actions": _actions(scope),
            "fields": _plain(scope.fields),
            "admins_only": scope.admins_only,
        }
        for scope in spec.scopes
    ]


def _actions(scope: ScopeSpec) -> list[str]:
    """What the scope allows, with what comes with seeing a record."""
    more = [verb for verb in WITH_VIEW if "view" in scope.actions and verb not in scope.actions]
    return [*scope.actions, *more]


def _plain(value: Any) -> Any:
    """`value` as JSON would give it back, so that what is declared and what is stored compare equal."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) else value
