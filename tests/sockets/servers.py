"""Servers of the application as processes of their own, and clients of their sockets."""

from __future__ import annotations

import asyncio
import atexit
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from api.sockets import TICK
from tests.browsing import PATIENT, ROOT, free_port, test_database_url


@functools.cache
def static_root() -> Path:
    """A folder of this run with the pages' files collected: without them no page is answered."""
    folder = Path(tempfile.mkdtemp(prefix="sockets-static-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    said = _said(0) | {"STATIC_ROOT": str(folder)}
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(command, cwd=ROOT, env=said, check=True)
    return folder


def environment(port: int, redis_url: str = "", **more: str) -> dict[str, str]:
    """What a process of the application is started with: the test's database, and this Redis."""
    said = {"DATABASE_URL": test_database_url(), "REDIS_URL": redis_url, "STATIC_ROOT": str(static_root())}
    return _said(port) | said | more


def _said(port: int) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "prm.config.settings",
        "ENV_FILE": "",
        "DEBUG": "",
        "SECRET_KEY": settings.SECRET_KEY,
        "ALLOWED_HOSTS": "127.0.0.1",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "EMAIL_URL": "dummymail://",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
    }


@dataclass
class Server:
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def socket(self, after: int | None = 0) -> str:
        query = "" if after is None else f"?after={after}"
        return f"ws://127.0.0.1:{self.port}/ws/alerts/{query}"

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)

    def said(self) -> str:
        return self.log.read_text()


def start(folder: Path, redis_url: str = "", launcher: Sequence[str] = ("daphne",)) -> Server:
    """daphne on a free port; returns once it listens. launcher: the module that starts it, with arguments."""
    port = free_port()
    log = folder / f"daphne-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                *launcher,
                "-b",
                "127.0.0.1",
                "-p",
                str(port),
                "prm.config.asgi:application",
            ],
            cwd=ROOT,
            env=environment(port, redis_url),
            stdout=output,
            stderr=output,
        )
    deadline = time.monotonic() + 4 * PATIENT
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return Server(port, process, log)
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"daphne did not come up:\n{log.read_text()}")


def call(server: Server, method: str, path: str, token: str = "", body: Any = None) -> tuple[int, Any]:
    """One request of the API."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Token {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENT) as response:
            text = response.read()
            return response.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Listener:
    """A client that keeps what it was sent, with the time of each frame."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[tuple[float, dict[str, Any]]] = []
        self.code: int | None = None
        self.closed_at = 0.0
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for text in self.connection:
                self.frames.append((time.monotonic(), json.loads(text)))
                self._changed.set()
        except ConnectionClosed:
            pass
        self.code = self.connection.close_code
        self.closed_at = time.monotonic()
        self._changed.set()

    @property
    def alerts(self) -> list[dict[str, Any]]:
        return [frame for _at, frame in self.frames if frame["type"] == "alert"]

    @property
    def seqs(self) -> list[int]:
        return [alert["seq"] for alert in self.alerts]

    @property
    def syncs(self) -> list[tuple[float, dict[str, Any]]]:
        return [(at, frame) for at, frame in self.frames if frame["type"] == "sync"]

    def was_nudged(self, at: float) -> bool:
        """Whether what it heard at a moment came of a nudge: before the socket would look by itself."""
        return at - max(said for said, _frame in self.syncs if said < at) < TICK[0]

    async def until(self, condition: Any, seconds: float = PATIENT) -> None:
        """Waits until `condition(self)` holds; fails with what was received so far."""
        try:
            async with asyncio.timeout(seconds):
                while not condition(self):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(
                f"not within {seconds} s; code {self.code}, received {self.frames}"
            ) from None

    async def stop(self) -> None:
        self._task.cancel()


@asynccontextmanager
async def listening(
    server: Server, *, after: int | None = 0, token: str = "", cookie: str = "", **options: Any
) -> Any:
    """A listener at the server, signed in by token or session."""
    headers = dict(options.pop("headers", {}))
    if cookie:
        headers["Cookie"] = f"{settings.SESSION_COOKIE_NAME}={cookie}"
    protocols = ["prm.v1", f"token.{token}"] if token else None
    url = options.pop("url", server.socket(after))
    async with connect(url, subprotocols=protocols, additional_headers=headers, **options) as connection:
        listener = Listener(connection)
        try:
            yield listener
        finally:
            await listener.stop()
