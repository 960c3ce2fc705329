"""What a file is, told by its content. The name and what the sender says of it are only held against that."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import IO

import puremagic
from django.conf import settings
from django.utils.translation import gettext as _

from prm.files import archives, names
from prm.files.errors import refused
from prm.files.kinds import BY_EXTENSION, BY_NAME, TEXT, Kind

BLOCK = 256 * 1024
#: How far browsers look for signs of a page.
SNIFFED = 2048
_MARKUP = re.compile(
    rb"<(!doctype|!--|html|head|body|script|svg|iframe|img|a |table|title|style|meta|link|object|embed|form"
    rb"|x:|xsl:|\?xml|\?php|%)",
    re.IGNORECASE,
)
_VIDEO = {
    b"isom": "mp4", b"iso2": "mp4", b"iso3": "mp4", b"iso4": "mp4", b"iso5": "mp4", b"iso6": "mp4",
    b"mp41": "mp4", b"mp42": "mp4", b"avc1": "mp4", b"M4V ": "mp4", b"MSNV": "mp4", b"dash": "mp4",
    b"qt  ": "mov",
}  # fmt: skip
_HEIC = {b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"heim", b"heis", b"avif", b"avis"}


@dataclass(frozen=True)
class Inspected:
    """A file that may be taken: its kind, its name as it may be kept, its bytes counted."""

    kind: Kind
    name: str
    size: int


def inspect(
    stream: IO[bytes],
    name: str,
    *,
    kinds: Collection[str] | None = None,
    largest: int | None = None,
) -> Inspected:
    """Says what the file is. Raises FileRefused (an InvalidInput at "file"); leaves the stream at its begin.

    kinds: names of the kinds that are wanted here, all where it is None. largest: bytes, else MAX_FILE_MB.
    """
    kept = names.clean(name)
    size = measure(stream)
    most = largest or settings.MAX_FILE_MB * 1024 * 1024
    if size == 0:
        raise refused("empty", _("This file is empty."))
    if size > most:
        raise too_large(most)
    kind = _kind(stream, kept, size)
    stream.seek(0)
    if kinds is not None and kind.name not in kinds:
        wanted = ", ".join(sorted(kinds)).upper()
        raise refused("unwanted", _("This kind of file is not wanted here, but %(kinds)s."), kinds=wanted)
    said = names.extension(kept)
    if not said:
        kept = f"{kept}.{kind.name}"
    elif said not in kind.extensions and not (kind.group == TEXT and _is_text(said)):
        raise refused(
            "extension",
            _("The name says .%(said)s, but the file is %(kind)s. Save it again as what it is."),
            said=said,
            kind=kind.name.upper(),
        )
    return Inspected(BY_EXTENSION[said] if said else kind, kept, size)


def too_large(most: int) -> Exception:
    """The refusal of a file of more than `most` bytes."""
    return refused("size", _("This file is larger than %(mb)s MB."), mb=max(most // 1024 // 1024, 1))


def measure(stream: IO[bytes]) -> int:
    """The number of bytes."""
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(0)
    return size


def digest(stream: IO[bytes]) -> str:
    """SHA-256 in hex, a block at a time."""
    stream.seek(0)
    found = hashlib.sha256()
    while block := stream.read(BLOCK):
        found.update(block)
    stream.seek(0)
    return found.hexdigest()


def _is_text(extension: str) -> bool:
    return extension in BY_EXTENSION and BY_EXTENSION[extension].group == TEXT


def _kind(stream: IO[bytes], name: str, size: int) -> Kind:
    head = stream.read(SNIFFED)
    if head.startswith(b"%PDF-"):
        _check_pdf(stream, head, size)
        return BY_NAME["pdf"]
    if head.startswith(b"\xff\xd8\xff"):
        return BY_NAME["jpg"]
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return BY_NAME["png"]
    if head.startswith((b"GIF87a", b"GIF89a")):
        return BY_NAME["gif"]
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return BY_NAME["webp"]
    if head.startswith(b"PK\x03\x04"):
        return archives.inspect(stream, size)
    if head[4:8] == b"ftyp":
        return _video(head)
    return _text(stream, head, name)


def _check_pdf(stream: IO[bytes], head: bytes, size: int) -> None:
    """One PDF and nothing else: no page in front that a browser might see, no archive behind."""
    if _MARKUP.search(head):
        raise refused("polyglot", _("This file is two kinds at once, and is not accepted."))
    stream.seek(max(size - 70_000, 0))
    tail = stream.read()
    _before, mark, behind = tail.rpartition(b"%%EOF")
    if not mark:
        raise refused("damaged", _("This PDF is damaged or not complete."))
    if behind.strip(b" \t\r\n\x00\x1a") or b"PK\x05\x06" in tail:
        raise refused("polyglot", _("This file is two kinds at once, and is not accepted."))


def _video(head: bytes) -> Kind:
    brand = head[8:12]
    if brand in _HEIC:
        raise refused("heic", _("Pictures of this kind (HEIC, AVIF) are not accepted. Save it as JPEG."))
    if brand not in _VIDEO:
        raise refused("unknown", _("This kind of file is not accepted."))
    if _MARKUP.search(head):
        raise refused("polyglot", _("This file is two kinds at once, and is not accepted."))
    return BY_NAME[_VIDEO[brand]]


def _text(stream: IO[bytes], head: bytes, name: str) -> Kind:
    """Plain text of an encoding that people use, and nothing that a program would take for more."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x0b\x0c")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = head.decode("utf-16", "replace").lstrip("\ufeff \t\r\n").encode("utf-8", "replace")
    if _MARKUP.match(start):
        raise refused("markup", _("Web pages, SVG and XML are not accepted. Save it as PDF or as a picture."))
    if start.startswith((b"#!", b"<?", b"@echo", b"Set-ExecutionPolicy")) or b"<script" in head.lower():
        raise refused("program", _("Programs and scripts are not accepted."))
    for match in _signatures(start):
        sure = len(match.byte_match) >= 4 and match.confidence >= 0.3
        harmless = match.mime_type.startswith(("text/", "message/")) and match.mime_type != "text/html"
        if sure and not harmless:
            raise refused("unknown", _("This kind of file is not accepted."))
    stream.seek(0)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        _decodes(stream)
    else:
        while block := stream.read(BLOCK):
            if _NO_TEXT.search(block):
                raise refused("unknown", _("This kind of file is not accepted."))
    said = names.extension(name)
    if said and not _is_text(said):
        raise refused("extension", _("The content is not what the name says (.%(said)s)."), said=said)
    return BY_EXTENSION[said] if said else BY_NAME["txt"]


#: Control characters other than tab, line ends, form feed and the escape of old logs.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def _signatures(start: bytes) -> list[puremagic.PureMagicWithConfidence]:
    if not start:
        return []
    try:
        return puremagic.magic_string(start)
    except puremagic.PureError:
        return []


def _decodes(stream: IO[bytes]) -> None:
    """UTF-16, as some spreadsheets write it."""
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        while block := stream.read(BLOCK):
            if _NO_TEXT.search(decoder.decode(block).encode("utf-8", "surrogatepass")):
                raise refused("unknown", _("This kind of file is not accepted."))
        decoder.decode(b"", final=True)
    except UnicodeError:
        raise refused("unknown", _("This kind of file is not accepted.")) from None
