"""CSV files as they are found: encodings, separators and ragged rows told apart from data."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: A cell longer than this is no cell but a file whose quotes do not match.
LONGEST_CELL = 100_000


class TableError(ValueError):
    """The file is no table; one sentence says why and where."""


@dataclass(frozen=True)
class Line:
    """One row: its number in the file (the header is 1) and its cells by column."""

    number: int
    cells: dict[str, str]


def read_table(path: Path) -> tuple[list[str], list[Line]]:
    """Header and rows of a CSV file in UTF-8 (or, where that fails, Windows-1252). Raises TableError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise TableError(f"{path}: {error.strerror}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    if "\x00" in text:
        raise TableError(f"{path} is no text")
    lines = text.splitlines(keepends=True)
    if not lines:
        raise TableError(f"{path} is empty")
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(lines, delimiter=_delimiter(lines[0]), strict=True)
    try:
        header = [name.strip() for name in next(reader)]
        doubled = sorted({name for name in header if header.count(name) > 1})
        if doubled or not all(header):
            what = f"names {', '.join(doubled)} twice" if doubled else "has a column without a name"
            raise TableError(f"{path}: the header {what}")
        return header, list(_rows(path, header, reader))
    except csv.Error as error:
        raise TableError(f"{path}, line {reader.line_num}: {error}") from error


def _rows(path: Path, header: list[str], reader: Iterator[list[str]]) -> Iterator[Line]:
    for number, cells in enumerate(reader, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise TableError(f"{path}, row {number}: {len(cells)} cells where the header has {len(header)}")
        yield Line(number, dict(zip(header, cells, strict=True)))


def _delimiter(first: str) -> str:
    return max(",;\t|", key=first.count)


def write_rejected(path: Path, header: list[str], rejected: list[tuple[Line, str, str]]) -> None:
    """The rejected rows as they came, with why and what could be meant; to be mended and imported again."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*header, "row", "reason", "suggestion"])
        for line, reason, suggestion in rejected:
            cells = [_harmless(line.cells[name]) for name in header]
            writer.writerow([*cells, line.number, _harmless(reason), _harmless(suggestion)])


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if cell[:1] in "=+-@\t\r" and cell and not cell.lstrip("+-").replace(".", "", 1).isdigit():
        return f"'{cell}"
    return cell
