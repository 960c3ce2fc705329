"""Reports: what there is, and each with its picture, its table, its filters and its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from frontend import figures
from frontend.charts import draw
from frontend.figures import list_url
from frontend.listing import filter_fields
from frontend.reporting import address, drawn, whose
from prm.access.channel import looks_after
from prm.access.rights import rights_for
from prm.modules import sheets
from prm.modules.read import BadQuery
from prm.reports import periods, registry
from prm.reports.available import available, filters_of
from prm.reports.making import ALL, exportable, exported, run
from prm.reports.registry import Report, Sum
from prm.reports.table import Line, Table
from workflows.errors import Denied, NotFound
from workflows.inputs import currencies

#: Tables of so many columns fit beside their picture.
BESIDE = 4


@never_cache
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """All reports of the user, each with its main point and a small picture."""
    manager = request.GET.get("channel_manager")
    found = []
    try:
        for report in available(request.user):
            wanted = {"channel_manager": manager} if manager and "channel_manager" in report.filters else {}
            card = drawn(request.user, report.key, wanted)
            found.append({"drawn": card, "query": urlencode(wanted)})
    except BadQuery as error:
        raise Http404 from error
    context = {"cards": found, "whose": whose(request)}
    return render(request, "frontend/reports/home.html", context)


@never_cache
@require_safe
def report(request: HttpRequest, report: str) -> HttpResponse:
    """One report as the address asks for it."""
    described = _report_or_404(report)
    status, table, wrong = 200, None, {}
    try:
        table = run(request.user, described, request.GET.dict())
    except NotFound as error:
        raise Http404 from error
    except BadQuery as error:
        status, wrong = 400, error.errors
    form = filter_form(request, described, table)
    context = {
        "report": described,
        "table": table,
        "exportable": table is not None and exportable(request.user, table),
        "chart": draw(table) if table else None,
        "lines": [_line(table, line) for line in table.lines] if table else [],
        "total": _line(table, table.total) if table else None,
        "parts": _parts(described),
        "beside": table is not None and not table.over_time and len(table.columns) <= BESIDE,
        "form": form,
        "wrong": [
            (form.fields[name].label if name in form.fields else name, texts) for name, texts in wrong.items()
        ],
        "active": _active(request, form, table) if table else [],
        "presets": _presets(request, described, table),
        "ways": _ways(request, table),
        "whose": whose(request) if "channel_manager" in described.filters else [],
        "hidden": [(name, request.GET[name]) for name in ("by", "period") if request.GET.get(name)],
    }
    return render(request, "frontend/reports/report.html", context, status=status)


@never_cache
@require_safe
def as_csv(request: HttpRequest, report: str) -> HttpResponse | StreamingHttpResponse:
    """The table as a file, as the address asks for it: of what may leave the portal."""
    described = _report_or_404(report)
    try:
        table = exported(request.user, described, request.GET.dict())
    except Denied as error:
        raise PermissionDenied from error
    except (NotFound, BadQuery) as error:
        raise Http404 from error
    return StreamingHttpResponse(
        sheets.csv_bytes(rows_of(table)),
        content_type=sheets.MEDIA[sheets.CSV],
        headers={"Content-Disposition": f'attachment; filename="{described.key}.csv"'},
    )


def _report_or_404(key: str) -> Report:
    try:
        return registry.get(key)
    except LookupError as error:
        raise Http404 from error


def rows_of(table: Table) -> Iterator[list[Any]]:
    """Head, lines and total as cells; each currency is a column of its own, times are in hours."""
    codes = table.currencies or (settings.DEFAULT_CURRENCY,)
    head: list[Any] = [table.by_title]
    for column in table.columns:
        if column.kind == "money":
            head += [f"{column.title} ({code})" for code in codes]
        else:
            units = {"share": _("%(column)s in per cent"), "time": _("%(column)s in hours")}
            head.append(units.get(column.kind, "%(column)s") % {"column": column.title})
    yield head
    for line in (*table.lines, table.total):
        cells: list[Any] = [line.title]
        for column in table.columns:
            value: Any = line.values.get(column.name)
            if column.kind == "money":
                cells += [value.get(code) for code in codes]
            else:
                cells.append(round(value / 3600, 2) if column.kind == "time" and value is not None else value)
        yield [str(cell) if isinstance(cell, float) else cell for cell in cells]


# --- the table ----------------------------------------------------------------------------------------


def _line(table: Table, line: Line) -> dict[str, Any]:
    cells = []
    for column in table.columns:
        links = [(link, list_url(link)) for link in line.links.get(column.name, ())]
        cells.append(
            {
                "title": column.title,
                "texts": figures.texts(line.values.get(column.name), column.kind),
                "url": links[0][1] if len(links) == 1 else "",
                "links": [
                    (link.label, figures.text_of(link.rows, "count"), url)
                    for link, url in links
                    if len(links) > 1
                ],
            }
        )
    url = reverse("record", args=line.record) if line.record else ""
    return {"title": line.title, "url": url, "cells": cells}


def _parts(report: Report) -> str:
    """What a number that is a sum of several lists is made of, in the order of the links."""
    many = next((one.sources for one in report.measures if len(one.sources) > 1), ())
    return " + ".join(str(source.label) for source in many)


# --- the filters --------------------------------------------------------------------------------------


def filter_form(request: HttpRequest, report: Report, table: Table | None) -> forms.Form:
    """What the report can be narrowed by, filled from the address."""
    form = forms.Form(auto_id="flt-%s")
    if report.period == "past":
        for name, label in (("from", _("From")), ("to", _("To"))):
            widget = forms.TextInput(attrs={"type": "date"})
            form.fields[name] = forms.CharField(label=label, required=False, widget=widget)
    if any(isinstance(one, Sum) for one in report.measures):
        choices = [("", _("Each by itself")), *currencies()]
        form.fields["currency"] = forms.ChoiceField(label=_("Currency"), choices=choices, required=False)
    rights = rights_for(request.user)
    for one in filters_of(rights, report):
        form.fields.update(filter_fields(one, request.user, request.GET))
    manager = form.fields.get("channel_manager")
    if manager is not None and looks_after(request.user):
        # Theirs unless they ask for all: so "all" is a choice, and nothing is none.
        options = manager.widget.choices
        manager.widget.choices = [(ALL, _("All partners")), *options[1:]]
    asked: Mapping[str, str] = table.asked if table else request.GET.dict()
    for name, one_field in form.fields.items():
        if isinstance(one_field, forms.MultipleChoiceField):
            form.initial[name] = asked.get(name, "").split(",")
        elif name in asked:
            form.initial[name] = asked[name]
    return form


def _active(request: HttpRequest, form: forms.Form, table: Table) -> list[tuple[str, str]]:
    """The filters in force as (text, address without it)."""
    found = []
    for name, one in form.fields.items():
        value = request.GET.get(name)
        if not value or value == ALL or (name == "channel_manager" and value == str(request.user.pk)):
            continue
        labels = {str(key): str(label) for key, label in getattr(one.widget, "choices", [])}
        text = ", ".join(labels.get(part, part) for part in value.split(","))
        found.append(
            (
                _("%(label)s: %(value)s") % {"label": one.label, "value": text},
                address(request, **{name: None}),
            )
        )
    return found


def _presets(request: HttpRequest, report: Report, table: Table | None) -> list[tuple[str, str, bool]]:
    """The usual periods as (text, address, whether it is in force)."""
    if not report.period:
        return []
    own = bool(request.GET.get("from") or request.GET.get("to"))
    chosen = "" if own else request.GET.get("period") or periods.USUAL
    cleared: dict[str, str | None] = {"from": None, "to": None}
    return [
        (text, address(request, period=key, **cleared), key == chosen)
        for key, text in periods.presets(report.period)
    ]


def _ways(request: HttpRequest, table: Table | None) -> list[tuple[str, str, bool]]:
    """The groupings as (text, address, whether it is in force)."""
    if table is None or len(table.ways) < 2:
        return []
    return [(text, address(request, by=by), by == table.by) for by, text in table.ways]
