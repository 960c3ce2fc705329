"""What the columns of a file probably mean: by their names, by what they meant before, by what is in them."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from django.utils.translation import override
from django_countries import countries

from prm.imports.mapping import BY_ID, NO_KEY, FileMapping, currency_of, importing
from prm.imports.reach import Reach
from prm.imports.table import Line
from prm.imports.values import ISO

#: Ways to write a day that are told apart, the unambiguous ones first.
DATES = (ISO, "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%y")
ALIKE = 0.86

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
URL = re.compile(r"(https?://|www\.)\S+\Z", re.IGNORECASE)
PHONE = re.compile(r"\+\d[\d ()/.-]{6,}\Z")
COMMA = re.compile(r"-?\d{1,3}(\.\d{3})*,\d{1,2}\Z")


def guess(
    reach: Reach, header: list[str], lines: Iterable[Line], remembered: FileMapping | None
) -> FileMapping:
    """A mapping to begin with. Earlier choices win over names, and names over contents."""
    rows = list(lines)
    columns = _as_before(reach, header, remembered) | {}
    free = [one for one in header if one not in columns.values()]
    columns |= {name: column for name, column in _by_name(reach, free).items() if name not in columns}
    free = [one for one in header if one not in columns.values()]
    columns |= _by_content(reach, free, rows, set(columns))
    currencies = _currencies(reach, header, columns)
    texts = {name: [row.cells[column] for row in rows] for name, column in columns.items()}
    found = replace(remembered or FileMapping(), columns=columns, currencies=currencies)
    if remembered is None:
        found = replace(found, dates=_dates(reach, texts), decimal=_decimal(reach, texts))
    return replace(found, key=_key(reach, found))


def _as_before(reach: Reach, header: list[str], remembered: FileMapping | None) -> dict[str, str]:
    if remembered is None:
        return {}
    return {
        name: column
        for name, column in remembered.columns.items()
        if column in header and (name in reach.fields or name == BY_ID)
    }


def _plain(word: str) -> str:
    return re.sub(r"[\W_]+", "", word.casefold())


def _words(reach: Reach) -> dict[str, str]:
    """Field by every word for it: its name, and its label in the reader's language and in English."""
    words: dict[str, str] = {BY_ID: BY_ID}
    labels = {name: [name, str(one.label)] for name, one in reach.fields.items()}
    with override("en"):
        for name, one in reach.fields.items():
            labels[name].append(str(one.label))
    for name, some in labels.items():
        for word in some:
            words.setdefault(_plain(word), name)
    return words


def _by_name(reach: Reach, header: list[str]) -> dict[str, str]:
    words = _words(reach)
    found: dict[str, str] = {}
    for column in header:
        if (name := words.get(_plain(column))) and name not in found:
            found[name] = column
    for column in header:
        if column in found.values():
            continue
        close = difflib.get_close_matches(_plain(column), list(words), n=1, cutoff=ALIKE)
        if close and words[close[0]] not in found:
            found[words[close[0]]] = column
    return found


def _is_country(text: str) -> bool:
    return text in dict(countries) or text in {str(name) for _code, name in countries}


def _is_date(text: str) -> bool:
    return any(_reads(text, way) for way in DATES)


CONTENTS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("email", EMAIL.match),
    ("url", URL.match),
    ("phone", PHONE.match),
    ("country", _is_country),
    ("date", _is_date),
)


def _by_content(reach: Reach, header: list[str], rows: list[Line], taken: set[str]) -> dict[str, str]:
    """Columns whose cells all are of a kind that just one field is left for."""
    found: dict[str, str] = {}
    for kind, is_one in CONTENTS:
        fields = [name for name, one in reach.fields.items() if one.kind == kind and name not in taken]
        columns = [
            column
            for column in header
            if (texts := [text for row in rows if (text := row.cells[column].strip())])
            and all(is_one(text) for text in texts)
        ]
        if len(fields) == len(columns) == 1:
            found[fields[0]] = columns[0]
    return found


def _currencies(reach: Reach, header: list[str], columns: dict[str, str]) -> dict[str, str]:
    """Columns that hold the currency of an amount: called like it, with one more word."""
    by_word = {_plain(column): column for column in header}
    found = {}
    for name, column in columns.items():
        if name in reach.fields and reach.fields[name].kind == "money":
            for word in (currency_of(column), f"{column}currency", f"{name}currency"):
                if (beside := by_word.get(_plain(word))) and beside not in columns.values():
                    found[name] = beside
    return found


def _reads(text: str, way: str) -> bool:
    try:
        dt.datetime.strptime(text, way)  # noqa: DTZ007  # only whether it reads
    except ValueError:
        return False
    return True


def _dates(reach: Reach, texts: dict[str, list[str]]) -> str:
    """The way that all days of the file are written in, as of strptime."""
    days = [
        text.strip()
        for name, some in texts.items()
        if name in reach.fields and reach.fields[name].kind in ("date", "datetime")
        for text in some
        if text.strip()
    ]
    return next((way for way in DATES if days and all(_reads(day, way) for day in days)), ISO)


def _decimal(reach: Reach, texts: dict[str, list[str]]) -> str:
    numbers = [
        text.strip()
        for name, some in texts.items()
        if name in reach.fields and reach.fields[name].kind in ("money", "decimal")
        for text in some
    ]
    return "," if any(COMMA.match(one) for one in numbers) else "."


def _key(reach: Reach, mapping: FileMapping) -> str:
    """The field by which known records are found again, out of those that the file gives."""
    if mapping.key and (mapping.key in mapping.columns or mapping.key == NO_KEY):
        return mapping.key
    own = importing(reach.module).key
    if BY_ID in mapping.columns:
        return BY_ID
    return own if own in mapping.columns else NO_KEY
