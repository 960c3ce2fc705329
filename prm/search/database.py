"""The full-text index itself: GIN on PostgreSQL, FTS5 on SQLite, each kept up by the database.

Like the triggers of the machines it is no migration: SQLite loses triggers when it rebuilds a table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connections, models
from django.db.models import F, Func

from prm.search.models import SearchEntry

TABLE = SearchEntry._meta.db_table
INDEX, FTS = "search_words_gin", "search_words"

#: Tokens as they are, past every parser.
_POSTGRES = (
    f"ALTER TABLE {TABLE} ADD COLUMN IF NOT EXISTS vector tsvector "
    "GENERATED ALWAYS AS (array_to_tsvector(string_to_array(btrim(words), ' '))) STORED",
    f"CREATE INDEX IF NOT EXISTS {INDEX} ON {TABLE} USING gin (vector)",
)

_REMOVE = f"INSERT INTO {FTS}({FTS}, rowid, words) VALUES ('delete', OLD.id, OLD.words);"  # noqa: S608
_ADD = f"INSERT INTO {FTS}(rowid, words) VALUES (NEW.id, NEW.words);"  # noqa: S608
_TRIGGERS = {
    "search_words_insert": f"AFTER INSERT ON {TABLE} BEGIN {_ADD} END",
    "search_words_delete": f"AFTER DELETE ON {TABLE} BEGIN {_REMOVE} END",
    "search_words_update": f"AFTER UPDATE OF words ON {TABLE} BEGIN {_REMOVE} {_ADD} END",
}
_SQLITE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {FTS} USING fts5"
    f"(words, content='{TABLE}', content_rowid='id', tokenize='ascii')",
    *(f"CREATE TRIGGER IF NOT EXISTS {name} {sql}" for name, sql in _TRIGGERS.items()),
    # Whatever a migration has done to the rows meanwhile.
    f"INSERT INTO {FTS}({FTS}) VALUES ('rebuild')",  # noqa: S608
)


def forget_removed(using: str = "default") -> None:
    """Drops the words of entries that have gone; FTS5 only marks them, and they would stay in the file."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {FTS}({FTS}) VALUES ('optimize')")  # noqa: S608


def before_migration(using: str, plan: Any = None, **_: Any) -> None:
    """Takes the triggers away, for a migration to come."""
    connection = connections[using]
    if plan and connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in _TRIGGERS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def install(using: str = "default") -> None:
    """Makes what is missing of the index."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT count(*) FROM sqlite_master WHERE name IN (%s, %s, %s, %s)", [FTS, *_TRIGGERS]
            )
            if cursor.fetchone()[0] == len(_TRIGGERS) + 1:
                return
        for sql in _POSTGRES if connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(sql)


class Has(Func):
    """Whether an entry has, for each of `every`, a token that begins with one of its items; by the index."""

    def __init__(self, every: Iterable[Iterable[str]]) -> None:
        super().__init__(F("id"), output_field=models.BooleanField())
        self.every = [list(some) for some in every]

    # The tokens are letters and digits, so nothing in them needs quoting.

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[str]]:
        """GIN over the tokens; the column is none of the model's."""
        column, _none = compiler.compile(self.source_expressions[0])
        alias = column.rpartition(".")[0]
        query = " & ".join("(" + " | ".join(f"'{one}':*" for one in some) + ")" for some in self.every)
        return f"{alias}.vector @@ %s::tsquery", [query]

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, tuple[str | int, ...]]:
        """FTS5, which answers with the numbers of rows."""
        column, _none = compiler.compile(self.source_expressions[0])
        query = " AND ".join("(" + " OR ".join(f'"{one}"*' for one in some) + ")" for some in self.every)
        return f"{column} IN (SELECT rowid FROM {FTS} WHERE {FTS} MATCH %s)", (query,)  # noqa: S608
