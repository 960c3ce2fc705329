"""A policy for harnesses of the engine, in which who may do what is not what is measured."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from workflows.actor import Actor

SOMEBODY = Actor(kind="user", name="somebody")


class Allowed:
    def visible(self, actor: Actor, obj: Model) -> bool:
        return True

    def may(self, actor: Actor, obj: Model, transition: Any) -> bool:
        return True

    def resolve(self, actor: Actor, module: str, id: str) -> Model | None:
        return None

    def grantable(self, label: str) -> set[str]:
        return set()
