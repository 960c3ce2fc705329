"""HTTP on threads behind an asynchronous server.

Our views are synchronous. Django's own ASGI handler gives every request a new thread, crosses between loop
and thread several times, and so never keeps a database connection. Here a request crosses once, into one of
a few threads that live as long as the process and keep theirs: less than half the processor time.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from tempfile import SpooledTemporaryFile
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
WsgiApplication = Callable[..., Iterable[bytes]]

IN_MEMORY = 256 * 1024


class Gateway:
    """An ASGI application made of a WSGI one. largest: bytes of a body; one of more is answered with 413."""

    def __init__(self, wsgi: WsgiApplication, threads: int | None = None, largest: int | None = None) -> None:
        self.wsgi = wsgi
        self.largest = largest
        self.pool = ThreadPoolExecutor(threads or 4 * (os.cpu_count() or 1), thread_name_prefix="http")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        # Closed by the thread that reads it: this coroutine may be cancelled while that one is at work.
        body = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                body.close()
                return
            body.write(message.get("body", b""))
            if self.largest is not None and body.tell() > self.largest:
                body.close()
                await _too_large(send)
                return
            if not message.get("more_body"):
                break
        body.seek(0)

        def say(message: dict[str, Any]) -> None:
            sent = asyncio.run_coroutine_threadsafe(_awaited(send, message), loop)
            while not sent.done():
                wait([sent], timeout=1)
                if not loop.is_running():
                    # The server has stopped meanwhile, and its process must be able to end.
                    raise ConnectionAbortedError
            sent.result()

        await loop.run_in_executor(self.pool, self.run, scope, body, say)

    def run(self, scope: dict[str, Any], body: Any, say: Callable[[dict[str, Any]], None]) -> None:
        environ = environment(scope, body)
        begun: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            begun.update(
                type="http.response.start",
                status=int(status.split(" ", 1)[0]),
                headers=[(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers],
            )

        def send_start() -> None:
            if begun:
                say(dict(begun))
                begun.clear()

        answer: Iterable[bytes] = ()
        try:
            answer = self.wsgi(environ, start_response)
            # One piece behind, so that a page of one piece goes out as it is: the start, then all of it.
            held: bytes | None = None
            for piece in answer:
                if held is not None:
                    send_start()
                    say({"type": "http.response.body", "body": held, "more_body": True})
                held = piece
            send_start()
            say({"type": "http.response.body", "body": held or b""})
        finally:
            close = getattr(answer, "close", None)
            if close:
                close()
            body.close()


async def _too_large(send: Send) -> None:
    text = b"The body is too large.\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": text})


async def _awaited(send: Send, message: dict[str, Any]) -> None:
    await send(message)


def environment(scope: dict[str, Any], body: Any) -> dict[str, Any]:
    """The request as WSGI has it."""
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": scope["path"].encode().decode("latin1"),
        "QUERY_STRING": scope["query_string"].decode("latin1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        name = raw.decode("latin1")
        if "_" in name:
            # It would pass for the header with a hyphen, which a proxy in front has set or removed.
            continue
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        text = value.decode("latin1")
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{text}" if key in environ else text
    return environ
