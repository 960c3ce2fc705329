"""What the engine's tests stand on: a policy that can be told what to say, and parcels."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Model

from tests.workflows.app.models import Depot, Parcel
from workflows import ports
from workflows.actor import Actor
from workflows.machine import Machine, Transition
from workflows.perform import record_creation, unit_of_work

ANN = UUID("00000000-0000-7000-8000-00000000000a")


@dataclass
class Says:
    """A policy with everything allowed, until a test takes something away."""

    hidden: set[Any] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def visible(self, actor: Actor, obj: Model) -> bool:
        self.asked.append("visible")
        return obj.pk not in self.hidden

    def may(self, actor: Actor, obj: Model, transition: Transition) -> bool:
        self.asked.append(transition.name)
        return transition.name not in self.denied

    def resolve(self, actor: Actor, module: str, id: str) -> Model | None:
        return Depot.objects.filter(pk=id).first() if module == "depots" else None

    def grantable(self, label: str) -> Collection[str]:
        from django.apps import apps

        return {each.name for each in Machine.of(apps.get_model(label)).transitions} - self.denied


@pytest.fixture
def events() -> list[ports.Event]:
    return []


@pytest.fixture
def policy(events: list[ports.Event]) -> Iterator[Says]:
    says = Says()
    with ports.plugged(says, events.append):
        yield says


@pytest.fixture
def ann() -> Actor:
    return Actor.of(SimpleNamespace(pk=ANN, name="Ann"), request_id="request-1")


@pytest.fixture
def make(policy: Says, events: list[ports.Event]):
    """A parcel with its first line of history, as people get them."""

    def make_parcel(state: str = "packed", **values: Any) -> Parcel:
        with unit_of_work():
            parcel = Parcel(**values)
            parcel.begin(state)
            parcel.save()
            record_creation(parcel, Actor.system())
        events.clear()
        policy.asked.clear()
        return Parcel.objects.get(pk=parcel.pk)

    return make_parcel
