"""Who has touched a record: the latest lines of the touch log, for those who are granted it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from frontend.requests import module_or_404, object_or_404
from prm.modules import registry
from prm.modules.read import list_page

#: Lines of the panel; the list has them all.
FEW = 20

SHOWN = ("at", "user", "kind", "verb", "as_user", "made_up")


@require_safe
def of_record(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """The panel, asked for when it is opened."""
    log = module_or_404(request.user, "touches")
    obj = object_or_404(request.user, module_or_404(request.user, key), pk)
    params = {"record": str(obj.pk)}
    page = list_page(request.user, log, params, limit=FEW, fields=SHOWN)
    kinds = {str(value): label for value, label in registry.get("touches").field("kind").options()}
    lines = [{**row, "what": kinds.get(str(row.get("kind")), "")} for row in page.rows]
    context = {
        "lines": lines,
        "all": f"{reverse('module-list', args=['touches'])}?record={obj.pk}" if lines else "",
    }
    return render(request, "frontend/viewing/touches.html", context)
