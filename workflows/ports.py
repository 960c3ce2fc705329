"""Where the applications plug in: who may do what, and who wants to hear of a change.

Filled in `AppConfig.ready()`, so that the engine needs no import of what stands above it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

if TYPE_CHECKING:
    from workflows.actor import Actor
    from workflows.machine import Transition
    from workflows.models import TransitionRecord


class Policy(Protocol):
    """What the engine asks. `visible` and `may` are asked for people only; timers, imports, rules and the
    system itself are bound by a transition's `by` instead. `resolve` is asked for every actor."""

    def visible(self, actor: Actor, obj: Model) -> bool: ...

    def may(self, actor: Actor, obj: Model, transition: Transition) -> bool: ...

    def resolve(self, actor: Actor, module: str, id: str) -> Model | None:
        """The record that an input refers to, where this actor may use it. The system may use any."""

    def grantable(self, label: str) -> Collection[str]:
        """Names of the transitions of the model "leads.lead" that some grant lets somebody do."""


@dataclass
class Event:
    """Something happened to `obj`, told inside its transaction once the row and its history are saved.

    `name` is "<model>.<what happened>": the transition's own `event`, else the new state, or the transition
    where the state stays. `transition` is None
    for what is none: creations ("<model>.created", whatever the state) and updates ("<model>.updated").
    """

    obj: Any
    name: str
    actor: Actor
    transition: str | None = None
    from_state: str | None = None
    to_state: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    record: TransitionRecord | None = None


Subscriber = Callable[[Event], None]

_policy: Policy | None = None
_subscribers: list[Subscriber] = []


def set_policy(policy: Policy | None) -> None:
    global _policy
    _policy = policy


def policy() -> Policy:
    if _policy is None:
        raise ImproperlyConfigured(
            "No policy is set: nothing may be done until workflows.ports.set_policy() is called."
        )
    return _policy


def has_policy() -> bool:
    return _policy is not None


def subscribe(function: Subscriber) -> None:
    """Call `function(event)` inside the transaction of every change; what it raises undoes the change."""
    if function not in _subscribers:
        _subscribers.append(function)


def publish(event: Event) -> None:
    for function in list(_subscribers):
        function(event)


@contextmanager
def plugged(policy: Policy | None, *subscribers: Subscriber) -> Iterator[None]:
    """Put these in place of what is plugged in, for as long as the block runs."""
    global _policy, _subscribers
    before = _policy, _subscribers
    _policy, _subscribers = policy, list(subscribers)
    try:
        yield
    finally:
        _policy, _subscribers = before
