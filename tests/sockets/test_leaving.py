"""A client that leaves while it is being told something is no failure of ours."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from autobahn.exception import Disconnected

from api.sockets import AlertSocket
from prm.alerts.feed import Answer
from workflows.ids import uuid7


@pytest.mark.parametrize("gone", [Disconnected("closed"), ConnectionResetError()])
@pytest.mark.parametrize("user", [uuid7(), None])
async def test_it_is_not_written_as_an_error(caplog: Any, gone: Exception, user: Any) -> None:
    socket = AlertSocket()

    async def ask(question: Any) -> Answer:
        return Answer(user, unread=0)

    async def send(message: Any) -> None:
        raise gone

    socket._ask, socket.base_send = ask, send
    with caplog.at_level(logging.WARNING):
        life = asyncio.create_task(socket._run(None, 0))
        while not socket._closed:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        life.cancel()
        await asyncio.wait([life])
    assert life.cancelled() or life.exception() is None
    assert not caplog.records
