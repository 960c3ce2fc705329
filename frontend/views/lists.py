"""The list of a module, as a table or as a canvas of cards."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.beside import BEGUN_ELSEWHERE
from frontend.formats import noun, number
from frontend.listing import Listing
from frontend.presenting import canvas_of, cards, fields_of, granted_views, tabs, usual
from frontend.requests import module_or_404
from frontend.views import saved
from prm.access.rights import may
from prm.imports.actions import targets
from prm.imports.reach import may_import
from prm.modules.actions import editable_fields
from prm.modules.read import BadQuery, list_page
from prm.modules.registry import Module

#: Beyond this many, a list says "more than" instead of counting on.
COUNTED = 10_000


@require_safe
def module_list(request: HttpRequest, key: str) -> HttpResponse:
    """Rows with filters, order and columns from the URL; `part=count` answers only how many there are."""
    module = module_or_404(request.user, key)
    views = granted_views(request.user, module)
    if request.GET.get("part") != "count":
        if "list" in views and (target := saved.opening(request, module)):
            return redirect(target)
        if target := usual(views, module, request.GET):
            return redirect(target)
    return _page(request, module, "list")


@require_safe
def canvas(request: HttpRequest, key: str) -> HttpResponse:
    """The same records as cards, of the fields that the portal has chosen for them."""
    module = module_or_404(request.user, key)
    if "canvas" not in granted_views(request.user, module):
        raise Http404
    return _page(request, module, "canvas")


def _page(request: HttpRequest, module: Module, kind: str) -> HttpResponse:
    listing = Listing(request.user, module, request.GET, request.path)
    if request.GET.get("part") == "count":
        return _count(listing)
    design = canvas_of(request.user, module) if kind == "canvas" else None
    fields = fields_of(design) if design else None
    views = saved.bar_of(request, module, kind)
    status, page, wrong = 200, None, {}
    left_out: list[str] = []
    try:
        page = listing.page(fields=fields)
    except BadQuery as error:
        status, wrong = 400, error.errors
        if views.current and (without := _without(listing, error)):
            status, wrong, (listing, left_out) = 200, {}, without
            page = listing.page(fields=fields)
    rows = page.rows if page else []
    editable = may(request.user, module, "edit") and bool(editable_fields(request.user, module))
    context = {
        "title": module.label_plural,
        "module": module,
        "listing": listing,
        "heads": listing.heads() if design is None else [],
        "lines": listing.lines(rows) if design is None else rows,
        "cards": cards(module, design, rows) if design else [],
        "next_page": listing.page_url(page.next) if page else "",
        "previous_page": listing.page_url(page.previous) if page else "",
        "active": listing.active() if page else [],
        "wrong": wrong,
        "may_create": may(request.user, module, "create"),
        "may_export": may(request.user, module, "export"),
        "may_import": may_import(request.user, module),
        # An import is begun on a page of its own.
        "may_begin": module.key == "imports" and bool(targets(request.user)),
        "view_tabs": tabs(granted_views(request.user, module), module, kind, request.GET),
        "bulk": listing.bulk(),
        "bulk_edit": editable,
        "edit_rows": editable and module.key not in BEGUN_ELSEWHERE,
        "pick": editable or bool(listing.bulk()),
        "views": views,
        "left_out": left_out,
    }
    return render(request, f"frontend/{kind}.html", context, status=status)


def _without(listing: Listing, error: BadQuery) -> tuple[Listing, list[str]] | None:
    """The list of a shared view without what this reader may not filter by, and what that is called.

    None where it is something else that is wrong.
    """
    query, labels = listing.query.copy(), []
    for name in error.errors:
        field = listing.module.by_name.get(name.partition("__")[0])
        if name == "ordering":
            labels.append(_("the order"))
        elif field is not None and field.name not in listing.readable:
            labels.append(str(field.label))
        else:
            return None
        query.pop(name, None)
    return Listing(listing.user, listing.module, query, listing.path), labels


def _count(listing: Listing) -> HttpResponse:
    params = {name: value for name, value in listing.params.items() if name != "cursor"}
    try:
        count = (
            list_page(listing.user, listing.module, {**params, "count": "1"}, limit=1, fields=()).count or 0
        )
    except BadQuery:
        return HttpResponse("", status=400)
    label = noun(listing.module.label if count == 1 else listing.module.label_plural)
    found = _("more than %(n)s") % {"n": number(COUNTED)} if count > COUNTED else number(count)
    text = f"{found} {label}"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
