"""The description of reports: a path for each, with the parameters that it takes."""

from __future__ import annotations

from django.conf import settings

from api.openapi.modules import filter_parameter, filter_schema
from api.openapi.parts import MAYBE_TEXT, READING, TEXT, UUID, closed, listed, operation, ref, says
from api.shapes import Schema
from prm.modules.filters import filter_names
from prm.reports import periods
from prm.reports.making import ALL
from prm.reports.registry import Report, Sum, all_reports

KINDS: Schema = {"enum": ["count", "money", "share", "time"]}
NAMED = closed({"name": TEXT, "title": TEXT})
COLUMN = closed({"name": TEXT, "title": TEXT, "kind": KINDS})
DAY: Schema = {"type": "string", "format": "date"}
TAG = "reports"


def report_schemas() -> dict[str, Schema]:
    """The shapes that all reports share."""
    value: Schema = {
        "description": "By kind: count an integer; money a list, one for each currency; share per cent as "
        "text; time an integer of seconds. null where there is nothing to make it of.",
        "anyOf": [
            {"type": "integer"},
            {"type": "string", "pattern": r"^\d+(\.\d+)?$"},
            {"type": "array", "items": ref("schemas", "Money")},
            {"type": "null"},
        ],
    }
    link = closed({"module": TEXT, "rows": {"type": "integer", "minimum": 0}, "url": TEXT})
    line = closed(
        {
            "key": {**TEXT, "description": "The value that the line is for; empty for rows without one."},
            "title": TEXT,
            "record": {"anyOf": [closed({"module": TEXT, "id": UUID}), {"type": "null"}]},
            "values": {"type": "object", "additionalProperties": value},
            "lists": {
                "type": "object",
                "description": "The lists behind the counts; `rows` is how many each has.",
                "additionalProperties": {"type": "array", "items": link},
            },
        }
    )
    return {
        "Report": closed(
            {
                "key": TEXT,
                "title": TEXT,
                "description": TEXT,
                "by": {"type": "array", "items": NAMED},
                "measures": {"type": "array", "items": COLUMN},
                "filters": {"type": "array", "items": TEXT},
                "period": {"enum": ["past", "ahead", None]},
                "url": TEXT,
            }
        ),
        "ReportLine": line,
        "ReportTable": closed(
            {
                "key": TEXT,
                "title": TEXT,
                "headline": {**TEXT, "description": "The main point in words."},
                "by": NAMED,
                "period": {"anyOf": [closed({"from": MAYBE_TEXT, "to": MAYBE_TEXT}), {"type": "null"}]},
                "columns": {"type": "array", "items": COLUMN},
                "lines": {"type": "array", "items": ref("schemas", "ReportLine")},
                "total": ref("schemas", "ReportLine"),
                "remarks": {"type": "array", "items": TEXT},
            }
        ),
    }


def report_paths() -> dict[str, Schema]:
    """The list of reports, and each of them."""
    paths: dict[str, Schema] = {
        "/reports/": {
            "get": operation(
                "list_reports",
                "The reports that the caller has",
                TAG,
                {200: says("Reports.", listed(ref("schemas", "Report")))},
                (400, 401, 405),
            )
        }
    }
    for report in all_reports():
        paths[f"/reports/{report.key}/"] = {
            "get": operation(
                f"report_{report.key.replace('-', '_')}",
                str(report.title),
                TAG,
                {200: says("The table.", ref("schemas", "ReportTable"))},
                READING,
                takes=_parameters(report),
            )
        }
    return paths


def _parameters(report: Report) -> list[Schema]:
    def query(name: str, description: str, schema: Schema) -> Schema:
        return {"name": name, "in": "query", "description": description, "schema": schema}

    found = [query("by", "What its lines are.", {"enum": list(report.by), "default": report.by[0]})]
    if report.period:
        keys = [key for key, _title in periods.presets(report.period)]
        found.append(query("period", "How long.", {"enum": keys, "default": periods.USUAL}))
    if report.period == "past":
        found.append(query("from", "The first day, in place of `period`.", DAY))
        found.append(query("to", "The last day; at most five years after the first.", DAY))
    if any(isinstance(one, Sum) for one in report.measures):
        codes: Schema = {"enum": list(settings.CURRENCIES)}
        found.append(query("currency", "Converts all amounts, at the rates of the last day.", codes))
    for name in report.filters:
        field = report.sources[0].described.field(name)
        for parameter in filter_names(field):
            made = filter_parameter(field, parameter)
            if parameter == "channel_manager":
                made["description"] = "Of a channel manager, unless given, their own id; `all` lifts it."
                made["schema"] = {"anyOf": [filter_schema(field), {"enum": [ALL]}]}
            found.append(made)
    return found
