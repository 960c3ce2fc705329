"""Making and changing a record, and what helps while one types."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from frontend.cells import title_of
from frontend.formats import noun
from frontend.forms import InputForm, initial_of, reference_options
from frontend.requests import actor, done, explain, module_or_404, object_or_404, record_url, status_of
from prm.access.rights import may, rights_for
from prm.modules.actions import change, create, form_fields
from prm.modules.read import get_row
from prm.modules.registry import Field, Module, Section
from prm.views.undo import remember_changes
from workflows.errors import InvalidInput, Stale, WorkflowError

#: What a combobox shows at once; who looks for more types on.
FOUND = 20


Layout = tuple[Section, ...]


def layout_of(user: Any, module: Module, obj: Any = None) -> Layout:
    """The sections that the portal gives the form of this record, or of a new one."""
    return rights_for(user).presentation(module).layout_for(obj)


def laid_out(
    module: Module, layout: Layout, fields: dict[str, Field], *, new: bool = False
) -> dict[str, Field]:
    """Those of `fields` that the form asks for, in its order.

    A layout of the portal's own asks for what is on it; what a new record cannot be without is added.
    """
    named = [name for section in layout for name in section.fields if name in fields]
    rest = [name for name in fields if name not in named]
    if layout is not module.layout:
        rest = [name for name in rest if new and fields[name].required]
    return {name: fields[name] for name in dict.fromkeys((*named, *rest))}


def new(request: HttpRequest, key: str) -> HttpResponse:
    """Makes a record. Values in the URL fill in the form: related lists link to it that way."""
    module = module_or_404(request.user, key, "create")
    layout = layout_of(request.user, module)
    fields = laid_out(module, layout, form_fields(request.user, module), new=True)
    if request.method != "POST":
        given = {name: request.GET[name] for name in fields if request.GET.get(name)}
        initial = {
            **{name: one.initial for name, one in fields.items() if not callable(one.initial)},
            **given,
        }
        return _form(request, module, layout, InputForm(fields, request.user, initial=initial))
    form = InputForm(fields, request.user, request.POST)
    if not form.is_valid():
        return _form(request, module, layout, form, status=422)
    try:
        obj = create(actor(request), module, form.data_for_engine())
    except InvalidInput as error:
        form.take(error)
        return _form(request, module, layout, form, status=422)
    except WorkflowError as error:
        return _form(request, module, layout, form, status=status_of(error), wrong=explain(error))
    title = title_of(module, get_row(request.user, module, obj.pk, [module.title]) or {})
    return done(request, record_url(module, obj.pk), _("“%(title)s” was created.") % {"title": title})


def edit(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """Changes a record, on the version that the form was opened with."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    row = get_row(request.user, module, pk)
    if row is None or not may(request.user, module, "edit", obj):
        raise Http404
    layout = layout_of(request.user, module, obj)
    fields = laid_out(module, layout, form_fields(request.user, module, obj))
    if request.method != "POST":
        return _form(
            request, module, layout, InputForm(fields, request.user, initial=initial_of(row, fields)), row=row
        )
    form = InputForm(fields, request.user, request.POST, initial=initial_of(row, fields))
    if not form.is_valid():
        return _form(request, module, layout, form, row=row, status=422)
    # Only what was changed is sent, so that a change of another field by someone else is not undone.
    data = {name: value for name, value in form.data_for_engine().items() if name in form.changed_data}
    try:
        made = change(actor(request), module, pk, data, expected_version=request.POST.get("version", ""))
    except InvalidInput as error:
        form.take(error)
        return _form(request, module, layout, form, row=row, status=422)
    except Stale as error:
        return _form(request, module, layout, form, row=row, status=412, stale=error.message)
    except WorkflowError as error:
        return _form(request, module, layout, form, row=row, status=status_of(error), wrong=explain(error))
    return done(request, record_url(module, pk), _("Saved."), remember_changes(request.user, module, [made]))


def _form(request: HttpRequest, module: Module, layout: Layout, form: InputForm, **more: Any) -> HttpResponse:
    status, row = more.pop("status", 200), more.get("row")
    blocks = []
    left = list(form.fields)
    for section in layout:
        names = [name for name in section.fields if name in left]
        left = [name for name in left if name not in names]
        if names:
            blocks.append((section.title, [form[name] for name in names]))
    if left:
        blocks.append(("", [form[name] for name in left]))
    context = {
        "title": title_of(module, row) if row else _("New %(label)s") % {"label": noun(module.label)},
        "module": module,
        "form": form,
        "blocks": blocks,
        "warns": module.duplicates is not None and row is None,
        **more,
    }
    return render(request, "frontend/form.html", context, status=status)


@require_POST
def duplicates(request: HttpRequest, key: str) -> HttpResponse:
    """Records of one's own that look like what is being typed."""
    module = module_or_404(request.user, key, "create")
    values = {
        name: request.POST[name] for name in form_fields(request.user, module) if request.POST.get(name)
    }
    found = module.duplicates(request.user, values) if module.duplicates and values else []
    return render(request, "frontend/parts/duplicates.html", {"found": found[:5], "module": module})


@require_safe
def options(request: HttpRequest, key: str) -> HttpResponse:
    """Records to refer to, for comboboxes."""
    module = module_or_404(request.user, key)
    text = request.GET.get("q", "")[:200].replace("\x00", "")
    found = reference_options(request.user, module, text, FOUND)
    return JsonResponse({"options": [{"value": value, "label": label} for value, label in found]})
