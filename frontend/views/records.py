"""One record: where it stands, what may be done, what it says, what happened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST, require_safe

from frontend import recording
from frontend.cells import title_of
from frontend.forms import InputForm
from frontend.listing import Listing
from frontend.requests import actor, done, explain, go, module_or_404, object_or_404, record_url, status_of
from frontend.states import steps
from prm.access.rights import may
from prm.modules import registry
from prm.modules.actions import delete
from prm.modules.history import history_rows
from prm.modules.read import get_row
from prm.modules.registry import Module
from prm.records import actions as records
from workflows import diagram
from workflows.errors import InvalidInput, WorkflowError
from workflows.perform import available


@require_safe
def record(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """The page of a record."""
    module = module_or_404(request.user, key)
    return _page(request, module, object_or_404(request.user, module, pk))


def _page(request: HttpRequest, module: Module, obj: Any, status: int = 200, **forms: Any) -> HttpResponse:
    row = get_row(request.user, module, obj.pk)
    if row is None:
        raise Http404
    history = history_rows(request.user, module, obj)
    options = available(obj, actor(request)) if module.machine else []
    context = {
        "title": title_of(module, row),
        "module": module,
        "row": row,
        "obj": obj,
        "sections": recording.sections(request.user, module, obj, row),
        "options": recording.arranged(options),
        "next": recording.next_step(request.user, module, obj, row, options),
        "steps": steps(module.machine, obj.state, recording.visited(history)) if module.machine else [],
        "later_text": recording.later_text(module, row.get("state") or ""),
        "related": related(request, module, obj),
        "timeline": recording.timeline(request.user, module, obj, history),
        "tasks": recording.open_tasks(request.user, module, obj),
        "note_form": forms.get("note_form") or InputForm(recording.NOTE, request.user),
        "activity_form": forms.get("activity_form") or InputForm(recording.ACTIVITY, request.user),
        "staff": recording.is_staff(request.user),
        "may_edit": may(request.user, module, "edit", obj),
        "may_delete": may(request.user, module, "delete", obj),
        "board": bool(module.board),
    }
    return render(request, "frontend/record.html", context, status=status)


def related(request: HttpRequest, module: Module, obj: Any) -> list[dict[str, Any]]:
    """The lists beside a record, those that the user may see."""
    found = []
    for one in module.related:
        target = registry.get(one.module)
        if not may(request.user, target, "view"):
            continue
        query = request.GET.__class__(f"{one.field}={obj.pk}")
        listing = Listing(request.user, target, query, record_url(module, obj.pk))
        page = listing.page(limit=10)
        name = one.field
        keep = [at for at, column in enumerate(listing.column_names) if column != name]
        heads = listing.heads()
        lines = listing.lines(page.rows)
        found.append(
            {
                "title": one.title,
                "module": target,
                "heads": [heads[at] for at in keep],
                "lines": [(line, [cell for cell in line.cells if cell.name != name]) for line in lines],
                "all": f"/{target.key}/?{name}={obj.pk}" if page.next and len(page.rows) == 10 else "",
                "new": f"/{target.key}/new/?{name}={obj.pk}"
                if target.nav and may(request.user, target, "create")
                else "",
            }
        )
    return found


@require_safe
def machine(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """The drawing of the machine with the present state marked, asked for when it is opened."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    if module.machine is None:
        raise Http404
    drawing = mark_safe(diagram.svg(module.machine, obj.state))  # noqa: S308 - drawn by us
    return render(request, "frontend/parts/machine.html", {"drawing": drawing, "module": module})


@require_POST
def notes(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """Writes a note on the record."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    form = InputForm(recording.NOTE, request.user, request.POST)
    if not form.is_valid():
        return _page(request, module, obj, 422, note_form=form)
    given = form.data_for_engine()
    try:
        records.add_note(
            actor(request), module, obj, body=given["body"], internal=bool(request.POST.get("internal"))
        )
    except InvalidInput as error:
        form.take(error)
        return _page(request, module, obj, 422, note_form=form)
    return go(request, record_url(module, pk) + "#timeline")


@require_POST
def activities(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """Plans a call, a meeting or a task on the record."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    form = InputForm(recording.ACTIVITY, request.user, request.POST)
    if not form.is_valid():
        return _page(request, module, obj, 422, activity_form=form)
    given = {**form.data_for_engine(), "due_at": form.cleaned_data["due_at"]}
    try:
        records.add_activity(actor(request), module, obj, **given)
    except InvalidInput as error:
        form.take(error)
        return _page(request, module, obj, 422, activity_form=form)
    return go(request, record_url(module, pk) + "#tasks")


@require_POST
def activity_done(request: HttpRequest, key: str, pk: UUID, activity: UUID) -> HttpResponse:
    """Ticks off an activity of the record."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    try:
        records.complete_activity(actor(request), module, obj, activity)
    except WorkflowError as error:
        raise Http404 from error
    return go(request, record_url(module, pk) + "#tasks")


def remove(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """Asks once, then deletes the record."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    if not may(request.user, module, "delete", obj):
        raise Http404
    row = get_row(request.user, module, pk, [module.title]) or {}
    context = {"title": title_of(module, row), "module": module, "row": row, "obj": obj}
    if request.method != "POST":
        return render(request, "frontend/delete.html", context)
    try:
        delete(actor(request), module, pk, expected_version=request.POST.get("version"))
    except WorkflowError as error:
        return render(
            request, "frontend/delete.html", {**context, "error": explain(error)}, status=status_of(error)
        )
    return done(request, f"/{module.key}/", recording.DELETED % {"title": context["title"]})
