"""Fetching from the web: what is public comes, what is inside is not even asked."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from prm.files import fetching
from prm.files.errors import FileRefused
from prm.files.fetching import fetch
from tests.files import addresses

MB = 1024 * 1024


class Web(BaseHTTPRequestHandler):
    """A few pages of a server that is somewhere else."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        name, _, rest = self.path.lstrip("/").partition("?")
        if name.startswith("to"):
            self.send_response(302)
            self.send_header("Location", rest)
            self.end_headers()
            return
        self.send_response(404 if name == "missing" else 200)
        self.send_header("Content-Type", "application/pdf")
        if name == "packed":
            self.send_header("Content-Encoding", "gzip")
        if name == "liar":
            self.send_header("Content-Length", str(10 * MB))
        if name == "short":
            self.send_header("Content-Length", "100")
        self.end_headers()
        if name == "slow":
            self.server.stop.wait(10)  # type: ignore[attr-defined]
        self.wfile.write(b"x" * (3 * MB if name == "large" else 10))

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[str]:
    """A server that takes the place of public ones: `vendor.example` is at its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    server.stop = threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    Web.asked.clear()
    port = server.server_address[1]
    settings.FETCH_PORTS = frozenset({port, 80})
    public = {"vendor.example": ["93.184.216.34"], "rebound.example": ["93.184.216.34", "10.0.0.1"]}
    monkeypatch.setattr(fetching, "resolve", lambda host, port: public.get(host, [host]))
    right = fetching.connect

    def connect(address: str, port: int, seconds: float) -> Any:
        assert not fetching.forbidden(ipaddress.ip_address(address)), address
        return right("127.0.0.1", port, seconds)

    monkeypatch.setattr(fetching, "connect", connect)
    yield f"http://vendor.example:{port}"
    server.stop.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


def why(url: str, **options: Any) -> str:
    with pytest.raises(FileRefused) as refusal:
        fetch(url, largest=MB, **options)
    assert list(refusal.value.errors) == ["url"]
    return refusal.value.why


@pytest.mark.parametrize("url", addresses.refused())
def test_nobody_is_connected_to_inside(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "resolve", addresses.resolve)
    monkeypatch.setattr(fetching, "connect", lambda *args: pytest.fail(f"connected to {args}"))
    assert why(url) in ("form", "port", "inside")


@pytest.mark.parametrize("text", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "2a00:1450:4001::8"])
def test_public_addresses_are_public(text: str) -> None:
    assert not fetching.forbidden(ipaddress.ip_address(text))


def test_a_file_comes_with_a_name(web: str) -> None:
    for path, name in (
        ("/offers/our%20offer.pdf", "our offer.pdf"),
        ("/offer", "offer.pdf"),
        ("/", "vendor-example.pdf"),
    ):
        found = fetch(web + path, largest=MB)
        with found.stream:
            assert (found.stream.read(), found.name) == (b"x" * 10, name)


def test_a_redirection_is_followed_and_looked_at_again(web: str) -> None:
    with fetch(f"{web}/to?/to?{web}/offer.pdf", largest=MB).stream as stream:
        assert stream.read() == b"x" * 10
    assert Web.asked == [f"/to?/to?{web}/offer.pdf", f"/to?{web}/offer.pdf", "/offer.pdf"]
    for url in (
        "http://127.0.0.1/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "//10.0.0.1/",
        "gopher://x.y/",
    ):
        Web.asked.clear()
        assert why(f"{web}/to?{url}") in ("inside", "form")
        assert len(Web.asked) == 1


def test_one_address_inside_is_enough_to_refuse(web: str) -> None:
    assert why(web.replace("vendor", "rebound")) == "inside"
    assert Web.asked == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/missing", "status"),
        ("/packed", "encoding"),
        ("/large", "size"),
        ("/liar", "size"),
        ("/short", "slow"),
        ("/to?/to?/to?/to?/offer.pdf", "redirects"),
    ],
)
def test_what_is_not_a_file_of_that_size_is_refused(web: str, path: str, reason: str) -> None:
    assert why(web + path) == reason


def test_who_is_slow_is_cut_off(web: str) -> None:
    assert why(f"{web}/slow", seconds=0.5) in ("slow", "unreachable")


def test_no_more_than_two_at_once(web: str) -> None:
    for _ in range(fetching.AT_ONCE):
        assert fetching._slots.acquire(blocking=False)
    try:
        assert why(f"{web}/offer.pdf") == "busy"
    finally:
        for _ in range(fetching.AT_ONCE):
            fetching._slots.release()


def test_nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError

    monkeypatch.setattr(fetching, "resolve", nowhere)
    assert why("http://nowhere.example/") == "unreachable"
