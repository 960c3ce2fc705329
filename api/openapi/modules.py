"""The paths and schemas of one module, derived from its declaration."""

from __future__ import annotations

from collections.abc import Sequence

from api import shapes
from api.openapi.files import file_paths
from api.openapi.parts import (
    MAYBE_TEXT,
    NOTHING,
    READING,
    SENDING,
    UNCHANGED,
    UUID,
    closed,
    listed,
    operation,
    ref,
    says,
)
from api.shapes import Schema
from api.views.bulk import bulk
from api.views.transitions import many, offered
from prm.imports.mapping import BY_ID
from prm.modules.explaining import CREATE, verbs
from prm.modules.filters import filters_of
from prm.modules.registry import Field, Module


def component(module: Module, suffix: str = "") -> str:
    """The name of a module's schema: "LeadAssignment", "LeadAssignmentCreate"."""
    return "".join(part.capitalize() for part in module.key.split("-")) + suffix


def module_schemas(module: Module) -> dict[str, Schema]:
    """The schemas of one module."""
    schemas = {
        component(module): shapes.record(module),
        component(module, "Create"): shapes.create(module),
        component(module, "Update"): shapes.update(module),
    }
    for one in offered(module):
        schemas[component(module, f"_{one.name}")] = shapes.inputs(one.inputs)
    return schemas


def filter_schema(field: Field) -> Schema:
    """One value that a filter of this field takes."""
    if field.kind in ("state", "choice") and field.choices:
        return {"enum": [str(value) for value, _ in field.options()]}
    match field.kind:
        case "integer" | "decimal" | "money":
            return {"type": "number", "minimum": -(10**15), "maximum": 10**15}
        case "date":
            return {"type": "string", "format": "date"}
        case "datetime":
            return {"type": "string", "format": "date-time"}
        case "boolean":
            return {"enum": ["true", "false"]}
        case "reference" | "uuid":
            return {"type": "string", "format": "uuid"}
        case _:
            return {"type": "string", "minLength": 1}


def filter_parameter(field: Field, name: str) -> Schema:
    """The query parameter `name`, which filters by `field`."""
    parameter: Schema = {"name": name, "in": "query", "description": str(field.label)}
    if not name.endswith("__in"):
        return {**parameter, "schema": filter_schema(field)}
    # Several values in one parameter, separated by commas.
    one = filter_schema(field)
    if "minLength" in one:
        one["pattern"] = r"^[^,\u0000]+$"
    several = {"type": "array", "items": one, "minItems": 1}
    return {**parameter, "style": "form", "explode": False, "schema": several}


def list_parameters(module: Module) -> list[Schema]:
    """What the list of the module may be asked."""
    orderings = [sign + name for name in module.ordering for sign in ("", "-")]
    filters = [
        filter_parameter(field, name)
        for field in map(module.field, module.filters)
        for name in filters_of(field, field.name)
    ]
    return [
        ref("parameters", "limit"),
        ref("parameters", "cursor"),
        {
            "name": "search",
            "in": "query",
            "description": f"Words in {', '.join(module.search)}." if module.search else "Words.",
            "schema": {"type": "string", "maxLength": 200},
        },
        {
            "name": "ordering",
            "in": "query",
            "description": "Descending with - in front; empty values come last. Without it, what is searched "
            "for comes best first.",
            "schema": {"enum": orderings, "default": module.default_ordering},
        },
        {
            "name": "count",
            "in": "query",
            "description": "1 adds the number of all rows that fit, up to 100,000.",
            "schema": {"enum": ["0", "1"]},
        },
        *filters,
    ]


def export_parameters(module: Module) -> list[Schema]:
    """What the export of the module may be asked: the list's filters and order, and which columns."""
    paging = {ref("parameters", name)["$ref"] for name in ("limit", "cursor")}
    names = [BY_ID, *(one.name for one in module.fields if not one.hidden)]
    return [
        *(
            one
            for one in list_parameters(module)
            if one.get("$ref") not in paging and one.get("name") != "count"
        ),
        {
            "name": "columns",
            "in": "query",
            "description": "Names of fields; without it all that the caller may read.",
            "style": "form",
            "explode": False,
            "schema": {"type": "array", "items": {"enum": names}, "minItems": 1},
        },
    ]


def _csv() -> Schema:
    text = (
        "CSV in UTF-8 with a header of field names; an amount has its currency in a column of its own. Cells "
        "that a spreadsheet would take for a formula begin with an apostrophe."
    )
    return {"description": text, "content": {"text/csv": {"schema": {"type": "string"}}}}


def module_paths(module: Module) -> dict[str, Schema]:
    """The paths of one module."""
    key, one, name = module.key, ref("schemas", component(module)), module.key.replace("-", "_")
    pk, once, if_match = (
        ref("parameters", "id"),
        ref("parameters", "Idempotency-Key"),
        ref("parameters", "If-Match"),
    )
    label, plural = str(module.label), str(module.label_plural)
    addresses = {"next": MAYBE_TEXT, "previous": MAYBE_TEXT, "count": {"type": "integer", "minimum": 0}}
    page = listed(one, **addresses)
    record = f"/{key}/{{id}}"
    paths: dict[str, Schema] = {
        f"/{key}/": {
            "get": operation(
                f"list_{name}",
                plural,
                key,
                {200: says("A page.", page)},
                READING,
                takes=list_parameters(module),
            ),
            "post": operation(
                f"create_{name}",
                f"{label}: create",
                key,
                {201: says("The new record.", one, "ETag", "Location"), 204: NOTHING},
                SENDING,
                body=ref("schemas", component(module, "Create")),
                takes=[once],
            ),
        },
        f"/{key}/export/": {
            "get": operation(
                f"export_{name}",
                f"{plural} as CSV: every row of the list that may be exported, without pages",
                key,
                {200: _csv()},
                (*READING, 403),
                takes=export_parameters(module),
            ),
        },
        f"{record}/": {
            "parameters": [pk],
            "get": operation(
                f"get_{name}",
                label,
                key,
                {200: says("The record.", one, "ETag"), 304: UNCHANGED},
                READING,
                takes=[ref("parameters", "If-None-Match")],
            ),
            "patch": operation(
                f"update_{name}",
                f"{label}: change",
                key,
                {200: says("The record as it is now.", one, "ETag"), 204: NOTHING},
                (*SENDING, 412),
                body=ref("schemas", component(module, "Update")),
                takes=[if_match],
            ),
            "delete": operation(
                f"delete_{name}",
                f"{label}: delete",
                key,
                {204: NOTHING},
                (*READING, 403, 409, 412, 422),
                takes=[if_match],
            ),
        },
    }
    return paths | hanging_paths(module, record) | transition_paths(module, record)


def _explaining(module: Module, name: str, known: Sequence[str]) -> Schema:
    about: list[Schema] = [
        {"name": "verb", "in": "query", "required": True, "schema": {"enum": list(known)}},
        {"name": "field", "in": "query", "schema": {"type": "string"}},
        {"name": "user", "in": "query", "schema": UUID},
    ]
    return operation(
        f"explain_{name}",
        f"{module.label}: why the caller, or for those who manage portals any user, may or may not",
        module.key,
        {200: says("The rule that decides.", ref("schemas", "Explanation"))},
        (*READING, 422),
        takes=about,
    )


def hanging_paths(module: Module, record: str) -> dict[str, Schema]:
    """What hangs on a record of the module."""
    key, name, label = module.key, module.key.replace("-", "_"), str(module.label)
    pk, once = ref("parameters", "id"), ref("parameters", "Idempotency-Key")
    paging = [ref("parameters", "limit"), ref("parameters", "cursor")]
    paths: dict[str, Schema] = {
        f"{record}/history/": {
            "parameters": [pk],
            "get": operation(
                f"history_{name}",
                f"{label}: what happened, oldest first",
                key,
                {200: says("The history.", listed(ref("schemas", "HistoryEntry")))},
                READING,
            ),
        },
        f"{record}/explain/": {"parameters": [pk], "get": _explaining(module, name, verbs(module))},
        f"/{key}/explain/": {"get": _explaining(module, f"new_{name}", (CREATE,))},
    }
    for what, schema in (("notes", "Note"), ("activities", "Activity")):
        paths[f"{record}/{what}/"] = {
            "parameters": [pk],
            "get": operation(
                f"list_{name}_{what}",
                f"{label}: {what}, newest first",
                key,
                {200: says("A page.", listed(ref("schemas", schema), next=MAYBE_TEXT))},
                READING,
                takes=paging,
            ),
            "post": operation(
                f"add_{name}_{what}",
                f"{label}: add to {what}",
                key,
                {201: says("What was added.", ref("schemas", schema))},
                SENDING,
                body=ref("schemas", f"{schema}Create"),
                takes=[once],
            ),
        }
    if_match, told = ref("parameters", "If-Match"), ref("schemas", "Activity")
    paths[f"{record}/activities/{{activity}}/"] = {
        "parameters": [pk, ref("parameters", "activity")],
        "get": operation(
            f"get_{name}_activity",
            f"{label}: an activity that the caller may change",
            key,
            {200: says("The activity.", told, "ETag")},
            READING,
        ),
        "patch": operation(
            f"update_{name}_activity",
            f"{label}: change, move, give away, do or undo an activity",
            key,
            {200: says("The activity as it is now.", told, "ETag")},
            (*SENDING, 412),
            body=ref("schemas", "ActivityUpdate"),
            takes=[if_match],
        ),
        "delete": operation(
            f"delete_{name}_activity",
            f"{label}: delete an activity",
            key,
            {204: NOTHING},
            (*READING, 412),
            takes=[if_match],
        ),
    }
    paths[f"{record}/activities/{{activity}}/complete/"] = {
        "parameters": [pk, ref("parameters", "activity")],
        "post": operation(
            f"complete_{name}_activity",
            f"{label}: an activity has been done",
            key,
            {200: says("The activity.", ref("schemas", "Activity"))},
            (*SENDING, 409),
            takes=[once],
        ),
    }
    return paths | file_paths(module, record)


def transition_paths(module: Module, record: str) -> dict[str, Schema]:
    """The transitions of the module."""
    key, name, label = module.key, module.key.replace("-", "_"), str(module.label)
    pk, once, if_match = (
        ref("parameters", "id"),
        ref("parameters", "Idempotency-Key"),
        ref("parameters", "If-Match"),
    )
    one = ref("schemas", component(module))
    each = closed(
        {"id": UUID, "status": {"type": "integer"}, "record": one, "problem": ref("schemas", "Problem")},
        optional=("record", "problem"),
    )
    paths: dict[str, Schema] = {
        f"/{key}/bulk/": {
            "post": operation(
                f"change_many_{name}",
                f"{plural_of(module)}: change many at once",
                key,
                {200: says("An answer for each.", listed(each))},
                SENDING,
                body=bulk(module),
                takes=[once],
            )
        },
        f"{record}/transitions/": {
            "parameters": [pk],
            "get": operation(
                f"list_{name}_transitions",
                f"{label}: what the caller may do, and what stands against it",
                key,
                {200: says("Transitions.", {"type": "array", "items": ref("schemas", "Transition")})},
                READING,
            ),
        },
    }
    for transition in offered(module):
        inputs = component(module, f"_{transition.name}")
        paths[f"{record}/transitions/{transition.name}/"] = {
            "parameters": [pk],
            "post": operation(
                f"{transition.name}_{name}",
                f"{label}: {transition.title}",
                key,
                {200: says("The record as it is now.", one, "ETag"), 204: NOTHING},
                (*SENDING, 409, 412),
                body=ref("schemas", inputs),
                body_required=False,
                takes=[once, if_match],
            ),
        }
        paths[f"/{key}/transitions/{transition.name}/"] = {
            "post": operation(
                f"{transition.name}_many_{name}",
                f"{plural_of(module)}: {transition.title}, many at once",
                key,
                {200: says("An answer for each.", listed(each))},
                SENDING,
                body=many(transition.inputs),
                takes=[once],
            )
        }
    return paths


def plural_of(module: Module) -> str:
    """What several records of the module are called."""
    return str(module.label_plural)
