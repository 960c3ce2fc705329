"""Values as people read them: dates, money and numbers in the language and time zone of the reader."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from prm.modules.texts import money, noun, number

MINUTE, HOUR, DAY = 60, 3600, 86400

__all__ = ["ago", "countdown", "day", "left", "moment", "money", "noun", "number", "time_tag"]

#: Time left below which a countdown asks for attention, and below which it is urgent.
SOON, LATE = DAY, 4 * HOUR


@lru_cache(maxsize=2048)
def _day(value: dt.date, language: str) -> str:
    return str(formats.date_format(value, "DATE_FORMAT"))


def day(value: dt.date | None) -> str:
    """A date as text."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value).date()
    return _day(value, get_language() or "en")


def moment(value: dt.datetime | None) -> str:
    """Date and time as text, in the reader's zone."""
    if value is None:
        return ""
    here = timezone.localtime(value)
    return f"{_day(here.date(), get_language() or 'en')}, {formats.time_format(here, 'TIME_FORMAT')}"


def ago(value: dt.datetime) -> str:
    """How long ago (or how far ahead), in one unit; the date where it is more than two weeks."""
    seconds = (timezone.now() - value).total_seconds()
    span = abs(seconds)
    if span < MINUTE:
        return gettext("just now")
    if span < HOUR:
        count = int(span // MINUTE)
        text = ngettext("%(n)d minute", "%(n)d minutes", count) % {"n": count}
    elif span < DAY:
        count = int(span // HOUR)
        text = ngettext("%(n)d hour", "%(n)d hours", count) % {"n": count}
    elif span < 15 * DAY:
        count = int(span // DAY)
        text = ngettext("%(n)d day", "%(n)d days", count) % {"n": count}
    else:
        return day(value)
    return (
        gettext("%(span)s ago") % {"span": text} if seconds > 0 else gettext("in %(span)s") % {"span": text}
    )


def left(value: dt.datetime) -> tuple[str, str]:
    """Time left as short text, and how pressing it is: "", "soon" or "late"."""
    seconds = (value - timezone.now()).total_seconds()
    if seconds <= 0:
        return gettext("overdue"), "late"
    days, rest = divmod(int(seconds), DAY)
    hours, minutes = rest // HOUR, rest % HOUR // MINUTE
    if days:
        text = gettext("%(d)d d %(h)d h") % {"d": days, "h": hours}
    elif hours:
        text = gettext("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
    else:
        text = gettext("%(m)d min") % {"m": max(minutes, 1)}
    return text, "late" if seconds < LATE else "soon" if seconds < SOON else ""


def time_tag(value: dt.datetime, text: str, css: str = "") -> SafeString:
    """A <time> element that keeps the exact moment for machines and as a tool tip."""
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        value.isoformat(timespec="seconds"),
        moment(value),
        format_html(' class="{}"', css) if css else "",
        text,
    )


def countdown(value: dt.datetime | None, icon: str = "") -> SafeString:
    """Time left as an element that app.js keeps counting."""
    if value is None:
        return SafeString("")
    text, press = left(value)
    return format_html(
        '<time class="countdown{}" datetime="{}" title="{}" data-countdown>{}<span>{}</span></time>',
        f" countdown--{press}" if press else "",
        value.isoformat(timespec="seconds"),
        moment(value),
        icon,
        text,
    )
