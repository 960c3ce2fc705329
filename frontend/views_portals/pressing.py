"""What a form of the editor says besides its fields: which button was pressed, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.http import QueryDict


def moved(items: list[Any], at: int, step: int) -> None:
    """Moves one of `items` by one place, where there is room."""
    to = at + step
    if 0 <= at < len(items) and 0 <= to < len(items):
        items[at], items[to] = items[to], items[at]


def pressed(data: QueryDict) -> tuple[str, list[str]]:
    """Which button of a form was pressed: its verb and what it is about; "save" without one."""
    verb, *about = (data.get("do") or "save").split(":")
    return verb, about


def whole(text: str) -> int | None:
    """The number of a row or a step that a form names; None where it is none."""
    return int(text) if re.fullmatch("-?[0-9]{1,6}", text) else None


def numbers(texts: Iterable[str]) -> list[int]:
    """Those of `texts` that are one."""
    return [number for text in texts if (number := whole(text)) is not None]
