"""Fetching a file from an address that a user gave, without being led to anything that only we can reach.

Every host is resolved once, every address that it has must be a public one, and the connection goes to the
very address that was looked at; the same again for each redirection. Size and time are bounded.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote, urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from prm.files.errors import FileRefused, refused
from prm.files.kinds import BY_MEDIA_TYPE

#: Seconds for everything together; redirections; bytes that stay in memory; fetches at once in a process.
SECONDS, HOPS, IN_MEMORY, AT_ONCE = 20.0, 3, 256 * 1024, 2
LONGEST = 2000
BLOCK = 64 * 1024
IP = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Public IPv4 is what is left. (`is_global` of Python changes with its version, and takes some of these.)
_NOT_PUBLIC_4 = [
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
        *("192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        # Metadata of a cloud, at an address that looks public.
        "168.63.129.16/32",
        *("224.0.0.0/4", "240.0.0.0/4"),
    )
]
#: IPv6 is public in one block only, but for what leads back to IPv4 or is for documents.
_PUBLIC_6 = ipaddress.ip_network("2000::/3")
_NOT_PUBLIC_6 = [
    ipaddress.ip_network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", "3fff::/20")
]
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
#: Names that mean something only inside a network.
_INSIDE = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "arpa",
    "onion",
    "test",
)
_slots = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Fetched:
    """What was there: a stream at its begin, closed by the caller, and a name for it."""

    stream: IO[bytes]
    name: str


@dataclass(frozen=True)
class Target:
    """An address, taken apart and found harmless so far; its host is not resolved yet."""

    url: str
    secure: bool
    host: str
    port: int
    path: str


def fetch(url: str, *, largest: int, seconds: float = SECONDS) -> Fetched:
    """What is at `url`. Raises FileRefused (an InvalidInput at "url").

    largest: bytes. What comes is not checked: give it to `store`.
    """
    if not _slots.acquire(blocking=False):
        raise _no("busy", _("Too much is being fetched just now. Try again in a minute."))
    try:
        end = time.monotonic() + seconds
        for _hop in range(HOPS + 1):
            target = parse(url)
            with _answer(target, end) as response:
                where = response.getheader("Location")
                if response.status in (301, 302, 303, 307, 308) and where:
                    url = _joined(target.url, where)
                    continue
                if response.status != 200:
                    raise _no("status", _("The address answers with %(status)s."), status=response.status)
                stream = _read(response, largest, end)
                return Fetched(stream, _name(target, response))
        raise _no("redirects", _("The address leads on and on."))
    except (OSError, http.client.HTTPException, ValueError, UnicodeError) as error:
        raise _no("unreachable", _("Nothing could be fetched from this address.")) from error
    finally:
        _slots.release()


def parse(url: str) -> Target:
    """The address, if it is one that may be asked at all. Raises FileRefused."""
    if not 0 < len(url) <= LONGEST or re.search(r"[\x00-\x20\x7f\\]", url):
        raise _no("form", _("This is not an address of the web."))
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise _no("form", _("This is not an address of the web.")) from None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or "%" in parts.netloc:
        raise _no("form", _("This is not an address of the web."))
    secure = parts.scheme == "https"
    number = port if port is not None else 443 if secure else 80
    if number not in settings.FETCH_PORTS:
        raise _no("port", _("Only the usual ports of the web may be fetched from."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    path = "".join(char if "!" <= char <= "~" else _quoted(char) for char in path)
    return Target(url, secure, _host(host, bracketed="[" in parts.netloc), number, path)


def _joined(base: str, where: str) -> str:
    """Where a redirection leads. Raises FileRefused."""
    try:
        return urljoin(base, where)
    except ValueError:
        raise _no("form", _("This is not an address of the web.")) from None


def _quoted(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())


def _host(host: str, *, bracketed: bool) -> str:
    """The host in its one canonical form: a name of several labels, or a public address."""
    if bracketed:
        return str(_public(host))
    try:
        # Full-width digits, circled letters and the like become what they pretend to be.
        plain = host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
    except UnicodeError:
        raise _no("form", _("This is not an address of the web.")) from None
    labels = plain.split(".")
    if len(plain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _no("form", _("This is not an address of the web."))
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        # Numbers are an address; in another form than four decimals they are a trick.
        return str(_public(plain))
    if len(labels) < 2 or labels[-1] in _INSIDE:
        raise _no("inside", _("Addresses inside of a network are not fetched from."))
    return plain


def _public(text: str) -> IP:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise _no("form", _("This is not an address of the web.")) from None
    if forbidden(found):
        raise _no("inside", _("Addresses inside of a network are not fetched from."))
    return found


def forbidden(address: IP) -> bool:
    """Whether an address is anything but a public one of a single host."""
    if isinstance(address, ipaddress.IPv4Address):
        return any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id is not None or address not in _PUBLIC_6:
        return True
    return any(address in network for network in _NOT_PUBLIC_6)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises OSError where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def connect(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to this address, which is no name. Raises OSError."""
    return socket.create_connection((address, port), timeout=seconds)


class _Connection(http.client.HTTPConnection):
    """To the address that was looked at, and to no other that the name may have a moment later."""

    def __init__(self, target: Target, address: str, seconds: float) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self.target, self.address = target, address

    def connect(self) -> None:
        self.sock = connect(self.address, self.port, float(self.timeout or SECONDS))
        if self.target.secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.target.host)


@contextmanager
def _answer(target: Target, end: float) -> Iterator[http.client.HTTPResponse]:
    """The answer of the target, whose connection is cut when the time is over."""
    addresses = resolve(target.host, target.port)
    for address in addresses:
        # One of them inside is enough: who has such a name may choose which one is used.
        _public(address)
    connection = _Connection(target, addresses[0], max(end - time.monotonic(), 0.1))
    over = threading.Timer(max(end - time.monotonic(), 0.1), _cut, [connection])
    over.daemon = True
    over.start()
    try:
        port = "" if target.port == (443 if target.secure else 80) else f":{target.port}"
        name = f"[{target.host}]" if ":" in target.host else target.host
        headers = {
            "Host": f"{name}{port}",
            "User-Agent": "partner-portal",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        connection.putrequest("GET", target.path, skip_host=True, skip_accept_encoding=True)
        for header, value in headers.items():
            connection.putheader(header, value)
        connection.endheaders()
        yield connection.getresponse()
    finally:
        over.cancel()
        connection.close()


def _cut(connection: _Connection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _read(response: http.client.HTTPResponse, largest: int, end: float) -> IO[bytes]:
    """The body in a temporary file, at its begin."""
    if response.getheader("Content-Encoding", "identity").lower() != "identity":
        raise _no("encoding", _("The address sends its file packed, which was not asked for."))
    said = response.getheader("Content-Length") or ""
    if said.isdigit() and int(said) > largest:
        raise _too_large(largest)
    stream: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller's
    try:
        while block := response.read(BLOCK):
            stream.write(block)
            if stream.tell() > largest:
                raise _too_large(largest)
            if time.monotonic() > end:
                raise _no("slow", _("The address takes too long."))
        if said.isdigit() and stream.tell() != int(said):
            raise _no("slow", _("The address takes too long."))
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    return stream


def _name(target: Target, response: http.client.HTTPResponse) -> str:
    """The last part of the path, with the ending that the sender names where there is none."""
    name = unquote(urlsplit(target.url).path.rpartition("/")[2]) or target.host.replace(".", "-")
    said = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    kind = BY_MEDIA_TYPE.get(said)
    if kind is not None and "." not in name:
        name = f"{name}.{kind.name}"
    return name


def _too_large(most: int) -> FileRefused:
    return _no("size", _("This file is larger than %(mb)s MB."), mb=max(most // 1024 // 1024, 1))


def _no(why: str, message: str, **values: object) -> FileRefused:
    made = refused(why, message, **values)
    made.errors = {"url": made.errors["file"]}
    return made
