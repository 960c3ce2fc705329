"""Search everything: records of every module that the user may see, and commands."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.cells import title_of
from frontend.commands import commands
from frontend.requests import is_htmx, record_url
from frontend.shell import nav_of
from frontend.shortcuts import keys_of
from frontend.states import state_badge
from prm.access.rights import rights_for
from prm.modules import registry
from prm.modules.read import BadQuery, get_rows, list_page
from prm.modules.registry import Module, Row
from prm.search.words import words

#: Records of each module in the quick results, and on the page; and those that were opened last.
QUICK, FULL, RECENT = 4, 20, 8


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """A page of its own, or with htmx the results for the dialog.

    `recent` names the records that this browser opened last, as "leads/<id>,…"; `here` the page it is on.
    """
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    quick = is_htmx(request)
    context = {
        "title": _("Search"),
        "text": text,
        "commands": commands(request, text, request.GET.get("here", "")[:500]),
        "groups": groups(request.user, text, QUICK if quick else FULL)
        if text
        else recent(request.user, request.GET.get("recent", "")),
    }
    template = "frontend/parts/finder_results.html" if quick else "frontend/search.html"
    return render(request, template, context)


@require_safe
def shortcuts(request: HttpRequest) -> HttpResponse:
    """All keys, in the dialog or as a page."""
    context = {"title": _("Keyboard shortcuts"), "go": keys_of(nav_of(request, ""))}
    template = "frontend/parts/shortcuts.html" if is_htmx(request) else "frontend/shortcuts.html"
    return render(request, template, context)


def groups(user: Any, text: str, limit: int) -> list[dict[str, Any]]:
    """Found records by module."""
    rights = rights_for(user)
    found = []
    for module in registry.all_modules():
        listed = module.nav or (module.administration and rights.policy.staff)
        if listed and module.search and rights.scopes(module.key, "view"):
            try:
                rows = list_page(user, module, {"search": text}, limit=limit, fields=_shown(module)).rows
            except BadQuery:
                continue
            if rows:
                hits = [_hit(module, row, text) for row in rows]
                found.append(
                    {
                        "key": module.key,
                        "title": module.label_plural,
                        "hits": hits,
                        "more": len(rows) == limit,
                    }
                )
    return found


def recent(user: Any, named: str) -> list[dict[str, Any]]:
    """The records that were opened last, as far as the user may still see them, newest first."""
    wanted: dict[str, list[UUID]] = {}
    order = []
    for one in named.split(",")[:RECENT]:
        key, _slash, pk = one.partition("/")
        try:
            wanted.setdefault(key, []).append(UUID(pk))
        except ValueError:
            continue
        order.append((key, UUID(pk)))
    rows: dict[tuple[str, UUID], tuple[Module, Row]] = {}
    for key, pks in wanted.items():
        try:
            module = registry.get(key)
        except LookupError:
            continue
        rows |= {(key, pk): (module, row) for pk, row in get_rows(user, module, pks, _shown(module)).items()}
    hits = [_hit(*rows[one], "") for one in dict.fromkeys(order) if one in rows]
    return [{"key": "", "title": _("Opened last"), "hits": hits, "more": False}] if hits else []


def _second(module: Module) -> str:
    return next(
        (name for name in module.columns if name not in (module.title, "state") and name in module.search), ""
    )


def _shown(module: Module) -> set[str]:
    return {module.title, "state", _second(module)} - {""}


def _hit(module: Module, row: Row, text: str) -> dict[str, Any]:
    return {
        "icon": module.icon,
        "title": marked(title_of(module, row), text),
        "url": record_url(module, row["id"]),
        "second": marked(str(row.get(_second(module)) or ""), text),
        "badge": state_badge(module, row["state"]) if row.get("state") and module.machine else "",
    }


def marked(shown: str, text: str) -> SafeString:
    """`shown` with its words marked that the search has found."""
    wanted = words(text)

    def part(piece: str) -> SafeString:
        known = words(piece)
        hit = any(known_word.startswith(begun) for known_word in known for begun in wanted)
        return format_html("<mark>{}</mark>", piece) if hit else format_html("{}", piece)

    return format_html_join("", "{}", ((part(piece),) for piece in re.split(r"(\W+)", shown)))
