"""Databases that a harness or a benchmark makes for itself."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
        connection.creation.create_test_db(verbosity=0, autoclobber=False, serialize=False)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)
