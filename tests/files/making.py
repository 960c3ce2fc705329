"""Files for tests: right ones of every kind, as bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pypdfium2
from PIL import Image

WORD = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override '
    'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)


def picture(
    format: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any
) -> bytes:
    """A picture with a diagonal, so that turning it is seen."""
    image = Image.new(mode, size)
    for at in range(min(size)):
        image.putpixel((at, at), 255 if mode in ("L", "1", "P") else (250, 120, 10, 255)[: len(mode)])
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def animation(frames: int = 3, size: tuple[int, int] = (20, 20), format: str = "GIF") -> bytes:
    """A picture that moves."""
    pictures = [Image.new("RGB", size, (at * 40 % 255, 90, 20)) for at in range(frames)]
    out = BytesIO()
    pictures[0].save(out, format, save_all=True, append_images=pictures[1:], duration=50)
    return out.getvalue()


def pdf(pages: int = 1, size: tuple[float, float] = (300, 400)) -> bytes:
    """A PDF with empty pages."""
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(*size)
    out = BytesIO()
    document.save(out)
    data = out.getvalue()
    return data if data.rstrip().endswith(b"%%EOF") else data + b"\n%%EOF\n"


def packed(parts: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these parts."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def document(**more: bytes | str) -> bytes:
    """A text document of Word, with parts more (names with __ for / and _dot_ for the dot)."""
    extra = {name.replace("__", "/").replace("_dot_", "."): data for name, data in more.items()}
    return packed({"[Content_Types].xml": WORD, "word/document.xml": "<w:document/>", **extra})


def workbook() -> bytes:
    """A spreadsheet."""
    return packed({"[Content_Types].xml": WORD.replace("word/", "xl/"), "xl/workbook.xml": "<workbook/>"})


def slides() -> bytes:
    """A presentation."""
    return packed({"[Content_Types].xml": WORD.replace("word/", "ppt/"), "ppt/presentation.xml": "<p/>"})


def open_document(media_type: str = "application/vnd.oasis.opendocument.text") -> bytes:
    """A document of LibreOffice."""
    return packed({"mimetype": media_type, "content.xml": "<office/>"}, zipfile.ZIP_STORED)


def video(brand: bytes = b"isom") -> bytes:
    """The begin of a film."""
    return b"\x00\x00\x00\x20ftyp" + brand + b"\x00\x00\x02\x00isomiso2avc1mp41" + b"\x00" * 64


def right_ones() -> dict[str, bytes]:
    """One of each kind, by a name that fits."""
    return {
        "offer.pdf": pdf(),
        "photo.jpg": picture("JPEG"),
        "logo.PNG": picture(),
        "badge.webp": picture("WEBP"),
        "moving.gif": animation(),
        "notes.txt": "Grüße, 你好\n".encode(),
        "old.txt": "Grüße".encode("latin-1"),
        "table.csv": b"\xef\xbb\xbfName;Amount\nBM;1\n",
        "excel.csv": "Name\tÄ\n".encode("utf-16"),
        "read.md": b"# Title\n\nSee <https://vendor.example>.\n",
        "contract.docx": document(),
        "prices.xlsx": workbook(),
        "slides.pptx": slides(),
        "letter.odt": open_document(),
        "kit.zip": packed({"logo.png": picture(), "data.xml": "<a/>"}),
        "film.mp4": video(),
        "phone.mov": video(b"qt  "),
    }
