"""A request through the gateway is the request that Django gets, and the answer the one that it gave."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

from prm.config.gateway import Gateway, environment


def scope(**changes: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/leads/münchen/",
        "query_string": b"search=a%20b",
        "headers": [],
        "client": ("192.0.2.7", 40000),
        "server": ("127.0.0.1", 8000),
    } | changes


def ask(application: Any, body: list[dict[str, Any]], **changes: Any) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []

    async def run() -> None:
        waiting = list(body)

        async def receive() -> dict[str, Any]:
            return waiting.pop(0)

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        await Gateway(application, threads=2, largest=1_000_000)(scope(**changes), receive, send)

    asyncio.run(run())
    return said


def piece(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_carries_the_request() -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ, read=environ["wsgi.input"].read())
        start_response(
            "201 Created", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        )
        return [b"done"]

    headers = [
        (b"host", b"testserver"),
        (b"content-type", b"text/plain"),
        (b"content-length", b"6"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"accept", b"text/html"),
        (b"accept", b"*/*"),
    ]
    said = ask(application, [piece(b"abc", more=True), piece(b"def")], headers=headers)
    assert seen["read"] == b"abcdef"
    assert seen["PATH_INFO"].encode("latin1").decode() == "/leads/münchen/"
    assert seen["QUERY_STRING"] == "search=a%20b"
    assert (seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"]) == ("text/plain", "6")
    assert (seen["HTTP_COOKIE"], seen["HTTP_ACCEPT"]) == ("a=1; b=2", "text/html,*/*")
    assert seen["REMOTE_ADDR"] == "192.0.2.7"
    start, body = said
    assert start["status"] == 201
    assert [value for name, value in start["headers"] if name == b"set-cookie"] == [b"a=1", b"b=2"]
    assert body == {"type": "http.response.body", "body": b"done"}


def test_a_header_with_an_underscore_does_not_pass_for_the_one_with_a_hyphen() -> None:
    headers = [(b"x_forwarded_for", b"127.0.0.1"), (b"x_request_id", b"chosen-by-a-stranger")]
    found = environment(scope(headers=headers), None)
    assert "HTTP_X_FORWARDED_FOR" not in found
    assert "HTTP_X_REQUEST_ID" not in found


def test_an_answer_in_pieces_is_sent_in_pieces_and_closed() -> None:
    closed = threading.Event()

    class Pieces:
        def __iter__(self) -> Iterator[bytes]:
            yield from (b"one", b"two", b"three")

        def close(self) -> None:
            closed.set()

    def application(environ: dict[str, Any], start_response: Any) -> Pieces:
        start_response("200 OK", [])
        return Pieces()

    said = ask(application, [piece(b"")])
    assert [(message.get("body"), message.get("more_body")) for message in said[1:]] == [
        (b"one", True),
        (b"two", True),
        (b"three", None),
    ]
    assert closed.is_set()


def test_an_empty_answer_is_an_answer() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("204 No Content", [])
        return []

    start, body = ask(application, [piece(b"")])
    assert (start["status"], body["body"]) == (204, b"")


def test_who_leaves_while_writing_is_not_answered() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise AssertionError("the request was never complete")

    assert ask(application, [piece(b"half", more=True), {"type": "http.disconnect"}]) == []


def test_requests_run_beside_each_other() -> None:
    both = threading.Barrier(2, timeout=60)

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        both.wait()
        start_response("200 OK", [])
        return [b"x"]

    gateway = Gateway(application, threads=2)

    async def once() -> None:
        async def receive() -> dict[str, Any]:
            return piece(b"")

        async def send(message: dict[str, Any]) -> None:
            """Nobody listens."""

        await gateway(scope(), receive, send)

    async def twice() -> None:
        await asyncio.gather(once(), once())

    asyncio.run(twice())


def test_refuses_a_body_that_is_larger_than_anything_that_is_taken() -> None:
    body = [piece(b"x" * 600_000, more=True), piece(b"x" * 600_000, more=True), piece(b"never read")]
    said = ask(lambda environ, start_response: [b"reached"], body)
    assert said[0]["status"] == 413
    assert b"too large" in said[1]["body"]
