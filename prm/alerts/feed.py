"""What sockets are sent, read for many of them at once.

A socket that is woken asks for what is new. While a reader thread is busy the asks of other sockets gather,
and the next read answers them together, so the database sees a few queries a pass and not a few a socket.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import close_old_connections
from django.db.models import Count, Q

from prm.access.rights import rights_for
from prm.alerts.actions import mark_seen
from prm.alerts.hub import Client, hub
from prm.alerts.models import Alert, AlertCounter
from prm.alerts.readers import rights_mark
from prm.alerts.words import compose

log = logging.getLogger(__name__)

#: Alerts in one answer; a socket that is further behind asks again.
PAGE = 100
#: Asks answered in one pass.
BATCH = 200
#: How often the counters are looked at, for nudges that were never sent: a writer died between its commit
#: and its nudge, or writes where no Redis tells us.
POLL = 2.0
THREADS = 2


@dataclass
class Ask:
    """One socket's question: is the login alive, and what comes after number `after`?

    Without a number, only the first is asked.
    """

    login: Any
    after: int | None
    #: The client has seen everything up to this number.
    seen: int | None = None
    #: Also count what is unread.
    count: bool = False


@dataclass
class Answer:
    """user_id: whose login it is, None where it has ended. rights: the mark of what the user may do.
    seq: everything up to here has been given. more: there is a next page."""

    user_id: UUID | None
    rights: str = ""
    seq: int = 0
    more: bool = False
    unread: int | None = None
    alerts: list[dict[str, Any]] = field(default_factory=list)


#: The users behind logins, None where one has ended; one call for many.
Identify = Callable[[Sequence[Any]], list[Any]]


class Feed:
    """Answers the sockets of one event loop."""

    def __init__(self, identify: Identify) -> None:
        self._identify = identify
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="alerts-feed")
        self._waiting: list[tuple[Ask, asyncio.Future[Answer]]] = []
        self._busy = 0
        self._poller: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    def attach(self, user_id: UUID) -> Client:
        """Registers a socket with the hub."""
        if self._poller is None:
            self._poller = self._loop.create_task(self._poll())
        return hub.attach(user_id)

    async def ask(self, ask: Ask) -> Answer:
        """Raises what the database raised."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.append((ask, future))
        if self._busy < THREADS:
            self._busy += 1
            task = self._loop.create_task(self._work())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                try:
                    asks = [ask for ask, _future in batch]
                    answers = await self._loop.run_in_executor(self._threads, self._read, asks)
                except Exception as error:
                    for _ask, future in batch:
                        if not future.done():
                            future.set_exception(error)
                    continue
                for (_ask, future), answer in zip(batch, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)
        finally:
            self._busy -= 1

    def _read(self, asks: list[Ask]) -> list[Answer]:
        close_old_connections()
        return read(asks, self._identify)

    async def _poll(self) -> None:
        """Wakes sockets whose user has alerts that nobody nudged them about."""
        while True:
            await asyncio.sleep(POLL)
            users = hub.users(self._loop)
            if not users:
                continue
            try:
                found = await self._loop.run_in_executor(self._threads, _counters, list(users))
            except Exception as error:
                log.warning("the counters cannot be read: %s", error)
                continue
            behind = {user: seq for user, seq in found.items() if seq > users[user]}
            if behind:
                hub.nudge_here(behind)


def _counters(users: list[UUID]) -> dict[UUID, int]:
    close_old_connections()
    found: dict[UUID, int] = {}
    for start in range(0, len(users), 900):
        rows = AlertCounter.objects.filter(pk__in=users[start : start + 900])
        found.update(rows.values_list("pk", "seq"))
    return found


def read(asks: Sequence[Ask], identify: Identify) -> list[Answer]:
    """Answers all asks with a few queries. Nothing is read for a login that has ended."""
    users = identify([ask.login for ask in asks])
    reading = [(ask, user) for ask, user in zip(asks, users, strict=True) if user and ask.after is not None]
    for ask, user in reading:
        if ask.seen is not None:
            mark_seen(user, ask.seen)
    # A login whose portal does not grant alerts any more is not told of former ones.
    readers = {user.pk: user for _ask, user in reading if rights_for(user).grants("alerts")}
    last = dict(AlertCounter.objects.filter(pk__in=readers).values_list("pk", "seq")) if readers else {}
    news = _new([(user.pk, ask.after or 0, last.get(user.pk, 0)) for ask, user in reading])
    composed = _composed(readers, news)
    unread = _unread({user.pk for ask, user in reading if ask.count})
    answers = []
    for ask, user in zip(asks, users, strict=True):
        if user is None or ask.after is None:
            answers.append(Answer(user.pk, rights_mark(user)) if user else Answer(None))
            continue
        newest = last.get(user.pk, 0)
        # A client that is ahead of us has seen another database; it goes on from here.
        upto = min(newest, ask.after + PAGE)
        answers.append(
            Answer(
                user_id=user.pk,
                rights=rights_mark(user),
                seq=upto,
                more=upto < newest,
                unread=unread.get(user.pk, 0) if ask.count else None,
                alerts=[one for one in composed.get(user.pk, ()) if ask.after < one["seq"] <= upto],
            )
        )
    return answers


def _new(wanted: Sequence[tuple[UUID, int, int]]) -> dict[UUID, list[Alert]]:
    """The next page of each (user, after, last) that is behind: a range, since numbers have no gaps."""
    ranges = [
        Q(recipient_id=user, seq__gt=after, seq__lte=min(last, after + PAGE))
        for user, after, last in wanted
        if last > after
    ]
    found: dict[UUID, dict[int, Alert]] = defaultdict(dict)
    for start in range(0, len(ranges), 50):
        which = Q()
        for one in ranges[start : start + 50]:
            which |= one
        for alert in Alert.objects.filter(which).order_by("recipient_id", "seq"):
            found[alert.recipient_id][alert.seq] = alert
    return {user: list(alerts.values()) for user, alerts in found.items()}


def _composed(users: dict[UUID, Any], alerts: dict[UUID, list[Alert]]) -> dict[UUID, list[dict[str, Any]]]:
    readers = list(alerts)
    words = compose([(users[pk], alerts[pk]) for pk in readers])
    return {pk: [one.as_dict() for one in mine] for pk, mine in zip(readers, words, strict=True)}


def _unread(users: set[UUID]) -> dict[UUID, int]:
    if not users:
        return {}
    rows = Alert.objects.filter(recipient__in=users, seen_at=None).order_by()
    return dict(rows.values_list("recipient").annotate(Count("pk")))
