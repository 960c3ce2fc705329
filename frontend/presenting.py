"""How a portal shows a module: which views, which of them is the first, and the cards of a canvas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from frontend.cells import empty, shower, title_of
from frontend.requests import record_url
from prm.access.presentation import Canvas
from prm.access.rights import readable_fields, rights_for
from prm.modules.registry import Module, Row

#: The views that there are: what they are called, their icon and the name of their address.
VIEWS = {
    "list": (_("List"), "list", "module-list"),
    "board": (_("Board"), "columns-3", "module-board"),
    "canvas": (_("Cards"), "layout-grid", "module-canvas"),
}

#: What one view's address says that another's does not: places in it, and what is only the list's.
OWN = frozenset({"cursor", "part", "view", "cols", "next"})


def granted_views(user: Any, module: Module) -> tuple[str, ...]:
    """How the user's portal shows the module, the usual view first; never empty."""
    views = rights_for(user).presentation(module).views
    if "board" in views and module.board not in readable_fields(user, module):
        views = tuple(one for one in views if one != "board")
    return views or ("list",)


@dataclass(frozen=True)
class ViewTab:
    """A way to another view of the same records."""

    title: str
    icon: str
    url: str
    current: bool


def tabs(views: tuple[str, ...], module: Module, now: str, query: QueryDict) -> list[ViewTab]:
    """The views to choose from, with what is looked for kept; none where there is only one."""
    if len(views) < 2:
        return []
    kept = [(name, value) for name in query if name not in OWN for value in query.getlist(name) if value]
    return [
        ViewTab(str(VIEWS[one][0]), VIEWS[one][1], _address(one, views, module, kept), one == now)
        for one in views
    ]


def _address(view: str, views: tuple[str, ...], module: Module, kept: list[tuple[str, str]]) -> str:
    url = reverse(VIEWS[view][2], args=[module.key])
    if view == "list" and views[0] != "list" and not kept:
        # The bare address of the list leads to the usual view.
        kept = [("view", "all")]
    return f"{url}?{urlencode(kept)}" if kept else url


def usual(views: tuple[str, ...], module: Module, query: QueryDict) -> str:
    """Where the address of the list leads instead, "" where the list is what is shown."""
    if views[0] == "list" or ("list" in views and query):
        return ""
    url = reverse(VIEWS[views[0]][2], args=[module.key])
    return f"{url}?{query.urlencode()}" if query else url


def canvas_of(user: Any, module: Module) -> Canvas:
    """The card that the portal has designed; where it has none, the one of the module's boards."""
    return rights_for(user).presentation(module).canvas


def fields_of(canvas: Canvas) -> set[str]:
    """All that a card is made of."""
    return {canvas.title, *canvas.lines, canvas.badge, canvas.corner} - {""}


@dataclass(frozen=True)
class Card:
    """One record of a canvas; what is masked or empty is left out."""

    id: str
    url: str
    title: str
    badge: SafeString | str
    corner: SafeString | str
    corner_label: str
    lines: list[tuple[str, SafeString | str, bool]]


def cards(module: Module, canvas: Canvas, rows: Iterable[Row]) -> list[Card]:
    """The rows as cards."""
    shows = {name: shower(module, module.field(name)) for name in fields_of(canvas)}
    labels = {name: str(module.field(name).label) for name in fields_of(canvas)}
    wide = {name: module.field(name).kind in ("longtext", "json") for name in canvas.lines}

    def html(row: Row, name: str) -> SafeString | str:
        value = row.get(name) if name else None
        return "" if empty(value) else shows[name](value)

    made = []
    for row in rows:
        pk = str(row["id"])
        badge = html(row, canvas.badge)
        if badge and module.field(canvas.badge).kind != "state":
            badge = format_html('<span class="badge badge--info">{}</span>', badge)
        lines = [(labels[name], shown, wide[name]) for name in canvas.lines if (shown := html(row, name))]
        made.append(
            Card(
                id=pk,
                url=record_url(module, pk),
                title=_title(module, canvas, row),
                badge=badge,
                corner=html(row, canvas.corner),
                corner_label=labels.get(canvas.corner, ""),
                lines=lines,
            )
        )
    return made


def _title(module: Module, canvas: Canvas, row: Row) -> str:
    value = row.get(canvas.title)
    if isinstance(value, Mapping):
        value = value.get("title")
    one = module.field(canvas.title)
    if value not in (None, "") and one.kind in ("choice", "state"):
        return {str(key): str(label) for key, label in one.options()}.get(str(value), str(value))
    return str(value) if value not in (None, "") else title_of(module, row)
