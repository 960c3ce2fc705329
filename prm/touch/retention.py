"""How long the log is kept (TOUCH_DAYS): the oldest lines go, the head keeps what the rest hangs on."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache

from prm.touch.chain import locked_head
from prm.touch.models import TouchEntry, TouchHead
from workflows.triggers import maintenance

EVERY = timedelta(hours=1)
#: Lines that go in one transaction, and so many times in one sweep.
BATCH, TIMES = 2000, 50


def sweep(now: datetime) -> None:
    """Called by the clock with every pass; does its work every hour."""
    if settings.TOUCH_DAYS and cache.add("touch:swept", 1, EVERY.total_seconds()):
        for _ in range(TIMES):
            if prune(now - timedelta(days=settings.TOUCH_DAYS)) < BATCH:
                return


def prune(before: datetime) -> int:
    """Takes lines of before that moment from the old end, up to `BATCH`; the number of them.

    Only from the end: a line that is older than one before it waits for that one.
    """
    with maintenance():
        head = locked_head()
        oldest = TouchEntry.objects.order_by("seq").values_list("seq", "at", "hash")[:BATCH]
        since, since_hash, count = head.since, head.since_hash, 0
        for seq, at, own in oldest:
            if at >= before:
                break
            since, since_hash, count = seq, own, count + 1
        if count:
            TouchEntry.objects.filter(seq__lte=since).delete()
            TouchHead.objects.filter(pk=1).update(since=since, since_hash=since_hash)
    return count
