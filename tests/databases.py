"""Databases of tests, harnesses and benchmarks: migrated once for all of them, and copied from then on.

A template is named after everything that a fresh database is made of: the sources of the application and of
the modules that tests add to it, the locked requirements, the settings and the interpreter. Where one of them
changes, the name does, so none is ever stale; what it holds is what `create_test_db` has made, triggers,
grants and search index included. Templates are kept: SQLite's in var/templates, PostgreSQL's beside the test
databases, a few of each, and the oldest make room.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "templates"
#: What a database is made of, beside the settings.
SOURCES = ("workflows", "prm", "api", "tests/gadgets", "tests/workflows")
SINGLE = ("tests/settings.py", "tests/hashers.py", "requirements.txt")
#: How many templates of one kind are kept: of a branch and of another one that one changes to.
KEPT = 3


@contextmanager
def own_database(name: str) -> Iterator[None]:
    """A database of this run's own name, gone afterwards; none that exists is touched."""
    from django.db import connection

    with tempfile.TemporaryDirectory(prefix="own-database-") as folder:
        own = f"{name}_{os.getpid()}"
        sqlite = connection.vendor == "sqlite"
        connection.settings_dict.setdefault("TEST", {})
        connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / f"{own}.sqlite3") if sqlite else own
        before = connection.settings_dict["NAME"]
        use_templates()
        connection.creation.create_test_db(verbosity=0, autoclobber=False, serialize=False)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)


def use_templates() -> None:
    """From now on `create_test_db` copies a template, and makes one where there is none."""
    from django.db import connection

    creation: Any = connection.creation
    if "create_test_db" in vars(creation):
        return
    migrated = creation.create_test_db
    copied = _copied_on_postgresql if connection.vendor == "postgresql" else _copied_on_sqlite

    def create_test_db(
        verbosity: int = 1, autoclobber: bool = False, serialize: bool = True, keepdb: bool = False
    ) -> str:
        if keepdb or serialize:
            return str(migrated(verbosity, autoclobber, serialize, keepdb))
        name = str(creation._get_test_db_name())
        connection.close()
        copied(connection, name, migrated, autoclobber)
        _point(connection, name)
        connection.ensure_connection()
        return name

    creation.create_test_db = create_test_db


def _point(connection: Any, name: str) -> None:
    from django.conf import settings

    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = name


@contextmanager
def _under(connection: Any, name: str) -> Iterator[None]:
    """The connection as one to a database of this name, which `create_test_db` is about to make."""
    before, test = connection.settings_dict["NAME"], connection.settings_dict["TEST"]
    wanted = test["NAME"]
    test["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        test["NAME"] = wanted
        _point(connection, before)


def _kind(vendor: str) -> str:
    """Templates of one kind replace each other."""
    settings_module = os.environ["DJANGO_SETTINGS_MODULE"]
    return hashlib.sha256(f"{ROOT} {vendor} {settings_module}".encode()).hexdigest()[:8]


@cache
def state() -> str:
    """One short text for all that a migrated database comes from.

    The settings ask for it, before anything of that is read: what changes later makes no template.
    """
    return _read()


def _read() -> str:
    paths = [path for folder in SOURCES for path in (ROOT / folder).rglob("*.py")]
    paths += [ROOT / name for name in SINGLE]
    digest = hashlib.sha256(platform.python_version().encode())
    for path in sorted(paths):
        digest.update(f"\n{path.relative_to(ROOT)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


# --- SQLite


def _copied_on_sqlite(connection: Any, name: str, migrated: Callable[..., Any], autoclobber: bool) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    kind = _kind("sqlite")
    template = source = FOLDER / f"{kind}-{state()}.sqlite3"
    making = FOLDER / f"{kind}-{os.getpid()}.making"
    with template.with_suffix(".lock").open("w") as lock:
        # Whoever wants the same one waits for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if template.exists():
            template.touch()
        else:
            with _under(connection, str(making)):
                migrated(0, True, False, False)
            # Sources that were changed meanwhile are not those that it was made of.
            source = making.replace(template) if _read() == state() else making
        if Path(name).exists() and not autoclobber:
            raise FileExistsError(name)
        for stale in (name, f"{name}-wal", f"{name}-shm"):
            Path(stale).unlink(missing_ok=True)
        shutil.copyfile(source, name)
    making.unlink(missing_ok=True)
    for old in sorted(FOLDER.glob(f"{kind}-*.sqlite3"), key=_age, reverse=True)[KEPT:]:
        for path in (old, old.with_suffix(".lock")):
            path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0


# --- PostgreSQL


def _copied_on_postgresql(
    connection: Any, name: str, migrated: Callable[..., Any], autoclobber: bool
) -> None:
    prefix = f"prm_template_{_kind('postgresql')}_"
    template = source = prefix + state()
    making = f"{prefix}{os.getpid()}"
    with connection._nodb_cursor() as cursor:
        # Kept until this connection ends: whoever wants the same one waits for it.
        cursor.execute("SELECT pg_advisory_lock(%s)", [int(state()[:15], 16)])
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
        if cursor.fetchone() is None:
            with _under(connection, making):
                migrated(0, True, False, False)
            if _read() == state():
                cursor.execute(f'ALTER DATABASE "{making}" RENAME TO "{template}"')
                _forget(cursor, prefix, template)
            else:
                source = making
        if autoclobber:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        if source == making:
            cursor.execute(f'DROP DATABASE "{making}"')


def _forget(cursor: Any, prefix: str, newest: str) -> None:
    """Templates carry no date; the ids that databases are given grow."""
    cursor.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s AND datname <> %s ORDER BY oid DESC",
        [re.sub("_", r"\_", prefix) + "%", newest],
    )
    for (old,) in cursor.fetchall()[KEPT - 1 :]:
        # Another run may be copying it.
        with suppress(Exception):
            cursor.execute(f'DROP DATABASE "{old}"')
