"""Units of work: one transaction, and what has to be done once at its very end.

Alerts, for example, take their sequence numbers among the last statements of a transaction, in a fixed
order, whatever happened in it and however deeply it was nested.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from django.db import transaction

Deferred = Callable[[], Any]
Function = TypeVar("Function", bound=Callable[[], Any])


class _Units(threading.local):
    """The units that this thread is in, outermost first, each with what it deferred."""

    def __init__(self) -> None:
        self.stack: list[dict[Hashable, Deferred]] = []
        self.gathered: list[dict[Hashable, list[Any]]] = []


_units = _Units()


@contextmanager
def unit_of_work() -> Iterator[None]:
    """A transaction. A nested unit joins it; what a nested one deferred is forgotten where it fails."""
    with transaction.atomic():
        _units.stack.append({})
        _units.gathered.append({})
        try:
            yield
            if len(_units.stack) == 1:
                _run_deferred()
        except BaseException:
            _units.stack.pop()
            _units.gathered.pop()
            raise
        deferred, gathered = _units.stack.pop(), _units.gathered.pop()
        if _units.stack:
            for key, function in deferred.items():
                _units.stack[-1].setdefault(key, function)
            for key, items in gathered.items():
                _units.gathered[-1].setdefault(key, []).extend(items)


def in_unit() -> bool:
    """Whether this thread is in a unit of work."""
    return bool(_units.stack)


def _run_deferred() -> None:
    # Round after round: what runs at the end may itself change records and defer more.
    while _units.stack[0]:
        deferred, _units.stack[0] = _units.stack[0], {}
        for function in deferred.values():
            function()


def at_end(key: Hashable, function: Function) -> Function:
    """Have `function` run once before the outermost unit commits.

    Returns what is registered under the key, this or an earlier one, so that a collector can be shared.
    """
    if not _units.stack:
        raise RuntimeError("at_end() belongs inside a unit_of_work().")
    for deferred in _units.stack:
        if key in deferred:
            return cast("Function", deferred[key])
    _units.stack[-1][key] = function
    return function


def gather(key: Hashable, item: Any, function: Callable[[list[Any]], Any]) -> None:
    """Collect items, and call `function(items)` once with all of them at the end of the outermost unit.

    Items of a nested unit that failed are not among them.
    """
    if not _units.stack:
        raise RuntimeError("gather() belongs inside a unit_of_work().")
    _units.gathered[-1].setdefault(key, []).append(item)

    def hand_over() -> None:
        items, _units.gathered[0][key] = _units.gathered[0].get(key, []), []
        if items:
            function(items)

    _units.stack[-1].setdefault(("gather", key), hand_over)
