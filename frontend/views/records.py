"""One record: where it stands, what may be done, what it says, what happened."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import CASCADE
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from frontend import filing, recording
from frontend.beside import BEGUN_ELSEWHERE, edit_url, ways
from frontend.cells import title_of
from frontend.formats import noun, number
from frontend.forms import InputForm
from frontend.listing import Listing
from frontend.panels import panel_of, worth_a_card
from frontend.requests import actor, done, explain, go, module_or_404, object_or_404, record_url, status_of
from frontend.states import steps
from prm.access.rights import manages_portals, may, readable_fields, rights_for
from prm.calendar.actions import plan
from prm.calendar.queries import assignable
from prm.modules import registry
from prm.modules.actions import delete
from prm.modules.history import history_rows
from prm.modules.read import get_row
from prm.modules.registry import Module
from prm.records import actions as records
from prm.views.undo import remember
from workflows import diagram
from workflows.errors import Denied, InvalidInput, WorkflowError
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
    told = recording.state_told(module, row)
    panel = panel_of(request, module, obj)
    tasks = recording.open_tasks(request.user, module, obj)
    timeline = recording.timeline(request.user, module, obj, history)
    files = filing.card(request.user, module, obj)
    may_comment = may(request.user, module, "comment", obj)
    context = {
        "title": title_of(module, row),
        "module": module,
        "row": row,
        "obj": obj,
        "sections": recording.sections(request.user, module, obj, row),
        "options": recording.arranged(options),
        "next": recording.next_step(request.user, module, obj, row, options),
        "steps": steps(module.machine, obj.state, recording.visited(history))
        if told and module.machine
        else [],
        "state_told": told,
        "later_text": recording.later_text(module, row.get("state") or ""),
        "panel": panel,
        "related": related(request, module, obj, panel.replaces if panel else frozenset()),
        "timeline": timeline,
        "tasks": tasks,
        "files": files,
        # What was written all the same is answered where it was written.
        "cards": {
            "tasks": worth_a_card(tasks, may_comment or "activity_form" in forms),
            "files": worth_a_card(files["list"], files["may_add"]),
            # An upload is told there at once.
            "timeline": worth_a_card(timeline, may_comment or files["may_add"] or "note_form" in forms),
        },
        "note_form": forms.get("note_form") or InputForm(recording.NOTE, request.user),
        "activity_form": forms.get("activity_form") or recording.activity_form(request.user),
        "may_comment": may_comment,
        "refused": records.REFUSED,
        "staff": recording.is_staff(request.user),
        "edit_url": edit_url(module, obj) if may(request.user, module, "edit", obj) else "",
        "ways": ways(request.user, module, obj),
        "may_delete": may(request.user, module, "delete", obj),
        "board": bool(module.board),
        "why": manages_portals(request.user),
    }
    return render(request, "frontend/record.html", context, status=status)


def related(
    request: HttpRequest, module: Module, obj: Any, left_out: Collection[str]
) -> list[dict[str, Any]]:
    """The lists beside a record that the portal has chosen, those that the user may see.

    left_out: keys of modules not listed."""
    found = []
    for one in rights_for(request.user).presentation(module).related:
        if one.module in left_out:
            continue
        target = registry.get(one.module)
        if not may(request.user, target, "view") or one.field not in readable_fields(request.user, target):
            continue
        query = request.GET.__class__(f"{one.field}={obj.pk}")
        listing = Listing(request.user, target, query, record_url(module, obj.pk))
        page = listing.page(limit=10)
        begun_here = target.nav and target.key not in BEGUN_ELSEWHERE
        may_add = begun_here and may(request.user, target, "create")
        if not worth_a_card(page.rows, may_add):
            continue
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
                "new": f"/{target.key}/new/?{name}={obj.pk}" if may_add else "",
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
    told = recording.state_told(module, get_row(request.user, module, pk, ["state"]) or {})
    drawing = mark_safe(diagram.svg(module.machine, obj.state if told else None))  # noqa: S308 - drawn by us
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
        note = records.add_note(
            actor(request), module, obj, body=given["body"], internal=bool(request.POST.get("internal"))
        )
    except InvalidInput as error:
        form.take(error)
        return _page(request, module, obj, 422, note_form=form)
    except Denied as error:
        form.add_error(None, error.message)
        return _page(request, module, obj, 403, note_form=form)
    undo = remember(request.user, "note", module, [{"id": str(pk), "note": str(note.pk)}])
    return done(request, record_url(module, pk) + "#timeline", _("The note is on the record."), undo)


@require_POST
def activities(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """Plans a call, a meeting or a task on the record."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    form = recording.activity_form(request.user, request.POST)
    if not form.is_valid():
        return _page(request, module, obj, 422, activity_form=form)
    given = {**form.data_for_engine(), "due_at": form.cleaned_data["due_at"]}
    given["remind"] = int(given["remind"]) if given["remind"] else None
    user: Any = request.user
    chosen = given["assignee"]
    given["assignee"] = assignable(user).filter(pk=chosen).first() if chosen else None
    try:
        plan(actor(request), module, obj, **given)
    except InvalidInput as error:
        form.take(error)
        return _page(request, module, obj, 422, activity_form=form)
    except Denied as error:
        form.add_error(None, error.message)
        return _page(request, module, obj, 403, activity_form=form)
    return go(request, record_url(module, pk) + "#tasks")


@require_POST
def activity_done(request: HttpRequest, key: str, pk: UUID, activity: UUID) -> HttpResponse:
    """Ticks off an activity of the record."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    try:
        one = records.complete_activity(actor(request), module, obj, activity)
    except WorkflowError as error:
        raise Http404 from error
    kept = {"id": str(pk), "activity": str(activity), "version": one.version}
    undo = remember(request.user, "done", module, [kept])
    return done(request, record_url(module, pk) + "#tasks", _("Done: %(what)s.") % {"what": one.title}, undo)


def remove(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """Asks once, then deletes the record."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    if not may(request.user, module, "delete", obj):
        raise Http404
    row = get_row(request.user, module, pk, [module.title]) or {}
    context = {
        "title": title_of(module, row),
        "module": module,
        "row": row,
        "obj": obj,
        "goes_along": goes_along(request.user, module, obj),
    }
    if request.method != "POST":
        return render(request, "frontend/delete.html", context)
    try:
        delete(actor(request), module, pk, expected_version=request.POST.get("version"))
    except WorkflowError as error:
        return render(
            request, "frontend/delete.html", {**context, "error": explain(error)}, status=status_of(error)
        )
    return done(request, f"/{module.key}/", recording.DELETED % {"title": context["title"]})


def goes_along(user: Any, module: Module, obj: Any) -> list[str]:
    """What is deleted together with a record, as far as the user may see such things: "3 offers"."""
    told = []
    for relation in obj._meta.related_objects:
        model = relation.related_model
        one = registry.for_model(model)
        # The other half of a record of two tables is the record itself.
        if relation.on_delete is not CASCADE or one is None or isinstance(obj, model):
            continue
        found = (
            may(user, one, "view") and model._base_manager.filter(**{relation.field.attname: obj.pk}).count()
        )
        if found:
            label = one.label if found == 1 else one.label_plural
            told.append(f"{number(found)} {noun(label)}")
    return told
