"""The same done to many records, each by itself, with an answer for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from api import body, problems, shapes
from api.views.base import MOST, ModuleView, Told, answer, idempotency_key
from prm.access import rights
from prm.modules import actions
from prm.modules.registry import Module
from workflows import ports
from workflows.errors import Denied, InvalidInput
from workflows.inputs import clean
from workflows.units import unit_of_work

#: The records of such a request.
IDS: shapes.Schema = {
    "type": "array",
    "items": {"type": "string", "format": "uuid"},
    "minItems": 1,
    "maxItems": MOST,
    "uniqueItems": True,
}


class EachView(ModuleView):
    """A view whose body names many records."""

    def ids(self, given: Any) -> list[UUID]:
        """The ids of the body. Raises Problem 400."""
        found = [body.identifier(one) for one in given or ()]
        if not found or len(found) > MOST or None in found or len(set(found)) != len(found):
            raise body.malformed(
                "ids must be 1 to 200 different ids.", {"ids": [f"1 to {MOST} different UUIDs."]}
            )
        return [one for one in found if one is not None]

    def each(
        self, ids: list[UUID], data: Mapping[str, Any], given: Mapping[str, Any], do: Callable[[UUID], Any]
    ) -> HttpResponse:
        """`do(pk)` for each record; the error of one is its own and stops no other.

        data: the whole body; given: what of it is the same for each record.
        """
        key = idempotency_key(self.request._request)
        if key is not None:
            # The key itself is claimed for this body first, so that it cannot come again with another one.
            self.stored(key, data, lambda: Told(202, None))
        return answer({"results": [self._one(pk, given, key, do) for pk in ids]})

    def _one(
        self, pk: UUID, given: Mapping[str, Any], key: str | None, do: Callable[[UUID], Any]
    ) -> dict[str, Any]:
        def effect() -> Told:
            with unit_of_work():
                do(pk)
                return self.told(pk)

        try:
            if key is None:
                done = effect()
            else:
                done, again = self.stored(f"{key}/{pk}", given, effect)
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


def bulk(module: Module) -> shapes.Schema:
    """The body of a change of many records."""
    return {
        "type": "object",
        "properties": {"ids": IDS, "values": {**shapes.update(module), "minProperties": 1}},
        "required": ["ids", "values"],
        "additionalProperties": False,
    }


class BulkView(EachView):
    """`/<module>/bulk/`: the same values for many records."""

    def post(self, request: Request, module: str) -> HttpResponse:
        data = self.data(bulk(self.module))
        ids, values = self.ids(data.get("ids")), data.get("values")
        if not values:
            raise InvalidInput({"values": ["Give at least one value."]})
        if not rights.may(self.user, self.module, "edit"):
            raise Denied
        self.check(values)
        return self.each(ids, data, values, lambda pk: actions.update(self.actor, self.module, pk, values))

    def check(self, values: Mapping[str, Any]) -> None:
        """Values that are wrong for every record are said once. Raises InvalidInput."""
        fields = actions.editable_fields(self.user, self.module)
        given = {name: fields[name] for name in values if name in fields}
        errors = {name: ["You may not set this field."] for name in values if name not in fields}
        try:
            known = {name: values[name] for name in given}
            clean(given, known, lambda key, pk: ports.policy().resolve(self.actor, key, pk))
        except InvalidInput as wrong:
            errors |= wrong.errors
        if errors:
            raise InvalidInput({f"values.{name}": texts for name, texts in errors.items()})
