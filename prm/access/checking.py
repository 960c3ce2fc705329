"""Holds a portal's document against the modules: every error with its place in the document."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.utils.translation import gettext as _

from prm.access import parameters
from prm.access.document import BLANK, BLANK_GRANT, BLANK_SCOPE
from prm.access.models import Portal
from prm.access.policy import ModuleLike
from prm.access.specs import LEVELS, PLAIN_VERBS, VIEWS
from workflows.conditions import ConditionError, comparisons, fields_in, to_q, validate

Errors = dict[str, list[str]]
Found = Iterator[tuple[str, str]]

#: Longer documents come of no form.
MOST_CHARACTERS = 1_000_000
MOST_SCOPES = MOST_LAYOUTS = MOST_LINKS = 50

_ACCENT = re.compile(r"#[0-9a-f]{6}")
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


class RegistryLike(Protocol):
    """What is asked of the registry of modules."""

    def get(self, key: str) -> ModuleLike: ...


def check(
    document: Any, registry: RegistryLike, portal: Portal | None = None, logos: Collection[str] = ()
) -> Errors:
    """Errors by path ("grants.leads.scopes.0.where"); none where the document may be applied.

    portal: whose document it is, since a host name belongs to one portal alone. logos: ids of the stored
    pictures that it may name, since everybody is shown a logo.
    """
    errors: Errors = {}
    for path, text in _document(document, registry, portal, logos):
        errors.setdefault(path, []).append(text)
    return errors


def _document(document: Any, registry: RegistryLike, portal: Portal | None, logos: Collection[str]) -> Found:
    if not isinstance(document, Mapping):
        yield "", _("This is no document of a portal.")
        return
    if len(json.dumps(document, default=str)) > MOST_CHARACTERS:
        yield "", _("This is too long.")
        return
    yield from _unknown("", document, BLANK)
    yield from _text("title", document.get("title", ""), 80, required=True)
    if document.get("audience", "other") not in Portal.Audience.values:
        yield "audience", _("Choose one of the audiences.")
    languages = document.get("languages", [])
    if not _texts(languages) or not set(languages) <= set(dict(settings.LANGUAGES)):
        yield "languages", _("Choose languages that the portal speaks.")
    accent = document.get("accent", "")
    if accent != "" and not (isinstance(accent, str) and _ACCENT.fullmatch(accent)):
        yield "accent", _("Give a colour as #rrggbb.")
    yield from _host(document.get("host", ""), portal)
    logo = document.get("logo", "")
    if logo != "" and not (isinstance(logo, str) and logo in logos):
        # The same of what there is not: nobody learns which files are stored.
        yield "logo", _("Choose a picture that was uploaded as the logo of this portal.")
    yield from _welcome(document.get("welcome", {}))
    yield from _links(document.get("links", []))
    if not isinstance(document.get("seated", True), bool):
        yield "seated", _("Say yes or no.")
    if document.get("converts") is not None:
        try:
            leads = registry.get("leads")
        except LookupError:
            yield "converts", _("There are no leads.")
        else:
            yield from _condition("converts", document["converts"], leads)
    grants = document.get("grants", {})
    if not isinstance(grants, Mapping):
        yield "grants", _("Give the grants by module.")
        return
    for key, grant in grants.items():
        try:
            module = registry.get(key)
        except LookupError:
            yield f"grants.{key}", _("There is no such module.")
            continue
        yield from _grant(f"grants.{key}", grant, module)


def _unknown(path: str, given: Mapping[str, Any], known: Mapping[str, Any]) -> Found:
    for name in given:
        if name not in known:
            yield f"{path}.{name}".lstrip("."), _("There is no such setting.")


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _text(path: str, value: Any, most: int, *, required: bool = False) -> Found:
    if not isinstance(value, str) or "\x00" in value:
        yield path, _("Give a text.")
    elif required and not value.strip():
        yield path, _("This is needed.")
    elif len(value) > most:
        yield path, _("At most %(most)s characters.") % {"most": most}


def _host(host: Any, portal: Portal | None) -> Found:
    if host == "":
        return
    if not isinstance(host, str) or not _HOST.fullmatch(host):
        yield "host", _("Give a host name such as partners.example.com, in small letters.")
        return
    others = Portal.objects.filter(host=host)
    if (others.exclude(pk=portal.pk) if portal else others).exists():
        yield "host", _("Another portal has this host name.")


def _welcome(welcome: Any) -> Found:
    if not isinstance(welcome, Mapping):
        yield "welcome", _("Give a title and a text.")
        return
    yield from _unknown("welcome", welcome, {"title": "", "text": ""})
    yield from _text("welcome.title", welcome.get("title", ""), 200)
    yield from _text("welcome.text", welcome.get("text", ""), 20_000)


def _links(links: Any) -> Found:
    if not isinstance(links, list) or len(links) > MOST_LINKS:
        yield "links", _("Give at most %(most)s links.") % {"most": MOST_LINKS}
        return
    for number, link in enumerate(links):
        path = f"links.{number}"
        if not isinstance(link, Mapping):
            yield path, _("Give a title and an address.")
            continue
        yield from _unknown(path, link, {"title": "", "url": ""})
        yield from _text(f"{path}.title", link.get("title", ""), 80, required=True)
        if not _address(link.get("url")):
            yield f"{path}.url", _("Give an address that begins with https://.")


def _address(url: Any) -> bool:
    if not isinstance(url, str) or len(url) > 2000 or re.search(r"[\s\x00-\x1f\\]", url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _condition(path: str, where: Any, module: ModuleLike, *, own: bool = False) -> Found:
    """own: the condition may read the module's own fields only, and no column that it does not show."""
    try:
        validate(where, module.kind_at, dict.fromkeys(parameters.names()))
        read = fields_in(where)
        for one in comparisons(where):
            _state(module, one)
    except ConditionError as error:
        yield path, str(error)
        return
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError):
        yield path, _("This is no condition.")
        return
    if own and not read <= {name for name, field in module.by_name.items() if not field.hidden}:
        yield path, _("Only the fields of the record itself can be asked here.")


def _state(module: ModuleLike, comparison: Mapping[str, Any]) -> None:
    """States the comparison as SQL: a value that no column takes is found now, and not by readers."""
    rows = module.rows().filter(to_q(comparison, dict.fromkeys(parameters.names())))
    with suppress(EmptyResultSet):
        rows.query.get_compiler(rows.db).as_sql()


def _grant(path: str, grant: Any, module: ModuleLike) -> Found:
    if not isinstance(grant, Mapping):
        yield path, _("This is no grant.")
        return
    yield from _unknown(path, grant, BLANK_GRANT)
    views = grant.get("views", ["list"])
    if not _texts(views) or not views or not set(views) <= set(VIEWS) or len(set(views)) < len(views):
        yield f"{path}.views", _("Choose list, board or canvas, each once.")
    yield from _fields(f"{path}.columns", grant.get("columns", []), module)
    yield from _canvas(f"{path}.canvas", grant.get("canvas", {}), module)
    layouts = grant.get("layouts", [])
    if not isinstance(layouts, list) or len(layouts) > MOST_LAYOUTS:
        yield f"{path}.layouts", _("Give at most %(most)s layouts.") % {"most": MOST_LAYOUTS}
    else:
        for number, layout in enumerate(layouts):
            yield from _layout(f"{path}.layouts.{number}", layout, module)
    related: Any = grant.get("related")
    known = {one.module for one in module.related}
    if related is not None and not (
        _texts(related) and set(related) <= known and len(set(related)) == len(related)
    ):
        yield f"{path}.related", _("Choose from what belongs to these records, each once.")
    scopes = grant.get("scopes", [])
    if not isinstance(scopes, list) or len(scopes) > MOST_SCOPES:
        yield f"{path}.scopes", _("Give at most %(most)s scopes.") % {"most": MOST_SCOPES}
        return
    for number, scope in enumerate(scopes):
        yield from _scope(f"{path}.scopes.{number}", scope, module)


def _shown(name: Any, module: ModuleLike) -> bool:
    return isinstance(name, str) and name in module.by_name and not module.by_name[name].hidden


def _fields(path: str, names: Any, module: ModuleLike) -> Found:
    if not isinstance(names, list) or not all(_shown(name, module) for name in names):
        yield path, _("Choose from the fields of the module.")
    elif len(set(names)) < len(names):
        yield path, _("Name each field once.")


def _canvas(path: str, canvas: Any, module: ModuleLike) -> Found:
    if canvas == {}:
        return
    if not isinstance(canvas, Mapping):
        yield path, _("This is no card.")
        return
    yield from _unknown(path, canvas, {"title": "", "lines": [], "badge": "", "corner": ""})
    if not _shown(canvas.get("title"), module):
        yield f"{path}.title", _("Choose the field that is the title.")
    yield from _fields(f"{path}.lines", canvas.get("lines", []), module)
    for name in ("badge", "corner"):
        if canvas.get(name, "") != "" and not _shown(canvas[name], module):
            yield f"{path}.{name}", _("Choose from the fields of the module.")


def _layout(path: str, layout: Any, module: ModuleLike) -> Found:
    if not isinstance(layout, Mapping):
        yield path, _("This is no layout.")
        return
    yield from _unknown(path, layout, {"name": "", "where": None, "sections": []})
    yield from _text(f"{path}.name", layout.get("name", ""), 80)
    if layout.get("where") is not None:
        yield from _condition(f"{path}.where", layout["where"], module, own=True)
    sections = layout.get("sections")
    if not isinstance(sections, list) or not sections:
        yield f"{path}.sections", _("A layout has at least one section.")
        return
    placed: set[str] = set()
    for number, section in enumerate(sections):
        here = f"{path}.sections.{number}"
        if not isinstance(section, Mapping):
            yield here, _("This is no section.")
            continue
        yield from _unknown(here, section, {"title": "", "fields": []})
        yield from _text(f"{here}.title", section.get("title"), 80)
        names: Any = section.get("fields")
        yield from _fields(f"{here}.fields", names, module)
        if _texts(names):
            if placed & set(names):
                yield f"{here}.fields", _("Name each field once.")
            placed |= set(names)


def _scope(path: str, scope: Any, module: ModuleLike) -> Found:
    if not isinstance(scope, Mapping):
        yield path, _("This is no scope.")
        return
    yield from _unknown(path, scope, BLANK_SCOPE)
    yield from _text(f"{path}.name", scope.get("name", ""), 80, required=True)
    if scope.get("where") is not None:
        yield from _condition(f"{path}.where", scope["where"], module)
    transitions = {one.capability for one in module.machine.transitions} if module.machine else set()
    actions = scope.get("actions", [])
    if not _texts(actions) or not set(actions) <= PLAIN_VERBS | transitions | {"*"}:
        yield f"{path}.actions", _("Choose from what can be done with these records.")
    if not isinstance(scope.get("admins_only", False), bool):
        yield f"{path}.admins_only", _("Say yes or no.")
    levels = scope.get("fields", {})
    if not isinstance(levels, Mapping):
        yield f"{path}.fields", _("Give a level for each field.")
        return
    for name, level in levels.items():
        here = f"{path}.fields.{name}"
        if name != "*" and name not in module.by_name:
            yield here, _("There is no such field.")
        by_state = level if isinstance(level, Mapping) else {"*": level}
        for state, one in by_state.items():
            if one not in LEVELS:
                yield here, _("A field is hidden, read or write.")
            if state != "*" and state not in module.states:
                yield here, _("There is no such state.")
