"""The way of a note into the log: a queue in each process and one thread that empties it, or at once.

A request only appends to the queue. The thread is started with the first note, so that a process which forks
before has none to lose; a child begins with an empty queue, its parent writes what it had.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import deque
from multiprocessing.util import Finalize

from django.conf import settings
from django.db import DatabaseError, connection, connections

from prm.touch import chain
from prm.touch.chain import Note

log = logging.getLogger(__name__)

#: Seconds for which notes are gathered: with the time of writing, what a killed process loses at most.
GATHER = 0.25
#: Seconds until a write that failed is tried again.
AGAIN = 0.5
#: Notes that are written in one transaction, so that none holds the head for long.
MOST = 2000


class Keeper:
    """The queue of this process. dropped: notes that found it full; written: those that are in the log."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.notes: deque[Note] = deque()
        self.dropped = self.written = 0
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, note: Note) -> None:
        """Takes the note, or counts it as dropped where the database has been away for too long."""
        if len(self.notes) >= settings.TOUCH_QUEUE:
            self.dropped += 1
            return
        self.notes.append(note)
        if not self._wake.is_set():
            self._wake.set()
            if settings.TOUCH_THREAD and self._thread is None:
                self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="touch-log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause = threading.Event()
        failed = False
        while True:
            self._wake.wait()
            pause.wait(AGAIN if failed else GATHER)
            self._wake.clear()
            try:
                connection.close_if_unusable_or_obsolete()
                self.flush()
                failed = False
            except Exception:
                if not failed:
                    log.exception("touch log: not written, tried again every %s s", AGAIN)
                failed = True
                connections.close_all()
                self._wake.set()

    def flush(self) -> int:
        """Writes what waits; the number of lines. Raises what the database raises, and then they wait on."""
        count = 0
        with self._writing:
            while self.notes:
                taken = [self.notes.popleft() for _ in range(min(MOST, len(self.notes)))]
                try:
                    chain.append(taken)
                except BaseException:
                    self.notes.extendleft(reversed(taken))
                    raise
                count += len(taken)
                self.written += len(taken)
        return count

    def write(self, note: Note) -> None:
        """Writes one note at once. Raises DatabaseError where it cannot be."""
        chain.append([note])
        self.written += 1

    def end(self) -> None:
        """Writes what waits when the process ends; what cannot be is said."""
        if not settings.TOUCH_THREAD or not self.notes:
            return
        try:
            self.flush()
        except DatabaseError:
            log.exception("touch log: %s notes are lost with the process", len(self.notes))

    def clear(self) -> None:
        """Forgets what waits (tests)."""
        self.notes.clear()


keeper = Keeper()

os.register_at_fork(after_in_child=keeper._begin)
atexit.register(keeper.end)
# Children of multiprocessing end without atexit.
Finalize(None, keeper.end, exitpriority=10)


def flush() -> int:
    """Writes what this process has noted so far; the number of lines."""
    return keeper.flush()
