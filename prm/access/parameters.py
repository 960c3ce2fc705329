"""What conditions may name beside the user's own ids: `$user.price_books`, provided by the app that knows
it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Provider = Callable[[Any], Any]

_providers: dict[str, Provider] = {}


def provide(name: str, function: Provider) -> None:
    """Makes `$name` a parameter of conditions: `function(user)` gives its value, a list or a single one.

    It is asked at most once for a reader's rights, and only where a condition names it. Its value becomes
    part of a kept statement, so there should be few different ones.
    """
    _providers[name] = function


#: What every condition may name.
OWN = ("user.id", "user.company", "user.contact", "user.is_admin")


def names() -> frozenset[str]:
    """All that a condition may name."""
    return frozenset({*OWN, *_providers})


class Parameters(dict[str, Any]):
    """Values by name; what is provided is found out when it is first asked for."""

    def __init__(self, user: Any, known: dict[str, Any]) -> None:
        super().__init__(known)
        self.user = user

    def __missing__(self, name: str) -> Any:
        self[name] = value = _providers[name](self.user)
        return value
