"""Doing a transition: to one record from its page or a toast, or to many from a list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from frontend.cells import title_of
from frontend.choosing import MOST, chosen
from frontend.forms import InputForm
from frontend.requests import (
    Way,
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
from frontend.views.bulk import page, told
from prm.access.rights import may
from prm.modules.actions import Change
from prm.modules.history import history_rows
from prm.modules.read import get_row
from prm.modules.registry import Module
from prm.modules.versions import opaque_version, version_matches
from workflows.errors import InvalidInput, Stale, WorkflowError
from workflows.perform import Answer, Option, available, perform, perform_many


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
            InputForm(
                option.inputs, request.user, initial={**obj.suggested(name), **_known(option, request)}
            ),
        )
    form = InputForm(option.inputs, request.user, request.POST)
    if not form.is_valid():
        return _ask(request, module, obj, option, form, status=422)
    try:
        if not version_matches(obj, request.POST.get("version", "")):
            raise Stale
        former = obj.state
        perform(obj, name, actor=actor(request), inputs=form.data_for_engine(), expected_version=obj.version)
    except InvalidInput as error:
        form.take(error)
        return _ask(request, module, obj, option, form, status=422)
    except Stale:
        news = history_rows(request.user, module, obj)[-1:]
        return _ask(request, module, obj, option, form, status=412, stale=True, news=news)
    except WorkflowError as error:
        return _ask(request, module, obj, option, form, status=status_of(error), wrong=explain(error))
    return _gone_well(request, module, pk, option, former)


def _known(option: Option, request: HttpRequest) -> dict[str, Any]:
    return {name: request.GET[name] for name in option.inputs if request.GET.get(name)}


def _gone_well(request: HttpRequest, module: Module, pk: Any, option: Option, former: str) -> HttpResponse:
    """Back to where it was started, or to the list where the record is no longer the user's to see."""
    here = record_url(module, pk)
    row = get_row(request.user, module, pk, [module.title, "state"])
    if row is None:
        target = next_url(request, reverse("module-list", args=[module.key]))
        target = reverse("module-list", args=[module.key]) if target.startswith(here) else target
        return done(request, target, _("Done: %(what)s.") % {"what": option.title})
    state = module.machine.title(str(row["state"])) if module.machine and row.get("state") else option.title
    text = _("“%(title)s” is now: %(state)s.") % {"title": title_of(module, row), "state": state}
    return done(request, next_url(request, here), text, back=_way_back(request, module, pk, former))


def _way_back(request: HttpRequest, module: Module, pk: Any, former: str) -> Way | None:
    """The transition by which this user could take the record back to where it was."""
    obj = object_or_404(request.user, module, pk)
    for one in available(obj, actor(request)):
        if one.enabled and one.target == former != obj.state:
            return {"url": reverse("record-transition", args=[module.key, pk, one.name]), "title": one.title}
    return None


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
    rows, more = chosen(request, module)
    back = next_url(request, reverse("module-list", args=[key]))
    context: dict[str, Any] = {
        "title": step.title,
        "module": module,
        "step": step,
        "rows": rows,
        "most": MOST if more else None,
        "next": back,
        "name": name,
    }
    if not rows:
        return go(request, back)
    if request.method != "POST":
        context["form"] = InputForm(step.inputs, request.user)
        context["fitting"] = sum(row.get("state") in step.sources for row in rows)
        return page(request, "form", context)
    form = InputForm(step.inputs, request.user, request.POST)
    context["form"] = form
    if not form.is_valid():
        return page(request, "form", context, 422)
    ids = [str(row["id"]) for row in rows]
    answers = perform_many(machine.model, ids, name, actor=actor(request), inputs=form.data_for_engine())
    invalid = [one.error for one in answers if isinstance(one.error, InvalidInput)]
    if invalid and len(invalid) == len(answers):
        form.take(invalid[0])
        return page(request, "form", context, 422)
    titles = {str(row["id"]): title_of(module, row) for row in rows}
    told(request, module, context, [_answer(one) for one in answers], titles)
    return page(request, "form", context)


def _answer(one: Answer) -> Change:
    return Change(one.id, one.obj, {} if one.error else {"state": None}, one.error)
