"""A file into a module: first a plan that changes nothing, then the plan carried out.

Imports act as the system: they raise no alerts, they start the timers of what they put on offer, and they
never change the state of a record that is known already.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django_countries import countries
from djmoney.money import Money

from prm.imports.mapping import FileMapping, importable, importing
from prm.imports.references import References, Unknown, closest
from prm.imports.table import Line
from prm.modules import registry
from prm.modules.registry import Field, Module
from workflows.actor import Actor
from workflows.errors import InvalidInput
from workflows.perform import record_creation, record_update
from workflows.units import unit_of_work

CREATE, UPDATE, SAME = "create", "update", "same"

#: Rows that are committed together: few enough to show progress, enough to spare the disk.
BATCH = 250


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be imported: why, and what was probably meant."""

    line: Line
    reason: str
    suggestion: str = ""


@dataclass
class Planned:
    """A row that can: its values by field, and the known record that it is about."""

    line: Line
    values: dict[str, Any]
    verb: str = CREATE
    known: Any = None
    waits_for: str = ""


@dataclass
class Plan:
    """What an import would do. empty: how many rows leave a mapped field empty, by field."""

    module: Module
    rows: list[Planned] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    empty: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> Counter[str]:
        """Rows by what becomes of them: create, update, same, rejected."""
        return Counter(row.verb for row in self.rows) + Counter({"rejected": len(self.rejected)})


def plan(module: Module, mapping: FileMapping, lines: list[Line]) -> Plan:
    """Reads every row and says what would become of it. Changes nothing."""
    reader = _Reader(module, mapping)
    made = Plan(module)
    seen: dict[Any, Planned] = {}
    known = _known(module)
    for line in lines:
        try:
            row = reader.read(line)
        except _Wrong as wrong:
            made.rejected.append(Rejected(line, "; ".join(wrong.reasons), "; ".join(wrong.suggestions)))
            continue
        made.empty.update(name for name in mapping.columns if row.values.get(name) in (None, ""))
        key = row.values[importing(module).key]
        if key in seen:
            if seen[key].values != row.values:
                reason = f"row {seen[key].line.number} has the same {importing(module).key} and other values"
                made.rejected.append(Rejected(line, reason))
            else:
                made.rows.append(Planned(line, row.values, SAME))
            continue
        seen[key] = row
        row.known = known.get(key)
        if row.known is not None:
            row.verb = UPDATE if _changes(module, row) else SAME
        made.rows.append(row)
    _reject_orphans(made, set(seen) | set(known))
    return made


def commit(made: Plan, progress: Callable[[int, int], None] | None = None) -> None:
    """Carries out the plan in batches; a row that the database refuses joins the rejected ones."""
    todo = _in_order([row for row in made.rows if row.verb != SAME], importing(made.module).key)
    actor, references = Actor.importer(), References()
    for start in range(0, len(todo), BATCH):
        with transaction.atomic():
            for row in todo[start : start + BATCH]:
                try:
                    with unit_of_work():
                        _write(made.module, row, actor, references)
                except (ValidationError, IntegrityError, InvalidInput) as error:
                    made.rows.remove(row)
                    made.rejected.append(Rejected(row.line, _said(error)))
        if progress:
            progress(min(start + BATCH, len(todo)), len(todo))


def _write(module: Module, row: Planned, actor: Actor, references: References) -> None:
    how = importing(module)
    values = dict(row.values)
    if row.waits_for:
        values[row.waits_for] = module.model(pk=references.find(module.key, values[row.waits_for].word))
    if row.known is not None:
        _update(module, row, values, actor)
        return
    obj = module.model()
    for name, value in values.items():
        if value is not None and name not in ("state", "created_at"):
            setattr(obj, module.field(name).path, value)
    if values.get("state"):
        obj.__dict__["state"] = values["state"]
    if how.begin:
        how.begin(obj, values)
    # References were just looked up, and what must be unique is the database's to say.
    relations = {column.name for column in obj._meta.concrete_fields if column.is_relation}
    obj.clean_fields(exclude=relations | {"state", "password"})
    obj.save(force_insert=not obj._meta.parents)
    if values.get("created_at"):
        type(obj)._base_manager.filter(pk=obj.pk).update(created_at=values["created_at"])
    record_creation(obj, actor)
    names = how.known_by or (how.key, module.title)
    references.add(module, [str(values.get(name) or "") for name in names], obj.pk)


def _update(module: Module, row: Planned, values: dict[str, Any], actor: Actor) -> None:
    changed = _changes(module, row)
    for name in changed:
        setattr(row.known, module.field(name).path, values[name])
    row.known.version += 1
    paths = {module.field(name).path for name in changed}
    row.known.save(update_fields=paths | {"version", "updated_at"})
    record_update(row.known, actor, changed)


def _changes(module: Module, row: Planned) -> list[str]:
    """Fields in which a known record differs from its row. An empty cell says nothing about it."""
    fixed = {"state", importing(module).key, *importing(module).once}
    return [
        name
        for name, value in row.values.items()
        if name not in fixed
        and value not in (None, "")
        and not isinstance(value, _Later)
        and getattr(row.known, module.field(name).path) != value
    ]


@dataclass(frozen=True)
class _Later:
    """A reference to a row of the same file, which may not be a record yet."""

    word: str


class _Wrong(Exception):
    def __init__(self, reasons: list[str], suggestions: list[str]) -> None:
        self.reasons, self.suggestions = reasons, suggestions


class _Reader:
    """Turns the cells of one file into values."""

    def __init__(self, module: Module, mapping: FileMapping) -> None:
        self.module, self.mapping = module, mapping
        self.fields = importable(module)
        self.references = References()
        self.instances: dict[tuple[str, Any], Any] = {}

    def read(self, line: Line) -> Planned:
        """The row's values. Raises _Wrong with everything that is wrong with it."""
        row, reasons, suggestions = Planned(line, {}), [], []
        for name in self.mapping.fields:
            one, text = self.fields[name], self.mapping.text(name, line.cells)
            try:
                value = self._value(one, text)
                if value is None and (one.required or name == importing(self.module).key):
                    raise Unknown("is empty and must not be")
            except Unknown as error:
                reasons.append(f"{name}: {error}")
                suggestions += [error.suggestion] if error.suggestion else []
                continue
            except (ValueError, InvalidOperation, ValidationError) as error:
                reasons.append(f"{name}: {_said(error)}")
                continue
            row.values[name] = value
            if isinstance(value, _Later):
                row.waits_for = name
        if reasons:
            raise _Wrong(reasons, suggestions)
        return row

    def _value(self, one: Field, text: str) -> Any:
        if text == "":
            return None
        match one.kind:
            case "reference":
                return self._reference(one, text)
            case "choice" | "state":
                return _choice(one, text)
            case "country":
                return _country(text)
            case "money" | "decimal":
                number = Decimal(text.replace(",", "")) * self.mapping.scale.get(one.name, 1)
                if not number.is_finite():
                    raise ValueError(f"{text} is no amount")
                currency = self.mapping.currency or settings.DEFAULT_CURRENCY
                return Money(number, currency) if one.kind == "money" else number
            case "date" | "datetime":
                day = dt.datetime.strptime(text, self.mapping.dates).replace(tzinfo=dt.UTC, hour=12)
                return day.date() if one.kind == "date" else day
            case _:
                return one.clean(text, lambda module, pk: None)

    def _reference(self, one: Field, text: str) -> Any:
        try:
            pk = self.references.find(one.module, text)
        except Unknown:
            if one.module == self.module.key:
                return _Later(text)
            raise
        if (one.module, pk) not in self.instances:
            self.instances[one.module, pk] = registry.get(one.module).rows().get(pk=pk)
        return self.instances[one.module, pk]


def _choice(one: Field, text: str) -> str:
    labels = {str(label): str(value) for value, label in one.options()}
    values = set(labels.values())
    if text in values:
        return text
    if text in labels:
        return labels[text]
    raise Unknown(f"“{text}” is none of {', '.join(sorted(values))}", closest(text, [*labels, *values]))


def _country(text: str) -> str:
    codes = dict(countries)
    if text in codes:
        return text
    names = {str(name): code for code, name in codes.items()}
    if text in names:
        return names[text]
    raise Unknown(f"there is no country “{text}”", closest(text, list(names)))


def _known(module: Module) -> dict[Any, models.Model]:
    path = module.field(importing(module).key).path
    return {getattr(obj, path): obj for obj in module.rows() if getattr(obj, path)}


def _reject_orphans(made: Plan, known: set[Any]) -> None:
    """Rows whose reference into their own file leads nowhere, and in turn those that refer to them."""
    known = {str(one) for one in known}
    for row in [row for row in made.rows if row.waits_for]:
        word = row.values[row.waits_for].word
        if word not in known:
            made.rows.remove(row)
            reason = f"{row.waits_for}: there is no {made.module.label} “{word}”, nor one in the file"
            made.rejected.append(Rejected(row.line, reason, closest(word, list(known))))


def _in_order(rows: list[Planned], key: str) -> list[Planned]:
    """Rows behind those that they refer to; a circle is cut where the file begins it."""
    waiting = {str(row.values[key]): row for row in rows}
    ordered: list[Planned] = []

    def place(row: Planned) -> None:
        if waiting.pop(str(row.values[key]), None) is None:
            return
        if row.waits_for and (before := waiting.get(row.values[row.waits_for].word)):
            place(before)
        ordered.append(row)

    for row in rows:
        place(row)
    return ordered


def _said(error: Exception) -> str:
    """An error in the words for the file of rejected rows."""
    if isinstance(error, InvalidInput):
        return "; ".join(f"{name}: {' '.join(found)}" for name, found in error.errors.items())
    if isinstance(error, ValidationError):
        if hasattr(error, "error_dict"):
            return "; ".join(f"{name}: {' '.join(found)}" for name, found in error.message_dict.items())
        return " ".join(error.messages)
    if isinstance(error, IntegrityError):
        return f"the database refused it: {str(error).splitlines()[0]}"
    if isinstance(error, InvalidOperation):
        return "this is no number"
    return str(error)
