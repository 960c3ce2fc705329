"""Values of a row as text for people."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django_countries import countries

from prm.modules import texts
from prm.modules.registry import Field

LONGEST = 120


def shown(field: Field, value: Any) -> str:
    """The value in the active language and time zone; empty where there is none."""
    if value is None or value == "":
        return ""
    match field.kind:
        case "money":
            return texts.money(value)
        case "reference":
            return Truncator(value.get("title") or "").chars(LONGEST)
        case "choice" | "state":
            return str(dict(field.options()).get(value, value))
        case "country":
            return str(countries.name(str(value)) or value)
        case "boolean":
            return str(_("yes") if value else _("no"))
        case "date":
            return date_format(value, "DATE_FORMAT")
        case "datetime":
            return date_format(timezone.localtime(value), "DATETIME_FORMAT")
        case "integer" | "decimal":
            return texts.number(value, field.unit)
    return Truncator(str(value)).chars(LONGEST)
