"""Reports as tables: the same numbers that pages show, counted under the same rights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from api.views.base import ApiView, answer
from prm.access.rights import rights_for
from prm.modules.render import plain
from prm.reports import registry
from prm.reports.available import available, filters_of, measures_of, title_of, ways_of
from prm.reports.making import run
from prm.reports.registry import Report
from prm.reports.table import Line, Link, Table, Value


class ReportsView(ApiView):
    """`/reports/`: which reports the caller has, and what they may be asked."""

    def get(self, request: Request) -> HttpResponse:
        return answer({"results": [self.described(one) for one in available(self.user)]})

    def described(self, report: Report) -> dict[str, Any]:
        rights = rights_for(self.user)
        ways = ways_of(rights, report)
        return {
            "key": report.key,
            "title": str(report.title),
            "description": str(report.description),
            "by": [{"name": by, "title": title_of(rights, report, by)} for by in ways],
            "measures": [
                {"name": one.name, "title": str(one.label), "kind": one.kind}
                for one in measures_of(rights, report, ways[0])
            ],
            "filters": [one.name for one in filters_of(rights, report)],
            "period": report.period or None,
            "url": self.request._request.build_absolute_uri(reverse("api:report", args=[report.key])),
        }


class ReportView(ApiView):
    """`/reports/<key>/`: one report, as its parameters ask for it."""

    parameters = None

    def get(self, request: Request, report: str) -> HttpResponse:
        try:
            described = registry.get(report)
        except LookupError:
            raise Http404 from None
        return answer(self.told(run(self.user, described, request._request.GET.dict())))

    def told(self, table: Table) -> dict[str, Any]:
        """The table as JSON values."""
        kinds = {one.name: one.kind for one in table.columns}

        def line(one: Line) -> dict[str, Any]:
            return {
                "key": one.key,
                "title": one.title,
                "record": {"module": one.record[0], "id": one.record[1]} if one.record else None,
                "values": {name: value_json(one.values.get(name), kind) for name, kind in kinds.items()},
                "lists": {name: [self.link(link) for link in one.links.get(name, ())] for name in kinds},
            }

        period = table.period
        return {
            "key": table.report.key,
            "title": str(table.report.title),
            "headline": table.headline,
            "by": {"name": table.by, "title": table.by_title},
            "period": {"from": plain(period.first), "to": plain(period.last)} if period else None,
            "columns": [{"name": one.name, "title": one.title, "kind": one.kind} for one in table.columns],
            "lines": [line(one) for one in table.lines],
            "total": line(table.total),
            "remarks": list(table.remarks),
        }

    def link(self, link: Link) -> dict[str, Any]:
        """The list behind a number."""
        address = f"{reverse('api:list', args=[link.module])}?{urlencode(link.params)}"
        url = self.request._request.build_absolute_uri(address)
        return {"module": link.module, "rows": link.rows, "url": url}


def value_json(value: Value, kind: str) -> Any:
    """A value as JSON: a count and seconds as integers, per cent as text, amounts as a list of money."""
    if kind == "money":
        amounts = value if isinstance(value, Mapping) else {}
        return [{"amount": str(amount), "currency": code} for code, amount in amounts.items()]
    return plain(value)
