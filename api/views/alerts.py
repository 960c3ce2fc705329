"""What the caller has seen of their alerts. The alerts themselves are a module like any other."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from api.views.base import ApiView, Told, answer
from prm.access import asked
from prm.alerts import actions
from workflows import errors

#: `seq` is a bigint.
LARGEST = 2**63 - 1
SEEN = {
    "type": "object",
    "properties": {"seq": {"type": "integer", "minimum": 0, "maximum": LARGEST}},
    "required": ["seq"],
    "additionalProperties": False,
}


class SeenView(ApiView):
    """`/alerts/seen/`: everything up to this number has been seen."""

    def post(self, request: Request) -> HttpResponse:
        data = self.data(SEEN)
        seq = data.get("seq")
        if seq is None:
            raise errors.InvalidInput({"seq": ["This is required."]})
        if seq < 0:
            raise errors.InvalidInput({"seq": ["A whole number from 0."]})
        asked.note()
        told = self.once(
            data, lambda: Told(200, {"unseen": actions.mark_seen(self.user, int(seq))}), lambda told: told
        )
        return answer(told.data)
