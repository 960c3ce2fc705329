"""Search everything: records of every module that the user may see, and pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.cells import title_of
from frontend.requests import is_htmx, record_url
from frontend.shell import administration_items, job_items, module_items
from frontend.states import state_badge
from prm.access.rights import rights_for
from prm.modules import registry
from prm.modules.read import BadQuery, list_page
from prm.modules.registry import Module

#: Records of each module in the quick results, and on the page.
QUICK, FULL = 4, 20


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """A page of its own, or with htmx the results for the dialog."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    quick = is_htmx(request)
    context = {
        "title": _("Search"),
        "text": text,
        "pages": pages(request.user, text),
        "groups": groups(request.user, text, QUICK if quick else FULL) if text else [],
    }
    template = "frontend/parts/finder_results.html" if quick else "frontend/search.html"
    return render(request, template, context)


def pages(user: Any, text: str) -> list[Any]:
    """Pages whose name begins with or contains the text; the first ones when nothing is typed."""
    items = job_items(user, "") + module_items(user, "") + administration_items(user, "")
    return [item for item in items if text.lower() in item.title.lower()][:8]


def groups(user: Any, text: str, limit: int) -> list[dict[str, Any]]:
    """Found records by module."""
    rights = rights_for(user)
    found = []
    for module in registry.all_modules():
        listed = module.nav or (module.administration and rights.policy.staff)
        if listed and module.search and rights.scopes(module.key, "view"):
            hits = _hits(user, module, text, limit)
            if hits:
                found.append({"module": module, "hits": hits, "more": len(hits) == limit})
    return found


def _hits(user: Any, module: Module, text: str, limit: int) -> list[dict[str, Any]]:
    second = next(
        (name for name in module.columns if name not in (module.title, "state") and name in module.search), ""
    )
    names = {module.title, "state", second} - {""}
    try:
        rows = list_page(user, module, {"search": text}, limit=limit, fields=names).rows
    except BadQuery:
        return []
    return [
        {
            "title": title_of(module, row),
            "url": record_url(module, row["id"]),
            "second": row.get(second) or "",
            "badge": state_badge(module, row["state"]) if row.get("state") and module.machine else "",
        }
        for row in rows
    ]
