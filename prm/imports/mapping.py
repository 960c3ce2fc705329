"""What a file's columns mean: said on the command line or kept in a TOML file.

module = "opportunities"
dates = "%m/%d/%Y"
currency = "USD"
unused = ["engage_date"]        # columns that are left out on purpose

[columns]                       # field = column
reference = "opportunity_id"
[constants]                     # field = value, the same in every row
source = "import"
[templates]                     # field = text with {column} or {column:slug} in it
email = "{manager:slug}@vendor.example"
[values.state]                  # what the file says = what the field wants
Prospecting = "distributed"
[scale]                         # numbers of the file are multiplied by this
annual_revenue = 1000000
[currencies]                    # amounts whose currency stands in a column of its own
amount = "currency"
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from prm.modules.registry import Field, Importing, Module
from prm.modules.sheets import restored

TABLES = ("columns", "constants", "templates", "values", "scale", "currencies")

#: As the key: nothing finds a known record again, so every row is a new one.
NO_KEY = "-"
#: As the key: the id that an export gives.
BY_ID = "id"


class MappingError(ValueError):
    """The mapping does not fit the module or the file; one sentence says why."""


@dataclass(frozen=True)
class FileMapping:
    """How one file becomes records of one module."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    scale: Mapping[str, Decimal] = field(default_factory=dict)
    currencies: Mapping[str, str] = field(default_factory=dict)
    dates: str = "%Y-%m-%d"
    decimal: str = "."
    currency: str = ""
    key: str = ""
    unused: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of all fields that the mapping fills, columns first."""
        return tuple(dict.fromkeys((*self.columns, *self.templates, *self.constants)))

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> FileMapping:
        """The mapping in plain values. Raises TypeError and InvalidOperation where they are none."""
        scale = {name: Decimal(str(one)) for name, one in data.get("scale", {}).items()}
        return cls(**{**data, "scale": scale, "unused": tuple(data.get("unused", ()))})

    def reader(self, name: str) -> Callable[[Mapping[str, str]], str]:
        """What gives a row's text for the field, with the file's words exchanged for the field's."""
        exchanged = self.values.get(name)
        if name in self.columns:
            column = self.columns[name]

            def cell(row: Mapping[str, str]) -> str:
                text = row[column]
                return (restored(text) if text[:1] == "'" else text).strip()

            found = cell
        elif name in self.templates:
            template = self.templates[name]

            def found(row: Mapping[str, str]) -> str:
                return _Slugs().vformat(template, (), row).strip()
        else:
            constant = str(self.constants[name])

            def found(row: Mapping[str, str]) -> str:
                return constant

        if not exchanged:
            return found

        def exchanging(row: Mapping[str, str]) -> str:
            text = found(row)
            return str(exchanged.get(text, text))

        return exchanging


def to_json(mapping: FileMapping) -> dict[str, Any]:
    """The mapping as plain values; `FileMapping.of` reads them."""
    return {**asdict(mapping), "scale": {name: str(one) for name, one in mapping.scale.items()}}


class _Slugs(string.Formatter):
    """`{column}` gives the cell, `{column:slug}` the cell as it may stand in an address."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return slugify(value) if format_spec == "slug" else str(value)

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        # A column's name may have dots and brackets; it is never a way into an object.
        return kwargs[field_name], field_name


def currency_of(label: str) -> str:
    """How the column is called that has the currencies of the amounts in the column `label`."""
    return _("%(amount)s (currency)") % {"amount": label}


def importing(module: Module) -> Importing:
    """How the module is imported; without a word of its own its title is the key."""
    return module.importing or Importing(key=module.title)


def importable(module: Module) -> dict[str, Field]:
    """The fields that a file may set."""
    extra = importing(module).fields
    return {
        one.name: one
        for one in module.fields
        if one.stored and not one.hidden and (one.create or one.name in extra)
    }


def read_mapping(path: Path, module: str) -> FileMapping:
    """The mapping in a TOML file. Raises MappingError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{path}: {error}") from error
    if data.pop("module", module) != module:
        raise MappingError(f"{path} is a mapping for another module than {module}")
    for name in TABLES:
        if not isinstance(data.get(name, {}), dict):
            raise MappingError(f"{path}: [{name}] must be a table")
    try:
        return FileMapping.of(data)
    except (TypeError, InvalidOperation) as error:
        raise MappingError(f"{path}: {error}") from error


def given_mapping(base: FileMapping, maps: list[str], values: list[str], constants: list[str]) -> FileMapping:
    """`base` with what the command line adds: `field=column`, `field:text=value`, `field=value`."""
    columns, exchanged, fixed = (
        dict(base.columns),
        {k: dict(v) for k, v in base.values.items()},
        dict(base.constants),
    )
    for pair in maps:
        name, column = _split(pair, "--map")
        columns[name] = column
    for pair in constants:
        name, value = _split(pair, "--constant")
        fixed[name] = value
    for pair in values:
        left, value = _split(pair, "--value")
        name, colon, text = left.partition(":")
        if not colon:
            raise MappingError(f"--value wants field:text=value, not {pair!r}")
        exchanged.setdefault(name, {})[text] = value
    return replace(base, columns=columns, values=exchanged, constants=fixed)


def _split(pair: str, option: str) -> tuple[str, str]:
    left, equals, right = pair.partition("=")
    if not equals or not left:
        raise MappingError(f"{option} wants two parts joined by '=', not {pair!r}")
    return left, right


def complete(mapping: FileMapping, module: Module, header: list[str]) -> FileMapping:
    """The mapping held against module and file; without any columns, those that bear a field's name.

    Raises MappingError where either does not have what the mapping names.
    """
    fields = importable(module)
    if not mapping.columns:
        by_word = {word.casefold(): name for name, one in fields.items() for word in (name, str(one.label))}
        found = {by_word[column.casefold()]: column for column in header if column.casefold() in by_word}
        mapping = replace(mapping, columns=found)
    for name in (*mapping.fields, *mapping.values, *mapping.scale, *mapping.currencies):
        if name not in fields:
            known = ", ".join(sorted(fields))
            raise MappingError(f"{module.key} has no field {name!r} that a file may set; there are: {known}")
    named = [*mapping.columns.values(), *mapping.unused]
    for template in mapping.templates.values():
        named += [
            part for _text, part, _spec, _conversion in string.Formatter().parse(template) if part is not None
        ]
    for column in [*named, *mapping.currencies.values()]:
        if column not in header:
            raise MappingError(f"the file has no column {column!r}; it has: {', '.join(header)}")
    key = importing(module).key
    if key not in mapping.fields:
        raise MappingError(f"{module.key} needs {key!r}, by which a known record is found again")
    return mapping


def left_out(mapping: FileMapping, header: list[str]) -> list[str]:
    """Columns of the file that nothing is made of and that the mapping does not name as unused."""
    used = {*mapping.columns.values(), *mapping.currencies.values(), *mapping.unused}
    for template in mapping.templates.values():
        used |= {
            part for _text, part, _spec, _conversion in string.Formatter().parse(template) if part is not None
        }
    return [column for column in header if column not in used]
