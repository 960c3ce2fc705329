"""A login that ends, ends its sockets: at once with a nudge, and with the next thing to say without one."""

from __future__ import annotations

import asyncio
import urllib.request
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from tests.browsing import PATIENT
from tests.sockets.servers import call, listening


def log_out(server: Any, key: str) -> int:
    """As the page's form does it."""
    secret = "a" * 32
    headers = {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={key}; {settings.CSRF_COOKIE_NAME}={secret}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    data = f"csrfmiddlewaretoken={secret}".encode()
    request = urllib.request.Request(f"{server.url}/account/logout/", data, headers, method="POST")
    with urllib.request.urlopen(request, timeout=PATIENT) as response:
        return response.status


async def test_a_logout_closes_the_sockets_of_that_session_at_once(server, world, session, cookie):
    keys = [cookie(await sync_to_async(session)(world.alice)) for _ in range(2)]
    async with listening(server, cookie=keys[0]) as one, listening(server, cookie=keys[1]) as two:
        await one.until(lambda it: it.syncs)
        await two.until(lambda it: it.syncs)
        assert await asyncio.to_thread(log_out, server, keys[0]) == 200
        await one.until(lambda it: it.code is not None)
        assert one.code == 4401
        assert one.was_nudged(one.closed_at)
        await asyncio.sleep(0.3)
        assert two.code is None


async def test_a_revoked_token_is_closed_at_once_and_others_stay(server, world, token):
    first, second = await sync_to_async(token)(world.alice), await sync_to_async(token)(world.alice)
    async with listening(server, token=first) as one, listening(server, token=second) as two:
        await one.until(lambda it: it.syncs)
        await two.until(lambda it: it.syncs)
        status, _ = await asyncio.to_thread(call, server, "DELETE", "/api/v1/auth/token/", first)
        assert status == 204
        await one.until(lambda it: it.code is not None)
        assert one.code == 4401
        assert one.was_nudged(one.closed_at)
        await asyncio.sleep(0.3)
        assert two.code is None


@pytest.mark.parametrize("how", ["token", "session", "password", "inactive", "portal-less", "deleted"])
async def test_nothing_is_delivered_after_a_login_has_ended(
    server, world, token, session, cookie, assign, how
):
    """Ended by another process without a nudge: then the next thing there is to say closes the socket."""
    client_of_session = await sync_to_async(session)(world.bob)
    raw = await sync_to_async(token)(world.bob)
    options = {"token": raw} if how == "token" else {"cookie": cookie(client_of_session)}

    def end() -> None:
        from api.models import Token

        if how == "token":
            Token.objects.all().delete()
        elif how == "session":
            client_of_session.logout()
        elif how == "password":
            world.bob.set_password("another-password-2026")
            world.bob.save()
        elif how == "inactive":
            type(world.bob).objects.filter(pk=world.bob.pk).update(is_active=False)
        elif how == "portal-less":
            type(world.bob).objects.filter(pk=world.bob.pk).update(portal=None)
        else:
            world.bob.delete()

    async with listening(server, **options) as client:
        await client.until(lambda it: it.syncs)
        # Recorded while the login was good, so there is something to say afterwards.
        await sync_to_async(assign)()
        await client.until(lambda it: len(it.alerts) == 1)
        await sync_to_async(end)()
        if how not in ("inactive", "portal-less", "deleted"):
            await sync_to_async(assign)()
            await client.until(lambda it: it.code is not None)
            assert client.code == 4401
        else:
            await client.connection.send('{"type": "seen", "seq": 1}')
            if how == "portal-less":
                await client.until(lambda it: len(it.syncs) == 2)
                return
            await client.until(lambda it: it.code is not None)
            assert client.code == 4401
        assert len(client.alerts) == 1
