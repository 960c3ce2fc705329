"""Changing the same fields of many records: choose fields, give values, read what became of each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from frontend.cells import title_of
from frontend.choosing import MOST, chosen
from frontend.forms import InputForm
from frontend.requests import actor, done, explain, go, is_htmx, module_or_404, next_url, record_url
from prm.access.rights import visible
from prm.modules.actions import Change, change_many, editable_fields
from prm.modules.read import get_rows
from prm.modules.registry import Module
from prm.views import undo as undoing
from prm.views.undo import remember_changes
from workflows.errors import InvalidInput, NotFound


def edit(request: HttpRequest, key: str) -> HttpResponse:
    """GET asks for the fields and then for their values; POST changes one record after the other."""
    module = module_or_404(request.user, key, "edit")
    fields = {name: one for name, one in editable_fields(request.user, module).items() if one.kind != "json"}
    rows, more = chosen(request, module)
    back = next_url(request, reverse("module-list", args=[key]))
    if not fields:
        raise Http404
    if not rows:
        return go(request, back)
    given = request.POST if request.method == "POST" else request.GET
    picked = {name: one for name, one in fields.items() if name in given.getlist("fields")}
    context: dict[str, Any] = {
        "title": _("Change fields"),
        "module": module,
        "rows": rows,
        "most": MOST if more else None,
        "next": back,
        "fields": fields,
        "picked": picked,
    }
    if not picked:
        return page(request, "edit", context)
    form = context["form"] = InputForm(picked, request.user, request.POST or None)
    if request.method != "POST":
        return page(request, "edit", context)
    if not form.is_valid():
        return page(request, "edit", context, 422)
    data = form.data_for_engine()
    versions = dict(zip(request.POST.getlist("ids"), request.POST.getlist("versions"), strict=False))
    answers = change_many(actor(request), module, [row["id"] for row in rows], data, versions)
    invalid = [one.error for one in answers if isinstance(one.error, InvalidInput)]
    if invalid and len(invalid) == len(answers) and all(one.errors == invalid[0].errors for one in invalid):
        form.take(invalid[0])
        return page(request, "edit", context, 422)
    told(request, module, context, answers, {str(row["id"]): title_of(module, row) for row in rows})
    context["undo"] = remember_changes(request.user, module, answers)
    return page(request, "edit", context)


def told(
    request: HttpRequest,
    module: Module,
    context: dict[str, Any],
    answers: list[Change],
    titles: dict[str, str],
) -> None:
    """What became of each record, for the page of results."""
    ids = [one.id for one in answers]
    seen = {str(pk) for pk in visible(request.user, module).filter(pk__in=ids).values_list("pk", flat=True)}
    context["answers"] = [
        {
            "title": titles.get(one.id, ""),
            "url": record_url(module, one.id) if one.id in seen else "",
            "tone": "bad" if one.error else "good" if one.former else "neutral",
            "label": _label(one),
            "why": explain(one.error) if one.error else "",
        }
        for one in answers
    ]
    context["went_well"] = sum(not one.error for one in answers)
    context["failed"] = len(answers) - context["went_well"]


def _label(one: Change) -> str:
    if one.error:
        return _("Changed by somebody else") if one.error.code == "stale" else _("Not changed")
    return _("Changed") if one.former else _("Was so already")


def page(request: HttpRequest, what: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A step of an action on many, in the dialog or as a page."""
    htmx = is_htmx(request)
    context["body"] = f"frontend/parts/bulk_{what}.html"
    template = "frontend/parts/bulk.html" if htmx else "frontend/bulk.html"
    response = render(request, template, context, status=status)
    if "answers" in context and htmx:
        # After the swap, when the dialog shows the answers and is not closed by the event.
        response["HX-Trigger-After-Swap"] = '{"prm:done": {}}'
    return response


@require_POST
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Takes back what the user has just done, where it is still theirs to change and nobody came between."""
    back = next_url(request, reverse("home"))
    try:
        module, answers = undoing.undo(actor(request), pk)
    except NotFound:
        messages.warning(request, _("This can no longer be undone."))
        return go(request, back)
    failed = [one for one in answers if one.error]
    if not failed:
        text = ngettext("%(n)s record is as it was.", "%(n)s records are as they were.", len(answers))
        return done(request, back, text % {"n": len(answers)})
    if len(answers) == 1 and failed[0].error:
        messages.warning(request, _("Not undone. %(why)s") % {"why": explain(failed[0].error)})
        return go(request, back)
    rows = get_rows(request.user, module, [one.id for one in answers], [module.title])
    titles = {str(found): title_of(module, row) for found, row in rows.items()}
    context: dict[str, Any] = {"title": _("Undo"), "module": module, "next": back}
    told(request, module, context, answers, titles)
    return page(request, "answers", context)
