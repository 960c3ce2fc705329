"""The description of the API: OpenAPI 3.1, made of the registry of modules.

It says what any caller could do and see. What a given caller may is a part of that: fields that they may
never read are left out of their answers, and what they may not do is 403 or 404.
"""

from __future__ import annotations

from api.openapi.calendar import calendar_paths, calendar_schemas
from api.openapi.common import AFTER, common_schemas, fixed_paths
from api.openapi.library import library_paths, library_schemas
from api.openapi.modules import module_paths, module_schemas
from api.openapi.parts import headers, parameters, problem_responses
from api.openapi.people import people_paths, people_schemas
from api.openapi.portals import portal_paths, portal_schemas
from api.openapi.quotes import quote_paths, quote_schemas
from api.openapi.reports import report_paths, report_schemas
from api.shapes import Schema
from prm.modules.registry import all_modules


def document() -> Schema:
    """The whole document."""
    modules = all_modules()
    paths: dict[str, Schema] = {**fixed_paths(), **calendar_paths(), **report_paths()}
    schemas = common_schemas() | calendar_schemas() | report_schemas()
    for module in modules:
        paths |= module_paths(module)
        schemas |= module_schemas(module)
    paths |= portal_paths() | quote_paths() | people_paths() | library_paths()
    schemas |= portal_schemas() | quote_schemas() | people_schemas() | library_schemas()
    paths["/alerts/"]["get"]["parameters"].append(AFTER)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Partner portal",
            "version": "1",
            "description": (
                "One set of paths for every kind of record. Lists are keyset pages; errors are "
                "application/problem+json; every POST but the login takes an Idempotency-Key."
            ),
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": []}],
        "tags": [
            {"name": "session", "description": "Signing in, and who one is."},
            {"name": "reports", "description": "Rows counted and summed, under the rights of the caller."},
            *({"name": one.key, "description": str(one.label_plural)} for one in modules),
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": problem_responses(),
            "parameters": parameters(),
            "headers": headers(),
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Token prm_…`, from POST /auth/token/.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "prm-session",
                    "description": "The session of the pages; writes need the X-CSRFToken header too.",
                },
            },
        },
    }
