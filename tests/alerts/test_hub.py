"""Nudges: never waited for, never lost for good, never more than one flag for each socket."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from prm.alerts import hub as hub_module
from prm.alerts import wire
from prm.alerts.hub import Hub
from tests.sockets.proxy import Proxy


@pytest.fixture
def hub(settings):
    settings.REDIS_URL = ""
    return Hub()


async def test_a_nudge_from_another_thread_wakes_the_sockets_of_that_user_only(hub):
    one, other = uuid4(), uuid4()
    mine, theirs = hub.attach(one), hub.attach(other)
    threading.Thread(target=hub.send, args=({one: 3},)).start()
    async with asyncio.timeout(1):
        await mine.wake.wait()
    assert not theirs.wake.is_set()


async def test_a_nudge_about_what_was_sent_already_wakes_nobody(hub):
    client = hub.attach(uuid4())
    client.seq = 5
    hub.send({client.user_id: 5})
    await asyncio.sleep(0.05)
    assert not client.wake.is_set()
    hub.send({client.user_id: 6})
    await asyncio.sleep(0.05)
    assert client.wake.is_set()


async def test_a_detached_socket_is_forgotten(hub):
    client = hub.attach(uuid4())
    hub.detach(client)
    hub.send({client.user_id: 1}, [client.user_id])
    await asyncio.sleep(0.05)
    assert not client.wake.is_set()
    assert hub.users(asyncio.get_running_loop()) == {}


def test_a_nudge_to_a_closed_loop_fails_nobody(hub):
    async def attach():
        return hub.attach(uuid4())

    client = asyncio.run(attach())
    hub.send({client.user_id: 1})


@pytest.mark.django_db(transaction=True)
def test_a_revocation_waits_for_the_commit(monkeypatch):
    sent = []
    monkeypatch.setattr(hub_module.hub, "send", lambda seqs, revoked=(): sent.append(list(revoked)))
    user = uuid4()
    with transaction.atomic():
        hub_module.revoke([user])
        assert sent == []
    assert sent == [[user]]
    with transaction.atomic():
        hub_module.revoke([user])
        transaction.set_rollback(True)
    assert sent == [[user]]


def test_messages_of_others_are_refused():
    user = uuid4()
    assert wire.unpack(wire.pack({user: 7}, [user])) == ({user: 7}, [user])
    for data in (
        b"",
        b"x",
        b"[]",
        b"null",
        b'{"up": []}',
        b'{"up": {"x": 1}, "check": []}',
        b'{"up": {}, "check": 1}',
    ):
        with pytest.raises(ValueError, match=r"\w"):
            wire.unpack(data)


@pytest.mark.parametrize("listens", [False, True])
def test_a_redis_that_is_down_or_says_nothing_costs_the_writer_nothing(listens):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listens:
            server.listen()
        publisher = wire.Publisher(f"redis://127.0.0.1:{server.getsockname()[1]}/0")
        users = [uuid4() for _ in range(10)]
        began = time.monotonic()
        for number in range(1, 20_001):
            publisher.put({users[number % 10]: number}, ())
        assert time.monotonic() - began < 2
        time.sleep(0.1)
        # One entry a user, whatever was said: what waits does not grow.
        assert len(publisher._seqs) <= 10
        publisher.close()


@pytest.mark.redis
def test_a_redis_that_returns_is_noticed_within_a_second_and_used_again(settings):
    async def story() -> None:
        parts = urlsplit(settings.REDIS_URL)
        proxy = Proxy(parts.hostname, parts.port or 6379).start()
        url = f"redis://127.0.0.1:{proxy.port}/0"
        received: list[tuple[dict[UUID, int], list[UUID]]] = []
        returned: list[float] = []
        listener = wire.Listener(
            url,
            lambda seqs, users: received.append((dict(seqs), list(users))),
            lambda: returned.append(time.monotonic()),
        )
        task = asyncio.create_task(listener.run())
        publisher = wire.Publisher(url)
        user = uuid4()
        try:
            await _until(lambda: returned)
            publisher.put({user: 1}, ())
            await _until(lambda: _has(received, user, 1))
            for fault in (proxy.cut, proxy.stall):
                await asyncio.to_thread(fault)
                await asyncio.sleep(0.2)
                seen = len(returned)
                publisher.put({user: 2 + seen}, [user])
                # Long enough for a silent connection to be found out.
                await asyncio.sleep(3)
                began = time.monotonic()
                await asyncio.to_thread(proxy.restore)
                await _until(lambda seen=seen: len(returned) > seen)
                assert returned[-1] - began < 1
                # Said before or after we listen again: then the return itself makes sockets look.
                await _until(lambda: not publisher._seqs)
                publisher.put({user: 100 + seen}, ())
                await _until(lambda seen=seen: _has(received, user, 100 + seen))
        finally:
            task.cancel()
            publisher.close()
            await asyncio.to_thread(proxy.stop)

    asyncio.run(story())


def _has(received: list, user: UUID, seq: int) -> bool:
    return any(seqs.get(user) == seq for seqs, _users in received)


async def _until(condition) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)
