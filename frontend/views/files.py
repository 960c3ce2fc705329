"""Files on a record: adding, showing, giving back, removing. Scripts send in parts, through the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from frontend import filing, recording
from frontend.cells import title_of
from frontend.requests import (
    actor,
    explain,
    go,
    is_htmx,
    module_or_404,
    object_or_404,
    record_url,
    status_of,
)
from prm.access.rights import may
from prm.files.serving import serve, serve_preview
from prm.modules.history import history_rows
from prm.modules.naming import names
from prm.modules.read import get_row
from prm.modules.registry import Module
from prm.records import files as records
from prm.records.models import File
from workflows.errors import NotFound, WorkflowError

#: Files of one form; the script sends each by itself.
MOST = 10


@require_http_methods(["GET", "HEAD", "POST"])
def files(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """The list of files, for the card that renews itself; POST adds some, sent or from the web."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    if request.method == "POST":
        _add(request, module, obj)
    elif is_htmx(request):
        history = history_rows(request.user, module, obj)
        context = {
            "module": module,
            "obj": obj,
            "files": filing.card(request.user, module, obj),
            "timeline": recording.timeline(request.user, module, obj, history),
        }
        return render(request, "frontend/parts/files_renewed.html", context)
    return go(request, record_url(module, pk) + "#files")


def _add(request: HttpRequest, module: Module, obj: Any) -> None:
    """Adds what the form holds; says at the next page what came of it."""
    who, url = actor(request), request.POST.get("url", "").strip()
    internal = bool(request.POST.get("internal"))
    sent = request.FILES.getlist("file")[:MOST]
    added = 0
    for upload in sent:
        try:
            stored = records.keep(who, module, obj, upload, upload.name or "")
            records.attach(who, module, obj, stored, internal=internal)
            added += 1
        except WorkflowError as error:
            why = {"name": upload.name, "why": explain(error)}
            messages.error(request, _("%(name)s was not added: %(why)s") % why)
    if url:
        try:
            records.attach(who, module, obj, records.fetch(who, module, obj, url), internal=internal)
            added += 1
        except WorkflowError as error:
            messages.error(request, explain(error))
    if added:
        text = ngettext("%(count)s file was added.", "%(count)s files were added.", added)
        messages.success(request, text % {"count": added})
    elif not sent and not url:
        messages.error(request, _("Choose a file, or say where it is to be fetched."))


@require_safe
def show(request: HttpRequest, key: str, pk: UUID, file: UUID) -> HttpResponse:
    """What the file shows, in a dialog or as a page."""
    module, obj, found = _found(request, key, pk, file)
    pages = range(1, found.stored.preview_pages + 1) if found.stored else ()
    context = {
        "module": module,
        "obj": obj,
        "file": filing.line(
            request.user,
            found,
            may(request.user, module, "attach", obj),
            names(request.user, [found.author_id]),
        ),
        "pages": pages,
        "title": found.name,
    }
    name = "frontend/parts/file.html" if is_htmx(request) else "frontend/file.html"
    return render(request, name, context)


@require_safe
def content(request: HttpRequest, key: str, pk: UUID, file: UUID) -> HttpResponseBase:
    """The bytes, to be saved."""
    _module, _obj, found = _found(request, key, pk, file)
    if found.stored is None:
        raise Http404
    return serve(request, found.stored)


@require_safe
def preview(request: HttpRequest, key: str, pk: UUID, file: UUID, page: int) -> HttpResponseBase:
    """The picture of a page of the file."""
    _module, _obj, found = _found(request, key, pk, file)
    if found.stored is None:
        raise Http404
    return serve_preview(request, found.stored, page)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, key: str, pk: UUID, file: UUID) -> HttpResponse:
    """Asks once, then removes the file."""
    module, obj, found = _found(request, key, pk, file)
    row = get_row(request.user, module, pk, [module.title]) or {}
    context = {"module": module, "obj": obj, "file": found, "record_title": title_of(module, row)}
    name = "frontend/parts/file_remove.html" if is_htmx(request) else "frontend/file_remove.html"
    if request.method != "POST":
        return render(request, name, context)
    try:
        records.remove(actor(request), module, obj, file)
    except WorkflowError as error:
        return render(request, name, {**context, "error": explain(error)}, status=status_of(error))
    messages.success(request, _("“%(name)s” was removed.") % {"name": found.name})
    return go(request, record_url(module, pk) + "#files")


def _found(request: HttpRequest, key: str, pk: UUID, file: UUID) -> tuple[Module, Any, File]:
    user: Any = request.user
    module = module_or_404(user, key)
    obj = object_or_404(user, module, pk)
    try:
        return module, obj, records.find(user, module, obj, file)
    except NotFound as error:
        raise Http404 from error
