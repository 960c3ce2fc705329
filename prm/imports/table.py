"""Tables as they are found, CSV and XLSX: read row by row, as often as need be, and never held whole.

Encodings, separators and ragged rows are told apart from data; every cell is text.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from prm.modules.sheets import csv_bytes

#: A cell longer than this is no cell but a file whose quotes do not match.
LONGEST_CELL = 100_000

#: A workbook is packed: this much may come out of it, in bytes and for each byte that went in.
UNPACKED = 400_000_000
RATIO = 200
ENTRIES = 5_000
BLOCK = 1 << 20

Opener = Callable[[], IO[bytes]]


class TableError(ValueError):
    """The file is no table; one sentence says why and where."""


@dataclass(frozen=True)
class Line:
    """One row: its number in the file (the header is 1) and its cells by column."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A file whose header has been read. `rows()` begins anew each time and holds one row at a time.

    sheets: names of the sheets of a workbook, empty otherwise.
    """

    name: str
    header: list[str]
    rows: Callable[[], Iterator[tuple[int, list[str]]]]
    sheets: tuple[str, ...] = ()

    def lines(self) -> Iterator[Line]:
        """The rows that are not blank. Raises TableError at one with another number of cells."""
        for number, cells in self.rows():
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(self.header):
                said = _("%(file)s, row %(row)d: %(found)d cells where the header has %(wanted)d")
                facts = {"row": number, "found": len(cells), "wanted": len(self.header)}
                raise TableError(said % {"file": self.name, **facts})
            yield Line(number, dict(zip(self.header, cells, strict=True)))


def read_table(path: Path) -> Table:
    """The file at `path`. Raises TableError."""
    return open_table(lambda: path.open("rb"), str(path))


def open_table(opener: Opener, name: str, sheet: str = "") -> Table:
    """A CSV file (UTF-8, UTF-16 or Windows-1252; commas, semicolons, tabs or bars) or a workbook.

    opener: gives the file from its beginning, each time. sheet: of a workbook, otherwise the first one.
    Raises TableError.
    """
    try:
        with opener() as file:
            packed = file.read(4) == b"PK\x03\x04"
    except OSError as error:
        raise TableError(f"{name}: {error.strerror}") from error
    return _workbook(opener, name, sheet) if packed else _csv(opener, name)


def _checked(name: str, header: list[str]) -> list[str]:
    doubled = sorted({one for one in header if header.count(one) > 1} - {""})
    if doubled:
        raise TableError(
            _("%(file)s: the header names %(columns)s twice") % {"file": name, "columns": ", ".join(doubled)}
        )
    if not all(header):
        raise TableError(_("%(file)s: the header has a column without a name") % {"file": name})
    return header


# --- CSV


def _csv(opener: Opener, name: str) -> Table:
    with opener() as file:
        encoding = _encoding(file)
    csv.field_size_limit(LONGEST_CELL)

    def texts(file: IO[bytes]) -> Iterator[str]:
        for line in io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=""):
            if "\x00" in line:
                raise TableError(_("%(file)s is no text") % {"file": name})
            yield line

    with opener() as file:
        first = next(texts(file), "")
    if not first:
        raise TableError(_("%(file)s is empty") % {"file": name})
    delimiter = _delimiter(first)

    def every() -> Iterator[list[str]]:
        with opener() as file:
            reader = csv.reader(texts(file), delimiter=delimiter, strict=True)
            try:
                yield from reader
            except csv.Error as error:
                raise TableError(f"{name}, line {reader.line_num}: {error}") from error

    def rows() -> Iterator[tuple[int, list[str]]]:
        found = every()
        next(found)
        yield from enumerate(found, 2)

    return Table(name, _checked(name, [one.strip() for one in next(every())]), rows)


def _encoding(file: IO[bytes]) -> str:
    head = file.read(4096)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Text of mostly Latin letters has a zero in every second place.
    for at, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 3 and head[at::2].count(0) > len(head) * 0.3:
            return encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while head:
            decoder.decode(head)
            head = file.read(BLOCK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _delimiter(first: str) -> str:
    bare = re.sub(r'"[^"]*"', "", first)
    return max(",;\t|", key=bare.count)


# --- workbooks


def check_workbook(file: IO[bytes], name: str) -> None:
    """Refuses a workbook that would unpack to more than anybody has typed. Raises TableError.

    Each part is unpacked once, block by block, since what its directory says of its size need not be true.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
            unpacked, taken = sum(one.file_size for one in parts), sum(one.compress_size for one in parts)
            if len(parts) > ENTRIES or unpacked > UNPACKED or unpacked > max(taken, BLOCK) * RATIO:
                raise TableError(_("%(file)s is too large when it is unpacked") % {"file": name})
            for one in parts:
                with packed.open(one) as part:
                    while part.read(BLOCK):
                        pass
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise TableError(_("%(file)s is no workbook that can be read") % {"file": name}) from error


def _workbook(opener: Opener, name: str, sheet: str) -> Table:
    with opener() as file:
        check_workbook(file, name)
    with _book(opener, name) as book:
        sheets = tuple(book.sheet_names)
    if not sheets or (sheet and sheet not in sheets):
        raise TableError(_("%(file)s has no such sheet") % {"file": name})
    chosen = sheet or sheets[0]

    def every() -> Iterator[tuple[int, list[str]]]:
        with _book(opener, name) as book:
            for number, row in enumerate(book.get_sheet_by_name(chosen).iter_rows(), 1):
                yield number, [_cell(value) for value in row]

    head = next(((at, cells) for at, cells in every() if any(cells)), None)
    if head is None:
        raise TableError(_("%(file)s is empty") % {"file": name})
    top, header = head[0], [one.strip() for one in head[1]]
    while header and not header[-1]:
        header.pop()
    # Columns in front of the table are no part of it, nor are those behind that have no name.
    left = next((at for at, one in enumerate(header) if one), 0)
    width = len(header)

    def rows() -> Iterator[tuple[int, list[str]]]:
        for number, cells in every():
            if number > top:
                yield number, (cells + [""] * width)[left:width]

    return Table(name, _checked(name, header[left:]), rows, sheets)


@contextmanager
def _book(opener: Opener, name: str) -> Iterator[CalamineWorkbook]:
    with opener() as file:
        try:
            yield CalamineWorkbook.from_filelike(file)
        except CalamineError as error:
            raise TableError(_("%(file)s is no workbook that can be read") % {"file": name}) from error


def _cell(value: Any) -> str:
    """A cell of a workbook as the text that a CSV file would have: a point in numbers, dates in ISO 8601."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if not math.isfinite(value):
            # A workbook may be written by anybody; such a number fits no field, and its row says so.
            return str(value)
        case float():
            return format(Decimal(repr(value)).normalize(), "f") if value != int(value) else str(int(value))
        case dt.datetime():
            return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
        case dt.date() | dt.time():
            return value.isoformat()
        case _:
            return str(value)


# --- what is given back


def rejected_rows(header: list[str], rejected: Iterable[tuple[Line, str, str]]) -> Iterator[list[str]]:
    """A table of rejected rows as they came, with row, reason and suggestion; to be mended and imported."""
    yield [*header, "row", "reason", "suggestion"]
    for line, reason, suggestion in rejected:
        yield [*(line.cells[name] for name in header), str(line.number), reason, suggestion]


class RejectedFile:
    """A CSV file of rejected rows, which is there only if there is one. Written as they come."""

    def __init__(self, path: Path, header: list[str]) -> None:
        self.path, self.header = path, header
        self.begun = False

    def add(self, rejected: list[tuple[Line, str, str]]) -> None:
        """More rejected rows: the row, why, and what was probably meant."""
        rows = rejected_rows(self.header, rejected)
        if self.begun:
            next(rows)
        with self.path.open("ab" if self.begun else "wb") as file:
            file.writelines(csv_bytes(rows, mark=False))
        self.begun = True
