"""Reminders become alerts: once, not before their time, and also after a crash.

A row that waits is taken and its alert written in one transaction; what dies in between has done neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from prm.alerts.audience import Wanted
from prm.alerts.models import Alert
from prm.alerts.recording import Happened, write
from prm.calendar.models import Reminder
from prm.modules import registry
from prm.records.queries import readable
from workflows.perform import unit_of_work

KIND = "activity.reminder"
BATCH = 100


def sweep(now: datetime) -> int:
    """Sends what is due; the number of reminders that were taken. Any number of workers may do this."""
    count = 0
    while Reminder.objects.filter(sent_at=None, at__lte=now).exists():
        with unit_of_work():
            taken = list(
                Reminder.objects.filter(sent_at=None, at__lte=now)
                .select_related("activity__assignee", "activity__author")
                .select_for_update(of=("self",), skip_locked=True)
                .order_by("at")[:BATCH]
            )
            Reminder.objects.filter(pk__in=[one.pk for one in taken]).update(sent_at=timezone.now())
            write([happened for one in taken if (happened := _happened(one))])
        count += len(taken)
        if len(taken) < BATCH:
            # The rest is with somebody else.
            break
    return count


def _happened(reminder: Reminder) -> Happened | None:
    """None where nobody is to be reminded any more: it is done, or is no longer theirs to see."""
    activity = reminder.activity
    user = activity.assignee or activity.author
    module = registry.for_subject(activity.subject)
    if activity.done_at is not None or user is None or not user.is_active or module is None:
        return None
    if not readable(type(activity), user).filter(pk=activity.pk).exists():
        return None
    return Happened(
        event=reminder.pk,
        kind=KIND,
        module=module,
        object_id=activity.object_id,
        at=reminder.at,
        actors=frozenset(),
        wanted=Wanted(
            audiences=("assignee",),
            party=None,
            previous_party=None,
            assignee=user.pk,
            owner=None,
        ),
    )


def titles(alerts: Sequence[Alert]) -> dict[UUID, str]:
    """What each reminder is of, by the event of its alert."""
    found = Reminder.objects.filter(pk__in=[one.event for one in alerts])
    return dict(found.values_list("pk", "activity__title"))
