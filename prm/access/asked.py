"""Remembers, for one request, whether the view asked what the user may see or do."""

from __future__ import annotations

from contextvars import ContextVar

_asked: ContextVar[bool] = ContextVar("access_asked", default=False)


def forget() -> None:
    """Starts a request: nothing has been asked yet."""
    _asked.set(False)


def note() -> None:
    """Called by every function that answers a question of access."""
    _asked.set(True)


def was_asked() -> bool:
    """Whether anything was asked since `forget`."""
    return _asked.get()
