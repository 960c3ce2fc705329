"""JSON schemas of what goes in and comes out, derived from the declared fields.

The OpenAPI document is built of them and the bodies of requests are held against them, so the two cannot
drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from prm.modules.registry import Field, Module
from workflows.inputs import Input

Schema = dict[str, Any]

#: What a value looks like when it is read, by kind of field.
READ: Mapping[str, Schema] = {
    "text": {"type": "string"},
    "longtext": {"type": "string"},
    "email": {"type": "string"},
    "phone": {"type": "string"},
    "url": {"type": "string"},
    "country": {"type": "string"},
    "choice": {"type": "string"},
    "state": {"type": "string"},
    "integer": {"type": "integer"},
    "decimal": {"type": "string"},
    "money": {"$ref": "#/components/schemas/Money"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "duration": {"type": "string", "format": "duration"},
    "boolean": {"type": "boolean"},
    "reference": {"$ref": "#/components/schemas/Reference"},
    "uuid": {"type": "string", "format": "uuid"},
    "json": {},
}


def titled(schema: Schema, field: Input) -> Schema:
    """`schema` with the words of the field."""
    words: Schema = {}
    if field.label:
        words["title"] = str(field.label)
    if field.help:
        words["description"] = str(field.help)
    return {**schema, **words}


def read(field: Field) -> Schema:
    """A field as it is returned. Any may be null: hidden from the caller in this state, or empty."""
    schema = READ[field.kind]
    if "$ref" in schema:
        return titled({"anyOf": [schema, {"type": "null"}]}, field)
    if not schema:
        return titled({}, field)
    schema = {**schema, "type": [schema["type"], "null"]}
    if field.kind in ("state", "choice") and field.choices:
        values = [value for value, _ in field.options()]
        # A choice that was never made is the empty text; a record is always in a state.
        schema["enum"] = [*dict.fromkeys([*values, *([""] if field.kind == "choice" else [])]), None]
    return titled(schema, field)


def write(field: Input) -> Schema:
    """A field as it is sent. What is read as an empty text may also be sent as one."""
    if field.kind == "json":
        return titled({}, field)
    schema = dict(field.json_schema())
    if not field.required and field.kind in ("email", "url"):
        del schema["format"]
    if not field.required and field.kind in ("choice", "country") and "" not in schema["enum"]:
        schema["enum"] = ["", *schema["enum"]]
    if field.kind == "integer":
        # No column takes any size.
        schema = {"minimum": -(2**31), "maximum": 2**31 - 1} | schema
    return schema


def an_object(fields: Iterable[tuple[str, Input]], *, partial: bool = False) -> Schema:
    """An object of named inputs. partial: none of them must be given."""
    named = list(fields)
    schema: Schema = {
        "type": "object",
        "properties": {name: write(field) for name, field in named},
        "additionalProperties": False,
    }
    required = [name for name, field in named if field.required and field.kind != "boolean"]
    if required and not partial:
        schema["required"] = required
    return schema


def record(module: Module) -> Schema:
    """A record as it is read. Fields that the caller may never read are left out of the answer."""
    shown = [field for field in module.fields if not field.hidden]
    return {
        "type": "object",
        "title": str(module.label),
        "properties": {
            "id": {"type": "string", "format": "uuid", "description": "UUIDv7."},
            "version": {"type": "string", "description": "Opaque; another one after each change."},
            **{field.name: read(field) for field in shown},
        },
        "required": ["id", "version"],
        "additionalProperties": False,
    }


def create(module: Module) -> Schema:
    """The body that makes a record: every field that some caller may set."""
    return an_object((field.name, field) for field in module.fields if field.create and not field.hidden)


def update(module: Module) -> Schema:
    """The body that changes a record: any of the fields that some caller may set."""
    editable = ((field.name, field) for field in module.fields if field.edit and not field.hidden)
    return an_object(editable, partial=True)


def inputs(declared: Mapping[str, Input]) -> Schema:
    """The body of a transition."""
    return an_object(declared.items())
