"""Finds what a person is called in every text that the portal keeps, and takes it out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from prm.privacy.map import holding

GONE = "[erased]"
#: Apps whose texts are ours; what libraries keep is declared in the map, or handled by `prm.privacy.remains`.
OURS = ("prm.", "workflows", "api")
#: Shorter columns hold codes.
SHORTEST = 21
#: Words made of other columns; they follow when those change.
DERIVED = frozenset({"search.searchentry", "search.indexed"})


def texts() -> Iterator[tuple[type[models.Model], list[models.Field[Any, Any]]]]:
    """Every model of ours with its columns that may hold what somebody wrote."""
    for model in apps.get_models():
        meta = model._meta
        if not meta.app_config.name.startswith(OURS) or meta.label_lower in DERIVED:
            continue
        known = holding(meta.label_lower)
        left_out = {*known.things, *known.secrets}
        found = [one for one in meta.local_concrete_fields if _wordy(one) and one.name not in left_out]
        if found:
            yield model, found


def _wordy(column: models.Field[Any, Any]) -> bool:
    if isinstance(column, models.JSONField | models.TextField):
        return True
    if not isinstance(column, models.CharField) or column.choices or isinstance(column, models.SlugField):
        return False
    return (column.max_length or SHORTEST) >= SHORTEST


def holding_rows(
    model: type[models.Model], columns: list[models.Field[Any, Any]], spellings: list[str]
) -> QuerySet[Any]:
    """Rows in which one of the spellings may be; the pattern decides."""
    rows = model._base_manager.all()
    which: list[Q] = []
    for column in columns:
        name = column.name
        if isinstance(column, models.JSONField):
            rows = rows.annotate(**{f"{name}_text": Cast(name, TextField())})
            name = f"{name}_text"
        for spelling in spellings:
            for one in _variants(spelling):
                which.append(Q(**{f"{name}__icontains": one}))
    return rows.filter(reduce(or_, which)) if which else rows.none()


def _variants(text: str) -> set[str]:
    """SQLite knows no case beyond ASCII, and JSON may be kept with its letters escaped."""
    cased = {text, text.lower(), text.upper(), text.title()} if not text.isascii() else {text}
    return cased | {json.dumps(one)[1:-1] for one in cased}


def cleaned(value: Any, pattern: re.Pattern[str]) -> Any:
    """The value without what the pattern finds, in all its depths."""
    if isinstance(value, str):
        return pattern.sub(GONE, value)
    if isinstance(value, list):
        return [cleaned(one, pattern) for one in value]
    if isinstance(value, dict):
        return {pattern.sub(GONE, str(key)): cleaned(one, pattern) for key, one in value.items()}
    return value
