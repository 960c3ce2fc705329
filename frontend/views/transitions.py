"""Doing a transition: to one record from its page or a toast, or to many from a list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from frontend.cells import title_of
from frontend.forms import InputForm
from frontend.requests import (
    actor,
    done,
    explain,
    go,
    is_htmx,
    module_or_404,
    next_url,
    object_or_404,
    record_url,
    status_of,
)
from prm.access.rights import may, visible
from prm.modules.history import history_rows
from prm.modules.read import get_row, get_rows
from prm.modules.registry import Module
from prm.modules.versions import opaque_version, version_matches
from workflows.errors import InvalidInput, Stale, WorkflowError
from workflows.perform import Option, available, perform, perform_many

#: Records of one bulk action; the rest is another one.
MOST = 200


def transition(request: HttpRequest, key: str, pk: UUID, name: str) -> HttpResponse:
    """GET shows what the transition asks for, POST does it on the version that was shown."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    option = (
        next((one for one in available(obj, actor(request)) if one.name == name), None)
        if module.machine
        else None
    )
    if option is None:
        raise Http404
    if request.method != "POST":
        return _ask(
            request,
            module,
            obj,
            option,
            InputForm(option.inputs, request.user, initial=_known(option, request)),
        )
    form = InputForm(option.inputs, request.user, request.POST)
    if not form.is_valid():
        return _ask(request, module, obj, option, form, status=422)
    try:
        if not version_matches(obj, request.POST.get("version", "")):
            raise Stale
        perform(obj, name, actor=actor(request), inputs=form.data_for_engine(), expected_version=obj.version)
    except InvalidInput as error:
        form.take(error)
        return _ask(request, module, obj, option, form, status=422)
    except Stale:
        news = history_rows(request.user, module, obj)[-1:]
        return _ask(request, module, obj, option, form, status=412, stale=True, news=news)
    except WorkflowError as error:
        return _ask(request, module, obj, option, form, status=status_of(error), wrong=explain(error))
    return _gone_well(request, module, pk, option)


def _known(option: Option, request: HttpRequest) -> dict[str, Any]:
    return {name: request.GET[name] for name in option.inputs if request.GET.get(name)}


def _gone_well(request: HttpRequest, module: Module, pk: Any, option: Option) -> HttpResponse:
    """Back to where it was started, or to the list where the record is no longer the user's to see."""
    here = record_url(module, pk)
    row = get_row(request.user, module, pk, [module.title, "state"])
    if row is None:
        target = next_url(request, reverse("module-list", args=[module.key]))
        target = reverse("module-list", args=[module.key]) if target.startswith(here) else target
        return done(request, target, _("Done: %(what)s.") % {"what": option.title})
    state = module.machine.title(str(row["state"])) if module.machine and row.get("state") else option.title
    text = _("“%(title)s” is now: %(state)s.") % {"title": title_of(module, row), "state": state}
    return done(request, next_url(request, here), text)


def _ask(
    request: HttpRequest,
    module: Module,
    obj: Any,
    option: Option,
    form: InputForm,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    row = get_row(request.user, module, obj.pk, [module.title, "state"]) or {}
    context = {
        "title": option.title,
        "module": module,
        "record_title": title_of(module, row),
        "option": option,
        "form": form,
        "version": opaque_version(obj),
        "action": reverse("record-transition", args=[module.key, obj.pk, option.name]),
        "next": next_url(request, record_url(module, obj.pk)),
        "here": record_url(module, obj.pk),
        **more,
    }
    template = "frontend/parts/transition.html" if is_htmx(request) else "frontend/transition.html"
    return render(request, template, context, status=status)


def bulk(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """The same transition for many records, each in its own transaction and with its own answer."""
    module = module_or_404(request.user, key)
    machine = module.machine
    step = machine.get(name) if machine else None
    if (
        machine is None
        or step is None
        or "user" not in step.by
        or not may(request.user, module, step.capability)
    ):
        raise Http404
    asked = (request.POST if request.method == "POST" else request.GET).getlist("ids")[:MOST]
    rows = list(get_rows(request.user, module, asked, [module.title, "state"]).values())
    back = next_url(request, reverse("module-list", args=[key]))
    context: dict[str, Any] = {
        "title": step.title,
        "module": module,
        "step": step,
        "rows": rows,
        "next": back,
        "name": name,
    }
    if not rows:
        return go(request, back)
    if request.method != "POST":
        context["form"] = InputForm(step.inputs, request.user)
        context["fitting"] = sum(row.get("state") in step.sources for row in rows)
        return _bulk_page(request, context)
    form = InputForm(step.inputs, request.user, request.POST)
    context["form"] = form
    if not form.is_valid():
        return _bulk_page(request, context, 422)
    ids = [str(row["id"]) for row in rows]
    answers = perform_many(machine.model, ids, name, actor=actor(request), inputs=form.data_for_engine())
    invalid = [one.error for one in answers if isinstance(one.error, InvalidInput)]
    if invalid and len(invalid) == len(answers):
        form.take(invalid[0])
        return _bulk_page(request, context, 422)
    titles = {str(row["id"]): title_of(module, row) for row in rows}
    seen = {str(pk) for pk in visible(request.user, module).filter(pk__in=ids).values_list("pk", flat=True)}
    context["answers"] = [
        {
            "title": titles[one.id],
            "url": record_url(module, one.id) if one.id in seen else "",
            "ok": one.ok,
            "why": explain(one.error) if one.error else "",
        }
        for one in answers
    ]
    context["went_well"] = sum(one.ok for one in answers)
    context["failed"] = len(answers) - context["went_well"]
    return _bulk_page(request, context)


def _bulk_page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = "frontend/parts/bulk.html" if is_htmx(request) else "frontend/bulk.html"
    response = render(request, template, context, status=status)
    if "answers" in context and is_htmx(request):
        # After the swap, when the dialog shows the answers and is not closed by the event.
        response["HX-Trigger-After-Swap"] = '{"prm:done": {}}'
    return response
