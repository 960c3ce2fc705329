"""Who can see a record or make a new one, and why somebody may or may not: for those who manage portals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.cells import title_of
from frontend.forms import InputForm
from frontend.requests import is_htmx, module_or_404, object_or_404
from prm.access.explain import FIELD_VERBS, field_lines
from prm.access.rights import manages_portals
from prm.modules.explaining import CREATE, explained, person, verbs
from prm.modules.read import get_row
from prm.modules.registry import Module
from workflows.inputs import Input

LEVELS = {"hidden": ("eye-off", "neutral"), "read": ("eye", "info"), "write": ("pencil", "good")}


@require_safe
def why(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """The question and, once somebody is chosen, the answer with all fields as they have them."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    if not manages_portals(request.user):
        raise Http404
    row = get_row(request.user, module, pk, [module.title]) or {}
    given = request.GET
    context = {
        "title": _("Who can see this, and why?"),
        "record_title": title_of(module, row),
        "module": module,
        "here": reverse("record-why", args=[module.key, obj.pk]),
        "back": reverse("record", args=[module.key, obj.pk]),
        "form": InputForm(_inputs(module), request.user, initial=given.dict()),
        **_answer(request, module, obj),
    }
    return _page(request, context)


@require_safe
def why_new(request: HttpRequest, key: str) -> HttpResponse:
    """The question who can make a record of the module; there is none yet to ask it about."""
    module = module_or_404(request.user, key)
    if not manages_portals(request.user):
        raise Http404
    inputs = {name: one for name, one in _inputs(module).items() if name == "user"}
    context = {
        "title": _("Who can make a new one, and why?"),
        "record_title": str(module.label_plural),
        "module": module,
        "here": reverse("module-why", args=[module.key]),
        "back": reverse("module-list", args=[module.key]),
        "form": InputForm(inputs, request.user, initial=request.GET.dict()),
        **_answer(request, module, None),
    }
    return _page(request, context)


def _page(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    template = "frontend/parts/why.html" if is_htmx(request) else "frontend/why.html"
    return render(request, template, context)


def _inputs(module: Module) -> dict[str, Input]:
    names = {"view": _("See"), "edit": _("Change"), "delete": _("Delete"), "export": _("Export")}
    names |= {"attach": _("Attach files"), "comment": _("Write notes")}
    machine = module.machine
    titles = {one.name: str(one.title) for one in machine.transitions} if machine else {}
    choices = tuple((verb, names.get(verb) or titles.get(verb, verb)) for verb in verbs(module))
    fields = tuple((one.name, str(one.label or one.name)) for one in module.fields)
    return {
        "user": Input(kind="reference", module="users", label=_("User")),
        "verb": Input(kind="choice", label=_("May they"), choices=(("", ""), *choices), required=False),
        "field": Input(kind="choice", label=_("Field"), choices=(("", ""), *fields), required=False),
    }


def _answer(request: HttpRequest, module: Module, obj: Any) -> dict[str, object]:
    given = request.GET
    if not given.get("user"):
        return {}
    try:
        user = person(request.user, given["user"])
    except LookupError:
        return {"wrong": _("There is no such user.")}
    verb = CREATE if obj is None else given.get("verb") or "view"
    field = "" if obj is None else given.get("field", "")
    if field and verb not in FIELD_VERBS:
        # A field can be seen and changed, no more.
        field = ""
    try:
        found = explained(request.user, user, module, verb, obj, field)
    except LookupError:
        return {"wrong": _("There is nothing like this to ask about.")}
    lines = [
        {"line": line, "icon": LEVELS[line.level][0], "tone": LEVELS[line.level][1]}
        for line in (field_lines(user, module, obj) if obj is not None else ())
    ]
    return {"who": user, "found": found, "lines": lines}
