"""Deadlines: a state that waits has a way out, and one effect however many workers look for it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from workflows.actor import Actor
from workflows.errors import NotFound, WrongState
from workflows.locking import lock
from workflows.machine import Machine
from workflows.models import Timer
from workflows.units import unit_of_work

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
BATCH = 50
LONGEST_BACKOFF = timedelta(hours=1)


def plan(obj: Any, now: datetime) -> None:
    """Set the record's `due_at` and its timer to what its present state waits for; the caller saves it."""
    Timer.objects.filter(subject=obj._meta.label_lower, object_id=obj.pk).delete()
    if timer := planned(obj, now):
        timer.save(force_insert=True)


def planned(obj: Any, now: datetime) -> Timer | None:
    """Set the record's `due_at`, and give the timer that belongs to it, not saved yet."""
    wait = Machine.of(obj).waits.get(obj.state)
    obj.due_at = wait.due_at(obj, now) if wait else None
    if not (wait and wait.then and obj.due_at):
        return None
    return Timer(subject=obj._meta.label_lower, object_id=obj.pk, transition=wait.then, due_at=obj.due_at)


def run_due(now: datetime | None = None) -> int:
    """Let everything that is due happen, and say how much did. Any number of workers may do this at once."""
    moment = now or timezone.now()
    count = 0
    while claimed := _claim(moment):
        count += sum(_fire(timer, moment) for timer in claimed)
    return count


def _claimable(now: datetime) -> Q:
    return Q(due_at__lte=now) & (Q(lease_until__isnull=True) | Q(lease_until__lte=now))


def _claim(now: datetime) -> list[Timer]:
    """Some due timers, leased to us: others leave them alone until the lease is over."""
    if not Timer.objects.filter(_claimable(now)).exists():
        # Mostly nothing is due, and looking takes no lock.
        return []
    until = now + LEASE
    claimed = []
    with transaction.atomic():
        for timer in (
            Timer.objects.filter(_claimable(now))
            .order_by("due_at")
            .select_for_update(skip_locked=True)[:BATCH]
        ):
            if Timer.objects.filter(_claimable(now), pk=timer.pk).update(lease_until=until):
                timer.lease_until = until
                claimed.append(timer)
    return claimed


def _fire(timer: Timer, now: datetime) -> int:
    """The timer's transition and its own removal in one transaction; 1 where it happened."""
    try:
        with unit_of_work():
            return _transit(timer)
    except Exception as error:
        # Whatever is wrong with this record, the next one's deadline must not wait for it.
        log.exception("timer %s failed", timer)
        attempts = timer.attempts + 1
        pause = min(timedelta(seconds=5 * 2 ** min(attempts, 12)), LONGEST_BACKOFF)
        Timer.objects.filter(pk=timer.pk, lease_until=timer.lease_until).update(
            lease_until=now + pause, attempts=attempts, last_error=f"{type(error).__name__}: {error}"[:2000]
        )
        return 0


def _transit(timer: Timer) -> int:
    # Here, because perform() sets timers and so cannot be above this module.
    from workflows.perform import perform

    # The record before the timer, as everybody does: perform() locks the one and then removes the other.
    obj = lock(apps.get_model(timer.subject), timer.object_id)
    ours = Timer.objects.select_for_update().filter(pk=timer.pk, lease_until=timer.lease_until)
    if not ours.exists():
        return 0
    try:
        if obj is None:
            raise NotFound
        perform(obj, timer.transition, actor=Actor.timer())
    except (NotFound, WrongState) as error:
        log.warning("timer %s is void: %s", timer, error)
        ours.delete()
        return 0
    return 1
