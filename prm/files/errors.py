"""Refusals of a file, in one way: at the field `file`, with a code for programs."""

from __future__ import annotations

from typing import Any

from workflows.errors import InvalidInput


class FileRefused(InvalidInput):
    """A file that is not taken. `why` names the check that refused it."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__({"file": [message]})
        self.why = why


def refused(why: str, message: str, **values: Any) -> FileRefused:
    """The refusal, with `values` put into the (already translated) message."""
    return FileRefused(why, message % values if values else message)
