"""The smallest change that would turn an answer, found by trying.

Each single switch is set on copies of the user, the policy and the record, the same questions are asked
again, and what touches least is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

from django.utils.translation import gettext as _

from prm.access.explain.cases import (
    EXTENT,
    FIELD_VERBS,
    Candidate,
    Case,
    Change,
    Question,
    Tellable,
    Verdict,
    decide,
    point,
    twin,
)
from prm.access.explain.records import of_record, of_state
from prm.access.explain.words import state_title
from prm.access.models import Portal
from prm.access.policy import PLAIN_VERBS, CompiledGrant, CompiledScope, ModuleLike, policy_of
from prm.access.specs import HIDDEN, READ, WRITE, Level
from workflows.machine import Machine

#: Of what is no matter of portals there is no change to suggest.
UNCHANGEABLE = frozenset({"hidden_by_module", "fixed_by_module", "not_for_people", "guard"})


def smallest(
    question: Question, case: Case, verdict: Verdict, tellable: Tellable
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """The smallest set of changes that turns the answer, and further single ones."""
    if verdict.code in UNCHANGEABLE:
        return (), ()
    wanted = not verdict.allowed
    first: tuple[Change, ...] = ()
    if verdict.code in ("inactive", "no_portal", "archived"):
        for candidate in _entrance(case, verdict.code):
            after = candidate.apply(case)
            next_verdict = decide(question, after)
            if next_verdict.code == verdict.code:
                continue
            if next_verdict.allowed:
                return (candidate.change,), ()
            more, _others = smallest(question, after, next_verdict, tellable)
            if more and (not first or _extent((candidate.change, *more)) < _extent(first)):
                first = (candidate.change, *more)
        return first, ()
    candidates = sorted(
        _candidates(question, case, wanted, tellable), key=lambda one: (one.extent, one.order)
    )
    flips = [one for one in candidates if decide(question, one.apply(case)).allowed is wanted]
    if flips:
        return (flips[0].change,), tuple(one.change for one in flips[1:7])
    pairs = sorted(combinations(candidates, 2), key=lambda pair: pair[0].extent + pair[1].extent)
    for one, other in pairs:
        if decide(question, other.apply(one.apply(case))).allowed is wanted:
            return (one.change, other.change), ()
    return (), ()


def _extent(changes: Iterable[Change]) -> int:
    return sum(EXTENT[change.kind] for change in changes)


def _entrance(case: Case, code: str) -> Iterator[Candidate]:
    """What lets somebody in at all."""
    if code == "inactive":
        yield _activity(case, active=True)
    elif code == "archived":
        portal = case.user.portal
        text = _("Take the portal “%(portal)s” out of the archive") % {"portal": portal}
        details = {"portal": portal.key, "to": False}
        yield Candidate(
            Change("portal", text, details), lambda now: _in_portal(now, twin(portal, archived=False))
        )
    else:
        for portal in Portal.objects.filter(archived=False).order_by("title"):
            yield _move(portal)


def _move(portal: Portal) -> Candidate:
    text = _("Put the user into the portal “%(portal)s”") % {"portal": portal}
    return Candidate(Change("portal", text, {"portal": portal.key}), lambda case: _in_portal(case, portal))


def _in_portal(case: Case, portal: Portal) -> Case:
    user = twin(case.user)
    point(user, "portal", portal)
    return replace(case, user=user, policy=policy_of(portal))


def _activity(case: Case, *, active: bool) -> Candidate:
    text = _("Let %(user)s in again") if active else _("Deactivate the login of %(user)s")
    return Candidate(
        Change("active", text % {"user": case.user}, {"to": active}),
        lambda now: replace(now, user=twin(now.user, is_active=active)),
    )


def _candidates(question: Question, case: Case, wanted: bool, tellable: Tellable) -> Iterator[Candidate]:
    """Every single switch that could matter to the answer."""
    grant = case.policy.grants.get(question.module.key)
    if grant is None:
        yield _grant(question, case, given=True)
        yield from of_state(question, case, tellable)
        return
    if any(scope.admins_only for scope in grant.scopes) and getattr(case.user, "contact", None) is not None:
        yield _admin(case)
    for position, scope in enumerate(grant.scopes):
        yield from _actions(question, position, scope, wanted)
        if question.field:
            yield _level(question, case, position, scope, wanted)
    if case.obj is not None:
        yield from of_record(question, case, grant, wanted, tellable)
    if wanted:
        yield _scope(question, case)
    else:
        yield _grant(question, case, given=False)
        yield _activity(case, active=False)


def _admin(case: Case) -> Candidate:
    to = not case.user.is_portal_admin
    text = _("Set the Admin flag of %(user)s") if to else _("Take the Admin flag from %(user)s")

    def apply(now: Case) -> Case:
        user = twin(now.user)
        point(user, "contact", twin(now.user.contact, is_admin=to))
        return replace(now, user=user)

    return Candidate(Change("admin", text % {"user": case.user}, {"to": to}), apply)


def _actions(question: Question, position: int, scope: CompiledScope, wanted: bool) -> Iterator[Candidate]:
    for verb in question.verbs:
        if scope.allows(verb) is not wanted:
            yield _action(question, position, scope, verb, wanted)


def _action(question: Question, position: int, scope: CompiledScope, verb: str, wanted: bool) -> Candidate:
    text = (
        _("Allow %(verb)s in the scope “%(scope)s”")
        if wanted
        else _("Take %(verb)s out of the scope “%(scope)s”")
    )

    def change(now: CompiledScope) -> CompiledScope:
        actions = now.actions | {verb} if wanted else _without(question.module, now, verb)
        return replace(now, actions=frozenset(actions))

    details = {"scope": scope.name, "position": position, "action": verb, "to": wanted}
    return Candidate(
        Change("action", text % {"verb": verb, "scope": scope.name}, details),
        _rescoped(question, position, change),
        position,
    )


def _without(module: ModuleLike, scope: CompiledScope, verb: str) -> set[str]:
    """The actions of a scope less one; "*" is written out where it stood for that one."""
    actions = set(scope.actions)
    machine: Machine | None = module.machine
    if "*" in actions and verb not in PLAIN_VERBS and machine:
        actions.discard("*")
        actions |= {one.capability for one in machine.transitions if "user" in one.by}
    return actions - {verb}


def _level(question: Question, case: Case, position: int, scope: CompiledScope, wanted: bool) -> Candidate:
    name = question.field
    state = None if question.verb == "create" else case.state
    enough = FIELD_VERBS[question.verb]
    to = enough[0] if wanted else (READ if question.verb == "edit" else HIDDEN)
    after: Level = to
    if question.module.states:
        present = scope.fields.get(name, scope.fields.get("*", HIDDEN))
        by_state = {"*": present} if isinstance(present, str) else dict(present)
        after = {**by_state, state or "*": to}
    said = {"field": name, "scope": scope.name, "level": to, "state": state_title(question.module, state)}
    text = (
        _("Set the field %(field)s to %(level)s in the scope “%(scope)s”, in the state “%(state)s”")
        if state
        else _("Set the field %(field)s to %(level)s in the scope “%(scope)s”")
    )
    details = {
        "scope": scope.name,
        "position": position,
        "field": name,
        "state": state,
        "level": to,
        "value": after,
    }
    return Candidate(
        Change("level", text % said, details),
        _rescoped(question, position, lambda now: replace(now, fields={**now.fields, name: after})),
        position,
    )


def _rescoped(
    question: Question, position: int, change: Callable[[CompiledScope], CompiledScope]
) -> Callable[[Case], Case]:
    key = question.module.key

    def apply(case: Case) -> Case:
        if key not in case.policy.grants:
            return case
        scopes = list(case.policy.grants[key].scopes)
        scopes[position] = change(scopes[position])
        return _granted(case, key, tuple(scopes))

    return apply


def _granted(case: Case, key: str, scopes: tuple[CompiledScope, ...] | None) -> Case:
    grants = dict(case.policy.grants)
    if scopes is None:
        del grants[key]
    elif key in grants:
        grants[key] = replace(grants[key], scopes=scopes)
    else:
        grants[key] = CompiledGrant(scopes=scopes, views=("list",))
    return replace(case, policy=replace(case.policy, grants=grants))


def _spec(question: Question, case: Case) -> tuple[dict[str, Any], CompiledScope]:
    """The smallest scope that allows just this: for this record, as a document writes it and compiled."""
    name = question.field or question.module.title
    level = WRITE if question.field and FIELD_VERBS[question.verb] == (WRITE,) else READ
    where = None if case.obj is None else {"field": "id", "op": "is", "value": str(case.obj.pk)}
    name_of_scope = _("new records") if case.obj is None else _("this record")
    spec = {
        "name": name_of_scope,
        "where": where,
        "actions": list(question.verbs),
        "fields": {name: level},
        "admins_only": False,
    }
    scope = CompiledScope(
        name=name_of_scope,
        where=where,
        actions=frozenset(question.verbs),
        fields={name: level},
        admins_only=False,
    )
    return spec, scope


def _scope(question: Question, case: Case) -> Candidate:
    key = question.module.key
    spec, scope = _spec(question, case)
    said = {"module": key, "verbs": ", ".join(question.verbs)}
    text = (
        _("Add a scope to the grant on %(module)s that allows %(verbs)s")
        if case.obj is None
        else _("Add a scope to the grant on %(module)s that reaches this record and allows %(verbs)s")
    ) % said

    def apply(now: Case) -> Case:
        return _granted(now, key, (*now.policy.grants[key].scopes, scope))

    return Candidate(Change("scope", text, {"spec": spec}), apply)


def _grant(question: Question, case: Case, *, given: bool) -> Candidate:
    key = question.module.key
    spec, scope = _spec(question, case)
    said = {"module": key, "verbs": ", ".join(question.verbs)}
    if given:
        text = (
            _("Grant %(module)s, with a scope that allows %(verbs)s")
            if case.obj is None
            else _("Grant %(module)s, with a scope that reaches this record and allows %(verbs)s")
        )
        details = {"to": True, "spec": spec}
    else:
        text, details = _("Take the grant on %(module)s away"), {"to": False}
    return Candidate(
        Change("grant", text % said, details), lambda now: _granted(now, key, (scope,) if given else None)
    )
