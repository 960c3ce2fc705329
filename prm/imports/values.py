"""Turns the cells of a row into values, with everything that is wrong with them said at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _
from django_countries import countries
from djmoney.money import Money
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import NumberParseException

from prm.imports.mapping import BY_ID, FileMapping, importing
from prm.imports.reach import Reach
from prm.imports.references import References, Unknown, closest
from prm.imports.table import Line
from prm.modules.registry import Field
from workflows.errors import InvalidInput
from workflows.inputs import YEARS, known_currency, money

ISO = "%Y-%m-%d"

#: Values that many rows share are made once; so many are remembered for a field.
REMEMBERED = 2_000
#: Words without a meaning that are kept for each field.
UNKNOWN = 20
SHARED = frozenset({"choice", "state", "country", "date", "datetime", "boolean", "integer", "decimal"})

#: Kinds whose values need no second look by the column that takes them.
PROVEN = frozenset({"text", "longtext", "email", "url", "phone", "choice", "country", "boolean", "date"})

Convert = Callable[[str, Line], Any]


@dataclass(frozen=True)
class Later:
    """A reference to a row of the same file, which may not be a record yet."""

    word: str


class Wrong(Exception):
    """Everything that is wrong with a row."""

    def __init__(self, reasons: list[str], suggestions: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.suggestion = "; ".join(suggestions)


class Values:
    """Reads the rows of one file.

    unknown: words that mean nothing to a field, each with what was probably meant; some for each field.
    """

    def __init__(self, reach: Reach, mapping: FileMapping, key: str) -> None:
        self.reach, self.mapping, self.key = reach, mapping, key
        self.module = reach.module
        self.references = References(reach.user)
        self.unknown: dict[str, dict[str, str]] = {}
        self.fields = [reach.fields[name] for name in mapping.fields if name != BY_ID]
        self.refers = [one for one in self.fields if one.kind == "reference"]
        #: Whether rows may refer to other rows of their own file.
        self.inward = any(one.module == self.module.key for one in self.refers)
        self._plan = [
            (one, mapping.reader(one.name), self._converter(one), self._needed(one)) for one in self.fields
        ]

    def fetch(self, lines: Iterable[Line]) -> None:
        """Looks up what all these rows refer to."""
        found = list(lines)
        for one in self.refers:
            text_of = self.mapping.reader(one.name)
            self.references.fetch(one.module, {text_of(line.cells) for line in found})

    def texts(self, line: Line) -> tuple[str, ...]:
        """What the row says for the fields, before it is made into values."""
        return tuple(text_of(line.cells) for _one, text_of, _convert, _needed in self._plan)

    def read(self, line: Line) -> dict[str, Any]:
        """The values by field, and the id where the mapping names its column. Raises Wrong."""
        values: dict[str, Any] = {}
        reasons: list[str] = []
        suggestions: list[str] = []
        for one, text_of, convert, needed in self._plan:
            text = text_of(line.cells)
            if text == "" and not needed:
                values[one.name] = None
                continue
            try:
                if text == "":
                    raise Unknown(_("is empty and must not be"))
                values[one.name] = convert(text, line)
            except Unknown as error:
                self._note(one, text, error.suggestion)
                reasons.append(f"{self.reach.label(one.name)}: {error}")
                suggestions += [error.suggestion] if error.suggestion else []
            except (ValueError, InvalidOperation, ValidationError) as error:
                reasons.append(f"{self.reach.label(one.name)}: {said(error)}")
        if BY_ID in self.mapping.columns:
            text = self.mapping.reader(BY_ID)(line.cells)
            try:
                values[BY_ID] = uuid.UUID(text) if text else None
            except ValueError:
                reasons.append(_("“%(text)s” is no id") % {"text": text[:80]})
        if reasons:
            raise Wrong(reasons, suggestions)
        return values

    def _note(self, one: Field, text: str, suggestion: str) -> None:
        words = self.unknown.setdefault(one.name, {})
        if text and (text in words or len(words) < UNKNOWN):
            words[text] = suggestion

    def _needed(self, one: Field) -> bool:
        """Whether no row may leave it empty: commands insist on a key, people may do without."""
        return one.required or (one.name == self.key and self.reach.user is None)

    def _reference(self, one: Field, text: str) -> Any:
        try:
            return self.references.find(one.module, text)
        except Unknown as error:
            if one.module == self.module.key and not error.several:
                return Later(text)
            raise

    def _money(self, one: Field, text: str, line: Line) -> Money:
        column = self.mapping.currencies.get(one.name)
        currency = line.cells[column].strip().upper() if column else ""
        currency = currency or self.mapping.currency or settings.DEFAULT_CURRENCY
        return money(self._number(one, text), known_currency(currency))

    def _number(self, one: Field, text: str) -> Decimal:
        mark = self.mapping.decimal
        plain = text.replace("." if mark == "," else ",", "").replace(mark, ".").replace("\u00a0", "")
        number = Decimal(plain) * self.mapping.scale.get(one.name, 1)
        if not number.is_finite():
            raise ValueError(_("%(text)s is no amount") % {"text": text})
        return number

    def _moment(self, one: Field, text: str) -> Any:
        try:
            exact = dt.datetime.fromisoformat(text) if len(text) >= len("2026-11-30") else None
        except ValueError:
            exact = None
        if exact is None or len(text) == len("2026-11-30"):
            try:
                day = exact or dt.datetime.strptime(text, self.mapping.dates)  # noqa: DTZ007  # gets its zone below
            except ValueError:
                example = dt.date(2026, 11, 30).strftime(self.mapping.dates)
                facts = {"text": text[:80], "example": example}
                raise ValueError(_("“%(text)s” is no date like %(example)s") % facts) from None
            exact = day.replace(tzinfo=dt.UTC, hour=12)
        if exact.year not in YEARS:
            raise ValueError(_("This date is too far away."))
        if one.kind == "date":
            return exact.date()
        return exact if exact.tzinfo else timezone.make_aware(exact)

    def _converter(self, one: Field) -> Convert:
        """The way from text to value of one field, chosen once for a file."""
        if one.kind == "reference":
            return lambda text, line: self._reference(one, text)
        if one.kind == "money":
            return lambda text, line: self._money(one, text, line)
        made = self._plain_converter(one)
        if one.kind not in SHARED:
            return lambda text, line: made(text)
        known: dict[str, Any] = {}

        def remembering(text: str, line: Line) -> Any:
            if text not in known:
                if len(known) >= REMEMBERED:
                    known.clear()
                known[text] = made(text)
            return known[text]

        return remembering

    def _plain_converter(self, one: Field) -> Callable[[str], Any]:
        match one.kind:
            case "choice" | "state":
                return _choices(one)
            case "country":
                return _countries()
            case "decimal":
                return lambda text: self._number(one, text)
            case "date" | "datetime":
                return lambda text: self._moment(one, text)
            case "text" | "longtext":
                return _texts(one)
            case "email" | "url":
                return one.form_field().clean
            case "phone":
                return _phones(one)
            case "integer":
                whole = one.form_field().clean
                return lambda text: whole(text.removesuffix(".0"))
            case _:
                return lambda text: one.clean(text, lambda module, pk: None)


def _texts(one: Field) -> Callable[[str], Any]:
    clean, most = one.form_field().clean, one.max_length

    def convert(text: str) -> Any:
        # What a form would find wrong with a text is its length, or a zero in it.
        return clean(text) if "\x00" in text or (most and len(text) > most) else text

    return convert


def _phones(one: Field) -> Callable[[str], Any]:
    clean = one.form_field().clean

    def convert(text: str) -> Any:
        try:
            number = PhoneNumber.from_string(text)
        except NumberParseException:
            return clean(text)
        return number.as_e164 if number.is_valid() else clean(text)

    return convert


def _choices(one: Field) -> Callable[[str], Any]:
    labels = {str(label): str(value) for value, label in one.options()}
    values = set(labels.values())

    def convert(text: str) -> str:
        if text in values:
            return text
        if text in labels:
            return labels[text]
        facts = {"text": text, "choices": ", ".join(sorted(values))}
        raise Unknown(_("“%(text)s” is none of %(choices)s") % facts, closest(text, [*labels, *values]))

    return convert


def _countries() -> Callable[[str], Any]:
    codes = dict(countries)
    names = {str(name): code for code, name in codes.items()}

    def convert(text: str) -> str:
        if text in codes:
            return text
        if text in names:
            return names[text]
        raise Unknown(_("there is no country “%(text)s”") % {"text": text}, closest(text, list(names)))

    return convert


def said(error: Exception) -> str:
    """An error in the words for the file of rejected rows."""
    if isinstance(error, InvalidInput):
        return _by_field(error.errors)
    if isinstance(error, ValidationError):
        return _by_field(error.message_dict) if hasattr(error, "error_dict") else " ".join(error.messages)
    if isinstance(error, IntegrityError):
        return _("the database refused it: %(reason)s") % {"reason": str(error).splitlines()[0]}
    if isinstance(error, InvalidOperation):
        return _("this is no number")
    return str(error)


def _by_field(errors: Any) -> str:
    return "; ".join(
        f"{name}: {' '.join(map(str, found))}" if name and name != "__all__" else " ".join(map(str, found))
        for name, found in errors.items()
    )


def key_of(mapping: FileMapping, reach: Reach) -> str:
    """The field by which known records are found again, "" where nothing is."""
    wanted = mapping.key or importing(reach.module).key
    return wanted if wanted in mapping.fields else ""
