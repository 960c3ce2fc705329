"""Transitions: which are possible and why not, doing one, doing one to many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from api import shapes
from api.views.base import ModuleView, Told, answer, record_answer
from api.views.bulk import IDS, EachView
from prm.modules.registry import Module
from workflows import ports
from workflows.errors import InvalidInput
from workflows.inputs import Input, clean
from workflows.machine import Transition
from workflows.perform import available, perform
from workflows.units import unit_of_work


def offered(module: Module) -> list[Transition]:
    """The transitions of the module that people may do."""
    return [one for one in module.machine.transitions if "user" in one.by] if module.machine else []


def transition_of(module: Module, name: str) -> Transition:
    """The transition called `name`. Raises Http404 where people have no such one."""
    for one in offered(module):
        if one.name == name:
            return one
    raise Http404


class TransitionsView(ModuleView):
    """`…/transitions/`: what this caller is offered on this record, with the reasons against it."""

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        obj = self.find(id)
        options = available(obj, self.actor) if self.module.machine else []
        return answer(
            [
                {
                    "name": one.name,
                    "title": str(one.title),
                    "target": one.target,
                    "enabled": one.enabled,
                    "reasons": [{"code": why.code, "message": str(why.message)} for why in one.reasons],
                    "inputs": shapes.inputs(one.inputs),
                }
                for one in options
            ]
        )


class TransitionView(ModuleView):
    """`…/transitions/<name>/`: does it to one record."""

    def post(self, request: Request, module: str, id: UUID, name: str) -> HttpResponse:
        transition = transition_of(self.module, name)
        data = self.data(shapes.inputs(transition.inputs))
        obj: Any = self.find(id)
        version = self.seen(obj)

        def effect() -> Told:
            with unit_of_work():
                perform(obj, name, actor=self.actor, inputs=data, expected_version=version)
                return self.told(id)

        return record_answer(self.once(data, effect, self.still))


def many(declared: Mapping[str, Input]) -> shapes.Schema:
    """The body of a transition of many records."""
    schema = shapes.inputs(declared)
    return {
        "type": "object",
        "properties": {
            "ids": IDS,
            "inputs": schema,
        },
        "required": ["ids", "inputs"] if "required" in schema else ["ids"],
        "additionalProperties": False,
    }


class ManyView(EachView):
    """`/<module>/transitions/<name>/`: does it to many records, each by itself, with an answer for each."""

    def post(self, request: Request, module: str, name: str) -> HttpResponse:
        transition = transition_of(self.module, name)
        data = self.data(many(transition.inputs))
        ids = self.ids(data.get("ids"))
        inputs = data.get("inputs") or {}
        self.clean(transition, inputs)
        return self.each(
            ids, data, inputs, lambda pk: perform(self.find(pk), name, actor=self.actor, inputs=inputs)
        )

    def clean(self, transition: Transition, inputs: Mapping[str, Any]) -> None:
        """Inputs that are wrong for every record are said once. Raises InvalidInput."""
        try:
            clean(transition.inputs, inputs, lambda key, pk: ports.policy().resolve(self.actor, key, pk))
        except InvalidInput as wrong:
            raise InvalidInput({f"inputs.{name}": texts for name, texts in wrong.errors.items()}) from None
