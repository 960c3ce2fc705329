"""Values of rows as HTML. The way to show a column is chosen once for a page, not for each row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django_countries import countries

from frontend import formats
from frontend.icons import icon
from frontend.states import state_badge
from prm.modules import registry
from prm.modules.registry import Field, Module

Show = Callable[[Any], str]

#: Kinds whose columns are set against the end of the cell.
NUMERIC = frozenset({"integer", "decimal", "money", "duration"})


def _text(value: Any) -> str:
    return conditional_escape(value)


def _longtext(value: Any) -> str:
    return format_html('<span class="prewrap">{}</span>', value)


def _email(value: Any) -> str:
    return format_html('<a href="mailto:{0}">{0}</a>', value)


def _phone(value: Any) -> str:
    return format_html('<a href="tel:{}" class="num">{}</a>', str(value).replace(" ", ""), value)


def _url(value: Any) -> str:
    text = str(value)
    if not text.startswith(("https://", "http://")):
        return _text(text)
    shown = text.split("://", 1)[1].rstrip("/")
    return format_html('<a href="{}" rel="noopener nofollow external">{}</a>', text, shown)


def _money(value: Any) -> str:
    return format_html('<span class="num">{}</span>', formats.money(value))


def _number(field: Field) -> Show:
    return lambda value: format_html('<span class="num">{}</span>', formats.number(value, field.unit))


def _day(value: dt.date) -> str:
    return format_html('<time datetime="{}" class="nowrap">{}</time>', value.isoformat(), formats.day(value))


def _moment(value: dt.datetime) -> str:
    return formats.time_tag(value, formats.ago(value), "nowrap")


def _due(value: dt.datetime) -> str:
    return formats.countdown(value, icon("clock"))


def _boolean(value: Any) -> str:
    return gettext("Yes") if value else gettext("No")


def _country(value: Any) -> str:
    return escape(countries.name(str(value)) or value)


def _duration(value: dt.timedelta) -> str:
    days, rest = divmod(int(value.total_seconds()), formats.DAY)
    return gettext("%(d)d d %(h)d h") % {"d": days, "h": rest // formats.HOUR}


def _many(value: Any) -> str:
    return escape(", ".join(str(one) for one in value) if isinstance(value, (list, tuple)) else str(value))


def _choice(field: Field) -> Show:
    labels = {str(value): str(label) for value, label in field.options()}
    return lambda value: escape(labels.get(str(value), str(value)))


def _state(module: Module) -> Show:
    known: dict[str, str] = {}

    def show(value: Any) -> str:
        if value not in known:
            known[value] = state_badge(module, str(value))
        return known[value]

    return show


def _reference(field: Field) -> Show:
    try:
        linked = registry.get(field.module).nav
    except LookupError:
        linked = False
    if not linked:
        return lambda value: escape(value["title"] or "–")
    pattern = reverse("record", args=[field.module, "00000000-0000-7000-8000-000000000000"])
    head, tail = pattern.split("00000000-0000-7000-8000-000000000000")

    def show(value: Any) -> str:
        return mark_safe(f'<a href="{head}{value["id"]}{tail}">{escape(value["title"] or "–")}</a>')  # noqa: S308

    return show


PLAIN: Mapping[str, Show] = {
    "longtext": _longtext,
    "email": _email,
    "phone": _phone,
    "url": _url,
    "money": _money,
    "date": _day,
    "datetime": _moment,
    "boolean": _boolean,
    "country": _country,
    "duration": _duration,
    "json": _many,
}


def shower(module: Module, field: Field) -> Show:
    """The function that turns a value of this field into HTML; it is given no empty value."""
    if field.name == "due_at" and module.machine:
        return _due
    if field.kind == "state":
        return _state(module)
    if field.kind == "reference":
        return _reference(field)
    if field.kind == "choice":
        return _choice(field)
    if field.kind in ("integer", "decimal"):
        return _number(field)
    return PLAIN.get(field.kind, _text)


def empty(value: Any) -> bool:
    """Whether there is nothing to show; 0 and False are something."""
    return value is None or value == "" or value == [] or value == {}


def cell(module: Module, name: str, value: Any) -> SafeString | str:
    """One value as HTML, for pages that show a single record."""
    return "" if empty(value) else shower(module, module.field(name))(value)


def title_of(module: Module, row: Mapping[str, Any]) -> str:
    """What a record is called, in text."""
    value = row.get(module.title)
    if isinstance(value, Mapping):
        value = value.get("title")
    field = module.by_name.get(module.title)
    if value and field is not None and field.kind == "choice":
        value = next((label for key, label in field.options() if str(key) == str(value)), value)
    return str(value or gettext("Untitled"))
