"""Makes the alerts of a change, in the transaction of the change.

Events are collected while the unit of work runs and written at its end, all at once: the numbers of the
recipients are among the last things a transaction takes, and always in the order of their ids, so that two
transactions never wait for each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from prm.access.rights import visible
from prm.alerts import hub
from prm.alerts.audience import Wanted, resolve
from prm.alerts.models import Alert, AlertCounter, Delivery
from prm.alerts.readers import mark
from prm.modules import registry
from prm.modules.registry import Module
from workflows import jobs
from workflows.ids import uuid7
from workflows.ports import Event
from workflows.units import gather


@dataclass
class Happened:
    """One event that concerns somebody."""

    event: UUID
    kind: str
    module: Module
    object_id: UUID
    at: datetime
    actors: frozenset[UUID]
    wanted: Wanted


def write(happened: list[Happened]) -> None:
    """Writes the alerts of a unit of work, their deliveries and jobs."""
    users = resolve(one.wanted for one in happened)
    alerts = _alerts(happened, users)
    if not alerts:
        return
    numbers = _number(alerts)
    Alert.objects.bulk_create(alerts)
    Delivery.objects.bulk_create([Delivery(alert=one, recipient_id=one.recipient_id) for one in alerts])
    for recipient in numbers:
        jobs.enqueue("prm.alerts.mail.deliver", str(recipient))
    transaction.on_commit(lambda: hub.nudge(numbers))


def on_event(event: Event) -> None:
    """Subscriber of the workflows: notes whom the event concerns."""
    if event.actor.kind == "import":
        return
    module = registry.for_model(type(event.obj))
    audiences = module.notify.get(event.name) if module else None
    if not module or not audiences:
        return
    record = event.record
    # A web form acts with the rights of its owner, who did nothing: that is to be told like anything else.
    actors = () if event.actor.kind == "rule" else (event.actor.user, event.actor.as_user)
    one = Happened(
        event=record.pk if record else uuid7(),
        kind=event.name,
        module=module,
        object_id=event.obj.pk,
        at=record.at if record else timezone.now(),
        actors=frozenset(one.pk for one in actors if one is not None),
        wanted=Wanted.of(tuple(audiences), event.obj, record),
    )
    gather("alerts", one, write)


def _alerts(happened: list[Happened], users: Mapping[UUID, Any]) -> list[Alert]:
    """An alert for each event and each of its people who may see the record now; without numbers."""
    by_user: dict[UUID, list[Happened]] = defaultdict(list)
    for one in happened:
        for pk in (one.wanted.users | one.wanted.parting) - one.actors:
            by_user[pk].append(one)
    seen = _visible(by_user, users)
    return [
        Alert(
            recipient_id=pk,
            event=one.event,
            kind=one.kind,
            module=one.module.key,
            object_id=one.object_id,
            at=one.at,
        )
        for pk in sorted(by_user)
        for one in by_user[pk]
        # The partner that has just lost a record is told so, though it may not see it any more.
        if one.object_id in seen[mark(users[pk], one.module)] or pk in one.wanted.parting
    ]


def _visible(by_user: Mapping[UUID, list[Happened]], users: Mapping[UUID, Any]) -> dict[Hashable, set[UUID]]:
    """Ids of the records that readers of each kind may see; one query for a kind and module."""
    asked: dict[Hashable, tuple[Any, Module, set[UUID]]] = {}
    for pk, happened in by_user.items():
        for one in happened:
            reader = mark(users[pk], one.module)
            asked.setdefault(reader, (users[pk], one.module, set()))[2].add(one.object_id)
    return {
        reader: set(visible(user, module).filter(pk__in=ids).values_list("pk", flat=True))
        for reader, (user, module, ids) in asked.items()
    }


def _number(alerts: list[Alert]) -> dict[UUID, int]:
    """Numbers the alerts, without gaps for each recipient; returns the recipients' last numbers.

    One statement makes and raises the counters, in the order of the recipients' ids: it locks them until the
    end of the transaction, so numbers are committed in their order.
    """
    count: dict[UUID, int] = defaultdict(int)
    for one in alerts:
        count[one.recipient_id] += 1
    column = AlertCounter._meta.get_field("user")
    params: list[Any] = []
    for pk in sorted(count):
        params += [column.get_db_prep_value(pk, connection), count[pk]]
    table = connection.ops.quote_name(AlertCounter._meta.db_table)
    rows = ", ".join(["(%s, %s)"] * len(count))
    with connection.cursor() as cursor:
        cursor.execute(
            # The name of our own table and placeholders; values are parameters.
            f"INSERT INTO {table} (user_id, seq) VALUES {rows} "  # noqa: S608
            f"ON CONFLICT (user_id) DO UPDATE SET seq = {table}.seq + excluded.seq RETURNING user_id, seq",
            params,
        )
        last = {pk if isinstance(pk, UUID) else UUID(pk): seq for pk, seq in cursor.fetchall()}
    following = {pk: last[pk] - count[pk] for pk in count}
    for one in alerts:
        following[one.recipient_id] += 1
        one.seq = following[one.recipient_id]
    return last
