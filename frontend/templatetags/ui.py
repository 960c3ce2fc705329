"""Tags and filters of all pages: icons, states, dates, money, links."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from frontend import formats
from frontend.icons import icon as draw
from frontend.shortcuts import keys_of
from frontend.states import state_badge as badge_of
from prm.modules import registry

register = template.Library()


@register.simple_tag
def icon(name: str, size: int | None = None, label: str = "", css: str = "") -> SafeString:
    """An icon by its lucide name. The size follows from where it stands; `size` is kept for clarity only."""
    return draw(str(name), str(css), str(label))


@register.simple_tag
def nav_keys(nav: Any) -> dict[str, str]:
    """The letter that leads to each page of the navigation, by its address."""
    return {item.url: letter for letter, item in keys_of(nav)}


@register.filter
def has(known: Mapping[str, str], name: str) -> str:
    return known.get(name, "")


@register.filter
def way_back(message: Any) -> dict[str, Any]:
    """What a message offers to take it back: `undo` (an address), or `back` (a transition); see `done`."""
    way: dict[str, Any] = json.loads(message.extra_tags) if message.extra_tags.startswith("{") else {}
    return way


@register.filter
def money(value: Any) -> str:
    return formats.money(value)


@register.filter
def noun(label: Any) -> str:
    return formats.noun(label)


@register.filter
def number(value: Any) -> str:
    return "" if value is None else formats.number(value)


@register.filter
def day(value: dt.date | None) -> str:
    return formats.day(value)


@register.filter
def moment(value: dt.datetime | None) -> SafeString | str:
    return formats.time_tag(value, formats.moment(value)) if value else ""


@register.filter
def when(value: dt.datetime | None) -> SafeString | str:
    return formats.time_tag(value, formats.ago(value)) if value else ""


@register.simple_tag
def countdown(value: dt.datetime | None) -> SafeString:
    return formats.countdown(value, draw("clock"))


@register.simple_tag
def state_badge(module: str | registry.Module, state: str | None) -> SafeString | str:
    """The state of a record as a badge, in the words of its machine."""
    if not state:
        return ""
    return badge_of(registry.get(module) if isinstance(module, str) else module, state)


@register.simple_tag
def dotted(*values: Any) -> SafeString:
    """Facts in one line with dots between; those that are empty leave no dot behind."""
    return format_html_join(" · ", "{}", ((value,) for value in values if value))


@register.simple_tag
def record_link(module: str, ref: Mapping[str, Any] | None, css: str = "") -> SafeString | str:
    """A link to a record from a reference {"id", "title"}."""
    if not ref:
        return ""
    return format_html(
        '<a href="{}" class="{}">{}</a>',
        reverse("record", args=[module, ref["id"]]),
        css,
        ref["title"] or "–",
    )


@register.simple_tag(takes_context=True)
def qs(context: Context, **changes: Any) -> str:
    """The present query string with some parameters set, or taken out where given None."""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            params.pop(name, None)
        else:
            params[name] = str(value)
    text = params.urlencode()
    return f"?{text}" if text else "?"


@register.filter
def initials(name: str) -> str:
    """Up to two letters for an avatar."""
    words = [word for word in str(name).replace("@", " ").split() if word[:1].isalnum()]
    picked = words[:1] + words[-1:] if len(words) > 1 else words
    return "".join(word[0] for word in picked).upper() or "?"


@register.filter
def get(mapping: Mapping[str, Any], key: str) -> Any:
    """mapping[key] for keys that are values."""
    return mapping.get(key)
