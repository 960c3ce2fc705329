"""Importing in the browser: a file, what its columns mean, what would happen, and what did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from frontend.requests import actor, explain
from prm.access.rights import may, visible
from prm.imports import actions, jobs
from prm.imports.guessing import DATES
from prm.imports.mapping import BY_ID, NO_KEY, FileMapping, currency_of
from prm.imports.models import Import, ImportRow
from prm.imports.reach import Reach
from prm.imports.run import CREATE, SAME, UPDATE, WRONG
from prm.imports.table import Line, rejected_rows
from prm.modules import registry
from prm.modules.registry import Field, Module
from prm.modules.sheets import CSV, MEDIA, XLSX, csv_bytes, write_xlsx
from workflows.errors import InvalidInput, WorkflowError
from workflows.perform import perform

State = Import.State
BUSY = (State.CHECKING, State.RUNNING, State.UNDOING)
#: Bytes up to which a file is tried while its uploader waits: the page comes back with the counts.
AT_ONCE = 100_000
RECENT = 5
CURRENCY = "currency:"


def _imports() -> Module:
    return registry.get("imports")


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Choosing what to import and the file."""
    if not may(request.user, _imports(), "view"):
        raise Http404
    targets = actions.targets(request.user)
    if not targets:
        raise Http404
    chosen = request.POST.get("module") or request.GET.get("module") or ""
    wrong: dict[str, str] = {}
    if request.method == "POST":
        module = next((one for one in targets if one.key == chosen), None)
        file = request.FILES.get("file")
        if module is None:
            wrong["module"] = _("Choose what the file holds.")
        if file is None:
            wrong["file"] = _("Choose a file.")
        if module and file:
            try:
                job = actions.upload(actor(request), module, file, file.name or "")
            except WorkflowError as error:
                wrong["file"] = explain(error)
            else:
                return redirect("import-one", job.pk)
    recent = visible(request.user, _imports()).filter(user=request.user).order_by("-created_at", "-id")
    context = {
        "title": _("Import"),
        "targets": targets,
        "chosen": chosen or (targets[0].key if len(targets) == 1 else ""),
        "wrong": wrong,
        "recent": [(one, _target(one)) for one in recent[:RECENT]],
        "largest": actions.LARGEST // (1024 * 1024),
    }
    return render(request, "frontend/imports/start.html", context, status=422 if wrong else 200)


def _target(job: Import) -> Module:
    return registry.get(job.target)


def _load(request: HttpRequest, pk: UUID) -> Import:
    found = visible(request.user, _imports()).select_related("content").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One import, at whatever step it is."""
    job = _load(request, pk)
    if request.method == "POST":
        return _act(request, job)
    if request.GET.get("part") == "progress":
        return _progress(request, job)
    context = {"title": job.name, "job": job, "module": _target(job), "own": job.user_id == request.user.pk}
    if job.state in BUSY:
        return render(request, "frontend/imports/progress.html", {**context, **_bar(job)})
    mapping = job.state == State.UPLOADED or (job.state == State.CHECKED and "map" in request.GET)
    if mapping and context["own"]:
        return render(request, "frontend/imports/map.html", {**context, **_mapping_page(job)})
    if job.state == State.CHECKED:
        return render(request, "frontend/imports/checked.html", {**context, **_checked(job)})
    return render(request, "frontend/imports/result.html", {**context, **_result(job)})


def _bar(job: Import) -> dict[str, Any]:
    of = job.made + job.changed if job.state == State.UNDOING else job.rows
    return {"done": job.done, "of": of, "percent": min(99, 100 * job.done // of) if of else None}


def _progress(request: HttpRequest, job: Import) -> HttpResponse:
    if job.state in BUSY:
        return render(request, "frontend/imports/_progress.html", {"job": job, **_bar(job)})
    response = HttpResponse(status=204)
    response["HX-Refresh"] = "true"
    return response


# --- what columns mean


def _mapping_page(
    job: Import, mapping: FileMapping | None = None, errors: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    reach = Reach(_target(job), job.user)
    mapping = mapping or actions.chosen(job.mapping)
    needed = actions.needed(reach)
    by_column = {column: name for name, column in mapping.columns.items()}
    by_column |= {column: f"{CURRENCY}{name}" for name, column in mapping.currencies.items()}
    errors = errors or {}
    named = {name: " ".join(some) for name, some in errors.items() if name in reach.fields}
    return {
        "columns": [
            {
                "at": at,
                "name": column,
                "samples": [row.get(column, "") for row in job.sample],
                "field": by_column.get(column, ""),
                "wrong": named.get(by_column.get(column, ""), ""),
            }
            for at, column in enumerate(job.header)
        ],
        "options": _options(reach, needed),
        "missing": [reach.fields[name].label for name in needed if name not in mapping.columns],
        "keys": [(name, reach.fields[name].label) for name in actions.keys(reach)],
        "mapping": mapping,
        "by_id": BY_ID,
        "no_key": NO_KEY,
        "dates": [(way, _example(way)) for way in DATES],
        "has_dates": any(one.kind in ("date", "datetime") for one in reach.fields.values()),
        "has_numbers": any(one.kind in ("money", "decimal") for one in reach.fields.values()),
        "errors": [
            (str(reach.fields[name].label) if name in reach.fields else "", text)
            for name, some in errors.items()
            for text in some
        ],
    }


def _options(reach: Reach, needed: list[str]) -> list[tuple[str, str, bool]]:
    """What a column may be: (value, label, whether every record needs it)."""
    found: list[tuple[str, str, bool]] = []
    for name, field in reach.fields.items():
        found.append((name, str(field.label), name in needed))
        if field.kind == "money":
            found.append((f"{CURRENCY}{name}", currency_of(str(field.label)), False))
    return [*found, (BY_ID, _("ID (of an export)"), False)]


def _example(way: str) -> str:
    return dt.date(2026, 11, 30).strftime(way)


def _posted_mapping(request: HttpRequest, job: Import) -> FileMapping:
    """What the form says of the columns. Raises InvalidInput where two of them are one field."""
    columns: dict[str, str] = {}
    currencies: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for at, column in enumerate(job.header):
        name = request.POST.get(f"col-{at}", "")
        if not name:
            continue
        into = currencies if name.startswith(CURRENCY) else columns
        name = name.removeprefix(CURRENCY)
        if name in into:
            errors[name] = [
                _("Two columns cannot be one field: %(a)s, %(b)s.") % {"a": into[name], "b": column}
            ]
        into[name] = column
    kept = actions.chosen(job.mapping)
    dates = request.POST.get("dates", "")
    mapping = replace(
        kept,
        columns=columns,
        currencies={name: column for name, column in currencies.items() if name in columns},
        values={name: words for name, words in kept.values.items() if name in columns},
        key=request.POST.get("key", "") or NO_KEY,
        dates=dates if dates in DATES else kept.dates,
        decimal="," if request.POST.get("decimal") == "," else ".",
    )
    if errors:
        raise _Mapped(mapping, errors)
    return mapping


class _Mapped(InvalidInput):
    """A mapping that cannot be, with what was chosen."""

    def __init__(self, mapping: FileMapping, errors: dict[str, list[str]]) -> None:
        super().__init__(errors)
        self.mapping = mapping


def _act(request: HttpRequest, job: Import) -> HttpResponse:
    what = request.POST.get("do", "")
    try:
        if what in ("check", "words", "sheet"):
            if not may(request.user, _imports(), "check_rows", job):
                raise Http404
            if job.state not in (State.UPLOADED, State.CHECKED):
                return redirect("import-one", job.pk)
            return _map(request, job, what)
        if what in ("run", "undo", "discard"):
            perform(job, what, actor=actor(request))
    except WorkflowError as error:
        messages.error(request, explain(error))
    return redirect("import-one", job.pk)


def _map(request: HttpRequest, job: Import, what: str) -> HttpResponse:
    if what == "sheet":
        actions.choose_sheet(job, request.POST.get("sheet", ""))
        return redirect(f"{reverse('import-one', args=[job.pk])}?map=1")
    mapping: FileMapping | None = None
    try:
        mapping = _words(request, job) if what == "words" else _posted_mapping(request, job)
        actions.set_mapping(job, mapping)
        perform(job, "check_rows", actor=actor(request))
    except InvalidInput as error:
        mapping = error.mapping if isinstance(error, _Mapped) else mapping
        context = {"title": job.name, "job": job, "module": _target(job), "own": True}
        page = {**context, **_mapping_page(job, mapping, error.errors)}
        return render(request, "frontend/imports/map.html", page, status=422)
    if job.content is not None and job.content.size <= AT_ONCE:
        jobs.check(str(job.pk))
    return redirect("import-one", job.pk)


def _words(request: HttpRequest, job: Import) -> FileMapping:
    """The mapping with what the unknown words mean."""
    mapping = actions.chosen(job.mapping)
    values = {name: dict(words) for name, words in mapping.values.items()}
    for at, found in enumerate(_unknown(job)):
        meaning = request.POST.get(f"word-{at}", "").strip()
        if meaning:
            values.setdefault(found["name"], {})[found["word"]] = meaning
    return replace(mapping, values=values)


# --- what would happen, and what did


def _unknown(job: Import) -> list[dict[str, Any]]:
    """Words that mean nothing to a field, with what they may mean."""
    reach = Reach(_target(job), job.user)
    found = []
    for name, words in (job.report.get("unknown") or {}).items():
        field = reach.fields.get(name)
        if field is None:
            continue
        for word, suggestion in words.items():
            meaning = _meaning(field, suggestion)
            found.append(
                {
                    "name": name,
                    "label": field.label,
                    "word": word,
                    "meaning": meaning,
                    "choices": _choices(field),
                }
            )
    return found


def _choices(field: Field) -> list[tuple[str, str]]:
    if field.kind not in ("choice", "state", "country"):
        return []
    return [(str(value), str(label)) for value, label in field.options()]


def _meaning(field: Field, suggestion: str) -> str:
    return next((value for value, label in _choices(field) if suggestion in (value, label)), suggestion)


def _checked(job: Import) -> dict[str, Any]:
    counts = job.report.get("counts", {})
    fields = _target(job).by_name
    return {
        "create": counts.get(CREATE, 0),
        "update": counts.get(UPDATE, 0),
        "same": counts.get(SAME, 0),
        "wrong": counts.get(WRONG, 0),
        "something": counts.get(CREATE, 0) + counts.get(UPDATE, 0),
        "rejected": job.report.get("wrong", []),
        "empty": [
            (fields[name].label, count)
            for name, count in (job.report.get("empty") or {}).items()
            if name in fields
        ],
        "unknown": _unknown(job),
        "mapping": actions.chosen(job.mapping),
        "no_key": NO_KEY,
        "key": fields[job.mapping["key"]].label if job.mapping.get("key") in fields else "",
    }


def _result(job: Import) -> dict[str, Any]:
    kept = job.lines.filter(undone=ImportRow.Undone.KEPT).order_by("number")
    return {
        "may_undo": job.state in (State.DONE, State.FAILED) and (job.made or job.changed),
        "rejected": list(job.lines.filter(verb=WRONG).order_by("number")[: jobs.SHOWN]),
        "undone": job.lines.filter(undone=ImportRow.Undone.YES).count() if job.state == State.UNDONE else 0,
        "kept": list(kept[: jobs.SHOWN]),
        "kept_count": kept.count() if job.state == State.UNDONE else 0,
        "list_url": f"{reverse('module-list', args=[job.target])}?imported={job.pk}",
    }


@require_safe
def rejected(request: HttpRequest, pk: UUID, kind: str) -> HttpResponseBase:
    """The rejected rows as they came, each with its reason, to be mended and imported again."""
    job = _load(request, pk)
    if kind not in (CSV, XLSX):
        raise Http404
    lines: Iterator[tuple[Line, str, str]] = (
        (Line(number, cells), reason, suggestion)
        for number, cells, reason, suggestion in actions.rejected(job)
    )
    rows = rejected_rows(job.header, lines)
    name = f"{job.name.rpartition('.')[0] or job.name}-rejected.{kind}"
    return sent(rows, kind, name)


def sent(rows: Iterator[list[Any]], kind: str, name: str) -> HttpResponseBase:
    """Rows as a file to save."""
    response: HttpResponseBase
    if kind == CSV:
        response = StreamingHttpResponse(csv_bytes(rows), content_type=MEDIA[kind])
    else:
        file = BytesIO()
        write_xlsx(file, rows)
        response = HttpResponse(file.getvalue(), content_type=MEDIA[kind])
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
