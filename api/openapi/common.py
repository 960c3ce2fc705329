"""What belongs to no module: the session, alerts, and the schemas that all modules share."""

from __future__ import annotations

from api import shapes
from api.openapi.parts import (
    MAYBE_NUMBER,
    MAYBE_TEXT,
    MAYBE_TIME,
    NOTHING,
    TEXT,
    TIME,
    UUID,
    closed,
    listed,
    operation,
    ref,
    says,
)
from api.shapes import Schema
from api.views.alerts import SEEN
from api.views.files import FROM_WEB, PARTS, UPLOAD
from api.views.hanging import ACTIVITY, CHANGE, NOTE
from api.views.login import CREDENTIALS
from prm.files.kinds import KINDS
from prm.files.models import StoredFile


def common_schemas() -> dict[str, Schema]:
    """What does not depend on a module."""
    reason = closed({"code": TEXT, "message": TEXT})
    return {
        "Problem": {
            "type": "object",
            "description": "RFC 9457.",
            "properties": {
                "type": {"type": "string", "format": "uri"},
                "title": TEXT,
                "status": {"type": "integer"},
                "detail": TEXT,
                "errors": {
                    "type": "object",
                    "description": "Messages by field.",
                    "additionalProperties": {"type": "array", "items": TEXT},
                },
                "reasons": {"type": "array", "items": reason, "description": "Why guards refuse."},
            },
            "required": ["type", "title", "status", "detail"],
            "additionalProperties": False,
        },
        "Money": closed(
            {
                "amount": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            }
        ),
        "Reference": closed(
            {"id": UUID, "title": {**MAYBE_TEXT, "description": "null where the caller may not read it."}}
        ),
        "HistoryEntry": closed(
            {
                "id": UUID,
                "transition": TEXT,
                "title": TEXT,
                "from_state": MAYBE_TEXT,
                "to_state": TEXT,
                "actor": closed({"kind": TEXT, "name": TEXT}),
                "inputs": {"type": "object"},
                "reason": TEXT,
                "at": TIME,
            }
        ),
        "Explanation": closed(
            {
                "verb": TEXT,
                "field": TEXT,
                "user": UUID,
                "allowed": {"type": "boolean"},
                "code": TEXT,
                "rule": TEXT,
                "text": TEXT,
                "would_need": TEXT,
                "scope": TEXT,
                "reasons": {"type": "array", "items": TEXT},
                "checks": {
                    "type": "array",
                    "items": closed(dict.fromkeys(("scope", "field", "op", "needs", "found", "text"), TEXT)),
                },
                "changes": {"type": "array", "items": ref("schemas", "Change")},
                "others": {"type": "array", "items": ref("schemas", "Change")},
            }
        ),
        "Change": closed({"kind": TEXT, "text": TEXT, "details": {"type": "object"}}),
        "Note": closed(
            {
                "id": UUID,
                "body": TEXT,
                "author": MAYBE_TEXT,
                "internal": {"type": "boolean"},
                "created_at": TIME,
            }
        ),
        "NoteCreate": shapes.inputs(NOTE),
        "Activity": closed(
            {
                "id": UUID,
                "version": {**TEXT, "description": "Opaque; another one after each change."},
                "kind": {"type": "string", "enum": [value for value, _ in ACTIVITY["kind"].options()]},
                "title": TEXT,
                "body": TEXT,
                "due_at": MAYBE_TIME,
                "done_at": MAYBE_TIME,
                "assignee": MAYBE_TEXT,
                "author": MAYBE_TEXT,
                "internal": {"type": "boolean"},
                "created_at": TIME,
            }
        ),
        "ActivityCreate": shapes.inputs(ACTIVITY),
        "ActivityUpdate": shapes.an_object(CHANGE.items(), partial=True),
        "MyActivity": closed(
            {
                "id": UUID,
                "version": {**TEXT, "description": "Opaque; another one after each change."},
                "kind": {"type": "string", "enum": [value for value, _ in ACTIVITY["kind"].options()]},
                "title": TEXT,
                "body": TEXT,
                "due_at": MAYBE_TIME,
                "done_at": MAYBE_TIME,
                "assignee": MAYBE_TEXT,
                "author": MAYBE_TEXT,
                "internal": {"type": "boolean"},
                "created_at": TIME,
                "on": closed({"module": TEXT, "id": UUID}),
            }
        ),
        "File": closed(
            {
                "id": UUID,
                "name": TEXT,
                "media_type": {"enum": [kind.media_type for kind in KINDS]},
                "size": {"type": "integer", "minimum": 0, "description": "Bytes."},
                "sha256": TEXT,
                "width": MAYBE_NUMBER,
                "height": MAYBE_NUMBER,
                "preview": {"enum": list(StoredFile.Preview.values)},
                "preview_pages": {"type": "integer", "minimum": 0},
                "author": MAYBE_TEXT,
                "internal": {"type": "boolean"},
                "created_at": TIME,
            }
        ),
        "FileCreate": shapes.inputs(FROM_WEB),
        "FileForm": {
            "type": "object",
            "properties": {
                "file": {"type": "string", "format": "binary"},
                "internal": {"enum": ["true", "false"]},
            },
            "required": ["file"],
            "additionalProperties": False,
        },
        "Upload": closed(
            {
                "id": UUID,
                "name": TEXT,
                "size": {"type": "integer", "minimum": 1},
                "offset": {"type": "integer", "minimum": 0, "description": "Bytes that have arrived."},
                "part_size": {"type": "integer", "description": "Bytes of a part, as suggested."},
                "expires_at": TIME,
                "complete": {
                    "type": "boolean",
                    "description": "Whether all of it has arrived and was checked.",
                },
                "file": {
                    "anyOf": [ref("schemas", "File"), {"type": "null"}],
                    "description": "The file on the record that it became.",
                },
            }
        ),
        "UploadCreate": shapes.inputs(UPLOAD),
        "PartsCreate": shapes.inputs(PARTS),
        "Transition": closed(
            {
                "name": TEXT,
                "title": TEXT,
                "target": {
                    **MAYBE_TEXT,
                    "description": "Where it would go now; null where the inputs decide.",
                },
                "enabled": {"type": "boolean"},
                "reasons": {"type": "array", "items": reason},
                "inputs": {"type": "object", "description": "JSON Schema of the body that does it."},
            }
        ),
        "AlertsSeen": SEEN,
        "Unseen": closed({"unseen": {"type": "integer", "minimum": 0}}),
        "Credentials": shapes.inputs(CREDENTIALS),
        "Token": closed({"token": TEXT, "expires_at": TIME}),
        "Me": closed(
            {
                "id": UUID,
                "email": TEXT,
                "name": TEXT,
                "company": {"type": ["string", "null"], "format": "uuid"},
                "is_admin": {"type": "boolean"},
                "language": TEXT,
                "timezone": TEXT,
                "portal": {"anyOf": [closed({"key": TEXT, "title": TEXT}), {"type": "null"}]},
                "modules": {
                    "type": "array",
                    "items": closed(
                        {
                            "key": TEXT,
                            "title": TEXT,
                            "actions": {"type": "array", "items": TEXT},
                            "fields": {"type": "array", "items": TEXT},
                            "create_fields": {"type": "array", "items": TEXT},
                        }
                    ),
                },
            }
        ),
    }


def fixed_paths() -> dict[str, Schema]:
    """The paths that belong to no module."""
    key = ref("parameters", "Idempotency-Key")
    sign_in = operation(
        "sign_in",
        "Get a token",
        "session",
        {201: says("A token. It is shown this once.", ref("schemas", "Token"))},
        (400, 401, 405, 413, 415, 422),
        body=ref("schemas", "Credentials"),
    )
    sign_out = operation("sign_out", "Revoke the token in use", "session", {204: NOTHING}, (400, 401, 405))
    return {
        "/auth/token/": {
            "post": {**sign_in, "security": []},
            "delete": {**sign_out, "security": [{"token": []}]},
        },
        "/me/": {
            "get": operation(
                "me",
                "Who the caller is, and what their portal grants",
                "session",
                {200: says("The caller.", ref("schemas", "Me"))},
                (400, 401, 405),
            )
        },
        "/activities/": {
            "get": operation(
                "list_my_activities",
                "The caller's own activities, newest first",
                "session",
                {200: says("A page.", listed(ref("schemas", "MyActivity"), next=MAYBE_TEXT))},
                (400, 401, 405),
                takes=[ref("parameters", "limit"), ref("parameters", "cursor")],
            )
        },
        "/alerts/seen/": {
            "post": operation(
                "see_alerts",
                "Mark everything up to a number as seen",
                "alerts",
                {200: says("How many are left.", ref("schemas", "Unseen"))},
                (400, 401, 403, 405, 413, 415, 422),
                body=ref("schemas", "AlertsSeen"),
                takes=[key],
            )
        },
    }


#: The one parameter that a module adds to its list by itself.
AFTER: Schema = {
    "name": "after",
    "in": "query",
    "description": "The last seq that the caller has: gives the later ones, in order.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
}
