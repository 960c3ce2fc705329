"""Tells the open sockets of this process, and of every other, that there is something to read.

A nudge says "user X has alerts up to N" or "look at the logins of user X", never more: rows are the truth and
the reader fetches them. So a nudge may be lost, doubled or late without harm. A client keeps one event and a
few flags, whatever happens to it: nothing here grows with the number of nudges.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.conf import settings
from django.db import transaction

from prm.alerts import wire


class Client:
    """What the hub knows of one open socket. Its flags are changed on its own loop only."""

    __slots__ = ("loop", "seq", "sync", "user_id", "wake")

    def __init__(self, user_id: UUID, loop: asyncio.AbstractEventLoop) -> None:
        self.user_id = user_id
        self.loop = loop
        self.wake = asyncio.Event()
        #: The last number this socket was sent.
        self.seq = 0
        #: The connection to the other processes came back: say how far we are.
        self.sync = False

    def nudge(self, seq: int) -> None:
        if seq > self.seq:
            self.wake.set()

    def look(self) -> None:
        """To be woken is enough: every read looks at the login first."""
        self.wake.set()

    def resync(self) -> None:
        self.sync = True
        self.wake.set()


class Hub:
    """The open sockets of this process by user, and the way to those of the others."""

    def __init__(self) -> None:
        self._clients: dict[UUID, set[Client]] = {}
        self._lock = threading.Lock()
        self._publisher: wire.Publisher | None = None
        self._listeners: dict[asyncio.AbstractEventLoop, asyncio.Task[None]] = {}

    def attach(self, user_id: UUID) -> Client:
        """A client for a socket on the running loop."""
        loop = asyncio.get_running_loop()
        client = Client(user_id, loop)
        with self._lock:
            self._clients.setdefault(user_id, set()).add(client)
        if settings.REDIS_URL and loop not in self._listeners:
            listener = wire.Listener(settings.REDIS_URL, self._received, self._resync_all)
            self._listeners[loop] = loop.create_task(listener.run())
        return client

    def detach(self, client: Client) -> None:
        with self._lock:
            mine = self._clients.get(client.user_id)
            if mine is not None:
                mine.discard(client)
                if not mine:
                    del self._clients[client.user_id]

    def users(self, loop: asyncio.AbstractEventLoop) -> dict[UUID, int]:
        """The users with a socket on `loop`, and the lowest number any of their sockets was sent."""
        with self._lock:
            found = {
                user_id: min((one.seq for one in clients if one.loop is loop), default=-1)
                for user_id, clients in self._clients.items()
            }
        return {user_id: seq for user_id, seq in found.items() if seq >= 0}

    def send(self, seqs: Mapping[UUID, int], revoked: Iterable[UUID] = ()) -> None:
        """Nudges here at once, and everywhere else as soon as Redis takes it. Never waits, never fails."""
        gone = list(revoked)
        self._received(seqs, gone)
        if settings.REDIS_URL:
            if self._publisher is None:
                self._publisher = wire.Publisher(settings.REDIS_URL)
            self._publisher.put(seqs, gone)

    def nudge_here(self, seqs: Mapping[UUID, int]) -> None:
        """Nudges the sockets of this process only."""
        self._received(seqs, ())

    def _received(self, seqs: Mapping[UUID, int], revoked: Iterable[UUID]) -> None:
        with self._lock:
            nudged = [(one, seq) for user, seq in seqs.items() for one in self._clients.get(user, ())]
            looked = [one for user in revoked for one in self._clients.get(user, ())]
        for client, seq in nudged:
            _on_loop(client.loop, client.nudge, seq)
        for client in looked:
            _on_loop(client.loop, client.look)

    def _resync_all(self) -> None:
        loop = asyncio.get_running_loop()
        with self._lock:
            clients = [one for mine in self._clients.values() for one in mine if one.loop is loop]
        for client in clients:
            client.resync()


def _on_loop(loop: asyncio.AbstractEventLoop, fn: object, *args: object) -> None:
    try:
        loop.call_soon_threadsafe(fn, *args)  # type: ignore[arg-type]
    except RuntimeError:
        # The loop is closed: its sockets are gone with it.
        return


hub = Hub()


def nudge(seqs: Mapping[UUID, int]) -> None:
    """After the commit: these users have alerts up to these numbers."""
    hub.send(seqs)


def revoke(user_ids: Iterable[UUID]) -> None:
    """Once the transaction commits, every socket of these users has its login looked at.

    Those whose login, session or token has ended are closed at once; the others stay.
    """
    users = list(user_ids)
    if users:
        transaction.on_commit(lambda: hub.send({}, users))
