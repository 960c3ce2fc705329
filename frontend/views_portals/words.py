"""A portal's document in words: what a scope is, and how two documents differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.views_portals.condition_words import words
from prm.access.specs import HIDDEN, READ, WRITE
from prm.modules import registry
from prm.modules.registry import Module

Document = Mapping[str, Any]

LEVELS = {HIDDEN: gettext_lazy("Hidden"), READ: gettext_lazy("Read"), WRITE: gettext_lazy("Write")}
RANK = {HIDDEN: 0, READ: 1, WRITE: 2}
PLAIN = {
    "view": gettext_lazy("See"),
    "create": gettext_lazy("Create"),
    "edit": gettext_lazy("Edit"),
    "delete": gettext_lazy("Delete"),
    "export": gettext_lazy("Export"),
    "attach": gettext_lazy("Attach files"),
    "comment": gettext_lazy("Write notes"),
}
VIEWS = {"list": gettext_lazy("List"), "board": gettext_lazy("Board"), "canvas": gettext_lazy("Canvas")}
AUDIENCES = {
    "reseller": gettext_lazy("Resellers"),
    "distributor": gettext_lazy("Distributors"),
    "manufacturer": gettext_lazy("Manufacturers"),
    "customer": gettext_lazy("Customers"),
    "student": gettext_lazy("Students"),
    "employee": gettext_lazy("Employees"),
    "franchise": gettext_lazy("Franchise owners"),
    "parent": gettext_lazy("Parents"),
    "community": gettext_lazy("Community"),
    "other": gettext_lazy("Others"),
}


def module_of(key: str) -> Module | None:
    """The module, None where it is not registered any more."""
    try:
        return registry.get(key)
    except LookupError:
        return None


def transitions(module: Module) -> list[tuple[str, str]]:
    """Name and title of every transition that people may do."""
    if module.machine is None:
        return []
    found: dict[str, str] = {}
    for one in module.machine.transitions:
        if "user" in one.by:
            found.setdefault(one.capability, str(one.title))
    return list(found.items())


def action_words(module: Module, names: Iterable[str]) -> list[str]:
    """The actions in words, in the order of the form."""
    titles = {**PLAIN, **dict(transitions(module)), "*": _("every transition")}
    given = set(names)
    known = [str(title) for name, title in titles.items() if name in given]
    return known + sorted(given - set(titles))


def level_of(fields: Mapping[str, Any], name: str) -> Any:
    """The level of a field in a scope: a word, or one for each state."""
    return fields.get(name, fields.get("*", HIDDEN))


def level_words(module: Module, level: Any) -> str:
    """ "Read", or "Read; Draft: Write"."""
    if isinstance(level, str):
        return str(LEVELS.get(level, level))
    machine = module.machine
    parts = [str(LEVELS.get(level.get("*", HIDDEN), ""))]
    for state, one in level.items():
        if state != "*":
            title = machine.title(state) if machine and state in machine.states else state
            parts.append(f"{title}: {LEVELS.get(one, one)}")
    return "; ".join(parts)


def scope_facts(module: Module, scope: Mapping[str, Any]) -> dict[str, Any]:
    """What a scope is, for tables: rows, actions and how many fields are shown and written."""
    fields = [one for one in module.fields if not one.hidden]
    ranks = [_highest(level_of(scope["fields"], one.name)) for one in fields]
    return {
        "name": scope["name"],
        "rows": words(scope["where"], module),
        "actions": action_words(module, scope["actions"]),
        "admins_only": scope.get("admins_only", False),
        "read": sum(rank >= RANK[READ] for rank in ranks),
        "write": sum(rank == RANK[WRITE] for rank in ranks),
        "of": len(fields),
    }


def _highest(level: Any) -> int:
    each = [level] if isinstance(level, str) else level.values()
    return max((RANK.get(one, 0) for one in each), default=0)


# --- how two documents differ


@dataclass(frozen=True)
class Change:
    """kind: added, taken or changed."""

    kind: str
    text: str


@dataclass
class Part:
    """What changes in the settings, or in one module."""

    title: str
    icon: str
    key: str = ""
    changes: list[Change] = made(default_factory=list)

    def say(self, kind: str, text: str) -> None:
        """One more line."""
        self.changes.append(Change(kind, text))


def diff(old: Document, new: Document) -> list[Part]:
    """What `new` adds, takes and changes, first the settings, then module by module."""
    parts = [_settings(old, new)]
    before, after = old.get("grants", {}), new.get("grants", {})
    for key in dict.fromkeys((*after, *before)):
        module = module_of(key)
        if module is not None and before.get(key) != after.get(key):
            parts.append(_module(module, before.get(key), after.get(key)))
    return [part for part in parts if part.changes]


def _settings(old: Document, new: Document) -> Part:
    part = Part(_("Settings"), "settings")
    simple = {
        "title": _("Title"),
        "audience": _("Audience"),
        "accent": _("Colour"),
        "host": _("Host name"),
    }
    for name, label in simple.items():
        was, now = (_setting(name, one.get(name, "")) for one in (old, new))
        _value(part, label, was, now)
    _set(part, _("Languages"), _languages(old), _languages(new))
    if old.get("logo", "") != new.get("logo", ""):
        kind = "added" if not old.get("logo") else "changed" if new.get("logo") else "taken"
        part.say(kind, _("Logo"))
    before, after = old.get("welcome") or {}, new.get("welcome") or {}
    _value(part, _("Title of the welcome"), before.get("title", ""), after.get("title", ""))
    if before.get("text", "") != after.get("text", ""):
        part.say("changed", _("Text of the welcome"))
    _ordered(part, _("External links"), _links(old), _links(new))
    if old.get("seated", False) != new.get("seated", False):
        part.say("changed", _("Takes seats") if new.get("seated") else _("Takes no seats"))
    if old.get("converts") != new.get("converts"):
        leads = module_of("leads")
        if new.get("converts") is None or leads is None:
            part.say("taken", _("Converted leads are invited only by hand"))
        else:
            text = _("Converted leads are invited where %(condition)s")
            part.say("changed", text % {"condition": words(new["converts"], leads)})
    return part


def _setting(name: str, value: str) -> str:
    return str(AUDIENCES.get(value, value)) if name == "audience" else str(value)


def _languages(document: Document) -> list[str]:
    names = dict(settings.LANGUAGES)
    return [str(names.get(code, code)) for code in document.get("languages", [])]


def _links(document: Document) -> list[str]:
    return [f"{one['title']} ({one['url']})" for one in document.get("links", [])]


def _value(part: Part, label: str, was: str, now: str) -> None:
    if was == now:
        return
    if not was:
        part.say("added", f"{label}: {now}")
    elif not now:
        part.say("taken", f"{label}: {was}")
    else:
        part.say("changed", f"{label}: {was} → {now}")


def _set(part: Part, label: str, was: list[str], now: list[str]) -> None:
    if more := [one for one in now if one not in was]:
        part.say("added", f"{label}: {', '.join(more)}")
    if less := [one for one in was if one not in now]:
        part.say("taken", f"{label}: {', '.join(less)}")


def _ordered(part: Part, label: str, was: list[str], now: list[str]) -> None:
    _set(part, label, was, now)
    if [one for one in was if one in now] != [one for one in now if one in was]:
        part.say(
            "changed", _("%(what)s in another order: %(list)s") % {"what": label, "list": ", ".join(now)}
        )


def _module(module: Module, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Part:
    part = Part(str(module.label_plural), module.icon, module.key)
    if new is None:
        part.say("taken", _("The whole module"))
        return part
    if old is None:
        part.say("added", _("The module"))
        old = {"scopes": []}
    _scopes(part, module, old.get("scopes", []), new.get("scopes", []))
    names = {one.name: str(one.label) for one in module.fields}

    def labels(given: Iterable[str]) -> list[str]:
        return [names.get(name, name) for name in given]

    _ordered(part, _("Views"), _view_words(old), _view_words(new))
    _ordered(part, _("Columns"), labels(old.get("columns") or []), labels(new.get("columns") or []))
    if (old.get("canvas") or {}) != (new.get("canvas") or {}):
        part.say("changed", _("The card of the canvas"))
    _layouts(part, old.get("layouts") or [], new.get("layouts") or [])
    if old.get("related") != new.get("related"):
        _related(part, old.get("related"), new.get("related"))
    return part


def _view_words(grant: Mapping[str, Any]) -> list[str]:
    return [str(VIEWS.get(one, one)) for one in grant.get("views", [])]


def _related(part: Part, old: list[str] | None, new: list[str] | None) -> None:
    if old is None or new is None:
        part.say("changed", _("Related records: all") if new is None else _("Related records: chosen"))
        return
    titles = [[str(one.label_plural) for key in keys if (one := module_of(key))] for keys in (old, new)]
    _ordered(part, _("Related records"), *titles)


def _layouts(part: Part, old: list[Any], new: list[Any]) -> None:
    was, now = ({one["name"]: one for one in each} for each in (old, new))
    for name in now:
        if name not in was:
            part.say("added", _("Layout “%(name)s”") % {"name": name})
        elif was[name] != now[name]:
            part.say("changed", _("Layout “%(name)s”") % {"name": name})
    for name in was:
        if name not in now:
            part.say("taken", _("Layout “%(name)s”") % {"name": name})
    if list(was) != list(now) and set(was) == set(now):
        part.say("changed", _("The order of the layouts"))


def _scopes(part: Part, module: Module, old: list[Any], new: list[Any]) -> None:
    left = list(old)
    for at, scope in enumerate(new):
        known = next((one for one in left if one["name"] == scope["name"]), None)
        if known is None and at < len(old) and old[at] in left:
            # Renamed: the one that stood in its place, unless that has gone on under its own name.
            same_place = old[at]
            if same_place["where"] == scope["where"] and all(
                one["name"] != same_place["name"] for one in new
            ):
                known = same_place
        if known is None:
            facts = scope_facts(module, scope)
            part.say(
                "added",
                _("Scope “%(name)s”: %(rows)s; %(actions)s; reads %(read)d fields, writes %(write)d")
                % {**facts, "actions": ", ".join(facts["actions"]) or "–"},
            )
            continue
        left.remove(known)
        _scope(part, module, known, scope)
    for scope in left:
        part.say("taken", _("Scope “%(name)s”") % {"name": scope["name"]})


def _scope(part: Part, module: Module, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    if old == new:
        return
    name = new["name"]

    def say(kind: str, text: str) -> None:
        part.say(kind, _("Scope “%(name)s”: %(what)s") % {"name": name, "what": text})

    if old["name"] != name:
        say("changed", _("called “%(old)s” before") % {"old": old["name"]})
    if old["where"] != new["where"]:
        was, now = words(old["where"], module), words(new["where"], module)
        say("changed", _("records: %(now)s, before: %(was)s") % {"now": now, "was": was})
    before, after = set(old["actions"]), set(new["actions"])
    if more := action_words(module, after - before):
        say("added", _("may now: %(list)s") % {"list": ", ".join(more)})
    if less := action_words(module, before - after):
        say("taken", _("may no longer: %(list)s") % {"list": ", ".join(less)})
    if old.get("admins_only", False) != new.get("admins_only", False):
        kind = "taken" if new.get("admins_only") else "added"
        say(kind, _("only for admins now") if new.get("admins_only") else _("for all users, not only admins"))
    for kind, text in _fields(module, old["fields"], new["fields"]):
        say(kind, text)


def _fields(module: Module, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, str]]:
    groups: dict[tuple[str, str, str], list[str]] = {}
    for one in module.fields:
        was, now = level_of(old, one.name), level_of(new, one.name)
        if one.hidden or was == now:
            continue
        kind = "changed"
        if isinstance(was, str) and isinstance(now, str):
            kind = "added" if RANK[now] > RANK[was] else "taken"
        said = (kind, level_words(module, was), level_words(module, now))
        groups.setdefault(said, []).append(str(one.label))
    return [
        (
            kind,
            _("%(now)s instead of %(was)s: %(fields)s")
            % {"now": now, "was": was, "fields": ", ".join(names)},
        )
        for (kind, was, now), names in groups.items()
    ]
