"""A list as a file: at once where it is small, otherwise in the background with an alert when it is ready."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from frontend.listing import Listing
from frontend.requests import actor, module_or_404
from frontend.views_jobs.imports import sent
from prm.access.rights import may, visible
from prm.files.serving import serve
from prm.imports import exporting
from prm.imports.models import Export
from prm.modules import registry
from prm.modules.read import BadQuery
from prm.modules.sheets import CSV, XLSX
from workflows.errors import WorkflowError


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, key: str) -> HttpResponseBase:
    """Which columns, and as what; the rows are those of the list that the page was opened from."""
    module = module_or_404(request.user, key, "export")
    try:
        listing = Listing(exporting.reader_of(request.user, module), module, request.GET, f"/{key}/")
        params = {name: value for name, value in listing.params.items() if name not in exporting.PAGING}
        count = exporting.count(request.user, module, params)
    except (BadQuery, WorkflowError):
        raise Http404 from None
    if request.method == "POST":
        kind = XLSX if request.POST.get("kind") == XLSX else CSV
        wanted = None if request.POST.get("columns") == "all" else listing.column_names
        names = exporting.columns_of(request.user, module, wanted)
        if count > exporting.AT_ONCE:
            made = exporting.ask(actor(request), module, params, names, kind)
            return redirect("export-one", made.pk)
        rows = exporting.exported(request.user, module, params, names)
        return sent(rows, kind, exporting.file_name(module, kind))
    context = {
        "title": _("Export"),
        "module": module,
        "listing": listing,
        "count": count,
        "background": count > exporting.AT_ONCE,
        "heads": [head.label for head in listing.heads()],
        "all_exports": may(request.user, registry.get("exports"), "view"),
    }
    return render(request, "frontend/imports/export.html", context)


def _load(request: HttpRequest, pk: UUID) -> Any:
    found = visible(request.user, registry.get("exports")).select_related("content").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_safe
def one(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One export: being made, ready to be fetched, or gone."""
    made = _load(request, pk)
    if request.GET.get("part") == "progress":
        response = HttpResponse(status=204)
        if made.state != Export.State.WAITING:
            response["HX-Refresh"] = "true"
        return response
    return _page(request, made)


def _page(request: HttpRequest, made: Export, status: int = 200) -> HttpResponse:
    context = {
        "title": made.name,
        "made": made,
        "module": registry.get(made.target),
        "changed": made.state == Export.State.READY and not exporting.still_exportable(request.user, made),
    }
    return render(request, "frontend/imports/exported.html", context, status=status)


@require_safe
def fetch(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file, for its owner alone and for a day."""
    made = _load(request, pk)
    if made.content is None:
        raise Http404
    # Nobody gets what was made while they had other rights: a row in it may be theirs no longer.
    if not exporting.still_exportable(request.user, made):
        return _page(request, made, status=403)
    return serve(request, made.content)
