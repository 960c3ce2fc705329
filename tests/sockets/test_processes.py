"""Two processes over Redis: nothing lost, nothing twice, whatever happens to Redis or to who writes."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from redis.asyncio import Redis

from prm.alerts.models import Alert
from prm.alerts.wire import CHANNEL
from tests.browsing import PATIENT, ROOT
from tests.factories import make_lead
from tests.sockets.servers import call, environment, listening
from workflows.actor import Actor
from workflows.perform import perform

pytestmark = pytest.mark.redis


def assign_at(server: Any, token: str, lead: Any, partner: Any) -> float:
    """Assigns through a server's API; the seconds that took."""
    began = time.monotonic()
    path = f"/api/v1/leads/{lead.pk}/transitions/assign/"
    status, answer = call(server, "POST", path, token, {"partner": str(partner.pk)})
    assert status == 200, answer
    return time.monotonic() - began


async def subscribed(client: Any, processes: int = 1) -> None:
    """Until its first socket has made a process subscribe, only its look at the counters tells."""
    await client.until(lambda it: it.syncs)
    async with asyncio.timeout(PATIENT), Redis.from_url(settings.REDIS_URL) as redis:
        while (await redis.pubsub_numsub(CHANNEL))[0][1] < processes:
            await asyncio.sleep(0.02)


async def test_what_one_process_does_the_other_tells(pair, world, token):
    first, second = pair
    maria = await sync_to_async(token)(world.maria)
    async with (
        listening(first, token=await sync_to_async(token)(world.alice)) as here,
        listening(second, token=await sync_to_async(token)(world.bob)) as there,
    ):
        await here.until(lambda it: it.syncs)
        await there.until(lambda it: it.syncs)
        await subscribed(there, processes=2)
        took = []
        for number in range(1, 6):
            lead = await sync_to_async(make_lead)()
            await asyncio.to_thread(assign_at, first, maria, lead, world.northwind)
            done = time.monotonic()
            await there.until(lambda it, number=number: len(it.alerts) == number)
            took.append(time.monotonic() - done)
        assert there.seqs == [1, 2, 3, 4, 5]
        await here.until(lambda it: it.seqs == [1, 2, 3, 4, 5])
        assert sorted(took)[2] < 0.5, took


@pytest.mark.parametrize("how", ["token", "password", "deactivated", "suspended"])
async def test_a_revocation_at_one_process_closes_the_sockets_of_the_other(
    pair, world, token, redis_url, how
):
    first, second = pair
    bob = await sync_to_async(token)(world.bob)
    admin = await sync_to_async(token)(world.admin)
    async with listening(second, token=bob) as client:
        await subscribed(client)
        if how == "token":
            status, _ = await asyncio.to_thread(call, first, "DELETE", "/api/v1/auth/token/", bob)
            assert status == 204
        elif how == "suspended":
            path = f"/api/v1/partners/{world.northwind.pk}/transitions/suspend/"
            status, answer = await asyncio.to_thread(call, first, "POST", path, admin, {"reason": "late"})
            assert status in (200, 204), answer
        else:
            await asyncio.to_thread(_by_command, first.port, how, world.bob.email, redis_url)
        await client.until(lambda it: it.code is not None)
        assert client.code == 4401
        assert client.was_nudged(client.closed_at)


END = """
import sys, django
django.setup()
from prm.people.models import User
user = User.objects.get(email=sys.argv[2])
if sys.argv[1] == "password":
    user.set_password("another-password-2026")
    from api.models import Token
    from api.tokens import revoke
    for token in Token.objects.filter(user=user):
        revoke(token)
else:
    user.is_active = False
user.save()
"""


def _by_command(port: int, how: str, email: str, redis_url: str) -> None:
    """A short-lived process that ends right after its commit: its nudge must still leave."""
    subprocess.run(
        [sys.executable, "-c", END, how, email], cwd=ROOT, env=environment(port, redis_url), check=True
    )


@pytest.mark.parametrize("fault", ["cut", "stall"])
async def test_without_redis_alerts_come_late_and_writes_do_not_notice(pair, proxy, world, token, fault):
    first, second = pair
    maria = await sync_to_async(token)(world.maria)
    async with listening(second, token=await sync_to_async(token)(world.bob)) as client:
        await subscribed(client)
        await asyncio.to_thread(getattr(proxy, fault))
        await asyncio.sleep(0.2)
        for number in range(1, 4):
            lead = await sync_to_async(make_lead)()
            took = await asyncio.to_thread(assign_at, first, maria, lead, world.northwind)
            assert took < 2
            await client.until(lambda it, number=number: len(it.alerts) == number)
        # Long enough for a stalled connection to be given up.
        await asyncio.sleep(2.5)
        before = len(client.syncs)
        restored = time.monotonic()
        await asyncio.to_thread(proxy.restore)
        await client.until(lambda it: len(it.syncs) > before)
        assert client.syncs[before][0] - restored < 1
        lead = await sync_to_async(make_lead)()
        await asyncio.to_thread(assign_at, first, maria, lead, world.northwind)
        await client.until(lambda it: len(it.alerts) == 4)
        assert client.seqs == [1, 2, 3, 4]


async def test_redis_that_comes_and_goes_loses_and_repeats_nothing(pair, proxy, world, token):
    first, second = pair
    maria = await sync_to_async(token)(world.maria)
    async with listening(second, token=await sync_to_async(token)(world.bob)) as client:
        await client.until(lambda it: it.syncs)
        dice = random.Random(7)
        for _ in range(12):
            fault = dice.choice([proxy.cut, proxy.stall, proxy.restore])
            await asyncio.to_thread(fault)
            lead = await sync_to_async(make_lead)()
            await asyncio.to_thread(assign_at, first, maria, lead, world.northwind)
            await asyncio.sleep(dice.uniform(0, 0.4))
        await asyncio.to_thread(proxy.restore)
        await client.until(lambda it: len(it.alerts) >= 12)
        assert client.seqs == list(range(1, 13))


WRITER = """
import sys, django
django.setup()
from prm.leads.models import Lead
from prm.partners.models import Partner
from prm.people.models import User
from workflows.actor import Actor
from workflows.perform import perform
maria = Actor.of(User.objects.get(email=sys.argv[1]))
for pk in sys.argv[3:]:
    perform(Lead(pk=pk), "assign", actor=maria, inputs={"partner": sys.argv[2]})
    print("x", end="", flush=True)
"""


async def test_killed_writers_lose_and_repeat_nothing(pair, world, token, redis_url):
    """kill -9 at random moments of processes that assign leads: each committed alert arrives once."""
    _first, second = pair
    dice = random.Random(11)
    async with listening(second, token=await sync_to_async(token)(world.bob)) as client:
        await client.until(lambda it: it.syncs)
        for _ in range(8):
            leads = await sync_to_async(lambda: [str(make_lead().pk) for _ in range(200)])()
            await asyncio.to_thread(
                _write_until_killed, second.port, redis_url, world, leads, dice.uniform(0, 0.3)
            )
        written = await sync_to_async(lambda: Alert.objects.filter(recipient=world.bob).count())()
        assert written > 8
        await client.until(lambda it: len(it.alerts) >= written)
        assert client.seqs == list(range(1, written + 1))


def _write_until_killed(port: int, redis_url: str, world: Any, leads: list[str], after: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, world.maria.email, str(world.northwind.pk), *leads],
        cwd=ROOT,
        env=environment(port, redis_url),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.read(1) == b"x"
    time.sleep(after)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(PATIENT)
    process.stdout.close()


async def test_a_client_that_is_killed_and_comes_back_misses_nothing(pair, world, token):
    """Connections are cut at random while alerts come; each client goes on from its own last number."""
    first, second = pair
    bob = await sync_to_async(token)(world.bob)
    dice = random.Random(3)
    got: list[int] = []
    total = 20

    async def follow() -> None:
        while len(got) < total:
            last = got[-1] if got else 0
            async with listening(dice.choice([first, second]), token=bob, after=last) as client:
                await asyncio.sleep(dice.uniform(0.05, 0.5))
                client.connection.transport.abort()
                got.extend(client.seqs)

    async def write() -> None:
        for _ in range(total):
            lead = await sync_to_async(make_lead)()
            await sync_to_async(perform)(
                lead,
                "assign",
                actor=Actor.of(world.maria),
                inputs={"partner": str(world.northwind.pk)},
            )

    async with asyncio.timeout(4 * PATIENT):
        await asyncio.gather(write(), follow())
    assert got == list(range(1, total + 1))
