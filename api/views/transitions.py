"""Transitions: which are possible and why not, doing one, doing one to many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from api import body, problems, shapes
from api.views.base import MOST, ModuleView, Told, answer, idempotency_key, record_answer
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
        version = obj.version if self.matched(obj) else None

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
            "ids": {
                "type": "array",
                "items": {"type": "string", "format": "uuid"},
                "minItems": 1,
                "maxItems": MOST,
                "uniqueItems": True,
            },
            "inputs": schema,
        },
        "required": ["ids", "inputs"] if "required" in schema else ["ids"],
        "additionalProperties": False,
    }


class ManyView(ModuleView):
    """`/<module>/transitions/<name>/`: does it to many records, each by itself, with an answer for each."""

    def post(self, request: Request, module: str, name: str) -> HttpResponse:
        transition = transition_of(self.module, name)
        data = self.data(many(transition.inputs))
        ids = self.ids(data.get("ids"))
        inputs = data.get("inputs") or {}
        self.clean(transition, inputs)
        key = idempotency_key(request._request)
        if key is not None:
            # The key itself is claimed for this body first, so that it cannot come again with another one.
            self.stored(key, data, lambda: Told(202, None))
        return answer({"results": [self.one(pk, name, inputs, key) for pk in ids]})

    def ids(self, given: Any) -> list[UUID]:
        """The ids of the body. Raises Problem 400."""
        found = [body.identifier(one) for one in given or ()]
        if not found or len(found) > MOST or None in found or len(set(found)) != len(found):
            raise body.malformed(
                "ids must be 1 to 200 different ids.", {"ids": [f"1 to {MOST} different UUIDs."]}
            )
        return [one for one in found if one is not None]

    def clean(self, transition: Transition, inputs: Mapping[str, Any]) -> None:
        """Inputs that are wrong for every record are said once. Raises InvalidInput."""
        try:
            clean(transition.inputs, inputs, lambda key, pk: ports.policy().resolve(self.actor, key, pk))
        except InvalidInput as wrong:
            raise InvalidInput({f"inputs.{name}": texts for name, texts in wrong.errors.items()}) from None

    def one(self, pk: UUID, name: str, inputs: Mapping[str, Any], key: str | None) -> dict[str, Any]:
        """The answer for one record; its error is its own and stops no other."""

        def effect() -> Told:
            with unit_of_work():
                perform(self.find(pk), name, actor=self.actor, inputs=inputs)
                return self.told(pk)

        try:
            if key is None:
                done = effect()
            else:
                done, again = self.stored(f"{key}/{pk}", inputs, effect)
                done = self.still(done) if again else done
        except Exception as exc:
            known = problems.describe(exc)
            if known is None:
                raise
            return {"id": str(pk), "status": known[0]["status"], "problem": known[0]}
        told: dict[str, Any] = {"id": str(pk), "status": done.status}
        if done.data is not None:
            told["record"] = done.data
        return told
