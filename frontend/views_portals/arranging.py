"""Layouts, columns and cards in the making: lists of fields that are put in order, read from forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from frontend.views_portals import conditions
from frontend.views_portals.conditions import Rows
from frontend.views_portals.pressing import moved, numbers, whole
from frontend.views_portals.reading import posted, read
from prm.modules.registry import Field, Module

LONGEST = 80


def shown_fields(module: Module) -> list[Field]:
    """The fields that may stand on a page."""
    return [one for one in module.fields if not one.hidden]


def labelled(module: Module, names: Iterable[str]) -> list[tuple[str, str]]:
    """Name and label of those of `names` that the module has."""
    return [(name, str(module.by_name[name].label)) for name in names if name in module.by_name]


@dataclass
class SectionForm:
    """A section in the making. at: its place when the form was drawn, which names its inputs."""

    at: int
    title: str = ""
    fields: list[str] = made(default_factory=list)


@dataclass
class LayoutForm:
    """One layout in the making: sections of fields, and on which records it is used."""

    module: Module
    name: str = ""
    always: bool = True
    rows: Rows = made(default_factory=Rows)
    sections: list[SectionForm] = made(default_factory=list)
    errors: dict[str, str] = made(default_factory=dict)

    @property
    def summary(self) -> list[tuple[str, str]]:
        """All that is wrong, as links to where it is."""
        return list(self.errors.items())

    def parts(self) -> list[dict[str, Any]]:
        """The sections, ready to draw."""
        return [
            {
                "section": section,
                "anchor": f"id-title-{section.at}",
                "fields": labelled(self.module, section.fields),
            }
            for section in self.sections
        ]

    def unused(self) -> list[tuple[str, str]]:
        """Fields that stand in no section."""
        used = {name for section in self.sections for name in section.fields}
        return [(one.name, str(one.label)) for one in shown_fields(self.module) if one.name not in used]

    def press(self, verb: str, about: list[str]) -> bool:
        """Does what a button says, without saving; False where it is none of these."""
        named = numbers(about)
        if verb == "row-add":
            self.rows.add()
            self.always = False
        elif verb == "row-remove" and named:
            self.rows.rows = [row for row in self.rows.rows if row.at != named[0]]
        elif verb == "section-add":
            top = max((section.at for section in self.sections), default=-1) + 1
            self.sections.append(SectionForm(top))
        elif verb == "section-remove" and named:
            self.sections = [section for section in self.sections if section.at != named[0]]
        elif verb == "section-move" and len(named) == 2:
            moved(self.sections, self._place(named[0]), named[1])
        elif verb == "field-remove" and len(about) == 2:
            for section in self.sections:
                if section.at == whole(about[0]):
                    section.fields = [name for name in section.fields if name != about[1]]
        elif verb == "field-move" and len(about) == 3:
            self._move_field(self._place(whole(about[0])), about[1], whole(about[2]) or 0)
        elif verb == "field-add":
            pass  # What was chosen beside the button has been read with the rest of the form.
        else:
            return False
        return True

    def _place(self, at: int | None) -> int:
        """Where the section of that number stands; -1 where there is none."""
        return next((place for place, one in enumerate(self.sections) if one.at == at), -1)

    def _move_field(self, place: int, name: str, step: int) -> None:
        """Up or down; over the edge of its section into the next."""
        fields = self.sections[place].fields if place >= 0 else []
        if name not in fields:
            return
        here = fields.index(name)
        if 0 <= here + step < len(fields):
            moved(fields, here, step)
        elif 0 <= place + step < len(self.sections):
            fields.remove(name)
            other = self.sections[place + step].fields
            other.insert(len(other) if step < 0 else 0, name)

    def layout(self) -> dict[str, Any] | None:
        """The layout as the document says it; None where something is wrong, which is then said."""
        if not self.name.strip():
            self.errors["id-name"] = _("Name the layout, for example “Open deals”.")
        elif len(self.name.strip()) > LONGEST:
            self.errors["id-name"] = _("At most %(most)d characters.") % {"most": LONGEST}
        sections = []
        for section in self.sections:
            if not section.title.strip():
                self.errors[f"id-title-{section.at}"] = _("Give the section a title.")
            elif not section.fields:
                self.errors[f"id-title-{section.at}"] = _("Put a field into the section, or remove it.")
            sections.append({"title": section.title.strip()[:LONGEST], "fields": section.fields})
        if not sections:
            self.errors["id-sections"] = _("A layout needs a section with a field.")
        said = [] if self.always else read(self.rows, self.module)
        where = self.rows.custom if self.rows.custom and not self.always and not said else None
        for anchor, text in [] if self.always else self.rows.errors:
            self.errors[anchor] = text
        if not self.always and not said and where is None and not self.rows.errors:
            self.errors["id-when"] = _("Say on which records, or choose “all records”.")
        if self.errors:
            return None
        return {
            "name": self.name.strip(),
            "where": where or conditions.join(None, said, self.rows.match),
            "sections": sections,
        }


def of_layout(layout: Mapping[str, Any], module: Module) -> LayoutForm:
    """The form of a layout as it stands in the document."""
    form = LayoutForm(module, name=layout["name"], always=layout["where"] is None)
    form.rows = conditions.split_rows(layout["where"], module)
    form.sections = [
        SectionForm(at, section["title"], [name for name in section["fields"] if name in module.by_name])
        for at, section in enumerate(layout["sections"])
    ]
    return form


def own_layout(module: Module, name: str) -> dict[str, Any]:
    """The module's own layout, to begin with."""
    sections = [
        {"title": str(section.title), "fields": [one for one in section.fields if _shown(module, one)]}
        for section in module.layout
    ]
    return {"name": name, "where": None, "sections": [one for one in sections if one["fields"]]}


def _shown(module: Module, name: str) -> bool:
    return name in module.by_name and not module.by_name[name].hidden


def layout_posted(data: QueryDict, module: Module) -> LayoutForm:
    """The form of a layout as it was sent."""
    form = LayoutForm(module, name=data.get("name", ""), always=data.get("when") != "some")
    form.rows = posted(data)
    used: set[str] = set()
    for text in data.getlist("section")[:50]:
        if (at := whole(text)) is None:
            continue
        section = SectionForm(at, data.get(f"title-{text}", ""))
        named = [*data.getlist(f"in-{text}"), data.get(f"add-{text}", "")]
        for name in named:
            if name and _shown(module, name) and name not in used:
                used.add(name)
                section.fields.append(name)
        form.sections.append(section)
    return form


def ordered(data: QueryDict, name: str, known: Iterable[str]) -> list[str]:
    """What a form sent under `name`, in its order, each once, as far as it is known."""
    allowed = set(known)
    return [one for one in dict.fromkeys(data.getlist(name)) if one in allowed]


@dataclass
class CardForm:
    """The card of a canvas in the making."""

    title: str = ""
    badge: str = ""
    corner: str = ""
    lines: list[str] = made(default_factory=list)

    def design(self) -> dict[str, Any]:
        """As the document says it."""
        return {"title": self.title, "lines": self.lines, "badge": self.badge, "corner": self.corner}


#: More lines make a card that is no card.
MOST_LINES = 6


def card_posted(data: QueryDict, module: Module) -> CardForm:
    """The card as it was sent."""
    known = {one.name for one in shown_fields(module)}

    def one(name: str) -> str:
        value = data.get(name, "")
        return value if value in known else ""

    lines = ordered(data, "line", known)
    if (added := one("line-add")) and added not in lines:
        lines.append(added)
    return CardForm(one("card-title") or module.title, one("badge"), one("corner"), lines[:MOST_LINES])


def card_of(grant: Mapping[str, Any], module: Module) -> CardForm:
    """The card as the document has it, or the module's own."""
    canvas = grant.get("canvas") or {}
    if canvas:
        return CardForm(
            canvas.get("title") or module.title,
            canvas.get("badge", ""),
            canvas.get("corner", ""),
            [name for name in canvas.get("lines", []) if name in module.by_name],
        )
    lines = [name for name in module.card if name not in (module.title, "state")]
    return CardForm(module.title, "state" if "state" in module.by_name else "", "", lines)
