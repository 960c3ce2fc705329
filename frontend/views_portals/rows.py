"""Rows of conditions as the pages draw them, and the part that a browser asks for when a field is chosen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_countries import countries

from frontend.forms import OPTIONS, reference_options
from frontend.views_portals import conditions
from frontend.views_portals.condition_words import words
from frontend.views_portals.conditions import USERS, Row, Rows, field_at
from frontend.views_portals.desk import module_or_404, portal_or_404
from frontend.views_portals.reading import moment_of, posted
from prm.access.rights import may
from prm.modules import registry
from prm.modules.registry import Field, Module
from workflows.conditions import EMPTY, LISTS


def drawn(user: Any, module: Module, rows: Rows, own: bool = False) -> dict[str, Any]:
    """What the template of the conditions needs. own: only fields of the record itself may be asked."""
    return {
        "rows": rows,
        "custom": words(rows.custom, module) if rows.custom else "",
        "condition_rows": [_row(user, module, row, at) for at, row in enumerate(rows.rows, 1)],
        "field_choices": conditions.choices(module, own),
        "row_own": "1" if own else "",
    }


def _row(user: Any, module: Module, row: Row, number: int) -> dict[str, Any]:
    known = field_at(module, row.field)
    fitting = conditions.operators(known.kind if known else "text")
    if row.op not in dict(fitting):
        row.op = fitting[0][0]
    return {
        "row": row,
        "number": number,
        "operators": fitting,
        "widget": _widget(user, module, row),
    }


def _widget(user: Any, module: Module, row: Row) -> dict[str, Any]:
    """How the value of a row is asked for: {"kind", "choices"…}."""
    one = field_at(module, row.field)
    if one is None or row.op in EMPTY:
        return {"kind": "none"}
    if one.kind == "boolean":
        return {"kind": "select", "choices": [("true", _("Yes")), ("false", _("No"))]}
    if one.kind in ("choice", "state"):
        choices = [(str(value), str(label)) for value, label in one.options() if value != ""]
        return {"kind": "chips" if row.op in LISTS else "select", "choices": choices}
    if one.kind == "country" and row.op not in LISTS:
        return {"kind": "select", "choices": [(code, str(name)) for code, name in countries]}
    if one.kind in ("reference", "uuid") and row.op not in LISTS:
        return {"kind": "select", "choices": _references(user, one, row.value)}
    if one.kind == "datetime":
        shown = moment_of(row.value)
        return {
            "kind": "datetime-local",
            "value": timezone.localtime(shown).strftime("%Y-%m-%dT%H:%M") if shown else row.value,
        }
    if one.kind == "date":
        return {"kind": "date", "value": row.value}
    return {
        "kind": "text",
        "value": ", ".join(row.values),
        "numeric": one.kind in ("integer", "decimal", "money"),
        "many": row.op in LISTS,
    }


def _references(user: Any, one: Field, chosen: str) -> list[tuple[str, str]]:
    options = [(value, str(title)) for value, title in USERS.items() if value != "$user.is_admin"]
    try:
        module = registry.get(one.module)
    except LookupError:
        module = None
    if module and may(user, module, "view"):
        options += reference_options(user, module, "", OPTIONS)
    if chosen and chosen not in dict(options):
        options.append((chosen, chosen))
    return options


@require_POST
def condition_row(request: HttpRequest, pk: UUID, key: str) -> HttpResponse:
    """One row drawn anew for the field and the comparison that were just chosen; nothing is saved."""
    portal_or_404(request, pk)
    module = module_or_404(key)
    rows = posted(request.POST)
    at = request.GET.get("at", "")
    for number, row in enumerate(rows.rows, 1):
        if str(row.at) == at:
            context = drawn(request.user, module, Rows(), request.GET.get("own") == "1") | {
                "row": _row(request.user, module, row, number),
                "row_url": reverse("portal-condition", args=[pk, key]),
            }
            return render(request, "frontend/portals/_condition.html", context)
    raise Http404
