"""Jobs, mails and feeds speak to the person whom they are for, in that person's language and time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation


@contextmanager
def as_reader(user: Any) -> Iterator[None]:
    """Words and times as the user reads them, as long as the block runs; as nobody's, without a user."""
    try:
        zone = ZoneInfo(getattr(user, "timezone", "") or "UTC")
    except (KeyError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    with (
        translation.override(getattr(user, "language", "") or settings.LANGUAGE_CODE),
        timezone.override(zone),
    ):
        yield
