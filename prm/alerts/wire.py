"""The way of nudges through Redis: one publisher and one subscription for each process.

The publisher is a thread that keeps what it has not got rid of, one entry for each user, so a Redis that is
down or stalls delays nudges and never the transaction that caused them.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

import orjson
from redis import Redis
from redis import asyncio as aioredis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

CHANNEL = "prm:alerts"
TIMEOUT = 0.5
RETRY = 0.2
#: A connection that says nothing for this long is asked whether it is alive, and given up after that again.
SILENCE = 1.0
#: Users in one message: keeps a message to everybody within reason.
CHUNK = 5_000


def pack(seqs: Mapping[UUID, int], revoked: Iterable[UUID]) -> bytes:
    """A message of the channel."""
    return orjson.dumps({"up": {str(user): seq for user, seq in seqs.items()}, "check": list(revoked)})


def unpack(data: bytes) -> tuple[dict[UUID, int], list[UUID]]:
    """What `pack` was given. Raises ValueError for what it never made."""
    try:
        message = orjson.loads(data)
        seqs = {UUID(user): int(seq) for user, seq in message["up"].items()}
        return seqs, [UUID(user) for user in message["check"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a message of the alerts channel") from error


class Publisher:
    """Publishes from a thread of its own, in batches, and again until Redis has taken it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._seqs: dict[UUID, int] = {}
        self._revoked: set[UUID] = set()
        self._some = threading.Event()
        self._empty = threading.Event()
        self._pid = 0
        self._closed = False
        atexit.register(self._flush)

    def put(self, seqs: Mapping[UUID, int], revoked: Iterable[UUID]) -> None:
        """Takes nudges; returns at once."""
        with self._lock:
            for user, seq in seqs.items():
                self._seqs[user] = max(seq, self._seqs.get(user, 0))
            self._revoked.update(revoked)
            self._empty.clear()
            # Threads do not survive a fork; the first nudge in a child starts its own.
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._run, name="alerts-publisher", daemon=True).start()
        self._some.set()

    def close(self) -> None:
        """Ends the thread; what it has not got rid of is dropped."""
        self._closed = True
        self._some.set()
        atexit.unregister(self._flush)

    def _take(self) -> tuple[dict[UUID, int], set[UUID]]:
        with self._lock:
            seqs, revoked = self._seqs, self._revoked
            if len(seqs) > CHUNK:
                chunk = dict(list(seqs.items())[:CHUNK])
                self._seqs = {user: seq for user, seq in seqs.items() if user not in chunk}
                seqs = chunk
            else:
                self._seqs = {}
                self._some.clear()
            self._revoked = set()
        return seqs, revoked

    def _run(self) -> None:
        # No retries of the client's own: ours begin with the newest nudges.
        redis = Redis.from_url(
            self._url,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )
        down = False
        while True:
            self._some.wait()
            if self._closed:
                return
            seqs, revoked = self._take()
            try:
                redis.publish(CHANNEL, pack(seqs, revoked))
            except (RedisError, OSError) as error:
                if not down:
                    log.warning("Redis does not take nudges, alerts come late: %s", error)
                down = True
                self._put_back(seqs, revoked)
                threading.Event().wait(RETRY)
            else:
                if down:
                    log.info("Redis takes nudges again")
                down = False
                with self._lock:
                    if not self._seqs and not self._revoked:
                        self._empty.set()

    def _put_back(self, seqs: dict[UUID, int], revoked: set[UUID]) -> None:
        with self._lock:
            for user, seq in seqs.items():
                self._seqs[user] = max(seq, self._seqs.get(user, 0))
            self._revoked |= revoked
        self._some.set()

    def _flush(self) -> None:
        """A command that ends right after its commit waits for its nudges to leave."""
        if self._pid == os.getpid():
            self._empty.wait(2 * TIMEOUT)


class Listener:
    """The subscription of a process. Comes back by itself, and says so each time it has."""

    def __init__(
        self,
        url: str,
        received: Callable[[Mapping[UUID, int], Iterable[UUID]], None],
        returned: Callable[[], None],
    ) -> None:
        self._url = url
        self._received = received
        self._returned = returned

    async def run(self) -> None:
        """Listens until its loop ends."""
        down = False
        while True:
            redis = aioredis.Redis.from_url(
                self._url,
                socket_connect_timeout=TIMEOUT,
                retry=Retry(NoBackoff(), 0),
                single_connection_client=False,
            )
            pubsub = redis.pubsub()
            try:
                async with asyncio.timeout(2 * TIMEOUT):
                    await pubsub.subscribe(CHANNEL)
                    # The first message confirms the subscription: from here on no nudge is missed.
                    while await pubsub.get_message(timeout=TIMEOUT) is None:
                        pass
                if down:
                    log.info("Redis is back")
                down = False
                self._returned()
                await self._listen(pubsub)
            except (RedisError, OSError, TimeoutError) as error:
                if not down:
                    log.warning("no nudges from Redis, alerts come late: %s", error or "it is silent")
                down = True
            finally:
                await _close(pubsub, redis)
            await asyncio.sleep(RETRY)

    async def _listen(self, pubsub: aioredis.client.PubSub) -> None:
        asked = False
        while True:
            message = await pubsub.get_message(timeout=SILENCE)
            if message is None:
                if asked:
                    raise TimeoutError
                async with asyncio.timeout(TIMEOUT):
                    await pubsub.ping()
                asked = True
                continue
            asked = False
            if message["type"] != "message":
                continue
            try:
                seqs, revoked = unpack(message["data"])
            except ValueError:
                log.warning("a message of the alerts channel that is none of ours")
                continue
            self._received(seqs, revoked)


async def _close(pubsub: aioredis.client.PubSub, redis: aioredis.Redis) -> None:
    try:
        async with asyncio.timeout(TIMEOUT):
            await pubsub.aclose()
            await redis.aclose()
    except (RedisError, OSError, TimeoutError):
        return
