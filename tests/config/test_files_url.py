"""Where files are kept: a folder, or a store that speaks S3."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from prm.config import environment
from prm.files import store, sweeping
from prm.files.models import StoredFile
from tests.files import making


def configured(monkeypatch: pytest.MonkeyPatch, url: str) -> dict[str, Any]:
    monkeypatch.setenv("FILES_URL", url)
    return environment.files()


def test_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "OPTIONS" not in configured(monkeypatch, "")
    found = configured(monkeypatch, "file:///srv/portal%20files")
    assert found["OPTIONS"] == {"location": "/srv/portal files"}


def test_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    options = configured(monkeypatch, "s3://key:sec%2Fret@s3.example:9000/files?region=eu-1")["OPTIONS"]
    assert (options["access_key"], options["secret_key"]) == ("key", "sec/ret")
    assert options["endpoint_url"] == "https://s3.example:9000"
    assert (options["bucket_name"], options["region_name"]) == ("files", "eu-1")
    assert options["default_acl"] is None


@pytest.mark.parametrize(
    "url",
    ["files", "http://s3.example/files", "s3://s3.example", "s3://k:s@/files", "s3://h/a/b", "s3://h/a?acl=x",
     "file://host/x", "file:relative", "s3://h:port/a"],
)  # fmt: skip
def test_anything_else_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(SystemExit) as refusal:
        configured(monkeypatch, url)
    assert "FILES_URL" in str(refusal.value) and "\n" not in str(refusal.value)


def largest() -> int:
    return environment.number("MAX_FILE_MB", default=50, least=1, most=5000)


@pytest.mark.parametrize("value", ["0", "much", "5001"])
def test_a_size_is_a_number(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MAX_FILE_MB", value)
    with pytest.raises(SystemExit, match="MAX_FILE_MB"):
        largest()


def test_ports_are_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FETCH_PORTS", "443, 8443")
    assert environment.ports("FETCH_PORTS", default=(80,)) == {443, 8443}
    monkeypatch.setenv("FETCH_PORTS", "https")
    with pytest.raises(SystemExit, match="FETCH_PORTS"):
        environment.ports("FETCH_PORTS", default=(80,))


MISSING = b"<Error><Code>NoSuchKey</Code></Error>"


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as the portal asks for."""

    protocol_version = "HTTP/1.1"
    kept: dict[str, bytes] = {}

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/files").lstrip("/")

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        assert "AWS4-HMAC-SHA256 Credential=key/" in self.headers["Authorization"]
        assert "x-amz-acl" not in self.headers
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            body = unchunked(body)
        self.kept[self._key()] = body
        self._answer(200, ETag='"1"')

    def do_GET(self) -> None:
        if not self._key():
            return self._answer(200, self._list(), Content_Type="application/xml")
        body = self.kept.get(self._key())
        if body is None:
            return self._answer(404, b"" if self.command == "HEAD" else MISSING)
        self._answer(200, body, ETag='"1"', Last_Modified="Sat, 21 Nov 2026 00:00:00 GMT")

    do_HEAD = do_GET

    def do_DELETE(self) -> None:
        self.kept.pop(self._key(), None)
        self._answer(204)

    def _list(self) -> bytes:
        asked = parse_qs(urlsplit(self.path).query)
        prefix = asked.get("prefix", [""])[0]
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(body)}</Size></Contents>"
            for key, body in self.kept.items()
            if key.startswith(prefix)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()

    def log_message(self, *args: Any) -> None: ...


def unchunked(body: bytes) -> bytes:
    """The bytes of a body that is signed piece by piece."""
    found = b""
    while size := re.match(rb"([0-9a-f]+)(;[^\r]*)?\r\n", body):
        length = int(size[1], 16)
        found += body[size.end() : size.end() + length]
        body = body[size.end() + length + 2 :]
        if not length:
            break
    return found


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[dict[str, bytes]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    Bucket.kept = {}
    port = server.server_address[1]
    found = configured(monkeypatch, f"s3://key:secret@127.0.0.1:{port}/files?region=x&http=1")
    settings.STORAGES = {**settings.STORAGES, "default": found}
    assert type(storages["default"]).__name__ == "S3Storage"
    yield Bucket.kept
    server.shutdown()
    server.server_close()


@pytest.mark.django_db
def test_files_come_and_go_in_a_store(bucket: dict[str, bytes]) -> None:
    data = making.pdf(2)
    file = store.store(BytesIO(data), "offer.pdf")
    assert bucket == {file.key: data}
    with store.open_file(file) as stream:
        stream.seek(3)
        assert stream.read(5) == data[3:8]
    lost = store.write(BytesIO(b"left behind"))
    sweeping.sweep_bytes(timezone.now() + timedelta(days=3))
    assert set(bucket) == {file.key} and lost not in bucket
    assert sweeping.remove_unused(str(file.pk))
    assert bucket == {} and not StoredFile.objects.exists()
    with pytest.raises(FileNotFoundError):
        store.read(file.key)


@pytest.mark.django_db
def test_files_come_and_go_in_a_folder(monkeypatch: Any, settings: Any, tmp_path: Path) -> None:
    found = configured(monkeypatch, f"file://{tmp_path}/files")
    settings.STORAGES = {**settings.STORAGES, "default": found}
    file = store.store(BytesIO(making.pdf()), "offer.pdf")
    path = tmp_path / "files" / file.key
    assert path.read_bytes() == making.pdf() or path.stat().st_size == file.size
    assert path.stat().st_mode & 0o077 == 0
    lost = store.write(BytesIO(b"left behind"))
    sweeping.sweep_bytes(timezone.now() + timedelta(days=3))
    assert path.exists() and not (tmp_path / "files" / lost).exists()
