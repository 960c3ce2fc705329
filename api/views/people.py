"""What only people have: users that are moved, many who are invited at once, and seats."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from api import shapes
from api.views.base import ApiView, Told, answer
from api.views.bulk import IDS, EachView
from prm.access.models import Portal
from prm.access.rights import administers, may
from prm.modules import registry
from prm.modules.policy import resolve_reference
from prm.people import many, moving, seats
from workflows.errors import Denied, InvalidInput

TEXT: shapes.Schema = {"type": "string", "maxLength": 300}

#: What is sent to move users.
MOVE: shapes.Schema = {
    "type": "object",
    "properties": {"ids": IDS, "portal": {"type": "string", "format": "uuid"}},
    "required": ["ids", "portal"],
    "additionalProperties": False,
}

#: What is sent to invite many: texts as a file would have them.
LINES: shapes.Schema = {
    "type": "object",
    "properties": {
        "trial": {"type": "boolean", "description": "Only say what would happen."},
        "lines": {
            "type": "array",
            "minItems": 1,
            "maxItems": many.MOST,
            "items": {
                "type": "object",
                "properties": {
                    "email": TEXT,
                    "name": TEXT,
                    "portal": {**TEXT, "description": "Title, key or id."},
                    "company": {**TEXT, "description": "Name or id."},
                    "admin": {"type": "boolean"},
                },
                "required": ["email"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["lines"],
    "additionalProperties": False,
}

#: How many seats there are.
SEATS: shapes.Schema = {
    "type": "object",
    "properties": {
        "bought": {"type": ["integer", "null"], "minimum": 0, "maximum": seats.MOST},
        "free": {"type": "integer", "minimum": 0, "maximum": seats.MOST},
    },
    "required": ["bought", "free"],
    "additionalProperties": False,
}


class MoveView(EachView):
    """`/users/move/`: moves users into another portal, each by itself, with an answer for each."""

    def post(self, request: Request, module: str) -> HttpResponse:
        data = self.data(MOVE)
        if not moving.portals_to_move_to(self.user).exists():
            raise Denied
        ids = self.ids(data.get("ids"))
        portal = resolve_reference(self.user, "portals", str(data.get("portal")))
        if not isinstance(portal, Portal):
            raise InvalidInput({"portal": [_("There is no such portal.")]})
        moving.check_target(self.actor, portal)
        given = {"portal": str(portal.pk)}
        return self.each(ids, data, given, lambda pk: moving.move_one(self.actor, str(pk), portal))


class InviteManyView(ApiView):
    """`/invitations/many/`: invites many at once; a line that is wrong stops no other."""

    def post(self, request: Request) -> HttpResponse:
        data = self.data(LINES)
        if not may(self.user, registry.get("invitations"), "create"):
            raise Http404
        given = data.get("lines")
        if not given or len(given) > many.MOST:
            raise InvalidInput({"lines": [_("Give 1 to %(most)d lines.") % {"most": many.MOST}]})
        lines = [many.Line.of(number, one) for number, one in enumerate(given, 1)]
        if data.get("trial"):
            return answer(told(many.tried(self.actor, lines)))
        done = self.once(data, lambda: Told(200, told(many.invited(self.actor, lines))), lambda one: one)
        return answer(done.data, done.status)


def told(outcomes: list[many.Outcome]) -> dict[str, Any]:
    """What became of each line, or would."""
    return {
        "results": [
            {"line": one.line.number, "email": one.line.email, "ok": one.ok, "errors": dict(one.errors)}
            for one in outcomes
        ]
    }


class SeatsView(ApiView):
    """`/seats/`: how many there are and who uses them."""

    def get(self, request: Request) -> HttpResponse:
        return self.use()

    def put(self, request: Request) -> HttpResponse:
        data = self.data(SEATS)
        if not administers(self.user):
            raise Http404
        if missing := [name for name in ("bought", "free") if name not in data]:
            raise InvalidInput({name: [_("This field is required.")] for name in missing})
        seats.set_pool(self.actor, bought=data["bought"], free=data["free"])
        return self.use()

    def use(self) -> HttpResponse:
        """The pool as it is now. Raises Http404 for who is not to know."""
        if not seats.may_look(self.user):
            raise Http404
        found, row = seats.use(), seats.pool()
        return answer(
            {
                "bought": row.bought,
                "free": row.free,
                "used": found.used,
                "left": found.left,
                "portals": [
                    {
                        "id": str(one.portal.pk),
                        "title": one.portal.title,
                        "users": one.users,
                        "invited": one.invited,
                    }
                    for one in found.portals
                ],
            }
        )
