"""A clock that can be set, so that a year of work goes through the engine itself and not around it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.utils import timezone


class Clock:
    """What Django takes for the present moment while `running`."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def set(self, moment: dt.datetime) -> None:
        """Puts the clock to `moment`, but never past the present."""
        self.now = min(moment, dt.datetime.now(dt.UTC))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Has `timezone.now()` give the clock's time; for one process that does nothing else meanwhile."""
        clock = self

        class Datetime(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
                return clock.now.astimezone(tz)

        with mock.patch.object(timezone, "datetime", Datetime):
            yield
