"""The rows of a form read as comparisons; what is wrong with one is said in it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.views_portals.conditions import USERS, Row, Rows, field_at, operators
from frontend.views_portals.pressing import whole
from prm.modules.registry import Field, Module
from workflows.conditions import EMPTY, LISTS
from workflows.inputs import YEARS

#: No column holds larger numbers.
MOST = Decimal(10) ** 15

WRONG = {
    "integer": gettext_lazy("Enter a whole number."),
    "decimal": gettext_lazy("Enter a number."),
    "money": gettext_lazy("Enter an amount as a number."),
    "date": gettext_lazy("Enter a day."),
    "datetime": gettext_lazy("Enter a day and a time."),
    "reference": gettext_lazy("Choose a record."),
    "choice": gettext_lazy("Choose a value."),
    "state": gettext_lazy("Choose a state."),
}


def posted(data: QueryDict) -> Rows:
    """The rows of a form as they were typed."""
    rows = []
    for text in data.getlist("c")[:50]:
        if (at := whole(text)) is not None:
            rows.append(
                Row(
                    at,
                    data.get(f"c{text}-field", ""),
                    data.get(f"c{text}-op", "is"),
                    data.getlist(f"c{text}-value"),
                )
            )
    return Rows(rows, "any" if data.get("match") == "any" else "all")


def read(rows: Rows, module: Module) -> list[dict[str, Any]]:
    """The comparisons that the rows say. A row without a field is left out; what is wrong is said in it."""
    made = []
    for row in rows.rows:
        row.error = ""
        if not row.field:
            continue
        one = field_at(module, row.field)
        if one is None:
            row.error = _("Choose a field.")
        elif row.op not in dict(operators(one.kind)):
            row.error = _("Choose a comparison that fits this field.")
        elif row.op in EMPTY:
            made.append({"field": row.field, "op": row.op})
        else:
            try:
                made.append({"field": row.field, "op": row.op, "value": _value(one, row)})
            except (ValueError, InvalidOperation):
                row.error = str(WRONG.get(one.kind, _("Enter a value.")))
    return [] if any(row.error for row in rows.rows) else made


def _value(one: Field, row: Row) -> Any:
    given = [text.strip() for text in row.values if text.strip()]
    if not given:
        raise ValueError("nothing given")
    if row.op in LISTS:
        if len(given) == 1 and one.kind not in ("choice", "state", "reference"):
            given = [text.strip() for text in given[0].split(",") if text.strip()]
        return [_single(one, text) for text in given]
    return _single(one, given[0])


def _single(one: Field, text: str) -> Any:
    if text in USERS and one.kind in ("reference", "uuid"):
        return text
    match one.kind:
        case "integer":
            number = Decimal(text)
            if number != number.to_integral_value() or abs(number) >= MOST:
                raise ValueError(text)
            return int(number)
        case "decimal" | "money":
            number = Decimal(text.replace(",", "."))
            if not number.is_finite() or abs(number) >= MOST:
                raise ValueError(text)
            return int(number) if number == number.to_integral_value() else float(number)
        case "boolean":
            return {"true": True, "false": False}[text] if text in ("true", "false") else _none(text)
        case "date":
            day = parse_date(text)
            return day.isoformat() if day and day.year in YEARS else _none(text)
        case "datetime":
            moment = moment_of(text)
            return moment.isoformat() if moment else _none(text)
        case "reference" | "uuid":
            return str(UUID(text))
        case "choice" | "state":
            return text if text in {str(value) for value, _label in one.options()} else _none(text)
        case _:
            return text


def moment_of(text: str) -> dt.datetime | None:
    """The time that is meant, where the reader is unless it says a zone; None where it is none."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None or found.year not in YEARS:
        return None
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def _none(text: str) -> Any:
    raise ValueError(text)
