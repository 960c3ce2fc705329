"""The calendar link of the caller."""

from __future__ import annotations

from api.openapi.parts import MAYBE_TIME, NOTHING, closed, operation, ref, says
from api.shapes import Schema


def calendar_schemas() -> dict[str, Schema]:
    """What is told of the link."""
    address: Schema = {
        "type": ["string", "null"],
        "format": "uri",
        "description": "Told this once, when it is made; whoever knows it reads the calendar.",
    }
    made = {**MAYBE_TIME, "description": "null where there is none."}
    used = {**MAYBE_TIME, "description": "When a program last read it, to ten minutes."}
    return {"CalendarLink": closed({"made_at": made, "used_at": used, "address": address})}


def calendar_paths() -> dict[str, Schema]:
    """The one path of it."""
    told = ref("schemas", "CalendarLink")
    return {
        "/calendar/link/": {
            "get": operation(
                "read_calendar_link",
                "Calendar link: whether there is one",
                "session",
                {200: says("Without its address.", told)},
                (400, 401, 403, 405),
            ),
            "put": operation(
                "make_calendar_link",
                "Calendar link: a new address; the one before ends",
                "session",
                {200: says("With its address, this once.", told)},
                (400, 401, 403, 405, 413, 415),
            ),
            "delete": operation(
                "end_calendar_link",
                "Calendar link: no program reads the calendar any more",
                "session",
                {204: NOTHING},
                (400, 401, 403, 405),
            ),
        }
    }
