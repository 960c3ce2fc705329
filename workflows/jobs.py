"""Work that is done later: jobs, timers and sweeps, by a worker process or in the server's own.

A job is a row that joins the transaction which asks for it, so it exists if and only if the change does.
Jobs of a killed worker run again, hence what they call must do no harm when it is called twice.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import connections
from django.db.models import Max
from django.utils import timezone

from workflows import idempotency, timers
from workflows.models import Heartbeat

log = logging.getLogger(__name__)

TICK = 0.3
BEAT = timedelta(seconds=5)
FORGOTTEN = timedelta(hours=1)
PURGE = timedelta(minutes=10)
BATCH = 20

Sweep = Callable[[datetime], Any]
_sweeps: list[Sweep] = []


def enqueue(path: str, *args: Any) -> None:
    """Have the function at the dotted `path` called with these plain values once the transaction commits."""
    from django_q.tasks import async_task

    async_task(path, *args)


def add_sweep(function: Sweep) -> None:
    """Have `function(now)` called with every pass over the timers, outside a transaction."""
    if function not in _sweeps:
        _sweeps.append(function)


def run_due(now: datetime | None = None) -> int:
    """One pass over the timers and the sweeps; the number of timers that took effect."""
    moment = now or timezone.now()
    count = timers.run_due(moment)
    for sweep in _sweeps:
        try:
            sweep(moment)
        except Exception:
            log.exception("sweep %s failed", sweep)
    return count


def run_pending() -> int:
    """One pass over the queued jobs in this process; the number of jobs that were tried."""
    from django_q.conf import Conf
    from django_q.models import OrmQ

    now = timezone.now()
    waiting = OrmQ.objects.using(Conf.ORM).filter(key=Conf.CLUSTER_NAME)
    count = 0
    for row in list(waiting.filter(lock__lte=now).order_by("pk")[:BATCH]):
        # Ours only if nobody has taken it since: the same claim as the broker of a worker makes.
        held = now + timedelta(seconds=Conf.RETRY)
        if waiting.filter(pk=row.pk, lock=row.lock).update(lock=held):
            count += 1
            _run(row)
    return count


def _run(row: Any) -> None:
    """Do what a worker of django-q does with a job, without its processes: same rows, same results."""
    from django.utils.module_loading import import_string
    from django_q.brokers import get_broker
    from django_q.monitor import save_task
    from django_q.signing import BadSignature, SignedPackage

    broker = get_broker()
    try:
        task = SignedPackage.loads(row.payload)
    except (TypeError, BadSignature):
        log.exception("job %s is not signed by us", row.pk)
        broker.fail(row.pk)
        return
    try:
        function = import_string(task["func"]) if isinstance(task["func"], str) else task["func"]
        task["result"] = function(*task["args"], **task["kwargs"])
        task["success"] = True
    except Exception as error:
        log.exception("job %s failed", task["func"])
        task["result"] = f"{type(error).__name__}: {error}"
        task["success"] = False
    task["stopped"] = timezone.now()
    task["ack_id"] = row.pk
    # The connection is this thread's own, perhaps inside a transaction: it is not to be closed here.
    task["sync"] = True
    save_task(task, broker)
    if task["success"]:
        broker.acknowledge(row.pk)


# --- life signs


def beat(runner: str) -> None:
    now = timezone.now()
    Heartbeat.objects.update_or_create(runner=runner, defaults={"at": now})
    Heartbeat.objects.filter(at__lt=now - FORGOTTEN).delete()


def last_heartbeat() -> datetime | None:
    """When any job runner was last alive."""
    latest: datetime | None = Heartbeat.objects.aggregate(latest=Max("at"))["latest"]
    return latest


def heartbeat_age() -> float | None:
    """Seconds since any job runner was last alive; None if none ever was."""
    latest = last_heartbeat()
    return None if latest is None else (timezone.now() - latest).total_seconds()


# --- loops


class Clock:
    """Passes over timers and sweeps, with a life sign and now and then some tidying. Not for many threads."""

    def __init__(self) -> None:
        self.runner = f"{socket.gethostname()}:{os.getpid()}"
        self.beaten = self.purged = datetime.min.replace(tzinfo=timezone.get_default_timezone())

    def tick(self) -> None:
        now = timezone.now()
        if now - self.beaten >= BEAT:
            beat(self.runner)
            self.beaten = now
        run_due(now)
        if now - self.purged >= PURGE:
            idempotency.purge()
            self.purged = now


class Stop(Protocol):
    """Says when to end: `threading.Event` does, and so does a flag between processes."""

    def is_set(self) -> bool: ...
    def wait(self, timeout: float) -> bool: ...


def loop(stop: Stop, step: Callable[[], Any]) -> None:
    """Repeat the step until told to stop. An error costs one round, and a connection that may be broken."""
    while not stop.is_set():
        try:
            for connection in connections.all(initialized_only=True):
                connection.close_if_unusable_or_obsolete()
            step()
        except Exception:
            log.exception("%s failed", step)
            connections.close_all()
        stop.wait(TICK)
    connections.close_all()


class EmbeddedRunner:
    """The jobs and timers of the embedded shape, in the server's own process.

    Started by the serve command only, never by loading the application. Two threads, so that a job which
    takes its time does not hold up the deadlines.
    """

    def __init__(self) -> None:
        self.stopped = threading.Event()
        steps = {"workflows-clock": Clock().tick, "workflows-jobs": run_pending}
        self.threads = [
            threading.Thread(target=loop, args=(self.stopped, step), name=name, daemon=True)
            for name, step in steps.items()
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self, timeout: float = 10) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(timeout)
