"""What one can do from the finder besides opening a record: pages, new records, files, the record at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from frontend.beside import BEGUN_ELSEWHERE, edit_url
from frontend.formats import noun
from frontend.looks import languages
from frontend.requests import actor
from frontend.shell import administration_items, job_items, module_items
from prm.access.rights import may, visible
from prm.imports.actions import targets
from prm.modules import registry
from prm.modules.registry import Module
from prm.search.words import words
from workflows.perform import available

#: Commands that are shown at once.
MOST = 8


@dataclass(frozen=True)
class Command:
    """Something to do. post: what its button sends to `url`; None for a link. dialog: it asks first.

    reason: why it is not possible now; it is shown all the same.
    """

    title: str
    url: str
    icon: str
    hint: str = ""
    post: dict[str, str] | None = field(default=None, hash=False)
    dialog: bool = False
    reason: str = ""


def commands(request: HttpRequest, text: str, here: str) -> list[Command]:
    """The commands whose words begin with those of `text`, in any order; with none, those that lie near.

    here: path of the page on which the finder was opened.
    """
    wanted = words(text)
    at_hand = _of_record(request, here)
    if not wanted:
        return [*at_hand, *_pages(request.user)][:MOST]
    every = [*at_hand, *_pages(request.user), *_new(request.user), *_files(request.user), *_settings(request)]
    return [one for one in every if _fits(one, wanted)][:MOST]


def _fits(one: Command, wanted: list[str]) -> bool:
    known = words(f"{one.title} {one.hint}")
    return all(any(word.startswith(begun) for word in known) for begun in wanted)


def _pages(user: Any) -> list[Command]:
    items = [*job_items(user, ""), *module_items(user, ""), *administration_items(user, "")]
    return [Command(one.title, one.url, one.icon, _("Page")) for one in items]


def _new(user: Any) -> list[Command]:
    return [
        Command(
            _("New %(label)s") % {"label": noun(one.label)}, reverse("module-new", args=[one.key]), "plus"
        )
        for one in registry.all_modules()
        if one.nav and one.key not in BEGUN_ELSEWHERE and may(user, one, "view") and may(user, one, "create")
    ]


def _files(user: Any) -> list[Command]:
    # What was brought in and taken out: lists without a place in the menu.
    lists = [one for one in map(registry.get, ("imports", "exports")) if may(user, one, "view")]
    found = [
        Command(str(one.label_plural), reverse("module-list", args=[one.key]), one.icon, _("Page"))
        for one in lists
    ]
    found += [
        Command(
            _("Import %(label)s") % {"label": noun(one.label_plural)},
            f"{reverse('import')}?module={one.key}",
            "upload",
        )
        for one in (targets(user) if may(user, registry.get("imports"), "view") else ())
    ]
    return found + [
        Command(
            _("Export %(label)s") % {"label": noun(one.label_plural)},
            reverse("module-export", args=[one.key]),
            "download",
        )
        for one in registry.all_modules()
        if one.nav and may(user, one, "view") and may(user, one, "export")
    ]


def _settings(request: HttpRequest) -> list[Command]:
    found = [Command(_("Light or dark theme"), reverse("theme"), "sun-moon", post={"theme": "toggle"})]
    found += [
        Command(
            _("Language: %(name)s") % {"name": name},
            reverse("language"),
            "languages",
            post={"language": code},
        )
        for code, name in languages(request)
        if code != get_language()
    ]
    return [*found, Command(_("Keyboard shortcuts"), reverse("shortcuts"), "keyboard", dialog=True)]


def _of_record(request: HttpRequest, here: str) -> list[Command]:
    """Transitions and changes of the record whose page is open, those that are possible first."""
    found = record_at(request.user, here)
    if found is None:
        return []
    module, obj = found
    made = []
    if may(request.user, module, "edit", obj) and (url := edit_url(module, obj)):
        made.append(Command(_("Edit"), url, "pencil", _("This record")))
    options = available(obj, actor(request)) if module.machine else []
    for one in sorted(options, key=lambda one: not one.enabled):
        made.append(
            Command(
                one.title,
                reverse("record-transition", args=[module.key, obj.pk, one.name]),
                "arrow-right",
                _("This record"),
                dialog=True,
                reason=" ".join(reason.message for reason in one.reasons),
            )
        )
    return made


def record_at(user: Any, path: str) -> tuple[Module, Any] | None:
    """The record whose page has this path, if the user may see it."""
    try:
        match = resolve(urlsplit(path).path)
    except (Resolver404, ValueError):
        return None
    if match.url_name != "record":
        return None
    return record_of(user, match.kwargs["key"], match.kwargs["pk"])


def record_of(user: Any, key: str, pk: UUID) -> tuple[Module, Any] | None:
    """The module and the record, if the user may see it."""
    try:
        module = registry.get(key)
    except LookupError:
        return None
    obj = visible(user, module).filter(pk=pk).first() if may(user, module, "view") else None
    return (module, obj) if obj is not None else None
