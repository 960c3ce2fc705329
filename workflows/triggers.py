"""The database refuses an illegal change of state and any change of what is append-only, also from raw SQL.

The triggers are generated from the machines. Each names no table but its own, and they are dropped before
and remade after every migration that has something to do: SQLite loses them when it rebuilds a table, and
PostgreSQL will not change the type of a column that a trigger names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from workflows.machine import Machine, machines
from workflows.models import TransitionRecord

PREFIX = "workflows_"
SETTING = "workflows.maintenance"
FUNCTION = "workflows_maintenance"


@dataclass(frozen=True)
class Trigger:
    """One trigger on one table: `name` is what the database lists, `sql` what makes it (in order)."""

    table: str
    name: str
    sql: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """A table whose rows stay as they are, except under maintenance.

    name: what its triggers are called by. unique: columns besides the key whose values come once, since an
    insert that replaces would take the former row away. forward: a row may change while this column grows.
    """

    model: type[Model]
    name: str
    says: str = "history is append-only"
    unique: tuple[str, ...] = ()
    forward: str = ""


_kept: dict[type[Model], Kept] = {TransitionRecord: Kept(TransitionRecord, "history")}


def append_only(model: type[Model]) -> type[Model]:
    """A decorator: the database refuses to change or delete a row of this model, except under maintenance."""
    keep(Kept(model, model._meta.db_table))
    return model


def keep(kept: Kept) -> None:
    """The same, where more is to be said of the table."""
    _kept[kept.model] = kept


def kept_tables() -> list[type[Model]]:
    """The models whose rows are only added."""
    return list(_kept)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _list(values: Any) -> str:
    return "(" + ", ".join(_text(value) for value in sorted(values)) + ")"


def _column(machine: Machine) -> tuple[str, str, str]:
    """Table, state column and key column: of a child in multi-table inheritance, its own table."""
    field = machine.model.state_field()
    return field.model._meta.db_table, field.column, field.model._meta.pk.column


def _illegal(machine: Machine, column: str, quote: Any) -> str:
    old, new = f"OLD.{quote(column)}", f"NEW.{quote(column)}"
    targets: dict[str, list[str]] = {}
    for source, target in machine.pairs:
        targets.setdefault(source, []).append(target)
    legal = [f"({old} = {_text(source)} AND {new} IN {_list(targets[source])})" for source in sorted(targets)]
    return f"{old} <> {new} AND NOT ({' OR '.join(legal) or '1 = 0'})"


# --- SQLite


def _sqlite_state(machine: Machine, quote: Any) -> list[Trigger]:
    table, column, key = _column(machine)
    raised = "SELECT RAISE(ABORT, {});"
    told = {
        "update": _text(f"{machine.label}: no transition leads to this state"),
        "insert": _text(f"{machine.label}: there is no such state"),
    }
    # INSERT OR REPLACE is an update in disguise, and fires no trigger of one.
    replaced = (
        f"EXISTS (SELECT 1 FROM {quote(table)} WHERE {quote(key)} = NEW.{quote(key)} "  # noqa: S608
        f"AND {quote(column)} <> NEW.{quote(column)})"
    )
    conditions = {
        "update": (f"BEFORE UPDATE OF {quote(column)}", _illegal(machine, column, quote)),
        "insert": ("BEFORE INSERT", f"NEW.{quote(column)} NOT IN {_list(machine.states)} OR {replaced}"),
    }
    return [
        Trigger(
            table,
            name := f"{PREFIX}{table}_{what}",
            (
                f"CREATE TRIGGER {quote(name)} {when} ON {quote(table)} FOR EACH ROW WHEN {condition} "
                f"BEGIN {raised.format(told[what])} END",
            ),
        )
        for what, (when, condition) in conditions.items()
    ]


def _sqlite_kept(kept: Kept, quote: Any) -> list[Trigger]:
    table, key = kept.model._meta.db_table, kept.model._meta.pk.column
    closed = f"{FUNCTION}() = 0"
    same = " OR ".join(f"{quote(one)} = NEW.{quote(one)}" for one in (key, *kept.unique))
    conditions = {
        "update": ("BEFORE UPDATE", f"{closed}{_backwards(kept, quote)}"),
        "delete": ("BEFORE DELETE", closed),
        "insert": (
            "BEFORE INSERT",
            f"{closed} AND EXISTS (SELECT 1 FROM {quote(table)} WHERE {same})",  # noqa: S608
        ),
    }
    return [
        Trigger(
            table,
            name := f"{PREFIX}{kept.name}_{what}",
            (
                f"CREATE TRIGGER {quote(name)} {when} ON {quote(table)} FOR EACH ROW WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, {_text(kept.says)}); END",
            ),
        )
        for what, (when, condition) in conditions.items()
    ]


def _backwards(kept: Kept, quote: Any) -> str:
    """What makes a change wrong, where a table may change at all."""
    if not kept.forward:
        return ""
    column = quote(kept.forward)
    return f" AND NEW.{column} < OLD.{column}"


# --- PostgreSQL


def _postgres(table: str, name: str, when: str, body: str, quote: Any, row: str = "ROW") -> Trigger:
    return Trigger(
        table,
        name,
        (
            f"CREATE OR REPLACE FUNCTION {quote(name)}() RETURNS trigger LANGUAGE plpgsql AS $wf${body}$wf$",
            f"CREATE TRIGGER {quote(name)} {when} ON {quote(table)} "
            f"FOR EACH {row} EXECUTE FUNCTION {quote(name)}()",
        ),
    )


def _refuse(condition: str, message: str) -> str:
    # Raised as a violated constraint, which it is: Django turns it into an IntegrityError.
    return (
        f"BEGIN IF {condition} THEN RAISE EXCEPTION USING MESSAGE = {_text(message)}, "
        f"ERRCODE = 'check_violation'; END IF; RETURN COALESCE(NEW, OLD); END"
    )


def _postgres_state(machine: Machine, quote: Any) -> list[Trigger]:
    table, column, _key = _column(machine)
    unknown = _refuse(
        f"NEW.{quote(column)} NOT IN {_list(machine.states)}", f"{machine.label}: there is no such state"
    )
    illegal = _refuse(_illegal(machine, column, quote), f"{machine.label}: no transition leads to this state")
    return [
        _postgres(table, f"{PREFIX}{table}_update", f"BEFORE UPDATE OF {quote(column)}", illegal, quote),
        _postgres(table, f"{PREFIX}{table}_insert", "BEFORE INSERT", unknown, quote),
    ]


def _postgres_kept(kept: Kept, quote: Any) -> list[Trigger]:
    table = kept.model._meta.db_table
    closed = f"current_setting({_text(SETTING)}, true) IS DISTINCT FROM 'on'"
    always = _refuse(closed, kept.says)
    changes = [("change", "BEFORE UPDATE OR DELETE", always)]
    if kept.forward:
        changes = [
            ("update", "BEFORE UPDATE", _refuse(closed + _backwards(kept, quote), kept.says)),
            ("delete", "BEFORE DELETE", always),
        ]
    return [
        *(_postgres(table, f"{PREFIX}{kept.name}_{what}", when, body, quote) for what, when, body in changes),
        _postgres(table, f"{PREFIX}{kept.name}_truncate", "BEFORE TRUNCATE", always, quote, row="STATEMENT"),
    ]


# --- both


def expected(using: str = "default") -> list[Trigger]:
    """The triggers that this database should have, of tables that exist."""
    connection = connections[using]
    quote, postgres = connection.ops.quote_name, connection.vendor == "postgresql"
    state, lines = (_postgres_state, _postgres_kept) if postgres else (_sqlite_state, _sqlite_kept)
    wanted = [trigger for machine in machines() for trigger in state(machine, quote)]
    wanted += [trigger for kept in _kept.values() for trigger in lines(kept, quote)]
    tables = set(connection.introspection.table_names())
    return [trigger for trigger in wanted if trigger.table in tables]


def installed(using: str = "default") -> dict[tuple[str, str], str]:
    """What the database has: (table, trigger) → its definition, comparable with `definition()`."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT c.relname, t.tgname, p.prosrc, t.tgenabled FROM pg_trigger t "
                "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
                "JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE NOT t.tgisinternal AND n.nspname = current_schema() AND t.tgname LIKE %s",
                [PREFIX.replace("_", r"\_") + "%"],
            )
            return {(table, name): body if on == "O" else "" for table, name, body, on in cursor.fetchall()}
        cursor.execute(
            "SELECT tbl_name, name, sql FROM sqlite_master "
            "WHERE type = 'trigger' AND name LIKE %s ESCAPE '\\'",
            [PREFIX.replace("_", r"\_") + "%"],
        )
        return {(table, name): sql for table, name, sql in cursor.fetchall()}


def definition(trigger: Trigger, using: str = "default") -> str:
    if connections[using].vendor == "postgresql":
        return trigger.sql[0].split("$wf$")[1]
    return trigger.sql[0]


def missing(using: str = "default") -> list[Trigger]:
    """Triggers that are not there, or not as the machine says."""
    there = installed(using)
    return [each for each in expected(using) if there.get((each.table, each.name)) != definition(each, using)]


def superfluous(using: str = "default") -> list[tuple[str, str]]:
    """Triggers of ours for what is no longer there."""
    wanted = {(each.table, each.name) for each in expected(using)}
    return sorted(set(installed(using)) - wanted)


def _drop(connection: BaseDatabaseWrapper, cursor: Any, table: str, name: str) -> None:
    quote = connection.ops.quote_name
    if connection.vendor == "postgresql":
        cursor.execute(f"DROP TRIGGER IF EXISTS {quote(name)} ON {quote(table)}")
        cursor.execute(f"DROP FUNCTION IF EXISTS {quote(name)}()")
    else:
        cursor.execute(f"DROP TRIGGER IF EXISTS {quote(name)}")


def drop(using: str = "default") -> None:
    """Take all triggers away, for a migration to come."""
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for table, name in installed(using):
            _drop(connection, cursor, table, name)


def install(using: str = "default") -> None:
    """Make the database's triggers those of the machines; nothing is touched that is right already."""
    connection = connections[using]
    wrong, old = missing(using), superfluous(using)
    if not wrong and not old:
        return
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for table, name in [*old, *((each.table, each.name) for each in wrong)]:
            _drop(connection, cursor, table, name)
        for each in wrong:
            for sql in each.sql:
                cursor.execute(sql)


# --- when


def before_migration(using: str, plan: Any = None, **kwargs: Any) -> None:
    if plan:
        drop(using)


def after_migration(using: str, **kwargs: Any) -> None:
    install(using)


def add_function(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Give a new SQLite connection the function by which the history's triggers know of maintenance.

    A program that opens the file by other ways has no such function, and is refused for that.
    """
    if connection.vendor == "sqlite":
        connection.connection.create_function(
            FUNCTION, 0, lambda: int(getattr(connection, "_workflows_maintenance", False))
        )


@contextmanager
def maintenance(using: str = "default") -> Iterator[None]:
    """A transaction in which the history may be changed: to flush a test's database, to keep to a retention
    period, to erase a person. Never for the ordinary course of things."""
    connection: Any = connections[using]
    with transaction.atomic(using=using):
        before = _set_maintenance(connection, True)
        try:
            yield
        finally:
            if not connection.needs_rollback or connection.vendor != "postgresql":
                _set_maintenance(connection, before)


def _set_maintenance(connection: Any, on: bool) -> bool:
    """Returns what it was. On PostgreSQL it ends with the transaction by itself."""
    if connection.vendor != "postgresql":
        before = bool(getattr(connection, "_workflows_maintenance", False))
        connection._workflows_maintenance = on
        return before
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [SETTING])
        (current,) = cursor.fetchone()
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, "on" if on else "off"])
    return bool(current == "on")
