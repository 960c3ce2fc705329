"""What only portals have: how they begin, change and end, the document of a draft, its impact, and what was
seen on an earlier day."""

from __future__ import annotations

from api import shapes
from api.openapi.modules import component
from api.openapi.parts import (
    MAYBE_TEXT,
    NOTHING,
    READING,
    SENDING,
    TEXT,
    TIME,
    closed,
    listed,
    operation,
    ref,
    says,
)
from api.shapes import Schema
from api.views.portals import DOCUMENT, NEW
from prm.modules import registry

COUNT: Schema = {"type": "integer", "minimum": 0}
TEXTS: Schema = {"type": "array", "items": TEXT}


def portal_schemas() -> dict[str, Schema]:
    """The shapes of documents, impacts and sights."""
    changed = closed({"name": TEXT, "title": TEXT, "gaining": COUNT, "losing": COUNT})
    counts = dict.fromkeys(("gaining", "gained", "losing", "lost", "workers", "worked"), COUNT)
    return {
        "PortalDocument": {**DOCUMENT, "description": "Look, grants, scopes and layouts of a portal."},
        "PortalNew": shapes.inputs(NEW),
        "PortalVersion": closed({"number": COUNT, "at": TIME, "by": TEXT, "note": TEXT}),
        "PortalImpact": closed(
            {
                "users": {**COUNT, "description": "Active users of the portal."},
                "complete": {"type": "boolean"},
                "modules": {
                    "type": "array",
                    "items": closed(
                        {
                            "module": TEXT,
                            "title": TEXT,
                            **counts,
                            "fields": {"type": "array", "items": changed},
                            "actions": {"type": "array", "items": changed},
                        }
                    ),
                },
                "sentences": TEXTS,
            }
        ),
        "Sight": closed(
            {
                "portal": TEXT,
                "version": {"type": ["integer", "null"]},
                "count": COUNT,
                "fields": TEXTS,
                "rows": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
            }
        ),
    }


def portal_paths() -> dict[str, Schema]:
    """The paths that are there for holders of *Manage portals*."""
    id_, once = [ref("parameters", "id")], ref("parameters", "Idempotency-Key")
    seen = ref("parameters", "If-Match")
    portal, draft = (ref("schemas", component(registry.get(key))) for key in ("portals", "portal-drafts"))
    version = ref("schemas", "PortalVersion")
    number = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}
    document = says("The document, as it is now.", ref("schemas", "PortalDocument"), "ETag")

    def act(name: str, summary: str, path: str, told: Schema, *headers: str) -> dict[str, Schema]:
        answers = {200: says("As it is now.", told, *headers), **({204: NOTHING} if headers else {})}
        made = operation(name, summary, "portals", answers, (*SENDING, 412), takes=[once, seen])
        return {f"/portals/{{id}}/{path}/": {"parameters": id_, "post": made}}

    return {
        "/portals/new/": {
            "post": operation(
                "new_portal",
                "Portal: make one that grants nothing yet, with a draft of a template or of another portal",
                "portals",
                {201: says("The portal.", portal, "ETag", "Location"), 204: NOTHING},
                SENDING,
                body=ref("schemas", "PortalNew"),
                takes=[once],
            )
        },
        **act("open_portal_draft", "Portal: its draft, made where there is none", "draft", draft, "ETag"),
        **act("undo_portal", "Portal: put the version before in force again", "undo", version),
        **act("archive_portal", "Portal: end it", "archive", portal, "ETag"),
        **act("unarchive_portal", "Portal: take it out of the archive", "unarchive", portal, "ETag"),
        "/portals/{id}/versions/": {
            "parameters": id_,
            "get": operation(
                "list_portal_versions",
                "Portal: what it was, newest first",
                "portals",
                {200: says("A page.", listed(version, next=MAYBE_TEXT))},
                READING,
                takes=[ref("parameters", "limit"), ref("parameters", "cursor")],
            ),
        },
        "/portals/{id}/versions/{number}/": {
            "parameters": [*id_, number],
            "get": operation(
                "read_portal_version",
                "Portal: the document of a version",
                "portals",
                {200: says("The document.", ref("schemas", "PortalDocument"))},
                READING,
            ),
        },
        "/portals/{id}/versions/{number}/draft/": {
            "parameters": [*id_, number],
            "post": operation(
                "draft_portal_version",
                "Portal: a draft of a version, which puts it in force again once it is published",
                "portals",
                {200: says("As it is now.", draft, "ETag"), 204: NOTHING},
                (*SENDING, 412),
                takes=[once, seen],
            ),
        },
        "/portal-drafts/{id}/document/": {
            "parameters": id_,
            "get": operation(
                "read_portal_document",
                "Portal: a draft's document",
                "portal-drafts",
                {200: document},
                READING,
            ),
            "put": operation(
                "write_portal_document",
                "Portal: write a draft's document",
                "portal-drafts",
                {200: document},
                (*SENDING, 409, 412),
                body=ref("schemas", "PortalDocument"),
                takes=[seen],
            ),
        },
        "/portal-drafts/{id}/impact/": {
            "parameters": id_,
            "get": operation(
                "read_portal_impact",
                "Portal: what a draft would mean on today's data",
                "portal-drafts",
                {200: says("By module, and in sentences.", ref("schemas", "PortalImpact"))},
                READING,
            ),
        },
        "/users/{id}/travel/": {
            "parameters": id_,
            "get": operation(
                "read_user_travel",
                "User: what the grants of an earlier day would show of today's records",
                "users",
                {200: says("As far as the caller may read it.", ref("schemas", "Sight"))},
                READING,
                takes=[
                    {
                        "name": "day",
                        "in": "query",
                        "required": True,
                        "schema": {"type": "string", "format": "date"},
                    },
                    {"name": "module", "in": "query", "required": True, "schema": TEXT},
                ],
            ),
        },
    }
