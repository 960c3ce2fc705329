"""Building a public form: which records, which fields in which order, how it looks, where it may stand.

Every step is sent to the server and comes back drawn anew, by htmx or without: choosing and ordering fields
are buttons, so a keyboard or a phone does as well as a mouse.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from frontend.forms import InputForm
from frontend.panels import Panel, panel
from frontend.requests import actor, done, explain, module_or_404, object_or_404, record_url, status_of
from prm.access.rights import may
from prm.modules import registry
from prm.modules.actions import form_fields
from prm.modules.registry import Module
from prm.modules.versions import opaque_version
from prm.vendor.looks import public_url
from prm.webforms.building import build, rebuild
from prm.webforms.fields import CLOSED_FIELDS, choosable, names_of, open_modules, origins_of
from prm.webforms.models import WebForm
from prm.webforms.submitting import open_form
from workflows.errors import InvalidInput, WorkflowError
from workflows.inputs import Input

WORDS = ("title", "slug", "intro", "thanks", "fixed_values", "origins", "language", "confirm", "active")


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """First of what, then the form."""
    own = module_or_404(request.user, "web-forms", "create")
    key = request.POST.get("module") or request.GET.get("module") or ""
    modules = open_modules(request.user)
    module = next((one for one in modules if one.key == key), None)
    if module is None:
        context = {"title": _("New web form"), "modules": modules, "own": own}
        return render(request, "frontend/webforms/choose.html", context)
    return _builder(request, own, module, None)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same page, with what is there."""
    own = module_or_404(request.user, "web-forms")
    form = object_or_404(request.user, own, pk)
    if not may(request.user, own, "edit", form):
        raise Http404
    try:
        module = registry.get(form.module)
    except LookupError as error:
        raise Http404 from error
    return _builder(request, own, module, form)


def _builder(request: HttpRequest, own: Module, module: Module, obj: WebForm | None) -> HttpResponse:
    open_to = choosable(request.user, module)
    posted = request.method == "POST"
    if posted:
        chosen = [name for name in dict.fromkeys(request.POST.getlist("field")) if name in open_to]
    elif obj is not None:
        chosen = [name for name in names_of(obj) if name in open_to]
    else:
        chosen = [name for name, one in open_to.items() if one.required and one.initial is None]
    words = InputForm(_inputs(own), request.user, request.POST if posted else None, initial=_initial(obj))
    does, _colon, name = request.POST.get("do", "").partition(":")
    wrong: list[str] = []
    status = 200
    if posted and does == "save":
        if words.is_valid():
            try:
                return _saved(request, own, module, obj, words.data_for_engine(), chosen)
            except InvalidInput as error:
                wrong = [text for key in ("module", "field_names") for text in error.errors.pop(key, [])]
                words.take(error)
                status = 422
            except WorkflowError as error:
                wrong, status = [explain(error)], status_of(error)
        else:
            status = 422
    elif posted:
        chosen = moved(chosen, does, name if name in open_to else "")
        # Only sent along to be kept: what is wrong with it is said when it is saved.
        words = InputForm(_inputs(own), request.user, initial=words_of(request.POST))
    context = {
        "title": obj.title if obj else _("New web form"),
        "own": own,
        "module": module,
        "obj": obj,
        "version": request.POST.get("version") or (opaque_version(obj) if obj else ""),
        "words": words,
        "wrong": wrong,
        "chosen": [(one, open_to[one]) for one in chosen],
        "left": [(one, field) for one, field in open_to.items() if one not in chosen],
        "fixable": [
            one
            for one in form_fields(request.user, module)
            if one not in chosen and one not in CLOSED_FIELDS - {"owner", "partner"}
        ],
        "preview": InputForm({one: open_to[one] for one in chosen}, None, prefix="preview"),
        "changed": does,
        "name": name,
    }
    return render(request, "frontend/webforms/builder.html", context, status=status)


def words_of(data: Any) -> dict[str, Any]:
    """What was typed so far, as the start of a form."""
    return {name: data.get(name, "") for name in WORDS}


def moved(chosen: list[str], does: str, name: str) -> list[str]:
    """The fields after one of the buttons was pressed."""
    rest = [one for one in chosen if one != name]
    if not name or does not in ("add", "remove", "up", "down"):
        return chosen
    if does == "remove":
        return rest
    place = chosen.index(name) if name in chosen else len(chosen)
    place = max(0, place + {"up": -1, "down": 1}.get(does, 0))
    return [*rest[:place], name, *rest[place:]]


def _inputs(own: Module) -> dict[str, Input]:
    inputs: dict[str, Input] = {name: own.field(name) for name in WORDS}
    slug = own.field("slug")
    inputs["slug"] = Input(
        kind="text",
        label=slug.label,
        help=_("The last part of the form's address. Empty: made from the title."),
        required=False,
        max_length=60,
    )
    return inputs


def _initial(obj: WebForm | None) -> dict[str, Any]:
    return {name: getattr(obj, name) for name in WORDS} if obj else {"active": True}


def _saved(
    request: HttpRequest,
    own: Module,
    module: Module,
    obj: WebForm | None,
    words: dict[str, Any],
    chosen: list[str],
) -> HttpResponse:
    data = {name: "" if value is None else value for name, value in words.items()}
    data |= {"module": module.key, "field_names": "\n".join(chosen)}
    if obj is None:
        form = build(actor(request), data)
    else:
        form = rebuild(actor(request), obj.pk, data, request.POST.get("version", ""))
    return done(request, record_url(own, form.pk), _("The form is saved."))


def snippet(form: WebForm) -> str:
    """The lines that a site puts into its page."""
    address = public_url(reverse("public-form-embed", args=[form.slug]))
    shape = 'width="100%" height="720" loading="lazy"'
    return f'<iframe src="{address}" title="{escape(form.title)}" {shape}></iframe>'


@panel("web-forms")
def where_it_stands(request: HttpRequest, obj: WebForm) -> Panel:
    """On the page of a form: its address, the snippet, and whether it works."""
    context = {
        "form": obj,
        "works": open_form(obj.slug) is not None,
        "address": public_url(reverse("public-form", args=[obj.slug])),
        "send": public_url(reverse("public-form-send", args=[obj.slug])),
        "snippet": snippet(obj),
        "origins": origins_of(obj),
    }
    return Panel(SafeString(render_to_string("frontend/webforms/panel.html", context, request)))
