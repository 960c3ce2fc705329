"""What only the library has: the bytes of a version, and adding the next one."""

from __future__ import annotations

from api import shapes
from api.openapi.files import BINARY, BYTES, upload_paths
from api.openapi.parts import READING, SENDING, UNCHANGED, operation, ref, says
from api.shapes import Schema
from api.views.library import NOTES, SILENT, VERSION

LINK: Schema = {"type": "string", "format": "uri"}


def library_schemas() -> dict[str, Schema]:
    """What is sent for a new version: a link or the parts of a file as JSON, a whole file as a form."""
    return {
        "VersionCreate": shapes.inputs(VERSION),
        "VersionForm": {
            "type": "object",
            "properties": {
                "file": BINARY,
                "notes": shapes.write(NOTES),
                "silent": {
                    "enum": ["true", "false"],
                    "title": str(SILENT.label),
                },
            },
            "required": ["file"],
            "additionalProperties": False,
        },
    }


def library_paths() -> dict[str, Schema]:
    """The paths of the files of documents."""
    pk = ref("parameters", "id")
    given = {
        **BYTES,
        302: {"description": "The version is a link.", "headers": {"Location": {"schema": LINK}}},
        304: UNCHANGED,
    }
    takes = [ref("parameters", "Range"), ref("parameters", "If-None-Match")]
    return {
        "/documents/{id}/file/": {
            "parameters": [pk],
            "get": operation(
                "download_document",
                "Document: the bytes of its newest version, counted as a download; the ETag is their SHA-256",
                "documents",
                given,
                READING,
                takes=takes,
            ),
        },
        "/documents/{id}/versions/": {
            "parameters": [pk],
            "post": operation(
                "add_document_version",
                "Document: add a version, a file sent as a form or in parts before, or a link",
                "documents",
                {201: says("The version.", ref("schemas", "DocumentVersions"), "Location", "ETag")},
                SENDING,
                body=ref("schemas", "VersionCreate"),
                other_bodies={"multipart/form-data": ref("schemas", "VersionForm")},
                takes=[ref("parameters", "Idempotency-Key")],
            ),
        },
        **upload_paths(
            "/documents/{id}/versions/uploads/",
            "documents",
            "document_version_upload",
            "Document: a version that is sent in parts",
            "PartsCreate",
        ),
        "/document-versions/{id}/file/": {
            "parameters": [pk],
            "get": operation(
                "download_document_version",
                "Version of a document: its bytes, counted as a download; the ETag is their SHA-256",
                "document-versions",
                given,
                READING,
                takes=takes,
            ),
        },
    }
