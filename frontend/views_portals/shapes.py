"""How a portal shows a module: layouts of the record page, views, the card of a canvas, related records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from frontend.presenting import Card, cards, fields_of
from frontend.views_jobs.common import rows as rows_of
from frontend.views_portals import arranging
from frontend.views_portals.arranging import CardForm, LayoutForm, labelled, ordered
from frontend.views_portals.desk import Desk, desk, granted_or_404, module_or_404, portal_or_404
from frontend.views_portals.pressing import moved, numbers, pressed, whole
from frontend.views_portals.rows import drawn
from frontend.views_portals.words import VIEWS, module_of, words
from prm.access.presentation import Canvas
from prm.modules.registry import Module

MOST_LAYOUTS = 10


# --- layouts


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def layouts(request: HttpRequest, pk: UUID, key: str) -> HttpResponse:
    """The layouts of the record page: the first whose condition holds is used. POST puts them in order."""
    at = desk(request, pk)
    module, grant = granted_or_404(at, key)
    if request.method == "POST":
        verb, about = pressed(request.POST)
        named = numbers(about)
        if not named or not 0 <= named[0] < len(grant["layouts"]):
            raise Http404

        def change(document: dict[str, Any]) -> None:
            kept = document["grants"][key]["layouts"]
            if verb == "layout-move" and len(named) == 2:
                moved(kept, *named)
            elif verb == "layout-remove":
                del kept[named[0]]
            else:
                raise Http404

        if at.save(change):
            messages.success(request, _("Saved in the draft."))
            return redirect(request.path)
    shown = [
        {
            "name": one["name"],
            "when": words(one["where"], module),
            "sections": [str(section["title"]) for section in one["sections"]],
            "fields": sum(len(section["fields"]) for section in one["sections"]),
        }
        for one in grant["layouts"]
    ]
    own = arranging.own_layout(module, "")
    context = {"module": module, "layouts": shown, "own": own, "most": len(shown) >= MOST_LAYOUTS}
    return at.page("layouts", "layout", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def layout(request: HttpRequest, pk: UUID, key: str, number: int) -> HttpResponse:
    """One layout: sections of fields in their order."""
    at = desk(request, pk)
    module, grant = granted_or_404(at, key)
    known = grant["layouts"][number] if number < len(grant["layouts"]) else None
    if known is None and request.method != "POST":
        raise Http404
    return _layout(at, module, number, known)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_layout(request: HttpRequest, pk: UUID, key: str) -> HttpResponse:
    """A further layout; it begins as the module's own."""
    at = desk(request, pk)
    module, grant = granted_or_404(at, key)
    name = _("All records") if not grant["layouts"] else ""
    return _layout(at, module, None, arranging.own_layout(module, name))


def _layout(at: Desk, module: Module, number: int | None, known: dict[str, Any] | None) -> HttpResponse:
    request = at.request
    if request.method != "POST":
        return _layout_shown(at, arranging.of_layout(known or {}, module), number)
    form = arranging.layout_posted(request.POST, module)
    if known is not None:
        form.rows.custom = arranging.of_layout(known, module).rows.custom
    verb, about = pressed(request.POST)
    if form.press(verb, about):
        return _layout_shown(at, form, number)
    wanted = form.layout()
    if wanted is None:
        at.status = 422
        return _layout_shown(at, form, number)

    def change(document: dict[str, Any]) -> None:
        kept = document["grants"][module.key]["layouts"]
        if number is None or number >= len(kept):
            kept.append(wanted)
        else:
            kept[number] = wanted

    if at.save(change, place=_layout_place):
        messages.success(request, _("Saved in the draft."))
        return redirect("portal-layouts", pk=at.portal.pk, key=module.key)
    form.errors.update(at.errors)
    return _layout_shown(at, form, number)


def _layout_place(path: str) -> str:
    parts = path.split(".")
    return {"name": "id-name", "where": "id-when", "sections": "id-sections"}.get(
        parts[4] if len(parts) > 4 else "", ""
    )


def _layout_shown(at: Desk, form: LayoutForm, number: int | None) -> HttpResponse:
    at.errors = {**at.errors, **form.errors}
    context = {
        "module": form.module,
        "form": form,
        "number": number,
        "errors": at.errors,
        "row_url": reverse("portal-condition", args=[at.portal.pk, form.module.key]),
        **drawn(at.request.user, form.module, form.rows, own=True),
    }
    return at.page("layout", "layout", context)


# --- views


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def view(request: HttpRequest, pk: UUID, key: str) -> HttpResponse:
    """Which views there are and which is the first, the columns of the list, the card of the canvas."""
    at = desk(request, pk)
    module, grant = granted_or_404(at, key)
    if request.method != "POST":
        columns = [name for name in grant["columns"] or module.columns if name in module.by_name]
        return _view_shown(at, module, list(grant["views"]), columns, arranging.card_of(grant, module))
    data = request.POST
    possible = _possible(module)
    views = ordered(data, "view", possible)
    columns = ordered(data, "column", [one.name for one in arranging.shown_fields(module)])
    if (added := data.get("column-add", "")) in module.by_name and added not in columns:
        columns.append(added)
    card = arranging.card_posted(data, module)
    first = data.get("first", "")
    verb, about = pressed(data)
    if _press(verb, about, columns, card):
        return _view_shown(at, module, views, columns, card, first)
    if not views:
        at.say("id-views", _("Choose at least one view."))
    if first in views:
        views.sort(key=lambda one: one != first)
    elif first and views:
        at.say("id-views", _("The view that comes first must be one of those that there are."))
    if "list" in views and not columns:
        at.say("id-columns", _("A list needs a column."))
    if at.errors:
        at.status = 422
        return _view_shown(at, module, views, columns, card, first)

    def change(document: dict[str, Any]) -> None:
        kept = document["grants"][key]
        kept["views"] = views
        kept["columns"] = [] if columns == list(module.columns) else columns
        own = arranging.card_of({}, module).design()
        kept["canvas"] = {} if card.design() == own else card.design()

    if at.save(change, place=_view_place):
        messages.success(request, _("Saved in the draft."))
        return redirect(request.path)
    return _view_shown(at, module, views, columns, card, first)


def _view_place(path: str) -> str:
    parts = path.split(".")
    return {"views": "id-views", "columns": "id-columns", "canvas": "id-canvas"}.get(
        parts[2] if len(parts) > 2 else "", ""
    )


def _possible(module: Module) -> list[str]:
    """The views that the module can have."""
    return [one for one in VIEWS if one != "board" or module.board]


def _press(verb: str, about: list[str], columns: list[str], card: CardForm) -> bool:
    lists = {"column": columns, "line": card.lines}
    what, _dash, act = verb.partition("-")
    names = lists.get(what)
    if verb == "look":
        return True
    if names is None:
        return False
    if act == "remove" and about and about[0] in names:
        names.remove(about[0])
    elif act == "move" and len(about) == 2 and about[0] in names:
        moved(names, names.index(about[0]), whole(about[1]) or 0)
    return True


def _view_shown(
    at: Desk, module: Module, views: list[str], columns: list[str], card: CardForm, first: str = ""
) -> HttpResponse:
    fields = arranging.shown_fields(module)
    first = first or (views[0] if views else "")
    context = {
        "module": module,
        "errors": at.errors,
        "views": [(one, VIEWS[one], one in views, one == first) for one in _possible(module)],
        "columns": labelled(module, columns),
        "more_columns": [(one.name, str(one.label)) for one in fields if one.name not in columns],
        "card": card,
        "lines": labelled(module, card.lines),
        "more_lines": [(one.name, str(one.label)) for one in fields if one.name not in card.lines],
        "fields": [(one.name, str(one.label)) for one in fields],
        "most_lines": arranging.MOST_LINES,
        "sample": sample(at.request.user, module, card),
    }
    return at.page("view", "view", context)


def sample(user: Any, module: Module, card: CardForm) -> Card:
    """The card of the newest record that the editor sees; of labels where there is none."""
    design = Canvas(card.title or module.title, tuple(card.lines), card.badge, card.corner)
    fields = fields_of(design)
    found = rows_of(user, module.key, fields | {module.title}, limit=1)
    if found:
        return cards(module, design, found)[0]
    labels = dict(labelled(module, fields))
    return Card(
        id="",
        url="",
        title=labels.get(design.title, str(module.label)),
        badge=labels.get(design.badge, ""),
        corner=labels.get(design.corner, ""),
        corner_label=labels.get(design.corner, ""),
        lines=[(labels[name], "…", False) for name in design.lines],
    )


@require_POST
def card(request: HttpRequest, pk: UUID, key: str) -> HttpResponse:
    """The sample card for what is chosen in the designer now; nothing is saved."""
    portal_or_404(request, pk)
    module = module_or_404(key)
    shown = sample(request.user, module, arranging.card_posted(request.POST, module))
    return render(request, "frontend/portals/_sample.html", {"sample": shown, "module": module})


# --- related records


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def related(request: HttpRequest, pk: UUID, key: str) -> HttpResponse:
    """Which related records stand on the page of a record, in which order."""
    at = desk(request, pk)
    module, grant = granted_or_404(at, key)
    declared = {one.module: str(one.title) for one in module.related}
    if request.method == "POST":
        keys = ordered(request.POST, "order", declared)
        on = set(request.POST.getlist("on"))
        verb, about = pressed(request.POST)
        if verb == "related-move" and len(about) == 2 and about[0] in keys:
            moved(keys, keys.index(about[0]), whole(about[1]) or 0)
            return _related_shown(at, module, declared, keys, on)
        chosen = [one for one in keys if one in on]

        def change(document: dict[str, Any]) -> None:
            everything = chosen == list(declared)
            document["grants"][key]["related"] = None if everything else chosen

        if at.save(change):
            messages.success(request, _("Saved in the draft."))
            return redirect(request.path)
        return _related_shown(at, module, declared, keys, on)
    chosen = list(declared) if grant["related"] is None else grant["related"]
    keys = [one for one in chosen if one in declared] + [one for one in declared if one not in chosen]
    return _related_shown(at, module, declared, keys, set(chosen))


def _related_shown(
    at: Desk, module: Module, declared: dict[str, str], keys: list[str], on: set[str]
) -> HttpResponse:
    lists = [
        {
            "key": one,
            "title": declared[one],
            "icon": found.icon if (found := module_of(one)) else "folder",
            "on": one in on,
            "granted": at.grant(one) is not None,
        }
        for one in keys
    ]
    return at.page("related", "related", {"module": module, "lists": lists})
