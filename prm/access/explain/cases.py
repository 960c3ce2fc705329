"""What is asked, of whom, and the rule that decides: in the order in which the doors ask.

Cases are copies, so that they can be changed and asked again. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.functional import LazyObject
from django.utils.translation import gettext as _

from prm.access.policy import PLAIN_VERBS, CompiledScope, ModuleLike, Policy
from prm.access.rights import Rights
from prm.access.specs import READ, WRITE
from workflows.actor import Actor
from workflows.machine import Context, Machine, Transition

#: Verbs under which a field is asked for, with the levels that are enough.
FIELD_VERBS: Mapping[str, tuple[str, ...]] = {
    "view": (READ, WRITE),
    "export": (READ, WRITE),
    "edit": (WRITE,),
    "create": (WRITE,),
}

#: The kinds of change, from the one that touches least: one value of one record, one person, one field in one
#: state, one action, a whole scope, a whole grant.
EXTENT: Mapping[str, int] = {
    "record": 1,
    "admin": 2,
    "level": 3,
    "action": 4,
    "active": 5,
    "portal": 6,
    "scope": 8,
    "grant": 13,
}

#: Whether the reader of an answer may be told the value at a path of the record.
Tellable = Callable[[str], bool]


@dataclass(frozen=True)
class Check:
    """A comparison of a condition that keeps the record out: what it is, and what the scope needs."""

    scope: str
    field: str
    op: str
    needs: str
    found: str

    @property
    def text(self) -> str:
        """In one sentence; "" stands for a value that the reader may not know."""
        said = {"field": self.field, "found": self.found, "op": self.op, "needs": self.needs}
        return _("%(field)s is %(found)s, the scope needs: %(op)s %(needs)s") % said


@dataclass(frozen=True)
class Change:
    """One switch: its kind (see EXTENT), what it is in words, and the same for programs.

    details: what of scope, action, field, state, level, path, value, to, spec the kind needs.
    """

    kind: str
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Explanation:
    """Why a verb is allowed or not: the rule that decided, and what would have to change.

    code: the rule for programs. checks: what of the conditions fails. reasons: what the guards say.
    changes: the smallest set of changes that turns the answer. others: further single ones that do.
    """

    allowed: bool
    rule: str
    text: str
    would_need: str = ""
    code: str = "allowed"
    verb: str = ""
    field: str = ""
    portal: str = ""
    scope: str = ""
    checks: tuple[Check, ...] = ()
    reasons: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    others: tuple[Change, ...] = ()


@dataclass(frozen=True)
class FieldLine:
    """One field as a user has it on one record: hidden, read or write, and why."""

    name: str
    label: str
    level: str
    why: str


@dataclass(frozen=True)
class Question:
    """What is asked of each case."""

    module: ModuleLike
    verb: str
    field: str
    transition: Transition | None

    @property
    def capability(self) -> str:
        return self.transition.capability if self.transition else self.verb

    @property
    def verbs(self) -> tuple[str, ...]:
        """The verb itself, and that the record must be visible; one that is only being made is not yet."""
        if self.verb == "create":
            return (self.capability,)
        return tuple(dict.fromkeys((self.capability, "view")))

    @property
    def column(self) -> Any:
        return next(one for one in self.module.fields if one.name == self.field)


@dataclass(frozen=True)
class Case:
    """Somebody, their policy and a record, as they are or as they would be."""

    user: Any
    policy: Policy
    obj: Any

    @property
    def rights(self) -> Rights:
        return Rights(self.user, self.policy)

    @property
    def state(self) -> str | None:
        return getattr(self.obj, "state", None)


@dataclass(frozen=True)
class Verdict:
    """The rule that decides a case; scopes: those that it is about."""

    code: str
    verb: str = ""
    scopes: tuple[CompiledScope, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.code == "allowed"


@dataclass(frozen=True)
class Candidate:
    """A change, and the case after it."""

    change: Change
    apply: Callable[[Case], Case]
    order: int = 0

    @property
    def extent(self) -> int:
        return EXTENT[self.change.kind]


def asked(module: ModuleLike, verb: str, name: str) -> Question:
    machine: Machine | None = module.machine
    transition = machine.get(verb) if machine else None
    if verb not in PLAIN_VERBS and transition is None:
        raise LookupError(f"{module.key} has no {verb!r}")
    if name and (verb not in FIELD_VERBS or name not in {one.name for one in module.fields}):
        raise LookupError(f"{module.key} has no field {name!r} to {verb}")
    return Question(module, verb, name, transition)


def decide(question: Question, case: Case) -> Verdict:
    """The first rule that denies, or the scope that allows: in the order in which the doors ask."""
    module = question.module
    if question.field and (code := _module_says(question)):
        return Verdict(code)
    if question.transition and "user" not in question.transition.by:
        return Verdict("not_for_people")
    if not case.user.is_active:
        return Verdict("inactive")
    portal = getattr(case.user, "portal", None)
    if portal is None:
        return Verdict("no_portal")
    if portal.archived:
        return Verdict("archived")
    grant = case.policy.grants.get(module.key)
    if grant is None:
        return Verdict("not_granted")
    rights = case.rights
    reaching: tuple[CompiledScope, ...] = ()
    for verb in question.verbs:
        listing = tuple(scope for scope in grant.scopes if scope.allows(verb))
        if not listing:
            return Verdict("no_action", verb)
        counting = rights.scopes(module.key, verb)
        if not counting:
            return Verdict("admins_only", verb, listing)
        among = counting if case.obj is None else rights.matching(module, case.obj, verb)
        if not among:
            return Verdict("not_among_rows", verb, counting)
        reaching = reaching or among
    if question.field:
        return _field_verdict(question, case, reaching)
    return _transition_verdict(question, case, reaching) or Verdict("allowed", question.capability, reaching)


def _module_says(question: Question) -> str:
    column = question.column
    if column.hidden:
        return "hidden_by_module"
    kept = (question.verb == "edit" and not column.edit) or (question.verb == "create" and not column.create)
    return "fixed_by_module" if kept else ""


def _field_verdict(question: Question, case: Case, reaching: tuple[CompiledScope, ...]) -> Verdict:
    state = None if question.verb == "create" else case.state
    if question.verb == "export":
        reaching = tuple(scope for scope in reaching if scope.allows("view"))
    enough = FIELD_VERBS[question.verb]
    open_to = tuple(scope for scope in reaching if scope.level(question.field, state) in enough)
    if open_to:
        return Verdict("allowed", question.verb, open_to)
    read = any(scope.level(question.field, state) == READ for scope in reaching)
    return Verdict("read_only" if read else "hidden", question.verb, reaching)


def _transition_verdict(
    question: Question, case: Case, reaching: tuple[CompiledScope, ...]
) -> Verdict | None:
    transition = question.transition
    if transition is None:
        return None
    if case.state not in transition.sources:
        return Verdict("wrong_state", question.verb, reaching)
    ctx = Context(actor=Actor.of(case.user), probing=True)
    said = (each(case.obj, ctx) for each in transition.guards if not each.needs_inputs)
    reasons = tuple(text for text in said if text is not None)
    return Verdict("guard", question.verb, reaching, reasons) if reasons else None


def twin(obj: Any, **values: Any) -> Any:
    """A copy of a row that can be changed without touching the original, its relations shared."""
    if isinstance(obj, LazyObject):
        # What a request calls its user: it looks like the row, but holds nothing of it itself.
        obj = obj.pk and obj._wrapped
    copy = obj.__class__.__new__(obj.__class__)
    copy.__dict__.update(obj.__dict__)
    copy.__dict__.pop("_rights", None)
    if isinstance(obj, models.Model):
        state = models.base.ModelState()
        state.__dict__.update(obj._state.__dict__)
        state.fields_cache = dict(obj._state.fields_cache)
        copy.__dict__["_state"] = state
    copy.__dict__.update(values)
    return copy


def point(obj: Any, name: str, target: Any) -> None:
    column = obj._meta.get_field(name)
    if getattr(column, "attname", None):
        obj.__dict__[column.attname] = target.pk
    obj._state.fields_cache[name] = target
