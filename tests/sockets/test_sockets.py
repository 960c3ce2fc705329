"""The socket of the contract, over a real connection to one process without Redis."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress

import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api import tokens
from prm.alerts.feed import POLL
from prm.alerts.models import Alert
from prm.alerts.queries import unread
from tests.factories import make_lead
from tests.sockets.servers import call, listening
from workflows.actor import Actor
from workflows.perform import perform

KEYS = {"type", "seq", "kind", "title", "body", "url", "object", "at"}


def through_api(server, token, lead, partner) -> None:
    status, answer = call(
        server, "POST", f"/api/v1/leads/{lead.pk}/transitions/assign/", token, {"partner": str(partner.pk)}
    )
    assert status == 200, answer


async def test_first_what_was_missed_then_what_happens(server, world, token, assign):
    await sync_to_async(assign)()
    await sync_to_async(assign)()
    alice, maria = await sync_to_async(token)(world.alice), await sync_to_async(token)(world.maria)
    async with listening(server, token=alice) as client:
        await client.until(lambda it: len(it.syncs) == 1)
        assert client.seqs == [1, 2]
        assert client.connection.subprotocol == "prm.v1"
        assert set(client.alerts[0]) == KEYS
        assert client.frames[2][1] == {"type": "sync", "seq": 2, "unread": 2}
        took = []
        for number in range(3, 8):
            lead = await sync_to_async(make_lead)(topic="Now")
            began = time.monotonic()
            await asyncio.to_thread(through_api, server, maria, lead, world.northwind)
            await client.until(lambda it, number=number: it.seqs == [*range(1, number + 1)])
            took.append(time.monotonic() - began)
        # The process that made the change nudges its own sockets: without that, the first would wait for its
        # next look, and each after it for a whole one.
        assert min(took[1:]) < POLL * 3 / 4, took
        assert client.alerts[-1]["title"] == "New lead on offer: Now"
        assert client.alerts[-1]["object"] == {"module": "leads", "id": str(lead.pk)}


async def test_a_change_by_another_process_comes_with_the_next_look(server, world, token, assign):
    async with listening(server, token=await sync_to_async(token)(world.alice)) as client:
        await client.until(lambda it: it.syncs)
        await sync_to_async(assign)()
        await client.until(lambda it: it.seqs == [1])


async def test_a_reconnect_gets_what_comes_after_its_last(server, world, token, assign):
    alice = await sync_to_async(token)(world.alice)
    for _ in range(3):
        await sync_to_async(assign)()
    for after, expected in ((0, [1, 2, 3]), (1, [2, 3]), (3, [])):
        async with listening(server, token=alice, after=after) as client:
            await client.until(lambda it: it.syncs)
            assert client.seqs == expected


async def test_a_long_backlog_comes_whole_and_in_order(server, world, token, assign):
    await sync_to_async(assign)()
    first = await Alert.objects.filter(recipient=world.alice).afirst()

    def many() -> None:
        from prm.alerts.models import AlertCounter
        from workflows.ids import uuid7

        Alert.objects.bulk_create(
            Alert(
                recipient=world.alice,
                seq=seq,
                event=uuid7(),
                kind=first.kind,
                module=first.module,
                object_id=first.object_id,
            )
            for seq in range(2, 351)
        )
        AlertCounter.objects.filter(user=world.alice).update(seq=350)

    await sync_to_async(many)()
    async with listening(server, token=await sync_to_async(token)(world.alice)) as client:
        await client.until(lambda it: it.syncs)
        assert client.seqs == list(range(1, 351))
        assert client.syncs[0][1]["seq"] == 350


async def test_a_client_that_is_ahead_is_told_where_we_are(server, world, token, assign):
    await sync_to_async(assign)()
    async with listening(server, token=await sync_to_async(token)(world.alice), after=99) as client:
        await client.until(lambda it: it.syncs)
        assert client.syncs[0][1]["seq"] == 1
        await sync_to_async(assign)()
        await client.until(lambda it: it.seqs == [2])


async def test_a_session_cookie_opens_it_too(server, world, session, cookie, assign):
    await sync_to_async(assign)()
    key = cookie(await sync_to_async(session)(world.bob))
    async with listening(server, cookie=key) as client:
        await client.until(lambda it: it.seqs == [1])


async def test_rivals_and_strangers_hear_nothing(server, world, token, assign):
    async with listening(server, token=await sync_to_async(token)(world.carol)) as client:
        await client.until(lambda it: it.syncs)
        await sync_to_async(assign)()
        await asyncio.sleep(3)
        assert client.alerts == []


@pytest.mark.parametrize("bad", ["", "prm_wrong", "x" * 90])
async def test_no_login_is_closed_with_4401(server, world, bad):
    async with listening(server, token=bad) as client:
        await client.until(lambda it: it.code is not None)
        assert client.code == 4401


async def test_an_expired_token_and_an_old_cookie_are_no_login(server, world, token, session, cookie):
    def spoil() -> tuple[str, str]:
        from datetime import timedelta

        from django.utils import timezone

        raw = token(world.alice)
        tokens.find(raw).__class__.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        client = session(world.bob)
        key = cookie(client)
        client.logout()
        return raw, key

    raw, key = await sync_to_async(spoil)()
    for options in ({"token": raw}, {"cookie": key}):
        async with listening(server, **options) as client:
            await client.until(lambda it: it.code is not None)
            assert client.code == 4401


async def test_a_foreign_origin_is_refused_in_the_handshake(server, world, session, cookie):
    key = cookie(await sync_to_async(session)(world.alice))
    headers = {"Origin": "https://evil.example"}
    with pytest.raises(InvalidStatus) as caught:
        async with listening(server, cookie=key, headers=headers):
            pass
    assert caught.value.response.status_code == 403
    async with listening(server, cookie=key, headers={"Origin": server.url}) as client:
        await client.until(lambda it: it.syncs)


@pytest.mark.parametrize("path", ["/ws/", "/ws/other/", "/leads/"])
async def test_any_other_address_is_refused(server, path):
    with pytest.raises(InvalidStatus):
        async with connect(f"ws://127.0.0.1:{server.port}{path}"):
            pass


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "", "9" * 40])
async def test_a_wrong_after_is_closed_with_4400(server, world, token, after):
    url = server.socket(None) + f"?after={after}"
    async with listening(server, token=await sync_to_async(token)(world.alice), url=url) as client:
        await client.until(lambda it: it.code is not None)
        assert client.code == 4400


async def test_seen_is_written_down(server, world, token, assign):
    for _ in range(3):
        await sync_to_async(assign)()
    async with listening(server, token=await sync_to_async(token)(world.alice)) as client:
        await client.until(lambda it: it.syncs)
        await client.connection.send(json.dumps({"type": "seen", "seq": 2}))
        await client.until(lambda it: len(it.syncs) == 2)
        assert client.syncs[-1][1]["unread"] == 1
        assert await sync_to_async(unread)(world.alice) == 1
        assert await sync_to_async(unread)(world.bob) == 3


@pytest.mark.parametrize(
    "message",
    [
        "",
        "no json",
        "[]",
        "null",
        '{"type": "seen"}',
        '{"type": "seen", "seq": "2"}',
        '{"type": "seen", "seq": true}',
        '{"type": "seen", "seq": -1}',
        '{"type": "seen", "seq": 1e400}',
        f'{{"type": "seen", "seq": {2**70}}}',
        '{"type": "alert", "seq": 1}',
        "x" * 5000,
        b"\x00\xff",
        b"",
    ],
)
async def test_a_malformed_message_is_closed_with_4400(server, world, token, message):
    async with listening(server, token=await sync_to_async(token)(world.alice)) as client:
        await client.until(lambda it: it.syncs)
        await client.connection.send(message)
        await client.until(lambda it: it.code is not None)
        assert client.code == 4400


async def test_a_flood_is_closed(server, world, token):
    async with listening(server, token=await sync_to_async(token)(world.alice)) as client:
        await client.until(lambda it: it.syncs)
        # It closes while we are still at it.
        with suppress(ConnectionClosed):
            for seq in range(200):
                await client.connection.send(json.dumps({"type": "seen", "seq": seq}))
        await client.until(lambda it: it.code is not None)
        assert client.code == 4429


async def test_words_are_those_of_the_moment(server, world, token, assign):
    """An offer that was declined before the socket came says nothing of the record any more."""

    def offer_and_decline() -> None:
        lead = perform(
            make_lead(topic="Forty workstations"),
            "assign",
            actor=Actor.of(world.maria),
            inputs={"partner": str(world.northwind.pk)},
        )
        perform(lead, "decline", actor=Actor.of(world.alice), inputs={"reason": "capacity"})

    await sync_to_async(offer_and_decline)()
    async with listening(server, token=await sync_to_async(token)(world.bob)) as client:
        await client.until(lambda it: it.syncs)
        assert "Forty" not in json.dumps(client.alerts)
