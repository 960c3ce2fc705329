from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.test_start import COMPLETE, run


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation's own empty database, as its command makes it."""
    path = tmp_path_factory.mktemp("migrated") / "portal.sqlite3"
    done = run(COMPLETE | {"DATABASE_URL": f"sqlite:///{path}"}, "manage.py", "migrate", "-v0")
    assert done.returncode == 0, done.stderr
    return path
