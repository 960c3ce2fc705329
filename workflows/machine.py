"""A state machine is one readable class: states, transitions, and who must act next and until when.

Declared with django-fsm; enforced by `workflows.perform` and, once more, by triggers in the database.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import django_fsm
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.actor import PEOPLE, Actor
from workflows.errors import OutsidePerform
from workflows.guards import Guard, guard
from workflows.inputs import Input

if TYPE_CHECKING:
    from workflows.models import TransitionRecord

__all__ = [
    "Context",
    "Depends",
    "Guard",
    "Machine",
    "StateField",
    "Transition",
    "Wait",
    "Workflow",
    "guard",
    "machines",
    "transition",
]

OWNERS = ("partner", "channel_manager", "applicant", "vendor", "nobody")
TONES = ("neutral", "primary", "danger")

Deadline = timedelta | datetime | None
Method = TypeVar("Method", bound=Callable[..., Any])
_order = itertools.count()


@dataclass(frozen=True)
class Wait:
    """Who must act in a state; where it may not wait for ever, `after` says how long and `then` what happens.

    `after` is a duration, or a function of the record that gives a duration, a moment, or None for no limit.
    """

    owner: str
    after: timedelta | Callable[[Any], Deadline] | None = None
    then: str = ""

    def due_at(self, obj: Any, now: datetime) -> datetime | None:
        after = self.after(obj) if callable(self.after) else self.after
        if after is None:
            return None
        return after if isinstance(after, datetime) else now + after


@dataclass(frozen=True)
class Depends:
    """A target that is known only at the time: `choose(obj)`, or `choose(obj, ctx)` where the inputs decide.

    It is asked after the method of the transition has run, and must give one of `states`.
    """

    choose: Callable[..., Any]
    states: Sequence[str]
    by_inputs: bool = False

    def now(self, obj: Any, ctx: Context) -> str:
        return str(self.choose(obj, ctx) if self.by_inputs else self.choose(obj))


@dataclass
class Context:
    """What a transition and its guards may know. `inputs` are cleaned; empty while `probing`.

    `record` is the line of history about to be written: its id may be kept by rows that the change makes.
    """

    actor: Actor
    inputs: Mapping[str, Any] = field(default_factory=dict)
    now: datetime = field(default_factory=timezone.now)
    record: TransitionRecord | None = None
    probing: bool = False

    @property
    def reason(self) -> str:
        return str(self.inputs.get("reason") or "")

    def locked(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Rows of others that a guard relies on: locked in the order of their ids, unless only asking."""
        return rows if self.probing else rows.order_by("pk").select_for_update()


@dataclass(frozen=True)
class Transition:
    """A verb that moves a record from one of `sources` to its target; None keeps the state as it is.

    `event` is the participle that names what happened, where the new state does not say it ("declined").
    """

    name: str
    title: Any
    sources: tuple[str, ...]
    target: str | Depends | None
    inputs: Mapping[str, Input]
    guards: tuple[Guard, ...]
    by: tuple[str, ...]
    tone: str
    confirm: Any
    capability: str
    event: str
    order: int

    @property
    def targets(self) -> tuple[str, ...]:
        if isinstance(self.target, Depends):
            return tuple(str(state) for state in self.target.states)
        return self.sources if self.target is None else (self.target,)

    @property
    def pairs(self) -> set[tuple[str, str]]:
        if self.target is None:
            return {(state, state) for state in self.sources}
        return {(source, target) for source in self.sources for target in self.targets}

    def open_to(self, actor: Actor) -> bool:
        """Is this kind of actor meant to do it at all? A link stands for its user."""
        return actor.kind in self.by or (actor.kind in PEOPLE and "user" in self.by)

    def target_now(self, obj: Any, ctx: Context) -> str | None:
        """Where it would go now, None where its inputs decide."""
        if isinstance(self.target, Depends):
            return None if self.target.by_inputs else self.target.now(obj, ctx)
        return str(obj.state) if self.target is None else self.target


class _Chosen(django_fsm.GET_STATE):
    """django-fsm's way to say Depends; it refuses a state that was not declared."""

    def __init__(self, target: Depends) -> None:
        super().__init__(lambda obj, ctx: target.now(obj, ctx), [str(state) for state in target.states])


def transition(
    *,
    title: Any,
    source: str | Iterable[str],
    target: str | Depends | None,
    inputs: Mapping[str, Input] | None = None,
    guards: Sequence[Guard] = (),
    by: Sequence[str] = ("user",),
    tone: str = "neutral",
    confirm: Any = "",
    capability: str | None = None,
    event: str = "",
) -> Callable[[Method], Method]:
    """Declare a method as a transition. Its body sets other fields; `perform()` alone may call it.

    `by` lists who may start it: "user" (or their mailed link), "link", "timer", "system", "import", "rule".
    `capability` is what access grants, by default the method's name. `confirm` is asked once before.
    """
    goal = target if target is None or isinstance(target, Depends) else str(target)
    if tone not in TONES:
        raise ImproperlyConfigured(f"tone must be one of {', '.join(TONES)}, not {tone!r}")
    sources = (str(source),) if isinstance(source, str) else tuple(str(state) for state in source)

    def declare(function: Method) -> Method:
        name = function.__name__
        declared = django_fsm.transition(
            field="state",
            source=list(sources),
            target=_Chosen(goal) if isinstance(goal, Depends) else goal,
        )(function)

        @functools.wraps(declared)
        def method(self: Any, ctx: Context) -> Any:
            if ctx is None or self.__dict__.get("_performing") is not ctx:
                raise OutsidePerform(
                    f"{type(self).__name__}.{name}() was called directly; use perform(obj, {name!r}, …)."
                )
            return declared(self, ctx)

        method._workflow = Transition(  # type: ignore[attr-defined]
            name=name,
            title=title,
            sources=sources,
            target=goal,
            inputs=dict(inputs or {}),
            guards=tuple(guards),
            by=tuple(by),
            tone=tone,
            confirm=confirm,
            capability=capability or name,
            event=event,
            order=next(_order),
        )
        return method  # type: ignore[return-value]

    return declare


class StateDescriptor(django_fsm.FSMFieldDescriptor):
    """Only loading from the database may overwrite a state.

    django-fsm lifts the protection of the field, which all threads share, while one instance is refreshed,
    and leaves it lifted when that fails; here the instance that is being refreshed carries the mark.
    """

    def __set__(self, instance: Any, value: Any) -> None:
        if instance.__dict__.get("_refreshing"):
            self.field.set_state(instance, value)
        else:
            super().__set__(instance, value)


class StateField(django_fsm.FSMField):
    """The state of a record, changed by transitions only."""

    descriptor_class = StateDescriptor

    def __init__(self, states: type[models.TextChoices] | None = None, **kwargs: Any) -> None:
        if states is not None:
            kwargs.setdefault("choices", states.choices)
        kwargs.setdefault("max_length", 32)
        kwargs.setdefault("verbose_name", _("state"))
        kwargs["protected"] = True
        kwargs.setdefault("editable", False)
        super().__init__(**kwargs)

    def set_state(self, instance: Any, state: Any) -> None:
        # Plain text rather than a member of the enumeration: equal to it, and what a fresh load would give.
        instance.__dict__[self.name] = state if state is None else str(state)


class Workflow(django_fsm.ConcurrentTransitionMixin, django_fsm.FSMModelMixin, models.Model):
    """Base of every model with states. A subclass defines `State`, `state`, `waits` and `finals`.

    `waits` names every state that is not final. `initial` are the states that people may create a record in;
    an import may begin in any.
    """

    State: ClassVar[type[models.TextChoices]]
    waits: ClassVar[Mapping[str, Wait]] = {}
    finals: ClassVar[Collection[str]] = frozenset()
    initial: ClassVar[Collection[str]] = frozenset()

    state_since = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    due_at = models.DateTimeField(_("due"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @classmethod
    def state_field(cls) -> Any:
        return cls._meta.get_field("state")

    @property
    def party_id(self) -> Any:
        """Id of the outside company that this record belongs to now."""
        return None

    def suggested(self, transition: str) -> dict[str, Any]:
        """What a form for the transition may be filled in with, by the names of its inputs: for people to see
        and to change. Nothing follows from it unless they send it."""
        return {}

    @property
    def state_fields(self) -> Iterable[Any]:
        # A deferred state is neither compared nor fetched for each instance of a narrow query.
        return [each for each in super().state_fields if each.attname in self.__dict__]

    def begin(self, state: str) -> None:
        """Choose the state that a new record starts in; afterwards only transitions change it."""
        if not self._state.adding:
            raise OutsidePerform(
                f"{type(self).__name__} {self.pk} has begun; its state changes by transitions."
            )
        type(self).state_field().set_state(self, state)
        self._update_initial_state()

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        self.__dict__["_refreshing"] = True
        try:
            # Past django-fsm's own version, whose protection is not safe with threads or errors.
            super(django_fsm.FSMModelMixin, self).refresh_from_db(*args, **kwargs)
        finally:
            del self.__dict__["_refreshing"]
        self._update_initial_state()


class Machine:
    """What can be said of a Workflow model without a record: states, transitions, waits."""

    def __init__(self, model: type[Workflow]) -> None:
        self.model = model
        self.label: str = model._meta.label_lower
        self.states: dict[str, Any] = {str(value): label for value, label in model.State.choices}
        found = {each._workflow.name: each._workflow for each in _methods(model)}
        self.transitions: list[Transition] = sorted(found.values(), key=lambda each: each.order)
        self.waits: dict[str, Wait] = {str(state): wait for state, wait in model.waits.items()}
        self.finals: list[str] = self._in_order(model.finals)
        default = str(model.state_field().get_default())
        self.initial: list[str] = self._in_order(model.initial) or [default]
        unknown = {state for pair in self.pairs for state in pair} | set(self.waits) | set(self.initial)
        unknown = (unknown | {str(state) for state in model.finals}) - set(self.states)
        if unknown:
            raise ImproperlyConfigured(f"{self.label}: no such state: {', '.join(sorted(unknown))}")
        self._by_name = found

    @staticmethod
    def of(model: Any) -> Machine:
        """The machine of a model or of a record of it."""
        return _machine(model if isinstance(model, type) else type(model))

    def _in_order(self, states: Iterable[Any]) -> list[str]:
        wanted = {str(state) for state in states}
        return [state for state in self.states if state in wanted] + sorted(wanted - set(self.states))

    @property
    def pairs(self) -> set[tuple[str, str]]:
        """Every (from, to) that some transition makes; the trigger lets these pass and no other."""
        return {pair for each in self.transitions for pair in each.pairs}

    def get(self, name: str) -> Transition | None:
        return self._by_name.get(name)

    def leaving(self, state: str) -> list[Transition]:
        return [each for each in self.transitions if state in each.sources]

    def title(self, state: str) -> str:
        return str(self.states.get(state, state))


def _methods(model: type[Workflow]) -> Iterable[Any]:
    for name in dir(model):
        # Asked of the class' dictionaries: getattr would run descriptors that want an instance.
        for base in model.__mro__:
            if name in base.__dict__:
                if hasattr(base.__dict__[name], "_workflow"):
                    yield base.__dict__[name]
                break


@functools.cache
def _machine(model: type[models.Model]) -> Machine:
    concrete: type[models.Model] = model._meta.concrete_model or model
    if issubclass(concrete, Workflow):
        return Machine(cast("type[Workflow]", concrete))
    raise LookupError(f"{model._meta.label} has no workflow")


def machines() -> list[Machine]:
    """All machines of the installed applications, in the order of their labels."""
    found = [model for model in apps.get_models() if issubclass(model, Workflow) and not model._meta.proxy]
    return [Machine.of(model) for model in sorted(found, key=lambda model: model._meta.label_lower)]
