"""Tables that leave the house as CSV or XLSX: what a cell may hold, and that no spreadsheet runs it.

Everything that is exported goes through here, rejected rows and reports too.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.utils import timezone

#: What a spreadsheet takes for the beginning of a formula, in its full-width forms, too.
SIGNS = frozenset("=+-@|%＝＋－＠")
#: What may stand before it without making it harmless.
IGNORED = " \t\r\n\v\f'\"`´‘’“”\u00a0\u200b\u2060\ufeff\u3000"
BREAKS = frozenset("\t\r\n")
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*\Z", re.ASCII)

#: Digits that a spreadsheet's numbers keep.
EXACT = 15
CSV, XLSX = "csv", "xlsx"
MEDIA = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
BATCH = 500


def _formula(text: str) -> bool:
    if text[:1].isalnum() or NUMBER.match(text):
        return False
    core = text.lstrip(IGNORED)
    return core[:1] in SIGNS or not BREAKS.isdisjoint(text[: len(text) - len(core)])


def neutral(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula; numbers stay numbers.

    An apostrophe in front makes it text. `restored` takes exactly that away again.
    """
    return f"'{text}" if text and _formula(text) else text


def restored(text: str) -> str:
    """A cell as it was before `neutral`."""
    return text[1:] if text[:1] == "'" and len(text) > 1 and _formula(text[1:]) else text


def text_of(value: Any) -> str:
    """One value as the text of a CSV cell: times in ISO 8601, decimals with a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (int, Decimal)):
        return str(value)
    return neutral(str(value))


def csv_bytes(rows: Iterable[Sequence[Any]], *, mark: bool = True) -> Iterator[bytes]:
    """The rows as CSV in UTF-8, some hundreds at a time. mark: begins so that Excel knows the encoding."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    if mark:
        buffer.write("\ufeff")
    for number, row in enumerate(rows, 1):
        writer.writerow([text_of(value) for value in row])
        if number % BATCH == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_xlsx(file: IO[bytes], rows: Iterable[Sequence[Any]]) -> None:
    """The rows as the one sheet of a workbook; row by row, so that memory does not grow with them.

    Times are those of the reader's zone, since a spreadsheet's have none.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    head = book.add_format({"bold": True})
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if at == 0:
                sheet.write_string(at, column, text_of(value), head)
            elif isinstance(value, bool):
                sheet.write_boolean(at, column, value)
            elif isinstance(value, dt.datetime):
                sheet.write_datetime(at, column, timezone.localtime(value).replace(tzinfo=None), moment)
            elif isinstance(value, dt.date):
                sheet.write_datetime(at, column, value, day)
            elif isinstance(value, (int, Decimal)) and len(Decimal(value).as_tuple().digits) <= EXACT:
                sheet.write_number(at, column, value)
            else:
                sheet.write_string(at, column, text_of(value))
    sheet.freeze_panes(1, 0)
    book.close()
