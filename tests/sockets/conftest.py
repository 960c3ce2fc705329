from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.test import Client

from api.tokens import issue
from tests.browsing import LOGIN_BACKEND
from tests.factories import make_lead
from tests.sockets.proxy import Proxy
from tests.sockets.servers import Server, start
from workflows.actor import Actor
from workflows.perform import perform


@pytest.fixture(autouse=True)
def _rows_that_others_see(transactional_db: None) -> None:
    """The servers are processes of their own: what a test writes is committed."""


@pytest.fixture(autouse=True)
async def _connections_of_threads(transactional_db: None) -> AsyncIterator[None]:
    """The thread that `sync_to_async` works in keeps a connection, and the database could not be dropped."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture(scope="session")
def _alone(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with django_db_blocker.unblock():
        server = start(tmp_path_factory.mktemp("alone"))
    yield server
    server.stop()


@pytest.fixture
def server(_alone: Server) -> Iterator[Server]:
    """One process without Redis: the embedded shape."""
    begin = len(_alone.said())
    yield _alone
    said = _alone.said()[begin:]
    assert "Traceback" not in said, said


@pytest.fixture(scope="session")
def _proxy() -> Iterator[Proxy]:
    parts = urlsplit(settings.REDIS_URL)
    proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or 6379).start()
    yield proxy
    proxy.stop()


@pytest.fixture(scope="session")
def _pair(
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
    _proxy: Proxy,
) -> Iterator[tuple[Server, Server]]:
    folder = tmp_path_factory.mktemp("pair")
    with django_db_blocker.unblock():
        first, second = start(folder, _url(_proxy)), start(folder, _url(_proxy))
    yield first, second
    first.stop()
    second.stop()


def _url(proxy: Proxy) -> str:
    return f"redis://127.0.0.1:{proxy.port}{urlsplit(settings.REDIS_URL).path}"


@pytest.fixture
def proxy(_proxy: Proxy) -> Iterator[Proxy]:
    """What stands between the pair and Redis; works again after each test."""
    yield _proxy
    _proxy.restore()


@pytest.fixture
def pair(_pair: tuple[Server, Server], proxy: Proxy) -> Iterator[tuple[Server, Server]]:
    """Two processes that only meet in the database and, through the proxy, in Redis."""
    begins = [len(one.said()) for one in _pair]
    yield _pair
    for one, begin in zip(_pair, begins, strict=True):
        assert "Traceback" not in one.said()[begin:], one.said()[begin:]


@pytest.fixture
def redis_url(proxy: Proxy) -> str:
    """Redis behind the proxy, for further processes."""
    return _url(proxy)


@pytest.fixture
def token() -> Callable[[Any], str]:
    """A fresh API token of a user."""
    return lambda user: issue(user)[0]


@pytest.fixture
def session() -> Callable[[Any], Client]:
    """A client of the test with a session of the user; its cookie opens sockets."""

    def sign_in(user: Any) -> Client:
        client = Client()
        client.force_login(user, backend=LOGIN_BACKEND)
        return client

    return sign_in


@pytest.fixture
def cookie() -> Callable[[Client], str]:
    """The value of the client's session cookie."""
    return lambda client: client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def assign(world: Any) -> Callable[..., Any]:
    """Assigns a new lead to Northwind, in the process of the test."""

    def do(partner: Any = None) -> Any:
        return perform(
            make_lead(),
            "assign",
            actor=Actor.of(world.maria),
            inputs={"partner": str((partner or world.northwind).pk)},
        )

    return do
