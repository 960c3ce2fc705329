"""The one door through which a state changes.

`perform()` locks the row, asks the policy, compares the version, checks state, inputs and guards, runs the
transition, saves, writes the history, sets the timers and tells the subscribers: all in one transaction.
`available()` is the same questions without the last step, so what is offered is what is enforced.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import OperationalError, connection
from django.db.models import Model
from django.utils.translation import gettext as _

from workflows import ports, timers
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, Reason, Refused, Stale, WorkflowError, WrongState
from workflows.idempotency import Stored, once
from workflows.inputs import Input, clean, plain
from workflows.inserting import insert_rows
from workflows.locking import lock
from workflows.machine import Context, Machine, Transition, Workflow
from workflows.models import Timer, TransitionRecord
from workflows.units import at_end, gather, unit_of_work

__all__ = [
    "Answer",
    "Option",
    "at_end",
    "available",
    "gather",
    "insert_many",
    "lock",
    "perform",
    "perform_many",
    "record_creation",
    "record_deletion",
    "record_update",
    "refuse",
    "unit_of_work",
]

log = logging.getLogger(__name__)
Result = TypeVar("Result")

# PostgreSQL's serialization failure and deadlock: nothing has happened, so the whole may be tried again.
RETRIED = {"40001", "40P01"}
ATTEMPTS = 4


@dataclass(frozen=True)
class Option:
    """A transition as offered to somebody: possible now (`enabled`), or not and why (`reasons`)."""

    name: str
    title: str
    target: str | None
    enabled: bool
    reasons: list[Reason]
    inputs: Mapping[str, Input]
    tone: str
    confirm: str
    in_state: bool


@dataclass(frozen=True)
class Answer:
    """What became of one record of many."""

    id: str
    ok: bool
    obj: Any = None
    error: WorkflowError | None = None


@dataclass
class _Change:
    """One attempt: who does which transition to which (locked) record."""

    obj: Any
    transition: Transition
    actor: Actor
    context: Context = field(init=False)

    def __post_init__(self) -> None:
        self.context = Context(actor=self.actor)

    def permitted(self) -> bool:
        """May this actor do it at all, in whatever state?"""
        if not self.transition.open_to(self.actor):
            return False
        return not self.actor.is_person or ports.policy().may(self.actor, self.obj, self.transition)

    def wrong_state(self) -> Reason | None:
        if self.obj.state in self.transition.sources:
            return None
        state = Machine.of(self.obj).title(self.obj.state)
        text = _("“%(title)s” is not possible in the state “%(state)s”.")
        return Reason("wrong_state", text % {"title": self.transition.title, "state": state})

    def refusals(self) -> list[Reason]:
        """What every guard says, not only the first: nobody wants to be sent back twice."""
        asked = [each for each in self.transition.guards if not (self.context.probing and each.needs_inputs)]
        said = [(each.code, each(self.obj, self.context)) for each in asked]
        return [Reason(code, text) for code, text in said if text is not None]

    def check(self, inputs: Mapping[str, Any], expected_version: int | None) -> None:
        if not self.permitted():
            raise Denied
        if expected_version is not None and expected_version != self.obj.version:
            raise Stale
        if wrong := self.wrong_state():
            raise WrongState(wrong.message)
        self.context.inputs = clean(self.transition.inputs, inputs, self._resolve)
        if reasons := self.refusals():
            raise Refused(reasons)

    def _resolve(self, module: str, id: str) -> Model | None:
        return ports.policy().resolve(self.actor, module, id)

    def run(self) -> TransitionRecord:
        """The transition itself; everything that could refuse it has been asked."""
        obj, context = self.obj, self.context
        from_state, party = obj.state, obj.party_id
        record = context.record = _history(obj, self.transition.name, self.actor, context.inputs)
        record.from_state, record.at = from_state, context.now
        before = _snapshot(obj)
        obj.__dict__["_performing"] = context
        try:
            getattr(obj, self.transition.name)(context)
        finally:
            del obj.__dict__["_performing"]
        changed = {name for name, value in _snapshot(obj).items() if value != before[name]}
        obj.version += 1
        obj.state_since = context.now
        timers.plan(obj, context.now)
        obj.save(update_fields=changed | {"state", "state_since", "due_at", "version", "updated_at"})
        record.to_state, record.version = obj.state, obj.version
        record.party_id = obj.party_id or party
        record.save(force_insert=True)
        return record


def _snapshot(obj: Model) -> dict[str, Any]:
    values = {}
    for each in obj._meta.concrete_fields:
        if each.attname in obj.__dict__ or each.name in obj.__dict__:
            value = each.value_from_object(obj)
            # Only these can change in place; a copy of the rest would cost and show nothing.
            values[each.name] = json.dumps(value, default=str) if isinstance(value, dict | list) else value
    return values


def _history(obj: Any, name: str, actor: Actor, inputs: Mapping[str, Any]) -> TransitionRecord:
    return TransitionRecord(
        subject=obj._meta.label_lower,
        object_id=obj.pk,
        transition=name,
        to_state=getattr(obj, "state", ""),
        actor_kind=actor.kind,
        actor_id=getattr(actor.user, "pk", None),
        actor_name=actor.name[:200],
        as_user_id=getattr(actor.as_user, "pk", None),
        inputs={key: plain(value) for key, value in inputs.items() if value is not None},
        reason=str(inputs.get("reason") or ""),
        version=obj.version,
        party_id=getattr(obj, "party_id", None),
        request_id=actor.request_id[:64],
    )


def _found(model: Any, pk: Any, actor: Actor) -> Any:
    obj = lock(model, pk)
    if obj is None or (actor.is_person and not ports.policy().visible(actor, obj)):
        raise NotFound
    return obj


def _transition(model: Any, name: str) -> Transition:
    found = Machine.of(model).get(name)
    if found is None:
        raise NotFound(_("There is no transition “%(name)s”.") % {"name": name})
    return found


def _change(
    model: Any, pk: Any, name: str, actor: Actor, inputs: Mapping[str, Any], expected_version: int | None
) -> Any:
    """One attempt, inside the unit of work of the caller."""
    transition = _transition(model, name)
    change = _Change(_found(model, pk, actor), transition, actor)
    change.check(inputs, expected_version)
    record = change.run()
    obj = change.obj
    what = transition.event or (name if record.from_state == record.to_state else record.to_state)
    ports.publish(
        ports.Event(
            obj=obj,
            name=f"{obj._meta.model_name}.{what}",
            actor=actor,
            transition=name,
            from_state=record.from_state,
            to_state=record.to_state,
            inputs=change.context.inputs,
            record=record,
        )
    )
    return obj


def perform(
    obj: Any,
    name: str,
    *,
    actor: Actor,
    inputs: Mapping[str, Any] | None = None,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> Any:
    """Do the transition `name` to the record and return the saved instance; `obj` itself is left as it was.

    Raises NotFound, Denied, Stale, WrongState, InvalidInput, Refused (in this order of asking), or KeyReused.
    With an `idempotency_key`, a repetition by the same principal changes nothing and returns the record.
    """
    model, pk, given = type(obj), obj.pk, dict(inputs or {})

    def attempt() -> Any:
        with unit_of_work():
            return _change(model, pk, name, actor, given, expected_version)

    def attempt_once() -> Any:
        done: list[Any] = []

        def effect() -> Stored:
            done.append(_change(model, pk, name, actor, given, expected_version))
            return Stored(status=204)

        with unit_of_work():
            path = f"{model._meta.label_lower}/{pk}/{name}"
            body = json.dumps([plain(given), expected_version], sort_keys=True).encode()
            once(
                actor.principal,
                "perform",
                path,
                idempotency_key or "",
                hashlib.sha256(body).hexdigest(),
                effect,
            )
            return done[0] if done else _found(model, pk, actor)

    return _retrying(attempt_once if idempotency_key else attempt)


def _retrying(attempt: Callable[[], Result]) -> Result:
    """Try again what the database undid because of others, unless a surrounding transaction is lost, too."""
    if connection.in_atomic_block:
        return attempt()
    for _left in range(ATTEMPTS - 1):
        try:
            return attempt()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in RETRIED:
                raise
            log.info("trying again after %s", error)
    return attempt()


def perform_many(
    model: type[Workflow],
    ids: Iterable[Any],
    name: str,
    *,
    actor: Actor,
    inputs: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> list[Answer]:
    """Do it to each record in a transaction of its own; one answer for each id, in their order."""
    answers = []
    for each in dict.fromkeys(str(each) for each in ids):
        try:
            pk = model._meta.pk.to_python(each)
        except Exception:  # whatever is no id finds no record
            answers.append(Answer(each, ok=False, error=NotFound()))
            continue
        key = f"{idempotency_key}:{each}"[:255] if idempotency_key else None
        try:
            obj = perform(model(pk=pk), name, actor=actor, inputs=inputs, idempotency_key=key)
        except WorkflowError as error:
            answers.append(Answer(each, ok=False, error=error))
        else:
            answers.append(Answer(each, ok=True, obj=obj))
    return answers


def available(obj: Any, actor: Actor) -> list[Option]:
    """Every transition that the actor may do to this record in some state, and what stands against it now."""
    if actor.is_person and not ports.policy().visible(actor, obj):
        return []
    options = []
    for transition in Machine.of(obj).transitions:
        change = _Change(obj, transition, actor)
        change.context.probing = True
        if not change.permitted():
            continue
        wrong = change.wrong_state()
        reasons = [wrong] if wrong else change.refusals()
        options.append(
            Option(
                name=transition.name,
                title=str(transition.title),
                target=None if wrong else transition.target_now(obj, change.context),
                enabled=not reasons,
                reasons=reasons,
                inputs=transition.inputs,
                tone=transition.tone,
                confirm=str(transition.confirm),
                in_state=wrong is None,
            )
        )
    return options


def record_creation(
    obj: Any, actor: Actor, *, inputs: Mapping[str, Any] | None = None, event: str = "created"
) -> TransitionRecord:
    """The first line of a record's history, from no state; with its timer, and told to the subscribers.

    Called once by whoever has just inserted the record. One without states gets its line, too. The event does
    not bear the name of the state it begins in: nobody has brought it there.
    """
    given = dict(inputs or {})
    with unit_of_work():
        record = _history(obj, "create", actor, given)
        if isinstance(obj, Workflow):
            due = obj.due_at
            timers.plan(obj, record.at)
            if obj.due_at != due:
                obj.save(update_fields=["due_at"])
        record.save(force_insert=True)
        name = f"{obj._meta.model_name}.{event}"
        ports.publish(
            ports.Event(
                obj=obj, name=name, actor=actor, to_state=record.to_state, inputs=given, record=record
            )
        )
    return record


def insert_many(objs: Sequence[Any], actor: Actor) -> None:
    """Inserts new records of one model, each with its first line of history and its timer, and tells of each.

    As saving and `record_creation` one by one would, in a few statements for all of them. The subscribers get
    their events in the order of the records, once all rows are there.
    """
    records, waiting = [], []
    with unit_of_work():
        for obj in objs:
            record = _history(obj, "create", actor, {})
            if isinstance(obj, Workflow) and (timer := timers.planned(obj, record.at)):
                waiting.append(timer)
            records.append(record)
        insert_rows(objs)
        insert_rows(records)
        Timer.objects.bulk_create(waiting)
        for obj, record in zip(objs, records, strict=True):
            name = f"{obj._meta.model_name}.created"
            ports.publish(
                ports.Event(obj=obj, name=name, actor=actor, to_state=record.to_state, record=record)
            )


def record_update(obj: Any, actor: Actor, changed: Iterable[str]) -> TransitionRecord:
    """A line of history for a change that is no transition: which fields, never their values.

    Called by whoever has just saved the record with its version raised.
    """
    with unit_of_work():
        record = _history(obj, "update", actor, {})
        record.inputs = {"changed": sorted(changed)}
        record.from_state = record.to_state
        record.save(force_insert=True)
        state, name = record.to_state, f"{obj._meta.model_name}.updated"
        ports.publish(
            ports.Event(obj=obj, name=name, actor=actor, from_state=state, to_state=state, record=record)
        )
    return record


def record_deletion(obj: Any, actor: Actor) -> TransitionRecord:
    """The last line of a record's history, told to the subscribers.

    Called by whoever is about to delete the record, in the same transaction.
    """
    with unit_of_work():
        record = _history(obj, "delete", actor, {})
        record.from_state, record.to_state = record.to_state or None, ""
        record.save(force_insert=True)
        name = f"{obj._meta.model_name}.deleted"
        ports.publish(
            ports.Event(obj=obj, name=name, actor=actor, from_state=record.from_state, record=record)
        )
    return record


def refuse(**errors: Any) -> None:
    """Raise InvalidInput from the method of a transition, for what only the change itself could find."""
    raise InvalidInput({name: [message] for name, message in errors.items()})
