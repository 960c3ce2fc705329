"""Saved views of a list: keeping, changing, sharing and opening one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from frontend.presenting import VIEWS, granted_views
from frontend.requests import explain, module_or_404
from prm.modules.naming import names
from prm.modules.registry import Module
from prm.views import actions
from prm.views.models import SavedView
from workflows.errors import WorkflowError


@dataclass(frozen=True)
class Tab:
    """A view as it stands above the list."""

    name: str
    url: str
    current: bool
    by: str = ""


@dataclass(frozen=True)
class Bar:
    """The views above a list. current: the one that is open; `mine` where the reader may change it;
    keeper: who else keeps it."""

    tabs: list[Tab]
    current: SavedView | None
    mine: bool
    keeper: str
    changed: bool
    default: bool
    query: str
    kind: str
    audiences: list[tuple[str, str]]


def url_of(view: SavedView) -> str:
    """The address that opens the view."""
    name = VIEWS[view.kind][2]
    query = f"{view.query}&" if view.query else ""
    return f"{reverse(name, args=[view.module])}?{query}view={view.pk}"


def bar_of(request: HttpRequest, module: Module, kind: str) -> Bar:
    """The views that the reader may open here, and which one is open."""
    user: Any = request.user
    views = list(actions.seen_by(user, module))
    named = names(user, (one.owner_id for one in views))
    opened = request.GET.get("view", "")
    current = next((one for one in views if str(one.pk) == opened), None)
    query = actions.state_of(request.GET.urlencode())
    plain = reverse(VIEWS[kind][2], args=[module.key])
    tabs = [Tab(_("All"), f"{plain}?view=all", current is None)]
    tabs += [
        Tab(one.name, url_of(one), one == current, "" if one.owner_id == user.pk else named.of(one.owner))
        for one in views
    ]
    chosen = actions.default_of(user, module) if current else None
    return Bar(
        tabs=tabs if views else [],
        current=current,
        mine=current is not None and current.owner_id == user.pk,
        keeper=named.of(current.owner) if current else "",
        changed=current is not None and (current.query, current.kind) != (query, kind),
        default=chosen is not None and chosen == current,
        query=query,
        kind=kind,
        audiences=actions.audiences(user),
    )


def opening(request: HttpRequest, module: Module) -> str:
    """Where the bare address of a list leads: the reader's default view, "" for the list itself."""
    if request.GET:
        return ""
    view = actions.default_of(request.user, module)
    # A portal may have lost the kind of view that it was kept in.
    return url_of(view) if view and view.kind in granted_views(request.user, module) else ""


@require_POST
def save(request: HttpRequest, key: str) -> HttpResponse:
    """Keeps the list as it stands under a name."""
    return _save(request, module_or_404(request.user, key), None)


@require_POST
def change(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """Saves, renames, shares, deletes a view, or opens the list in it from now on."""
    module = module_or_404(request.user, key)
    try:
        view = actions.seen_by(request.user, module).get(pk=pk)
    except (SavedView.DoesNotExist, ValidationError) as error:
        raise Http404 from error
    do = request.POST.get("do", "save")
    if do in ("default", "no-default"):
        actions.set_default(request.user, module, view if do == "default" else None)
        messages.success(
            request,
            _("The list opens in “%(name)s” for you.") % {"name": view.name}
            if do == "default"
            else _("The list opens with everything for you."),
        )
        return redirect(url_of(view))
    if do == "delete":
        try:
            actions.delete(request.user, view)
        except WorkflowError as error:
            raise Http404 from error
        messages.success(request, _("The view “%(name)s” was deleted.") % {"name": view.name})
        return redirect(reverse("module-list", args=[key]) + "?view=all")
    return _save(request, module, view)


def _save(request: HttpRequest, module: Module, view: SavedView | None) -> HttpResponse:
    kind = request.POST.get("kind", "list")
    query = request.POST.get("query", "")
    try:
        view = actions.save(
            request.user,
            module,
            name=request.POST.get("name", ""),
            query=query,
            kind=kind,
            shared=request.POST.get("shared", SavedView.Shared.NOBODY),
            view=view,
        )
    except WorkflowError as error:
        if error.code == "not_found":
            raise Http404 from error
        messages.error(request, explain(error))
        name = VIEWS.get(kind, VIEWS["list"])[2]
        return redirect(f"{reverse(name, args=[module.key])}?{actions.state_of(query)}")
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
    return redirect(url_of(view))
