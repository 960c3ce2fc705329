"""One scope as a form: which records, actions and fields; read from a document and from what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from frontend.views_portals import conditions
from frontend.views_portals.condition_words import words
from frontend.views_portals.conditions import Rows
from frontend.views_portals.lookups import Lookup, lookups, reaches
from frontend.views_portals.reading import posted, read
from frontend.views_portals.words import LEVELS, PLAIN, level_words, transitions
from prm.access.specs import HIDDEN, READ, WRITE
from prm.modules.registry import Module

#: Which records, where it is none of the usual choices.
ALL, PATH, KEEP = "all", "path", "keep"
#: A field that goes with the line "all other fields".
REST = ""
LONGEST = 80


@dataclass
class FieldLine:
    """One field in the table: its level, and those that differ in some states."""

    name: str
    label: str
    level: str
    states: dict[str, str]
    writable: bool = True

    def value(self, rest: str) -> Any:
        """The level as the document says it; None where it goes with the rest."""
        differing = {state: level for state, level in self.states.items() if level}
        if not differing:
            return self.level or None
        return {"*": self.level or rest, **differing}


@dataclass
class ScopeForm:
    """A scope in the making, as it was typed. errors: texts by the id of the element that they belong to."""

    module: Module
    name: str = ""
    reach: str = ""
    path: str = ""
    rows: Rows = made(default_factory=Rows)
    actions: list[str] = made(default_factory=list)
    admins_only: bool = False
    fields: list[FieldLine] = made(default_factory=list)
    errors: dict[str, str] = made(default_factory=dict)

    @property
    def rest(self) -> FieldLine:
        """The line for all fields that have none of their own; always the first."""
        return self.fields[0]

    def say(self, anchor: str, text: str) -> None:
        """Something is wrong there."""
        known = self.errors.get(anchor)
        self.errors[anchor] = f"{known} {text}" if known and text not in known else text

    @property
    def summary(self) -> list[tuple[str, str]]:
        """All that is wrong, as links to where it is."""
        return list(self.errors.items())

    def reach_choices(self) -> list[dict[str, Any]]:
        """The choices of records, as radio buttons."""
        found: list[dict[str, Any]] = [
            {"key": one.key, "title": one.title, "text": one.lookup.text} for one in reaches(self.module)
        ]
        found.append({"key": ALL, "title": _("All records"), "text": _("whoever they belong to")})
        if lookups(self.module):
            found.append(
                {"key": PATH, "title": _("By another way"), "text": _("any reference that leads to the user")}
            )
        if self.rows.custom:
            text = words(self.rows.custom, self.module)
            found.append({"key": KEEP, "title": _("The condition as it stands"), "text": text})
        return found

    def path_choices(self) -> list[tuple[str, str]]:
        """The ways to the user, for a list to choose from."""
        return [(one.key, one.text) for one in lookups(self.module)]

    def action_choices(self) -> list[tuple[str, str, list[dict[str, Any]]]]:
        """Groups of checkboxes: key, title, boxes."""

        def boxes(pairs: list[tuple[str, str]]) -> list[dict[str, Any]]:
            return [{"name": name, "title": title, "on": name in self.actions} for name, title in pairs]

        plain = [(name, str(title)) for name, title in PLAIN.items()]
        groups = [("records", _("Records"), boxes(plain[:4])), ("more", _("With a record"), boxes(plain[4:]))]
        if steps := transitions(self.module):
            every = [("*", _("Every transition, also of later releases"))]
            groups.append(("transitions", _("Transitions"), boxes(steps + every)))
        return groups

    def states(self) -> list[tuple[str, str]]:
        """Name and title of the module's states."""
        machine = self.module.machine
        return [(state, machine.title(state)) for state in machine.states] if machine else []

    def field_rows(self) -> list[dict[str, Any]]:
        """The table of fields, ready to draw."""
        states = self.states()
        made_rows = []
        for at, line in enumerate(self.fields):
            value = line.value(self.rest.level or HIDDEN)
            made_rows.append(
                {
                    "line": line,
                    "at": at,
                    "first": at == 0,
                    "says": level_words(self.module, value) if value is not None else "",
                    "states": [(state, title, line.states.get(state, "")) for state, title in states],
                    "differs": any(line.states.values()),
                }
            )
        return made_rows

    def scope(self) -> dict[str, Any] | None:
        """The scope as the document says it; None where something is wrong, which is then said."""
        name = self.name.strip()
        if not name:
            self.say("id-name", _("Name the scope, for example “own leads”."))
        elif len(name) > LONGEST:
            self.say("id-name", _("At most %(most)d characters.") % {"most": LONGEST})
        where = self._where()
        if not self.actions:
            self.say("id-actions", _("Choose at least one action; without “See” nobody sees the records."))
        elif "view" not in self.actions and self.actions != ["create"]:
            self.say("id-actions", _("What nobody sees cannot be worked with: choose “See”, too."))
        if self.errors:
            return None
        return {
            "name": name,
            "where": where,
            "actions": list(self.actions),
            "fields": self._levels(),
            "admins_only": self.admins_only,
        }

    def _where(self) -> dict[str, Any] | None:
        if self.reach == KEEP and self.rows.custom:
            return dict(self.rows.custom)
        lookup = self._lookup()
        if lookup is None and self.reach != ALL:
            if self.reach == PATH:
                self.say("id-path", _("Choose a way to the user."))
            else:
                self.say("id-reach", _("Choose which records."))
        said = read(self.rows, self.module)
        for anchor, text in self.rows.errors:
            self.say(anchor, text)
        return conditions.join(lookup, said, self.rows.match)

    def _lookup(self) -> Lookup | None:
        if self.reach == PATH:
            return next((one for one in lookups(self.module) if one.key == self.path), None)
        return next((one.lookup for one in reaches(self.module) if one.key == self.reach), None)

    def _levels(self) -> dict[str, Any]:
        rest = self.rest.level or HIDDEN
        found: dict[str, Any] = {"*": self.rest.value(rest) or rest}
        for line in self.fields[1:]:
            value = line.value(rest)
            if value is not None:
                found[line.name] = value
        return found


def of_scope(scope: Mapping[str, Any], module: Module) -> ScopeForm:
    """The form of a scope as it stands in the document."""
    lookup, rows = conditions.split(scope["where"], module)
    reach, path = ALL, ""
    if rows.custom:
        reach = KEEP
    elif lookup:
        usual = next((one.key for one in reaches(module) if one.lookup == lookup), "")
        reach, path = usual or PATH, lookup.key
    form = ScopeForm(
        module,
        name=scope["name"],
        reach=reach,
        path=path,
        rows=rows,
        actions=list(scope["actions"]),
        admins_only=bool(scope.get("admins_only")),
    )
    form.fields = [_line(module, name, label, scope["fields"]) for name, label in _names(module)]
    return form


def blank(module: Module) -> ScopeForm:
    """A new scope: the user's own company where there is such a way, to be read."""
    usual = reaches(module)
    form = ScopeForm(module, reach=usual[0].key if usual else "", actions=["view"])
    fields: dict[str, Any] = {"*": HIDDEN, module.title: READ}
    form.fields = [_line(module, name, label, fields) for name, label in _names(module)]
    return form


def of_post(data: QueryDict, module: Module, known: Mapping[str, Any] | None) -> ScopeForm:
    """The form as it was sent. known: the scope as the document has it, for what the form only keeps."""
    form = ScopeForm(
        module,
        name=data.get("name", ""),
        reach=data.get("reach", ""),
        path=data.get("path", ""),
        rows=posted(data),
        admins_only=data.get("admins_only") == "on",
    )
    if known is not None:
        form.rows.custom = conditions.split(known["where"], module)[1].custom
    offered = [box["name"] for _key, _title, boxes in form.action_choices() for box in boxes]
    given = set(data.getlist("action"))
    form.actions = [name for name in offered if name in given]
    states = [state for state, _title in form.states()]
    for name, label in _names(module):
        line = _line(module, name, label, {})
        level = data.get(f"f-{name}", REST)
        line.level = level if level in LEVELS else REST
        line.states = {
            state: level for state in states if (level := data.get(f"f-{name}-{state}", "")) in LEVELS
        }
        form.fields.append(line)
    return form


def _names(module: Module) -> list[tuple[str, str]]:
    named = [(one.name, str(one.label)) for one in module.fields if not one.hidden]
    return [("*", _("All other fields")), *named]


def _line(module: Module, name: str, label: str, fields: Mapping[str, Any]) -> FieldLine:
    level = fields.get(name, REST)
    declared = module.by_name.get(name)
    writable = declared is None or declared.create or declared.edit
    if isinstance(level, str):
        return FieldLine(name, label, level, {}, writable)
    states = {state: one for state, one in level.items() if state != "*"}
    return FieldLine(name, label, level.get("*", HIDDEN), states, writable)


#: The choices of a level, for the table.
CHOICES = (HIDDEN, READ, WRITE)
