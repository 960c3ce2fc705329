"""What most tests begin with, made once in a process and put into each test's database as plain rows.

The cast costs some eighty milliseconds to make and five to put back, and thousands of tests ask for it.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

Made = TypeVar("Made")
#: Rows are put back as they are, so what they say of the time is at most this much behind it.
FRESH = timedelta(seconds=60)


@dataclass(frozen=True)
class _Rows:
    """statements: an INSERT and its rows, for each table; made: what was returned, with its instances."""

    statements: list[tuple[str, list[tuple[Any, ...]]]]
    made: bytes
    at: datetime


class Copied(Generic[Made]):
    """`make` fills the database and returns records of it; it adds rows and changes none that are there."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self.make = make
        self.rows: _Rows | None = None

    def __call__(self) -> Made:
        if not connection.in_atomic_block:
            # Emptied after this test, and what a migration puts there gets other keys: nothing to copy from.
            return self.make()
        # A test that has set the clock gets records of its own time.
        if self.rows and abs(timezone.now() - self.rows.at) < FRESH:
            # Where rows of the test itself, or what they refer to, do not allow them they are made anew.
            with suppress(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                for statement, rows in self.rows.statements:
                    cursor.executemany(statement, rows)
                connection.check_constraints()
                made: Made = pickle.loads(self.rows.made)
                return made
        return self._fill()

    def _fill(self) -> Made:
        before = {model: set(_read(model)) for model in _tables()}
        made = self.make()
        statements = []
        for model, known in before.items():
            rows = _read(model)
            if known - set(rows):
                raise AssertionError(f"{self.make.__name__}() changes rows of {model._meta.label}.")
            if fresh := [row for row in rows if row not in known]:
                statements.append((_insert(model), fresh))
        self.rows = _Rows(statements, pickle.dumps(made), timezone.now())
        return made


def _tables() -> list[type[models.Model]]:
    found = apps.get_models(include_auto_created=True)
    return [one for one in found if one._meta.managed and not one._meta.proxy]


def _columns(model: type[models.Model]) -> str:
    quote = connection.ops.quote_name
    local = [one for one in model._meta.local_concrete_fields if not getattr(one, "generated", False)]
    return ", ".join(quote(str(one.column)) for one in local)


def _read(model: type[models.Model]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.execute(f"SELECT {_columns(model)} FROM {table}")
        return [tuple(row) for row in cursor.fetchall()]


def _insert(model: type[models.Model]) -> str:
    columns = _columns(model)
    places = ", ".join(["%s"] * (columns.count(",") + 1))
    return f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({columns}) VALUES ({places})"
