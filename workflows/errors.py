"""What can go wrong with a change, one class for each answer a door must give.

Every error has a `code` for machines and a `message` for people. Doors map them once:
NotFound 404, Denied 403, WrongState 409, Stale 412, Refused and InvalidInput and KeyReused 422.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Reason:
    """Why a transition cannot be done: `code` names the guard, `message` is for the reader."""

    code: str
    message: str


class WorkflowError(Exception):
    code = "workflow_error"
    default: Any = _("This cannot be done.")

    def __init__(self, message: Any = "") -> None:
        self.message = str(message or self.default)
        super().__init__(self.message)


class NotFound(WorkflowError):
    """There is no such record, or it is not the actor's to know of."""

    code = "not_found"
    default = _("There is no such record.")


class Denied(WorkflowError):
    """The actor sees the record and may not do this to it."""

    code = "denied"
    default = _("You are not allowed to do this.")


class WrongState(WorkflowError):
    """The transition does not start in the state that the record is in."""

    code = "wrong_state"
    default = _("This is not possible in the present state.")


class Stale(WorkflowError):
    """The record has changed since the actor looked at it."""

    code = "stale"
    default = _("Someone has changed this record in the meantime. Load it again.")


class Refused(WorkflowError):
    """Guards say no; `reasons` holds what every one of them said."""

    code = "refused"

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons = list(reasons)
        super().__init__(" ".join(reason.message for reason in self.reasons))


class InvalidInput(WorkflowError):
    """`errors` maps the name of an input to its messages; "" holds those of no single input."""

    code = "invalid"
    default = _("Some of the input is not valid.")

    def __init__(self, errors: Mapping[str, Sequence[Any]]) -> None:
        self.errors = {name: [str(message) for message in messages] for name, messages in errors.items()}
        super().__init__()


class KeyReused(WorkflowError):
    """The idempotency key came before, with another request."""

    code = "key_reused"
    default = _("This idempotency key was used for another request.")


class OutsidePerform(Exception):
    """A transition method was called directly: a mistake of the program, never of its user."""
