"""Filters of a list, parsed by django-filter and applied to the masked expressions."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from prm.modules.columns import Columns
from prm.modules.registry import Field

#: Larger numbers fit no column and would only make the database complain.
LARGEST = 10**15

COMPARED = frozenset({"integer", "decimal", "money", "date", "datetime"})


class _In(django_filters.BaseInFilter):  # type: ignore[misc]  # the library has no types
    """Values separated by commas, each parsed like the single filter of the field."""


def _number(**options: Any) -> django_filters.Filter:
    return django_filters.NumberFilter(min_value=-LARGEST, max_value=LARGEST, **options)


class _Boolean(django_filters.TypedChoiceFilter):  # type: ignore[misc]  # the library has no types
    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=(("true", "true"), ("false", "false")), coerce=lambda text: text == "true", **options
        )


def _choice(field: Field) -> Any:
    choices = tuple((str(value), label) for value, label in field.options())
    return lambda **options: django_filters.ChoiceFilter(choices=choices, **options)


def _single(field: Field) -> Any:
    kinds: dict[str, Any] = {
        "integer": _number,
        "decimal": _number,
        "money": _number,
        "date": django_filters.DateFilter,
        "datetime": django_filters.IsoDateTimeFilter,
        "boolean": _Boolean,
        "reference": django_filters.UUIDFilter,
        "uuid": django_filters.UUIDFilter,
    }
    if field.kind in ("choice", "state") and field.choices:
        return _choice(field)
    return kinds.get(field.kind, django_filters.CharFilter)


def filters_of(field: Field, main: str) -> dict[str, django_filters.Filter]:
    """The query parameters that filter by one field, by their names."""
    make = _single(field)
    made: dict[str, django_filters.Filter] = {field.name: make(field_name=main, label=field.label)}
    if field.kind != "boolean":
        one = type(make(field_name=main))
        combined = type("In", (_In, one), {})
        options: dict[str, Any] = {}
        if issubclass(one, django_filters.ChoiceFilter):
            options["choices"] = tuple((str(value), label) for value, label in field.options())
        elif one is django_filters.NumberFilter:
            options |= {"min_value": -LARGEST, "max_value": LARGEST}
        made[f"{field.name}__in"] = combined(field_name=main, lookup_expr="in", **options)
    if field.kind in COMPARED:
        made[f"{field.name}__gte"] = make(field_name=main, lookup_expr="gte")
        made[f"{field.name}__lte"] = make(field_name=main, lookup_expr="lte")
    return made


def filter_names(field: Field) -> tuple[str, ...]:
    """The query parameters by which a field may be filtered, for the schema and for links."""
    return tuple(filters_of(field, field.name))


def apply_filters(
    rows: QuerySet[Any], columns: Columns, params: dict[str, str]
) -> tuple[QuerySet[Any], dict[str, list[str]]]:
    """`rows` narrowed by `params`, and the errors by parameter; a parameter that is no filter is an error."""
    filters: dict[str, django_filters.Filter] = {}
    for name in columns.module.filters:
        if column := columns.get(name):
            filters |= filters_of(column.field, column.main)
    errors = {
        name: ["There is no such filter, or it is not yours to use."]
        for name in params
        if name not in filters
    }
    used = {name: one for name, one in filters.items() if name in params}
    if not used:
        return rows, errors
    filterset = type("Filters", (django_filters.FilterSet,), dict(used))(data=params, queryset=rows)
    if not filterset.is_valid():
        errors |= {name: [str(one) for one in found] for name, found in filterset.errors.items()}
        return rows, errors
    return filterset.qs, errors


class SearchField(forms.CharField):
    """The text of a search: bounded, and without the characters that no column can hold."""

    def __init__(self) -> None:
        super().__init__(max_length=200, required=False)
