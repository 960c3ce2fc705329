"""Records as cards in lanes, by stage or by state, and moving one to another lane."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from frontend.cells import cell, empty, title_of
from frontend.formats import money
from frontend.presenting import granted_views, tabs
from frontend.requests import actor, explain, module_or_404, next_url, object_or_404, record_url, status_of
from frontend.views import saved
from prm.access.rights import may
from prm.modules.actions import update
from prm.modules.read import BadQuery, aggregate, list_page
from prm.modules.registry import Module, Row
from prm.modules.versions import version_matches
from workflows.errors import Stale, WorkflowError
from workflows.perform import Option, available, perform

#: Cards in one lane; the rest is behind a link to the list.
CARDS = 25

#: Parameters that the board fixes itself.
OWN = frozenset({"cursor", "limit", "count", "ordering", "cols", "part", "view"})


@dataclass
class Lane:
    """One column of a board. `end` lanes are final states beside the stages."""

    key: str
    title: str
    by: str
    end: bool
    cards: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0
    sums: list[str] = field(default_factory=list)
    more: str = ""


@require_safe
def board(request: HttpRequest, key: str) -> HttpResponse:
    """The module's records in lanes. Filters are those of the list."""
    module = module_or_404(request.user, key)
    if "board" not in granted_views(request.user, module):
        raise Http404
    params = {name: request.GET[name] for name in request.GET if request.GET[name] and name not in OWN}
    status, wrong = 200, {}
    lanes = lanes_of(module)
    try:
        _fill(request.user, module, lanes, params)
    except BadQuery as error:
        status, wrong, lanes = 400, error.errors, []
    context = {
        "title": module.label_plural,
        "module": module,
        "lanes": lanes,
        "wrong": wrong,
        "search": params.get("search", ""),
        "views": saved.bar_of(request, module, "board"),
        "view_tabs": tabs(granted_views(request.user, module), module, "board", request.GET),
        "may_create": may(request.user, module, "create"),
    }
    return render(request, "frontend/board.html", context, status=status)


def lanes_of(module: Module) -> list[Lane]:
    """The lanes: the values of the board's field; beside stages also the states in which it ends."""
    one = module.field(module.board)
    lanes = [Lane(str(value), str(label), one.name, False) for value, label in one.options() if value]
    if one.kind != "state" and module.machine:
        lanes += [Lane(state, module.machine.title(state), "state", True) for state in module.machine.finals]
    elif module.machine:
        lanes = [Lane(lane.key, lane.title, lane.by, lane.key in module.machine.finals) for lane in lanes]
    return lanes


def _staged(module: Module) -> dict[str, str]:
    """Lanes of stages hold what is still being worked, so what has ended is left out of them."""
    if module.machine is None or module.field(module.board).kind == "state":
        return {}
    open_states = [state for state in module.machine.states if state not in module.machine.finals]
    return {"state__in": ",".join(open_states)}


def _fill(user: Any, module: Module, lanes: list[Lane], params: dict[str, str]) -> None:
    money_field = next(
        (one.name for one in module.fields if one.kind == "money" and one.name in module.card), None
    )
    names = {*module.card, module.title, module.board, "state"}
    for lane in lanes:
        narrowed = {**params, **({} if lane.by == "state" else _staged(module)), lane.by: lane.key}
        page = list_page(user, module, narrowed, limit=CARDS, fields=names)
        lane.cards = [_card(module, row) for row in page.rows]
        lane.count = len(page.rows)
        if page.next and len(page.rows) == CARDS:
            lane.more = f"{reverse('module-list', args=[module.key])}?{urlencode(narrowed)}"
    if any(lane.cards for lane in lanes):
        _sum(user, module, lanes, params, money_field)


def _sum(
    user: Any, module: Module, lanes: list[Lane], params: dict[str, str], money_field: str | None
) -> None:
    for by in {lane.by for lane in lanes}:
        extra = {} if by == "state" else _staged(module)
        groups = aggregate(user, module, {**params, **extra}, by, money_field)
        for lane in (lane for lane in lanes if lane.by == by):
            mine = [one for one in groups if one["key"] == lane.key]
            lane.count = sum(one["count"] for one in mine)
            lane.sums = [
                money({"amount": one["sum"], "currency": one["currency"]})
                for one in mine
                if money_field and one.get("sum") and one.get("currency")
            ]


def _card(module: Module, row: Row) -> dict[str, Any]:
    facts = [
        {"label": str(module.field(name).label), "html": cell(module, name, row[name])}
        for name in module.card
        if name not in (module.title, module.board) and not empty(row.get(name))
    ]
    pk = str(row["id"])
    return {
        "id": pk,
        "url": record_url(module, pk),
        "move": reverse("record-move", args=[module.key, pk]),
        "title": title_of(module, row),
        "version": row["version"],
        "lane": row.get(module.board) if row.get("state") not in _ends(module) else row.get("state"),
        "facts": facts,
    }


def _ends(module: Module) -> list[str]:
    return module.machine.finals if module.machine else []


@require_POST
def move(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """Puts a card into another lane: a new stage is a change of the record, a new state a transition."""
    module = module_or_404(request.user, key)
    obj = object_or_404(request.user, module, pk)
    back = next_url(request, reverse("module-board", args=[key]))
    lane = next((one for one in lanes_of(module) if one.key == request.POST.get("to")), None)
    if lane is None:
        raise Http404
    try:
        option = _move(request, module, obj, lane)
    except WorkflowError as error:
        return _answer(request, back, explain(error), status_of(error))
    if option is None:
        return _answer(request, back, "", 200)
    if option.enabled:
        form = reverse("record-transition", args=[key, pk, option.name]) + "?" + urlencode({"next": back})
        return _answer(request, form, "", 200, form=form)
    return _answer(request, back, " ".join(reason.message for reason in option.reasons), 409)


def _move(request: HttpRequest, module: Module, obj: Any, lane: Lane) -> Option | None:
    """Moves the record. Returns the transition where it is refused or has first to ask for something."""
    token = request.POST.get("version", "")
    if lane.by != "state":
        update(actor(request), module, obj.pk, {lane.by: lane.key}, expected_version=token)
        return None
    if not version_matches(obj, token):
        raise Stale
    options = [one for one in available(obj, actor(request)) if lane.key in _targets(module, one)]
    found = next((one for one in options if one.enabled), None) or next(iter(options), None)
    if found is None:
        raise WorkflowError(_("There is no way from here to “%(lane)s” for you.") % {"lane": lane.title})
    if not found.enabled or found.confirm or any(one.required for one in found.inputs.values()):
        return found
    perform(obj, found.name, actor=actor(request), expected_version=obj.version)
    return None


def _targets(module: Module, option: Option) -> tuple[str, ...]:
    if option.target:
        return (option.target,)
    found = module.machine.get(option.name) if module.machine else None
    return found.targets if found else ()


def _answer(request: HttpRequest, url: str, reason: str, status: int, form: str = "") -> HttpResponse:
    """JSON for board.js, a page for who has no scripts."""
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"reason": reason, "form": form}, status=status)
    if reason:
        messages.error(request, reason)
    return redirect(url)
