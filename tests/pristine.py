"""The rows of a database that has only been migrated, put back after each test that has committed something.

Django empties every table instead, and has all that a migration puts there made anew: permissions, portals,
grants, the search. That takes longer than most of these tests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

from django.db import connection, transaction
from django.test import TransactionTestCase

from workflows.triggers import maintenance

#: Where PostgreSQL keeps them, beside those of the tests.
SCHEMA = "pristine"
COLUMNS = """
SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
"""


@contextmanager
def kept() -> Iterator[None]:
    """Within it, a test that ends leaves the database as it is now."""
    put_back = _on_postgresql() if connection.vendor == "postgresql" else _on_sqlite()

    def _fixture_teardown(case: TransactionTestCase) -> None:
        put_back()

    with mock.patch.object(TransactionTestCase, "_fixture_teardown", _fixture_teardown):
        yield


def _on_sqlite() -> Callable[[], None]:
    """The whole file, page by page: also what other processes have open sees the old rows from then on."""
    pages = sqlite3.connect(":memory:", check_same_thread=False)
    connection.ensure_connection()
    connection.connection.backup(pages)
    connection.close()

    def put_back() -> None:
        connection.ensure_connection()
        pages.backup(connection.connection, sleep=0.02)

    return put_back


def _on_postgresql() -> Callable[[], None]:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    # Few rows in many tables: emptying these takes a tenth of truncating them. References are looked at last.
    statements = [f'DELETE FROM public."{table}"' for table in tables]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        for table in tables:
            cursor.execute(COLUMNS, [table])
            (columns,) = cursor.fetchone()
            cursor.execute(f'CREATE TABLE {SCHEMA}."{table}" AS TABLE public."{table}"')
            if cursor.rowcount:
                rows = f'SELECT {columns} FROM {SCHEMA}."{table}"'
                statements.append(f'INSERT INTO public."{table}" ({columns}) {rows}')
    connection.close()

    def put_back() -> None:
        with maintenance(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return put_back
