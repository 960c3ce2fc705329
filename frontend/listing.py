"""The state of a list, which lives in its URL: filters, search, order, columns, place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.cells import NUMERIC, empty, shower, title_of
from frontend.forms import reference_select
from frontend.requests import record_url
from prm.access.rights import readable_fields, rights_for
from prm.modules.filters import COMPARED
from prm.modules.read import Page, list_page
from prm.modules.registry import Field, Module, Row
from workflows.machine import Transition

#: The last moment of a day that a column can hold.
END_OF_DAY = "T23:59:59.999999"

#: Parameters that are the page's and not the list's.
PAGE_ONLY = frozenset({"cols", "part", "next", "view"})


@dataclass(frozen=True)
class Cell:
    """One value in a row. `label` is shown before it where rows are cards."""

    name: str
    label: str
    html: SafeString | str
    css: str


@dataclass(frozen=True)
class Line:
    """One row of a list."""

    id: str
    url: str
    title: str
    version: str
    cells: list[Cell]


@dataclass(frozen=True)
class Head:
    """One column's head: how it is called, how it is sorted, what a click changes."""

    label: str
    css: str
    url: str = ""
    sorted: str = ""


@dataclass
class Listing:
    """A module's list as one user asked for it.

    filters, ordering: those of a page that offers less than the module has, or begins in another order.
    """

    user: Any
    module: Module
    query: QueryDict
    path: str
    filters: tuple[str, ...] | None = None
    ordering: str = ""
    readable: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.readable = readable_fields(self.user, self.module)

    @cached_property
    def params(self) -> dict[str, str]:
        """The parameters of the read path; several values of one are one with commas."""
        made = {}
        for name in self.query:
            values = [value for value in self.query.getlist(name) if value]
            if values and name not in PAGE_ONLY:
                made[name] = self._whole_day(name, ",".join(values) if name.endswith("__in") else values[-1])
        return made

    def _whole_day(self, name: str, value: str) -> str:
        # "Until 3 May" of a point in time means until its end.
        kind = (
            self.module.by_name[base].kind
            if (base := name.removesuffix("__lte")) in self.module.by_name
            else ""
        )
        return (
            f"{value}{END_OF_DAY}"
            if name.endswith("__lte") and kind == "datetime" and len(value) == 10
            else value
        )

    @cached_property
    def column_names(self) -> list[str]:
        """The columns shown: those of the URL, or the portal's, as far as the user may read them."""
        asked = [name for value in self.query.getlist("cols") for name in value.split(",")]
        names = [name for name in asked if name in self.module.by_name]
        names = names or self._usual()
        shown = [name for name in names if name in self.readable and name != self.module.title]
        return [self.module.title, *shown]

    def _usual(self) -> list[str]:
        chosen = rights_for(self.user).presentation(self.module).columns
        if chosen is self.module.columns:
            return [name for name in chosen if not self._always_own(name)]
        return list(chosen)

    def _always_own(self, name: str) -> bool:
        """Whether the column could say nothing but the reader's own company on every row."""
        one = self.module.field(name)
        return one.kind == "reference" and one.module == "partners" and not rights_for(self.user).policy.staff

    def columns(self) -> list[tuple[Field, bool]]:
        """Every field that could be a column, and whether it is: first those shown, in their order."""
        shown = self.column_names[1:]
        possible = [
            one
            for one in self.module.fields
            if one.name in self.readable
            and one.kind not in ("longtext", "uuid")
            and one.name != self.module.title
        ]
        possible.sort(key=lambda one: shown.index(one.name) if one.name in shown else len(shown))
        return [(one, one.name in shown) for one in possible]

    def page(self, limit: int = 50, fields: Iterable[str] | None = None) -> Page:
        """The rows, with the columns or with `fields`; title and state are always there. Raises BadQuery."""
        names = self.column_names if fields is None else (*fields, self.module.title)
        return list_page(self.user, self.module, self.params, limit=limit, fields={*names, "state"})

    @property
    def sorted_by(self) -> str:
        """The field that the rows are sorted by, "-" in front for descending; "" for by how well they fit."""
        given = self.params.get("ordering") or self.ordering
        return given or ("" if self.params.get("search") else self.module.default_ordering)

    def heads(self, names: Iterable[str] | None = None) -> list[Head]:
        """The heads of the columns, or of others that a page shows."""
        ordering = self.sorted_by
        heads = []
        for name in self.column_names if names is None else names:
            one = self.module.field(name)
            css = "num" if one.kind in NUMERIC else ""
            if name not in self.module.ordering or name not in self.readable:
                heads.append(Head(str(one.label), css))
                continue
            sorted_ = {name: "ascending", f"-{name}": "descending"}.get(ordering, "")
            turned = f"-{name}" if sorted_ == "ascending" else name
            heads.append(Head(str(one.label), css, self.url(ordering=turned, cursor=None), sorted_))
        return heads

    def sorts(self) -> list[Head]:
        """What the rows can be sorted by, where no heads of columns say it."""
        ordering = self.sorted_by
        made = []
        for name in self.module.ordering:
            if name not in self.readable:
                continue
            sorted_ = {name: "ascending", f"-{name}": "descending"}.get(ordering, "")
            turned = f"-{name}" if sorted_ == "ascending" else name
            made.append(
                Head(str(self.module.field(name).label), "", self.url(ordering=turned, cursor=None), sorted_)
            )
        return made

    def lines(self, rows: Iterable[Row]) -> list[Line]:
        """The rows as HTML; the first cell is the record's title."""
        shown = [(one, shower(self.module, one)) for one in map(self.module.field, self.column_names[1:])]
        lines = []
        for row in rows:
            cells = []
            for one, show in shown:
                value = row.get(one.name)
                blank = empty(value)
                css = "num" if one.kind in NUMERIC else "is-blank" if blank else ""
                cells.append(Cell(one.name, str(one.label), "" if blank else show(value), css))
            pk = str(row["id"])
            lines.append(
                Line(pk, record_url(self.module, pk), title_of(self.module, row), row["version"], cells)
            )
        return lines

    def url(self, **changes: str | None) -> str:
        """This list with some parameters changed."""
        params = self.query.copy()
        params.pop("part", None)
        for name, value in changes.items():
            if value is None:
                params.pop(name, None)
            else:
                params[name] = value
        return f"{self.path}?{params.urlencode()}" if params else self.path

    def page_url(self, beside: dict[str, str] | None) -> str:
        """The list's next or previous page."""
        if beside is None:
            return ""
        kept = {"cols": ",".join(self.query.getlist("cols"))} if self.query.get("cols") else {}
        if self.query.get("view"):
            kept["view"] = str(self.query["view"])
        return f"{self.path}?{urlencode({**beside, **kept})}"

    def hidden(self, *without: str) -> list[tuple[str, str]]:
        """The URL's parameters as hidden fields of a form that changes others."""
        drop = {*without, "cursor", "part"}
        return [
            (name, value) for name in self.query if name not in drop for value in self.query.getlist(name)
        ]

    def hidden_without_search(self) -> list[tuple[str, str]]:
        """Hidden fields of the search box."""
        return self.hidden("search")

    def hidden_without_cols(self) -> list[tuple[str, str]]:
        """Hidden fields of the choice of columns."""
        return self.hidden("cols")

    def hidden_without_filters(self) -> list[tuple[str, str]]:
        """Hidden fields of the filters."""
        return self.hidden(*self.filter_form.fields)

    def has_filters(self) -> bool:
        """Whether there is anything to filter by."""
        return bool(self.filter_form.fields)

    @cached_property
    def filter_form(self) -> forms.Form:
        """Fields for the filters that this user may use, filled from the URL."""
        form = forms.Form(auto_id="flt-%s")
        for name in self.module.filters if self.filters is None else self.filters:
            if name in self.readable:
                form.fields.update(filter_fields(self.module.field(name), self.user, self.query))
        for name, one in form.fields.items():
            values = self.query.getlist(name)
            if isinstance(one, forms.MultipleChoiceField):
                form.initial[name] = [part for value in values for part in value.split(",")]
            elif values:
                form.initial[name] = values[-1]
        return form

    def active(self) -> list[tuple[str, str]]:
        """The filters in force as (text, URL without it)."""
        found = []
        for name, one in self.filter_form.fields.items():
            raw = self.params.get(name)
            if raw and not (name == "state__in" and any(now for _text, _url, now in self.states())):
                labels = {str(value): str(label) for value, label in getattr(one, "choices", [])}
                text = ", ".join(labels.get(part, part) for part in raw.removesuffix(END_OF_DAY).split(","))
                found.append((f"{one.label}: {text}", self.url(**{name: None, "cursor": None})))
        if self.params.get("imported"):
            found.append((_("Imported from a file"), self.url(imported=None, cursor=None)))
        if raw := self.params.get("search"):
            found.append((_("Search: %(text)s") % {"text": raw}, self.url(search=None, cursor=None)))
        return found

    def states(self) -> list[tuple[str, str, bool]]:
        """One click for each state, as (text, URL, whether it is the present choice)."""
        machine = self.module.machine
        if machine is None or "state" not in self.module.filters or "state" not in self.readable:
            return []
        present = self.params.get("state") or self.params.get("state__in", "")
        clear = {"cursor": None, "state__in": None}
        found = [(_("All"), self.url(state=None, **clear), not present)]
        return found + [
            (str(text), self.url(state=state, **clear), state == present)
            for state, text in machine.states.items()
        ]

    def bulk(self) -> list[Transition]:
        """The transitions that the user may do to some records of the module."""
        if self.module.machine is None:
            return []
        rights = rights_for(self.user)
        return [
            one
            for one in self.module.machine.transitions
            if "user" in one.by and rights.may(self.module, one.capability)
        ]


def filter_fields(one: Field, user: Any, query: QueryDict) -> dict[str, forms.Field]:
    """What a list or a report is narrowed by, for one field: form fields by the names of parameters."""
    label = one.label
    if one.kind in ("choice", "state"):
        choices = [(str(value), text) for value, text in one.options()]
        return {
            f"{one.name}__in": forms.MultipleChoiceField(
                label=label, choices=choices, required=False, widget=ChipBoxes
            )
        }
    if one.kind == "reference":
        made = forms.CharField(label=label, required=False)
        made.widget = reference_select(one, user, query.get(one.name))
        made.choices = made.widget.choices  # type: ignore[attr-defined]
        return {one.name: made}
    if one.kind == "boolean":
        yes_no = [("", ""), ("true", _("Yes")), ("false", _("No"))]
        return {one.name: forms.ChoiceField(label=label, choices=yes_no, required=False)}
    if one.kind == "country":
        field_ = forms.ChoiceField(label=label, choices=[("", ""), *one.options()], required=False)
        field_.widget.attrs["data-combo"] = ""
        return {one.name: field_}
    if one.kind in COMPARED:
        kind = "date" if one.kind in ("date", "datetime") else "text"
        return {
            f"{one.name}__gte": _bound(_("%(label)s from") % {"label": label}, kind),
            f"{one.name}__lte": _bound(_("%(label)s to") % {"label": label}, kind),
        }
    return {one.name: forms.CharField(label=label, required=False)}


def _bound(label: str, kind: str) -> forms.Field:
    attrs = {"type": "date"} if kind == "date" else {"inputmode": "decimal"}
    return forms.CharField(label=label, required=False, widget=forms.TextInput(attrs=attrs))


class ChipBoxes(forms.CheckboxSelectMultiple):
    """Several choices as chips that lie open."""
