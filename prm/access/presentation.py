"""How a portal shows the records of a module: views, columns, cards, sections and what stands beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import models

from prm.access.policy import CompiledGrant, ModuleLike
from prm.access.specs import VIEWS, Section
from workflows.conditions import fields_in, matches

if TYPE_CHECKING:
    from prm.access.rights import Rights


@dataclass(frozen=True)
class Canvas:
    """A card of chosen fields: a title, lines below it, and perhaps a badge and a value in the corner."""

    title: str
    lines: tuple[str, ...]
    badge: str = ""
    corner: str = ""


class Presentation:
    """What one grant says of how its records are shown, reduced to what the module has.

    Which of the names a reader may read is another question (`Rights.readable`). Without a grant, or where
    the grant says nothing, it is as the module says.
    """

    def __init__(self, rights: Rights, module: ModuleLike, grant: CompiledGrant | None) -> None:
        self.rights = rights
        self.module = module
        self.grant = grant

    def _known(self, names: Iterable[str]) -> tuple[str, ...]:
        fields = self.module.by_name
        return tuple(name for name in dict.fromkeys(names) if name in fields and not fields[name].hidden)

    @cached_property
    def views(self) -> tuple[str, ...]:
        """Those of `VIEWS` that are offered, the first one is where it opens."""
        wanted = self.grant.views if self.grant else ()
        found = tuple(
            view for view in dict.fromkeys(wanted) if view in VIEWS and (view != "board" or self.module.board)
        )
        return found or ("list",)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the fields that a list shows."""
        return self._known(self.grant.columns if self.grant else ()) or self.module.columns

    @cached_property
    def canvas(self) -> Canvas:
        """The card of a record."""
        given = self.grant.canvas if self.grant else {}
        title = self._known([given.get("title", "")])
        if not title:
            return self._own_card
        badge, corner = self._known([given.get("badge", "")]), self._known([given.get("corner", "")])
        return Canvas(
            title=title[0],
            lines=self._known(given.get("lines", ())),
            badge=badge[0] if badge else "",
            corner=corner[0] if corner else "",
        )

    @property
    def _own_card(self) -> Canvas:
        title = self.module.title
        lines = tuple(name for name in self.module.card if name not in (title, "state"))
        return Canvas(title=title, lines=lines, badge="state" if "state" in self.module.by_name else "")

    def layout_for(self, obj: models.Model | None = None) -> tuple[Section, ...]:
        """The sections of the record, or of a new one: the first layout whose condition holds.

        A condition on a field that the reader may not read on this record does not hold, or the sections
        would tell of it.
        """
        for layout in self.grant.layouts if self.grant else ():
            if layout.where is not None and not self._holds(layout.where, obj):
                continue
            sections = tuple(Section(one.title, self._known(one.fields)) for one in layout.sections)
            return tuple(one for one in sections if one.fields)
        return self.module.layout

    def _holds(self, where: Any, obj: models.Model | None) -> bool:
        if obj is None:
            return False
        read = {path.partition(".")[0] for path in fields_in(where)}
        return read <= self.rights.readable(self.module, obj) and matches(where, obj, self.rights.params)

    @cached_property
    def related(self) -> tuple[Any, ...]:
        """The associated lists that the record page shows, in order, as the module declares them."""
        if self.grant is None or self.grant.related is None:
            return self.module.related
        return tuple(
            one
            for key in dict.fromkeys(self.grant.related)
            for one in self.module.related
            if one.module == key
        )
