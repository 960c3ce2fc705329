"""G8: a right that is taken away has ended everywhere within a second, and who comes back misses nothing.

The application runs as it is served: one process on SQLite; on PostgreSQL with Redis two, of which one takes
the rights and the other keeps the sockets and is asked. From the moment that the request which takes a right
was answered, the first request with it must be refused, and within a second its sockets must be closed, or
told that the rights are others; nothing that has ended with it may come on them after that. Then clients are
cut at random while alerts are written: each has to get every number once, and in its order.

A second is short for a machine that has other things to do. So `/livez` of the same process is asked at the
same moment, and where that alone took half a second, what was late is tried again, a few times at most.
"""

from __future__ import annotations

import asyncio
import functools
import math
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection, connections

from tests.assurance import POSTGRESQL, SQLITE, Fault, Figure, noticed
from tests.assurance.revoking import WAYS, Held, Key, Place, announce, by_token, send, somebody
from tests.browsing import PATIENT
from tests.cast import World, build_world
from tests.factories import make_lead, make_partner
from tests.sockets.servers import Listener, Server, call, listening, start, static_root

#: Seconds until a right has ended, and how much longer is waited for what is late.
LIMIT, SLACK = 1.0, 0.5
#: Seconds of a `/livez` beyond which the machine was late, not the application; how often it is believed.
BUSY, REPEATS = 0.5, 4
#: The databases on which there is one server, and on which there are two.
ALONE, TWO = ((SQLITE,), (POSTGRESQL,)) if settings.REDIS_URL else ((SQLITE, POSTGRESQL), ())
#: The longest that a client stays before it is cut, in seconds; how many leads one request offers.
STAY, AT_ONCE = 0.5, 10


@dataclass
class Tally:
    """seconds: of each socket, by the way in which its right was taken."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    livez: list[float] = field(default_factory=list)
    refused: int = 0
    repeated: int = 0
    reconnects: int = 0
    alerts: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return self.refused + sum(map(len, self.seconds.values())) + self.reconnects


# --- a right that is taken


async def revoked(place: Place, way: str, tally: Tally) -> None:
    """Takes one right, again where the machine had no time for it."""
    for attempt in range(REPEATS + 1):
        one = Tally()
        await _revoked(place, way, one)
        late = [seconds for seconds in one.seconds[way] if seconds > LIMIT]
        excused = late and not one.wrong and max(one.livez) >= BUSY
        if not excused or attempt == REPEATS or noticed(late):
            break
        tally.repeated += 1
        await asyncio.sleep(attempt)
    tally.seconds[way] += one.seconds[way]
    tally.livez += one.livez
    tally.refused += one.refused
    tally.wrong += [f"{way}: {wrong}" for wrong in one.wrong]
    tally.wrong += [f"{way}: a socket went on for more than {LIMIT} s" for _seconds in late]


async def _revoked(place: Place, way: str, tally: Tally) -> None:
    held = await sync_to_async(WAYS[way])(place)
    async with AsyncExitStack() as stack:
        sockets = []
        for key in held.keys if held.listens else ():
            opened = listening(place.there, token=key.token, cookie=key.session)
            sockets.append(await stack.enter_async_context(opened))
        for one in sockets:
            await one.until(lambda it: it.syncs)
        for key in held.keys:
            if not await asyncio.to_thread(held.granted, place.there, key):
                raise RuntimeError(f"{way}: the right was not there to be taken")
        await asyncio.to_thread(held.take)
        answered = time.monotonic()
        alive, still, ends = await asyncio.gather(
            asyncio.to_thread(_livez, place.there),
            asyncio.gather(*(asyncio.to_thread(held.granted, place.there, key) for key in held.keys)),
            asyncio.gather(*(_over(one, held.ends) for one in sockets)),
        )
        tally.livez, tally.refused = [alive], still.count(False)
        tally.wrong += ["a request was still granted" for granted in still if granted]
        tally.seconds[way] += [max(0.0, at - answered) for at in ends]
        if not held.path:
            tally.wrong += await _told_afterwards(place, held, [one for one in sockets if one.code is None])


def _livez(server: Server) -> float:
    began = time.monotonic()
    send(server, "GET", "/livez", Key())
    return time.monotonic() - began


async def _over(socket: Listener, ends: bool) -> float:
    """When a socket was closed, or told that the rights are others where the login stays; or never."""

    def told() -> list[float]:
        return [at for at, frame in socket.frames if frame["type"] == "rights" and not ends]

    try:
        await socket.until(lambda it: it.code is not None or told(), LIMIT + SLACK)
    except AssertionError:
        return math.inf
    return min([*told(), socket.closed_at or math.inf])


async def _told_afterwards(place: Place, held: Held, sockets: list[Listener]) -> list[str]:
    """What the sockets that are open still tell: nothing where the login has ended, else nothing that may
    not be seen any more. Each says a word, and is answered once it has sent what there is to send."""
    topic = f"Not for {held.user.pk}"
    await sync_to_async(announce)(place, held.user, topic)
    wrong = []
    for one in sockets:
        before = len(one.syncs)
        await one.connection.send('{"type": "seen", "seq": 0}')
        await one.until(lambda it, before=before: it.code is not None or len(it.syncs) > before)
        if one.alerts if held.ends else any(topic in str(frame) for frame in one.alerts):
            wrong.append("a socket told what had ended")
    return wrong


# --- clients that are cut


async def reconnecting(place: Place, clients: int, cuts: int, tally: Tally) -> None:
    """Each client is cut so many times, at any of the servers, and goes on from its own last number."""
    partner, keys, maria = await sync_to_async(_readers)(place, clients)
    offer = "/api/v1/leads/transitions/assign/"
    dice, servers = random.Random(8), (place.here, place.there)
    all_cut = asyncio.Event()

    async def follow(key: Key) -> list[int]:
        got: list[int] = []
        for _cut in range(cuts):
            last, server = max(got, default=0), dice.choice(servers)
            async with listening(server, token=key.token, after=last, open_timeout=PATIENT) as client:
                await asyncio.sleep(dice.uniform(0, STAY))
                client.connection.transport.abort()
                got += client.seqs
        return got

    async def write() -> None:
        """Until nobody is cut any more; the more are told, the more rarely."""
        while not all_cut.is_set():
            leads = await sync_to_async(lambda: [str(make_lead().pk) for _lead in range(AT_ONCE)])()
            body = {"ids": leads, "inputs": {"partner": str(partner.pk)}}
            status, answer = await asyncio.to_thread(call, place.here, "POST", offer, maria.token, body)
            if status != 200 or any(one["status"] != 200 for one in answer["results"]):
                raise RuntimeError(f"no leads could be offered: {answer}")
            tally.alerts += AT_ONCE
            await asyncio.sleep(clients / 1000)

    writing = asyncio.create_task(write())
    found = await asyncio.gather(*map(follow, keys))
    all_cut.set()
    await writing
    wanted = list(range(1, tally.alerts + 1))
    for key, got in zip(keys, found, strict=True):
        async with listening(place.there, token=key.token, after=max(got, default=0)) as client:
            # All of it comes before the first sync.
            await client.until(lambda it: it.syncs)
            got += client.seqs
        tally.reconnects += cuts
        if got != wanted:
            tally.wrong.append(_unlike(got, wanted))


def _readers(place: Place, clients: int) -> tuple[Any, list[Key], Key]:
    """A partner, its users, and who offers leads to it."""
    partner = make_partner(region="EMEA", channel_manager=place.cast.maria)
    keys = [by_token(somebody(place, company=partner)) for _client in range(clients)]
    return partner, keys, by_token(place.cast.maria)


def _unlike(got: list[int], wanted: list[int]) -> str:
    repeats, gaps = len(got) - len(set(got)), len(set(wanted) - set(got))
    return f"a client that was cut had {gaps} gaps and {repeats} repeats in {len(wanted)} alerts"


# --- the whole

#: Made once in a process.
cast = functools.cache(build_world)
#: What is planted into the servers; and what a run tries: a fault needs only what can meet it.
_planted = ""
_scope: tuple[tuple[str, ...], bool] = (tuple(WAYS), True)


@asynccontextmanager
async def served(people: World) -> AsyncIterator[Place]:
    """One server, or two that meet in database and Redis only, once nudges reach each."""
    redis = settings.REDIS_URL if connection.vendor in TWO else ""
    launcher = ("tests.assurance.planted_server", _planted) if _planted else ("daphne",)
    static_root()
    servers: list[Server] = []
    with tempfile.TemporaryDirectory(prefix="g8-") as folder:
        try:
            begin = (Path(folder), redis, launcher)
            starting = (asyncio.to_thread(start, *begin) for _each in range(2 if redis else 1))
            servers += await asyncio.gather(*starting)
            admin = await sync_to_async(by_token)(people.admin)
            for server in servers:
                async with listening(server, token=admin.token) as client:
                    # The first socket makes its process subscribe, which has it say so once more.
                    await client.until(lambda it: len(it.syncs) > bool(redis))
            yield Place(servers[0], servers[-1], people, admin)
        finally:
            for server in servers:
                await asyncio.to_thread(server.stop)
            await sync_to_async(connections.close_all)()


async def measured(size: int, people: World) -> Tally:
    """Takes about `size` rights, then cuts half as many clients again and again."""
    (ways, cutting), tally = _scope, Tally()
    async with served(people) as place:
        for way in ways * max(1, size // len(WAYS)):
            await revoked(place, way, tally)
            if noticed(tally.wrong):
                return tally
        if cutting:
            await reconnecting(place, max(4, size // 2), min(100, 8 + size // 20), tally)
    return tally


def run(size: int) -> Figure:
    tally = asyncio.run(measured(size, cast()))
    what = "rights that went on, alerts lost or repeated"
    unit = "requests and sockets of rights that were taken, and reconnects"
    return Figure(len(tally.wrong), tally.tried, what, unit, least=size, details=list(told(tally)))


def told(tally: Tally) -> Iterator[str]:
    found = [one for seconds in tally.seconds.values() for one in seconds]
    for way, seconds in tally.seconds.items():
        if seconds:
            yield f"{way}: {len(seconds)} sockets, {_times(seconds)}"
    if found:
        yield f"all {len(found)} sockets: {_times(found)}; {tally.refused} first requests refused"
        yield f"/livez at these moments: {_times(tally.livez)}; {tally.repeated} tried again for it"
    if tally.reconnects:
        yield f"{tally.reconnects:,} reconnects while {tally.alerts} alerts were written"
    yield from tally.wrong[:20]


def _times(seconds: list[float]) -> str:
    return f"median {1000 * statistics.median(seconds):.0f} ms, longest {1000 * max(seconds):.0f} ms"


# --- faults


def _fault(name: str, *ways: str, cutting: bool = False, shapes: tuple[str, ...] = ALONE) -> Fault:
    @contextmanager
    def plant() -> Iterator[None]:
        global _planted, _scope
        everything = _scope
        _planted, _scope = name, (ways, cutting)
        try:
            yield
        finally:
            _planted, _scope = "", everything

    return Fault(plant, 1, shapes)


FAULTS = {
    "sockets are not told to look": _fault("no-nudge", "moved to another portal"),
    "nudges stay in their process": _fault("no-publisher", "logout", shapes=TWO),
    "sockets keep their login": _fault("remembered-logins", "user deactivated"),
    "a token is remembered": _fault("remembered-tokens", "token deleted"),
    "an alert comes again": _fault("repeated-alerts", cutting=True),
}
