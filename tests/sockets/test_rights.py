"""A change of what somebody may do reaches the open page at once: the socket says so, and is not left to find
it out when it looks by itself.
"""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.sync import sync_to_async

from prm.access.models import Portal
from prm.alerts.hub import hub
from prm.alerts.readers import rights_mark
from prm.people.models import User
from prm.portals.actions import archive
from tests.browsing import PATIENT
from tests.sockets.servers import call, listening
from workflows.actor import Actor


def told(listener: Any) -> list[float]:
    """When the socket said that the rights are others."""
    return [at for at, frame in listener.frames if frame["type"] == "rights"]


async def test_a_move_is_told_at_once(server, world, token):
    students = await Portal.objects.acreate(key="students", title="Students")
    admin, bob = await sync_to_async(token)(world.admin), await sync_to_async(token)(world.bob)
    carol = await sync_to_async(token)(world.carol)
    async with listening(server, token=bob) as moved, listening(server, token=carol) as other:
        await moved.until(lambda it: it.syncs)
        await other.until(lambda it: it.syncs)
        body = {"ids": [str(world.bob.pk)], "portal": str(students.pk)}
        status, answer = await asyncio.to_thread(call, server, "POST", "/api/v1/users/move/", admin, body)
        assert (status, answer["results"][0]["status"]) == (200, 200)
        await moved.until(told)
        assert moved.was_nudged(told(moved)[0])
        # The login has not ended, and what it may ask is another thing from the next request on.
        assert moved.code is None
        status, _answer = await asyncio.to_thread(call, server, "GET", "/api/v1/leads/", bob)
        assert status == 404
        await asyncio.sleep(0.3)
        assert not told(other)


async def test_a_page_that_was_made_before_is_told_as_it_connects(server, world, token):
    mark = await sync_to_async(rights_mark)(world.bob)
    bob = await sync_to_async(token)(world.bob)
    url = f"{server.socket()}&rights={mark}"
    async with listening(server, token=bob, url=url) as client:
        await client.until(lambda it: it.syncs)
        assert not told(client)
    customer = await Portal.objects.aget(key="customer")
    await User.objects.filter(pk=world.bob.pk).aupdate(portal=customer)
    async with listening(server, token=bob, url=url) as client:
        await client.until(told)


async def test_the_admin_flag_is_told(server, world, token):
    alice, bob = await sync_to_async(token)(world.alice), await sync_to_async(token)(world.bob)
    async with listening(server, token=bob) as client:
        await client.until(lambda it: it.syncs)
        path = f"/api/v1/contacts/{world.bob.contact_id}/"
        status, answer = await asyncio.to_thread(call, server, "PATCH", path, alice, {"is_admin": True})
        assert status == 200, answer
        await client.until(told)
        assert client.was_nudged(told(client)[0])


async def test_a_portal_that_changes_wakes_the_sockets_of_its_users(world):
    students = await Portal.objects.acreate(key="students", title="Students")
    await User.objects.filter(pk=world.bob.pk).aupdate(portal=students)
    mine = hub.attach(world.bob.pk)
    before = await sync_to_async(lambda: rights_mark(User.objects.get(pk=world.bob.pk)))()
    try:
        await sync_to_async(archive)(Actor.of(world.admin), students)
        async with asyncio.timeout(PATIENT):
            await mine.wake.wait()
    finally:
        hub.detach(mine)
    assert await sync_to_async(lambda: rights_mark(User.objects.get(pk=world.bob.pk)))() != before
