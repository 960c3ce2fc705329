"""Guards: conditions of a transition that say why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workflows.machine import Context

GuardFunction = Callable[[Any, "Context"], Any]


@dataclass(frozen=True)
class Guard:
    """`check(obj, ctx)` returns None to pass, or the reason as text. `code` names it for machines."""

    code: str
    check: GuardFunction
    needs_inputs: bool = False

    def __call__(self, obj: Any, ctx: Context) -> str | None:
        reason = self.check(obj, ctx)
        return None if reason is None else str(reason)


def guard(code: str, *, needs_inputs: bool = False) -> Callable[[GuardFunction], Guard]:
    """Make a guard of a function. One that `needs_inputs` is skipped while only asking what is possible."""

    def make(function: GuardFunction) -> Guard:
        return Guard(code=code, check=function, needs_inputs=needs_inputs)

    return make
