"""The processes of a worker that do jobs: django-q's, made to end when they should and only then.

A supervisor tells the whole family to end, or kills its head alone. So the signals that ask for an end are
for the head: the others leave them waiting and are told by a flag. And each ends by itself once its parent is
gone.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Callable
from multiprocessing.sharedctypes import RawValue
from typing import Any

from django.db import connections
from django_q.cluster import Sentinel, get_mp_context
from django_q.conf import Conf
from django_q.worker import worker

ASKED = (signal.SIGTERM, signal.SIGINT)
#: How long jobs under way may take to end; less than supervisors commonly wait before they kill.
GRACE = 60.0
STEP = 0.1
WATCH = 0.5


class Flag:
    """An event between processes without locks.

    A signal handler may set it whatever it has interrupted, itself included, and nobody waits for the one who
    waited and has died: both stop an event of `threading` or `multiprocessing` for ever.
    """

    def __init__(self) -> None:
        self._value = RawValue("b", 0)

    def set(self) -> None:
        self._value.value = 1

    def is_set(self) -> bool:
        return bool(self._value.value)

    def wait(self, timeout: float) -> bool:
        end = time.monotonic() + timeout
        while not self.is_set() and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, STEP))
        return self.is_set()


def end_with(parent: int) -> None:
    """End this process, whatever it does, once its parent is gone. What it did not finish is done again."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH)
        os._exit(1)

    threading.Thread(target=watch, name="workflows-parent", daemon=True).start()


def _run(parent: int, target: Callable[..., None], *args: Any) -> None:
    """What a process of the family begins with. Signals that are blocked stay so for its children."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ASKED)
    end_with(parent)
    target(*args)


class _Guard(Sentinel):  # type: ignore[misc]  # django-q is not typed
    """Has the pool's processes under the same rules."""

    def spawn_process(self, target: Callable[..., None], *args: Any) -> Any:
        process = get_mp_context().Process(
            target=_run, args=(os.getpid(), target, *args), name=f"Process-{uuid.uuid4().hex}"
        )
        process.daemon = target is not worker or Conf.DAEMONIZE_WORKERS
        # Asked to end it does not: what is stuck in a job has to be killed.
        process.terminate = process.kill
        if target is worker:
            process.timer = args[2]
            self.pool.append(process)
        process.start()
        return process

    def reincarnate(self, process: Any) -> None:
        # Killed while it waited for work, it may have held the lock of the queue, and nobody gets anything
        # from that again. Better to end, and be started again, than be replaced by one that waits for ever.
        busy = hasattr(process, "timer") and process.timer.value >= 0
        if (process.exitcode or 0) < 0 and not busy:
            os._exit(1)
        super().reincarnate(process)


class JobProcesses:
    """django-q's cluster for as long as `stop` is not set."""

    def __init__(self, stop: Flag) -> None:
        self.stop_flag, self.started = stop, Flag()
        self.process = get_mp_context().Process(
            target=_run,
            args=(os.getpid(), _Guard, stop, self.started, uuid.uuid4()),
            name=f"Process-{uuid.uuid4().hex}",
        )

    def is_alive(self) -> bool:
        return bool(self.process.is_alive())

    def start(self) -> None:
        """Returns when they are at work, told to stop, or dead."""
        # They must not inherit a connection.
        connections.close_all()
        self.process.start()
        while not self.started.is_set() and not self.stop_flag.is_set() and self.is_alive():
            time.sleep(STEP)

    def stop(self, grace: float = GRACE) -> bool:
        """Whether they ended by themselves; if not in time, the first is killed and the others follow it."""
        self.stop_flag.set()
        self.process.join(grace)
        if not self.is_alive():
            return True
        self.process.kill()
        self.process.join()
        return False
