"""Writes of alerts that are no transition."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from prm.alerts.models import Alert
from prm.alerts.queries import unread


def mark_seen(user: Any, seq: int) -> int:
    """The user has seen all alerts up to and with number `seq`; returns how many are still unread."""
    Alert.objects.filter(recipient=user, seq__lte=seq, seen_at=None).update(seen_at=timezone.now())
    return unread(user)
