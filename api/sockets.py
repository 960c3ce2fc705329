"""`/ws/alerts/?after=<seq>`: what concerns a user, as it happens, and what was missed before that.

A page says besides for which rights it was made (`rights=<mark>`), and is told once they are others.

The rows are the truth. A socket remembers the last number it was sent, is woken by the hub (or by its own
clock), and reads what comes after; so whatever is lost on the way is sent later, and nothing twice.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import orjson
from autobahn.exception import Disconnected
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error
from django.http import parse_cookie
from django.urls import path, re_path

from api import logins
from prm.alerts.feed import Answer, Ask, Feed
from prm.alerts.hub import hub

log = logging.getLogger(__name__)

PROTOCOL = "prm.v1"
TOKEN = "token."  # noqa: S105 - a prefix

#: Seconds without news after which a socket looks at its login and says so with a sync. At most 30 by the
#: contract; spread, so that sockets opened together do not ask together.
TICK = (20.0, 27.0)
#: Seconds until a read that failed is tried again.
AGAIN = 0.5

LOGIN_ENDED = 4401
MALFORMED = 4400
TOO_MUCH = 4429
FAILED = 4500

#: How sending to a client fails that has gone: by daphne, and by what the ASGI specification asks of servers.
GONE = (Disconnected, OSError)

#: The longest message a client may send, and how many in ten seconds.
LONGEST = 1_000
RATE = 50

#: What the contract says of an alert.
FRAME = ("seq", "kind", "title", "body", "url", "object", "at")

_feeds: dict[asyncio.AbstractEventLoop, Feed] = {}


def feed() -> Feed:
    """The feed of the running loop."""
    loop = asyncio.get_running_loop()
    if loop not in _feeds:
        _feeds[loop] = Feed(logins.identify)
    return _feeds[loop]


class AlertSocket(AsyncWebsocketConsumer):
    """One open socket. `_run` is its life; messages of the client only leave a note for it."""

    # The hub wakes it; a channel of its own would cost a subscription each.
    channel_layer_alias = "none"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._life: asyncio.Task[None] | None = None
        self._seen: int | None = None
        self._rights = ""
        self._client: Any = None
        self._rate = (0.0, 0)
        self._closed = False

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Past Channels' own, which asks a thread to look at database connections; this task has none.
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        self._closed = True
        if self._life is not None:
            self._life.cancel()
        raise StopConsumer

    async def connect(self) -> None:
        protocols = self.scope.get("subprotocols", [])
        await self.accept(PROTOCOL if PROTOCOL in protocols else None)
        after = _after(self.scope.get("query_string", b""))
        if after is None:
            await self.end(MALFORMED)
            return
        login = _login(self.scope, protocols)
        if login is None:
            await self.end(LOGIN_ENDED)
            return
        self._rights = _rights(self.scope.get("query_string", b""))
        self._life = asyncio.create_task(self._run(login, after))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._closed:
            return
        since, count = self._rate
        now = time.monotonic()
        self._rate = (since, count + 1) if now - since < 10 else (now, 1)
        if self._rate[1] > RATE:
            await self.end(TOO_MUCH)
            return
        seen = _seen(text_data)
        if seen is None:
            await self.end(MALFORMED)
            return
        self._seen = max(seen, self._seen or 0)
        if self._client is not None:
            self._client.wake.set()

    async def end(self, code: int) -> None:
        """Closes once, whoever comes first."""
        if not self._closed:
            self._closed = True
            with suppress(*GONE):
                await self.close(code)
            if self._life is not None and self._life is not asyncio.current_task():
                self._life.cancel()

    async def _run(self, login: logins.Login, after: int) -> None:
        try:
            answer = await self._ask(Ask(login, None))
            if answer.user_id is None:
                await self.end(LOGIN_ENDED)
                return
            self._client = feed().attach(answer.user_id)
            try:
                await self._follow(login, after)
            finally:
                hub.detach(self._client)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a socket of alerts failed")
            await self.end(FAILED)

    async def _follow(self, login: logins.Login, after: int) -> None:
        """Reads, sends and waits, until the login ends. The flags are taken before the read, so that what
        comes while it runs is not lost."""
        client = self._client
        client.seq = after
        sync = True
        while True:
            client.wake.clear()
            sync, client.sync = sync or client.sync, False
            seen, self._seen = self._seen, None
            answer = await self._ask(Ask(login, client.seq, seen, count=sync or seen is not None))
            if answer.user_id is None:
                await self.end(LOGIN_ENDED)
                return
            if answer.rights != self._rights:
                # Without a mark of its own, a client is told of changes from now on.
                known, self._rights = self._rights, answer.rights
                if known:
                    await self._send("rights", {})
            for alert in answer.alerts:
                await self._send("alert", {name: alert[name] for name in FRAME})
            client.seq = answer.seq
            if answer.more:
                continue
            if sync or seen is not None:
                await self._send("sync", {"seq": answer.seq, "unread": answer.unread})
                due = time.monotonic() + random.uniform(*TICK)  # noqa: S311 - spreads load
            sync = not await _woken(client.wake, due - time.monotonic())

    async def _ask(self, ask: Ask) -> Answer:
        """Asks until the database answers: while it does not, nothing can be sent and nothing is lost."""
        while True:
            try:
                return await feed().ask(ask)
            except Error as error:
                log.warning("alerts cannot be read, trying again: %s", error)
                await asyncio.sleep(AGAIN)

    async def _send(self, kind: str, content: dict[str, Any]) -> None:
        if self._closed:
            return
        try:
            await self.send(text_data=orjson.dumps({"type": kind, **content}).decode())
        except GONE:
            # The server says so next. What was not sent is read again when the client comes back.
            self._closed = True


class Nothing(AsyncWebsocketConsumer):
    """Any other address: refused in the handshake, and not with a stack trace."""

    channel_layer_alias = "none"

    async def connect(self) -> None:
        await self.close()


async def _woken(wake: asyncio.Event, seconds: float) -> bool:
    """False where the time has passed without a nudge."""
    if seconds <= 0:
        return False
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return False
    return True


def _after(query: bytes) -> int | None:
    """The number that the client has: 0 where it says none, None where it says nonsense."""
    given = parse_qs(query.decode("latin1"), keep_blank_values=True).get("after", ["0"])[-1]
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def _rights(query: bytes) -> str:
    """The mark of the rights that the client's page was made for; empty where it says none."""
    return parse_qs(query.decode("latin1")).get("rights", [""])[-1]


def _login(scope: dict[str, Any], protocols: list[str]) -> logins.Login | None:
    """A token among the subprotocols comes before the cookie."""
    for one in protocols:
        if one.startswith(TOKEN):
            return logins.by_token(one.removeprefix(TOKEN))
    for name, value in scope.get("headers", []):
        if name == b"cookie":
            key = parse_cookie(value.decode("latin1")).get(settings.SESSION_COOKIE_NAME)
            return logins.by_session(key) if key else None
    return None


def _seen(text: str | None) -> int | None:
    """The number in {"type": "seen", "seq": n}; None for anything else."""
    if text is None or len(text) > LONGEST:
        return None
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(message, dict) or message.get("type") != "seen":
        return None
    seq = message.get("seq")
    return seq if type(seq) is int and 0 <= seq < 2**63 else None


websocket_urlpatterns = [
    path("ws/alerts/", AlertSocket.as_asgi()),
    re_path(r"", Nothing.as_asgi()),
]
