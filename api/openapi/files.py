"""The paths of the files on a record."""

from __future__ import annotations

from api.openapi.parts import MAYBE_TEXT, NOTHING, READING, SENDING, listed, operation, ref, says
from api.shapes import Schema
from prm.files.kinds import KINDS
from prm.modules.registry import Module
from prm.records.uploads import LARGEST_PART

BINARY: Schema = {"type": "string", "format": "binary"}


def file_paths(module: Module, record: str) -> dict[str, Schema]:
    """What is on a record, one file with its content and its preview, and files that arrive in parts."""
    key, name, label = module.key, module.key.replace("-", "_"), str(module.label)
    pk, one = ref("parameters", "id"), ref("parameters", "file")
    once = ref("parameters", "Idempotency-Key")
    file = ref("schemas", "File")
    return {
        f"{record}/files/": {
            "parameters": [pk],
            "get": operation(
                f"list_{name}_files",
                f"{label}: files, newest first",
                key,
                {200: says("A page.", listed(file, next=MAYBE_TEXT))},
                READING,
                takes=[ref("parameters", "limit"), ref("parameters", "cursor")],
            ),
            "post": operation(
                f"add_{name}_files",
                f"{label}: add a file, sent as a form or fetched from the web",
                key,
                {201: says("The file.", file, "Location")},
                SENDING,
                body=ref("schemas", "FileCreate"),
                other_bodies={"multipart/form-data": ref("schemas", "FileForm")},
                takes=[once],
            ),
        },
        f"{record}/files/{{file}}/": {
            "parameters": [pk, one],
            "get": operation(
                f"get_{name}_file", f"{label}: one of its files", key, {200: says("The file.", file)}, READING
            ),
            "delete": operation(
                f"remove_{name}_file", f"{label}: remove a file", key, {204: NOTHING}, (*READING, 403)
            ),
        },
        f"{record}/files/{{file}}/content/": {
            "parameters": [pk, one],
            "get": operation(
                f"download_{name}_file",
                f"{label}: the bytes of a file",
                key,
                BYTES,
                READING,
                takes=[ref("parameters", "Range")],
            ),
        },
        f"{record}/files/{{file}}/preview/": {
            "parameters": [pk, one],
            "get": operation(
                f"preview_{name}_file",
                f"{label}: a picture of a page of a file; 404 where there is none (yet)",
                key,
                {200: {"description": "The picture.", "content": {"image/webp": {"schema": BINARY}}}},
                READING,
                takes=[ref("parameters", "page")],
            ),
        },
        **upload_paths(
            f"{record}/uploads/",
            key,
            f"{name}_upload",
            f"{label}: a file that is sent in parts",
            "UploadCreate",
        ),
    }


def upload_paths(base: str, key: str, name: str, what: str, body: str) -> dict[str, Schema]:
    """What is sent to a record in parts. what: in words; body: the schema of what is said of it first."""
    upload, pk = ref("schemas", "Upload"), ref("parameters", "id")
    told = says("How far the upload is.", upload, "Upload-Offset")
    return {
        base: {
            "parameters": [pk],
            "post": operation(
                f"begin_{name}",
                f"{what}: begin it",
                key,
                {201: says("The upload.", upload, "Location")},
                SENDING,
                body=ref("schemas", body),
                takes=[ref("parameters", "Idempotency-Key")],
            ),
        },
        f"{base}{{upload}}/": {
            "parameters": [pk, ref("parameters", "upload")],
            "get": operation(f"get_{name}", f"{what}: how far it is", key, {200: told}, (*READING, 403)),
            "patch": operation(
                f"continue_{name}",
                f"{what}: the next part, of at most {LARGEST_PART:,} bytes",
                key,
                {200: told},
                (*SENDING, 409),
                other_bodies={"application/octet-stream": BINARY},
                body_required=False,
                takes=[ref("parameters", "Upload-Offset")],
            ),
            "delete": operation(
                f"cancel_{name}", f"{what}: give it up", key, {204: NOTHING}, (*READING, 403)
            ),
        },
    }


CONTENT: Schema = {kind.media_type: {"schema": BINARY} for kind in KINDS}
#: The answers of a path that gives a file, with ranges.
BYTES: dict[int, Schema] = {
    200: {"description": "All of it.", "content": CONTENT},
    206: {"description": "The part that was asked for.", "content": CONTENT},
    416: {"description": "The file has no such part."},
}
