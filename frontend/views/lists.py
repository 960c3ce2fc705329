"""The list of a module."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.formats import number
from frontend.listing import Listing
from frontend.requests import module_or_404
from frontend.views.boards import granted_views
from prm.access.rights import may
from prm.modules.read import BadQuery, list_page

#: Beyond this many, a list says "more than" instead of counting on.
COUNTED = 10_000


@require_safe
def module_list(request: HttpRequest, key: str) -> HttpResponse:
    """Rows with filters, order and columns from the URL; `part=count` answers only how many there are."""
    module = module_or_404(request.user, key)
    listing = Listing(request.user, module, request.GET, request.path)
    if request.GET.get("part") == "count":
        return _count(listing)
    status, page, wrong = 200, None, {}
    try:
        page = listing.page()
    except BadQuery as error:
        status, wrong = 400, error.errors
    context = {
        "title": module.label_plural,
        "module": module,
        "listing": listing,
        "heads": listing.heads(),
        "lines": listing.lines(page.rows) if page else [],
        "next_page": listing.page_url(page.next) if page else "",
        "previous_page": listing.page_url(page.previous) if page else "",
        "active": listing.active() if page else [],
        "wrong": wrong,
        "may_create": may(request.user, module, "create"),
        "board": "board" in granted_views(request.user, module),
        "bulk": listing.bulk(),
    }
    return render(request, "frontend/list.html", context, status=status)


def _count(listing: Listing) -> HttpResponse:
    params = {name: value for name, value in listing.params.items() if name != "cursor"}
    try:
        count = (
            list_page(listing.user, listing.module, {**params, "count": "1"}, limit=1, fields=()).count or 0
        )
    except BadQuery:
        return HttpResponse("", status=400)
    label = str(listing.module.label if count == 1 else listing.module.label_plural).lower()
    found = _("more than %(n)s") % {"n": number(COUNTED)} if count > COUNTED else number(count)
    text = f"{found} {label}"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
