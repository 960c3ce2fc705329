"""The questions of access, for one user: which rows, which fields, which verbs, and why.

Pages, API, sockets, exports and commands all ask here. A user without a portal has no rights at all.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Q

from prm.access import asked
from prm.access.parameters import Parameters
from prm.access.policy import CompiledScope, ModuleLike, Policy, narrowed, policy_of
from prm.access.presentation import Presentation
from prm.access.specs import READ, WRITE
from workflows.conditions import matches, to_q
from workflows.machine import Machine, Workflow
from workflows.models import TransitionRecord

NOWHERE = Q(pk__in=[])


class Rights:
    """One user's rights under the compiled policy of their portal. Cheap to make; lives for one request.

    policy: another one to take in place of the portal's: of a draft, of an earlier day, of somebody who looks
    at the portal as this user. A user object may carry one, too (`user.policy`). Who is not active has none.
    """

    def __init__(self, user: Any, policy: Policy | None = None) -> None:
        self.user = user
        active = bool(getattr(user, "is_authenticated", False) and user.is_active)
        given = policy or getattr(user, "policy", None)
        self.policy: Policy = (
            given if given and active else policy_of(getattr(user, "portal", None) if active else None)
        )

    @cached_property
    def params(self) -> Parameters:
        """What a condition may name: $user.id, $user.company, $user.contact, $user.is_admin, and what apps
        provide (`prm.access.parameters`)."""
        user = self.user
        return Parameters(
            user,
            {
                "user.id": user.pk,
                "user.company": user.company_id,
                "user.contact": user.contact_id,
                "user.is_admin": user.is_portal_admin,
            },
        )

    def with_params(self, params: Mapping[str, Any]) -> Rights:
        """The same rights over other values of what conditions may name."""
        other = Rights(self.user, self.policy)
        other.policy = self.policy
        other.params = Parameters(self.user, {**self.params, **params})
        return other

    def only(self, verb: str) -> Rights:
        """The same rights with only the scopes that allow `verb` too: what an export may read.

        Their `user` carries the policy, so that lists read for that user keep to it.
        """
        return rights_for(carrying(self.user, narrowed(self.policy, verb)))

    def presentation(self, module: ModuleLike) -> Presentation:
        """How the portal shows the module: as its grant says, else as the module does."""
        asked.note()
        return Presentation(self, module, self.policy.grants.get(module.key))

    def grants(self, key: str) -> bool:
        """Whether the portal grants the module at all."""
        return bool(self.scopes(key))

    def scopes(self, key: str, verb: str | None = None) -> tuple[CompiledScope, ...]:
        """The scopes of the module that count for this user, those that allow `verb` where it is given."""
        asked.note()
        grant = self.policy.grants.get(key)
        if grant is None:
            return ()
        return tuple(
            scope
            for scope in grant.scopes
            if (not scope.admins_only or self.user.is_portal_admin) and (verb is None or scope.allows(verb))
        )

    def reach(self, scopes: Iterable[CompiledScope], prefix: str = "") -> Q | None:
        """The rows of any of `scopes` as Q; None where that is every row."""
        united: Q | None = None
        for scope in scopes:
            if scope.where is None:
                return None
            one = to_q(scope.where, self.params, prefix=prefix)
            united = one if united is None else united | one
        return NOWHERE if united is None else united

    def visible(self, module: ModuleLike, verb: str = "view") -> models.QuerySet[Any]:
        """The rows on which the user may do `verb`."""
        where = self.reach(self.scopes(module.key, verb))
        rows = module.rows()
        return rows if where is None else rows.filter(where)

    def matching(self, module: ModuleLike, obj: models.Model, verb: str) -> tuple[CompiledScope, ...]:
        """The scopes that allow `verb` and reach this record, evaluated on the instance as it stands."""
        return tuple(
            scope
            for scope in self.scopes(module.key, verb)
            if scope.where is None or matches(scope.where, obj, self.params)
        )

    def readable(self, module: ModuleLike, obj: models.Model | None = None) -> set[str]:
        """Names of the fields shown of this record; without one, of the fields shown of some record."""
        if obj is None:
            scopes = self.scopes(module.key, "view")
            return {
                field.name
                for field in module.fields
                if not field.hidden and any(scope.readable(field.name, module.states) for scope in scopes)
            }
        scopes = self.matching(module, obj, "view")
        return _at_level(module, scopes, getattr(obj, "state", None), (READ, WRITE))

    def writable(self, module: ModuleLike, obj: models.Model | None = None) -> set[str]:
        """Names of the fields the user may set on this record, or on a new one."""
        if obj is None:
            names = _at_level(module, self.scopes(module.key, "create"), None, (WRITE,))
            return {field.name for field in module.fields if field.create} & names
        names = _at_level(module, self.matching(module, obj, "edit"), getattr(obj, "state", None), (WRITE,))
        return {field.name for field in module.fields if field.edit} & names

    def may(self, module: ModuleLike, verb: str, obj: models.Model | None = None) -> bool:
        """Whether the user may do `verb`: on this record, or (without one) on any record of the module."""
        if obj is None:
            return bool(self.scopes(module.key, verb))
        return bool(self.matching(module, obj, verb))

    def transitions(self, module: ModuleLike, obj: models.Model) -> set[str]:
        """Names of the transitions granted on this record, whatever its state."""
        if not isinstance(obj, Workflow) or not self.matching(module, obj, "view"):
            return set()
        return {
            transition.name
            for transition in Machine.of(type(obj)).transitions
            if "user" in transition.by and self.may(module, transition.capability, obj)
        }

    def history(self, module: ModuleLike, obj: models.Model) -> models.QuerySet[TransitionRecord]:
        """The part of a record's history that the user may read, oldest first.

        The vendor's people read all of it; others what happened while the record was their company's.
        """
        records = TransitionRecord.objects.filter(subject=obj._meta.label_lower, object_id=obj.pk)
        if not self.may(module, "view", obj):
            return records.none()
        if not self.policy.staff:
            records = (
                records.filter(party_id=self.user.company_id) if self.user.company_id else records.none()
            )
        return records.order_by("at", "id")


def _at_level(
    module: ModuleLike, scopes: Iterable[CompiledScope], state: str | None, levels: tuple[str, ...]
) -> set[str]:
    kept = tuple(scopes)
    return {
        field.name
        for field in module.fields
        if not field.hidden and any(scope.level(field.name, state) in levels for scope in kept)
    }


def rights_for(user: Any) -> Rights:
    """The rights of `user`, kept with the user object as long as its portal is the same revision."""
    portal = getattr(user, "portal", None)
    given = getattr(user, "policy", None)
    mark = (
        getattr(user, "is_active", False),
        given,
        portal and (portal.pk, portal.revision, portal.archived),
    )
    kept: tuple[Any, Rights] | None = getattr(user, "_rights", None)
    if kept is None or kept[0] != mark:
        kept = (mark, Rights(user))
        user._rights = kept
    return kept[1]


def carrying(user: Any, policy: Policy) -> Any:
    """A copy of the user object that has the rights of `policy` in place of those of its portal."""
    # A user of a request is loaded by its first question, and would else be changed in place.
    str(user.pk)
    other = copy.copy(user)
    other.policy = policy
    return other


def visible(user: Any, module: ModuleLike, verb: str = "view") -> models.QuerySet[Any]:
    """The rows of the module on which the user may do `verb`."""
    return rights_for(user).visible(module, verb)


def readable_fields(user: Any, module: ModuleLike, obj: models.Model | None = None) -> set[str]:
    """Names of the fields that the user may read, of this record or of any."""
    return rights_for(user).readable(module, obj)


def writable_fields(user: Any, module: ModuleLike, obj: models.Model | None = None) -> set[str]:
    """Names of the fields that the user may set, on this record or on a new one."""
    return rights_for(user).writable(module, obj)


def may(user: Any, module: ModuleLike, verb: str, obj: models.Model | None = None) -> bool:
    """Whether the user may do `verb` (view, create, edit, delete or a transition)."""
    return rights_for(user).may(module, verb, obj)


def allowed_transitions(user: Any, module: ModuleLike, obj: models.Model) -> set[str]:
    """Names of the transitions granted on this record, whatever its state."""
    return rights_for(user).transitions(module, obj)


def history(user: Any, module: ModuleLike, obj: models.Model) -> models.QuerySet[TransitionRecord]:
    """The part of the record's history that the user may read."""
    return rights_for(user).history(module, obj)


def administers(user: Any) -> bool:
    """Whether the user runs the installation itself: its name and mails, and what is held on people.

    Who looks in an administrator's place and is none sees nothing of it.
    """
    asked.note()
    viewer = getattr(user, "viewed_by", None)
    return rights_for(user).policy.portal == "administrator" and (viewer is None or administers(viewer))


#: The module of portals: who may edit its records holds *Manage portals*.
PORTALS = "portals"


def manages_portals(user: Any) -> bool:
    """Whether the user holds *Manage portals*: may change what each kind of user has."""
    return bool(rights_for(user).scopes(PORTALS, "edit"))
