"""What only people have: users that are moved, many who are invited at once, and seats."""

from __future__ import annotations

from api.openapi.parts import MAYBE_NUMBER, SENDING, TEXT, UUID, closed, listed, operation, ref, says
from api.shapes import Schema
from api.views.people import LINES, MOVE, SEATS

NUMBER: Schema = {"type": "integer", "minimum": 0}


def people_schemas() -> dict[str, Schema]:
    """What is sent, and the answers."""
    texts = {"type": "array", "items": TEXT}
    portal = closed({"id": UUID, "title": TEXT, "users": NUMBER, "invited": NUMBER})
    return {
        "UsersMoved": MOVE,
        "InvitationsSent": LINES,
        "InvitationOutcome": closed(
            {
                "line": {"type": "integer", "minimum": 1},
                "email": TEXT,
                "ok": {"type": "boolean"},
                "errors": {"type": "object", "additionalProperties": texts},
            }
        ),
        "SeatsSet": SEATS,
        "Seats": closed(
            {
                "bought": MAYBE_NUMBER,
                "free": NUMBER,
                "used": NUMBER,
                "left": MAYBE_NUMBER,
                "portals": {"type": "array", "items": portal},
            }
        ),
    }


def people_paths() -> dict[str, Schema]:
    """The paths of moving, inviting many, and seats."""
    once = ref("parameters", "Idempotency-Key")
    each = closed(
        {
            "id": UUID,
            "status": {"type": "integer"},
            "record": ref("schemas", "Users"),
            "problem": ref("schemas", "Problem"),
        },
        optional=("record", "problem"),
    )
    pool = {200: says("The pool as it is now; null: as many as are needed.", ref("schemas", "Seats"))}
    return {
        "/users/move/": {
            "post": operation(
                "move_users",
                "Users: move into another portal",
                "users",
                {200: says("An answer for each.", listed(each))},
                SENDING,
                body=ref("schemas", "UsersMoved"),
                takes=[once],
            )
        },
        "/invitations/many/": {
            "post": operation(
                "invite_many",
                "Invitations: invite many, or only say what would happen",
                "invitations",
                {200: says("What became of each line.", listed(ref("schemas", "InvitationOutcome")))},
                SENDING,
                body=ref("schemas", "InvitationsSent"),
                takes=[once],
            )
        },
        "/seats/": {
            "get": operation(
                "read_seats", "Seats: how many, and who uses them", "users", pool, (401, 404, 405)
            ),
            "put": operation(
                "set_seats",
                "Seats: set how many there are",
                "users",
                pool,
                SENDING,
                body=ref("schemas", "SeatsSet"),
            ),
        },
    }
