"""What every test may use: the cast, the parts that a machine may lack, a served application, a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection

from tests import databases, pristine

pytest_plugins = ["tests.cast", "tests.browsing"]

#: What is started once for the tests of a file.
SHARED = {"live", "chromium", "_alone", "_pair", "_proxy"}

# Examples are not timed: a machine that others keep busy would fail them.
hypothesis.settings.register_profile(
    "patient",
    parent=hypothesis.settings.default,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")

CI = os.environ.get("CI", "") not in ("", "0", "false")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shape",
        choices=("embedded", "server"),
        help="one of two runs: embedded leaves out what needs a server, server what needs none "
        "(a browser) and what is the same on any database",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where both shapes are run, what belongs to the other one is deselected and not reported as skipped."""
    left_out = {"embedded": ("postgres", "redis"), "server": ("browser", "once"), None: ()}[
        config.getoption("--shape")
    ]
    for item in items:
        if config.pluginmanager.hasplugin("xdist") and SHARED.intersection(getattr(item, "fixturenames", ())):
            # A process for each file: it has started the server or the browser that the file's tests share.
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    gone = [item for item in items if any(item.get_closest_marker(name) for name in left_out)]
    if gone:
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=gone)


def pytest_runtest_setup(item: pytest.Item) -> None:
    from tests.browsing import chromium_path

    missing = {
        "postgres": "" if connection.vendor == "postgresql" else "TEST_DATABASE_URL is not set",
        "redis": "" if settings.REDIS_URL else "TEST_REDIS_URL is not set",
        "browser": "" if chromium_path() else "no Chromium: install it, or name it in CHROMIUM",
    }
    for name, reason in missing.items():
        if reason and item.get_closest_marker(name):
            # A machine that checks for others must not report as fine what it could not try.
            (pytest.fail if CI else pytest.skip)(reason)


def pytest_unconfigure(config: pytest.Config) -> None:
    """SQLite leaves its side files where a thread still held a connection when the database was removed."""
    for path in (settings.BASE_DIR / "var").glob(f"test-{os.getpid()}*"):
        path.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The last word before pytest-django makes the databases: they are copied, not migrated each time."""
    databases.use_templates()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The tests' database; one who commits into it leaves it as it was."""
    with ExitStack() as kept:
        with django_db_blocker.unblock():
            kept.enter_context(pristine.kept())
        yield


@pytest.fixture(autouse=True)
def _own_cache() -> None:
    """Each test begins with an empty cache; a shared Redis is never flushed, its keys just age away."""
    cache = caches["default"]
    cache.version = int(getattr(cache, "version", 1)) + 1


@pytest.fixture
def previews() -> None:
    """For tests of the pictures of files: those of PDFs are drawn by a process each, which takes a second."""


@pytest.fixture(autouse=True)
def _no_previews(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "previews" not in request.fixturenames:
        monkeypatch.setattr("prm.files.previews.render", lambda pk: None)
