"""What stands on the page of a record: which cards, and what a module shows of its own where lists of related
rows do not say it well.

The views of a job say `@panel("quotes")` of a function that makes the panel of one record; the generic page
shows it in place of the related lists that it names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from prm.modules.registry import Module


@dataclass(frozen=True)
class Panel:
    """Made HTML. replaces: keys of related modules that are not listed besides. style: a static file with the
    styles that it needs."""

    html: SafeString
    replaces: frozenset[str] = field(default_factory=frozenset)
    style: str = ""


Make = Callable[[HttpRequest, Any], Panel | None]

_panels: dict[str, Make] = {}


def panel(key: str) -> Callable[[Make], Make]:
    """Has the function called with the request and a visible record of the module called `key`."""

    def register(make: Make) -> Make:
        _panels[key] = make
        return make

    return register


def panel_of(request: HttpRequest, module: Module, obj: Any) -> Panel | None:
    """The panel of a record that the user may see; None where its module has none of its own."""
    make = _panels.get(module.key)
    return make(request, obj) if make else None


def worth_a_card(filled: Any, may_add: bool) -> bool:
    """Whether a card is shown: one that is empty says something only to whom may fill it."""
    return bool(filled) or may_add
