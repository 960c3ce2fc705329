"""Looking at the portal as one of its users, or as one who is made up."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from frontend.forms import InputForm
from frontend.requests import next_url, object_or_404
from prm.access import viewing
from prm.modules import registry
from prm.modules.read import list_page
from workflows.inputs import Input

#: People who are offered at a time; who looks for another one searches.
FEW = 20

#: Somebody who does not exist: a company is a partner or an account, or there is none.
MADE_UP = {
    "portal": Input(kind="reference", module="portals", label=gettext_lazy("Portal")),
    "partner": Input(
        kind="reference", module="partners", label=gettext_lazy("Of the partner"), required=False
    ),
    "account": Input(
        kind="reference", module="accounts", label=gettext_lazy("Or of the account"), required=False
    ),
    "admin": Input(kind="boolean", label=gettext_lazy("Admin of the company"), required=False),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def view_as(request: HttpRequest) -> HttpResponse:
    """Whom to look as; with a POST, it begins."""
    if not viewing.may_view_as(request.user):
        raise Http404
    whom = request.POST.get("user") or request.GET.get("user")
    if request.method == "POST" and whom:
        return _begin(request, user=object_or_404(request.user, registry.get("users"), whom).pk)
    form = InputForm(MADE_UP, request.user, request.POST or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        given = form.data_for_engine()
        portal = object_or_404(request.user, registry.get("portals"), given["portal"])
        company = given["partner"] or given["account"] or None
        if company:
            key = "partners" if given["partner"] else "accounts"
            company = object_or_404(request.user, registry.get(key), company).pk
        return _begin(request, portal=portal.pk, company=company, admin=bool(given["admin"]))
    text = request.GET.get("search", "").strip()[:200]
    context = {
        "title": _("View as"),
        "form": form,
        "people": _people(request.user, text, request.GET.get("portal", "")),
        "search": text,
        "portal": request.GET.get("portal", ""),
    }
    return render(request, "frontend/viewing/page.html", context, status=422 if form.errors else 200)


def _people(user: Any, text: str, portal: str) -> list[dict[str, Any]]:
    params = {"is_active": "true", **({"search": text} if text else {})}
    if portal:
        params["portal"] = portal
    try:
        page = list_page(user, registry.get("users"), params, limit=FEW, fields=("name", "email", "portal"))
    except ValueError:
        return []
    return [row for row in page.rows if row["id"] != user.pk]


def _begin(request: HttpRequest, **whom: Any) -> HttpResponse:
    viewing.begin(request, **whom)
    return redirect(next_url(request, "/"))


@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Back to one's own eyes."""
    looking = getattr(request, "viewing", None)
    viewed = viewing.stop(request)
    if viewed is not None:
        messages.success(request, _("You see the portal with your own eyes again."))
    # The page where it began: of the user, where it was a real one.
    viewing.may_view_as(looking.real if looking else request.user)
    made_up = viewed is None or getattr(viewed, "made_up", False)
    return redirect("view-as") if made_up else redirect("record", "users", viewed.pk)
