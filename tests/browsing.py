"""The real application, served by its own command on the test's database, and Chromium in front of it."""

from __future__ import annotations

import email
import email.policy
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

ROOT = Path(__file__).resolve().parent.parent
ARTEFACTS = Path(os.environ.get("ARTEFACTS", ROOT / "artefacts"))
LOGIN_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
FAILED = pytest.StashKey[bool]()
#: Seconds that are waited for what must come, also on a busy machine: how fast it is, is measured elsewhere.
PATIENT = 30
#: Ports that `free_port` has given out.
_held: list[socket.socket] = []
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str | None:
    named = os.environ.get("CHROMIUM")
    candidates = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    return next((found for name in candidates if (found := shutil.which(name))), None)


def free_port() -> int:
    """A port for a server of this run. It stays bound here, which lets a server listen at it and keeps the
    system from giving it to anybody else before that one does."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    _held.append(held)
    return int(held.getsockname()[1])


def test_database_url() -> str:
    """The database of this very test run, as another process reaches it."""
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{config['NAME']}"
    user = quote(config["USER"], safe="") + (
        f":{quote(config['PASSWORD'], safe='')}" if config["PASSWORD"] else ""
    )
    return f"postgres://{user}@{config['HOST']}:{config['PORT'] or 5432}/{config['NAME']}"


test_database_url.__test__ = False  # type: ignore[attr-defined]


@dataclass
class Live:
    """A running server: its address, and the mails that it sent."""

    url: str
    process: subprocess.Popen[bytes]
    outbox: Path
    log: Path
    read: set[Path] = field(default_factory=set)

    def mails(self) -> list[EmailMessage]:
        """Mails of this test, oldest first."""
        found: list[EmailMessage] = []
        for path in sorted(self.outbox.glob("*.log"), key=lambda path: path.stat().st_mtime_ns):
            if path not in self.read:
                for part in path.read_bytes().split(b"-" * 79):
                    if part.strip():
                        message = email.message_from_bytes(part.strip(), policy=email.policy.default)
                        assert isinstance(message, EmailMessage)
                        found.append(message)
        return found

    def wait_for_mail(self, to: str, seconds: float = PATIENT) -> EmailMessage:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for message in reversed(self.mails()):
                if to in str(message["To"]):
                    return message
            time.sleep(0.1)
        raise AssertionError(
            f"no mail to {to} within {seconds} s; sent: {[str(m['To']) for m in self.mails()]}"
        )

    def link(self, to: str, path: str, seconds: float = PATIENT) -> str:
        """The address in the newest mail to somebody, as they would click it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for message in reversed(self.mails()):
                body = message.get_body(("plain",)) if to in str(message["To"]) else None
                if body and (found := re.search(rf"{re.escape(self.url)}{path}\S+", body.get_content())):
                    return found[0]
            time.sleep(0.1)
        raise AssertionError(f"no mail to {to} with a link to {path}")

    def forget_mails(self) -> None:
        self.read.update(self.outbox.glob("*.log"))


@pytest.fixture(scope="session")
def _collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files as an installation serves them, in a folder of this run."""
    return collect_static(tmp_path_factory.mktemp("static"))


def collect_static(folder: Path) -> Path:
    """The static files, hashed and compressed."""
    environment = _environment(STATIC_ROOT=str(folder))
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return folder


def _environment(**more: str) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "prm.config.settings",
        "ENV_FILE": "",
        "DEBUG": "",
        "SECRET_KEY": settings.SECRET_KEY,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PUBLIC_URL": "http://127.0.0.1",
        "REDIS_URL": "",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


@pytest.fixture(scope="module")
def _served(
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
    _collected: Path,
) -> Iterator[Live]:
    """For one module: its job runner would take the jobs that another module's tests have made."""
    with django_db_blocker.unblock():
        database = test_database_url()
    with serving(database, tmp_path_factory.mktemp("live"), _collected) as live:
        yield live


@contextmanager
def serving(database: str, folder: Path, static: Path) -> Iterator[Live]:
    """The application on a free port, as its own command serves it; mails and log go to `folder`."""
    outbox, log = folder / "mail", folder / "server.log"
    outbox.mkdir()
    port = free_port()
    environment = _environment(
        PUBLIC_URL=f"http://127.0.0.1:{port}",
        PORT=str(port),
        DATABASE_URL=database,
        EMAIL_URL=f"filemail:///{outbox}",
        STATIC_ROOT=str(static),
        FILES_URL=f"file://{folder / 'files'}",
    )
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    live = Live(f"http://127.0.0.1:{port}", process, outbox, log)
    try:
        _wait_until_up(live)
        yield live
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(2 * PATIENT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _wait_until_up(live: Live) -> None:
    deadline = time.monotonic() + 4 * PATIENT
    while time.monotonic() < deadline:
        if live.process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{live.url}/livez", timeout=PATIENT)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the server did not come up:\n{live.log.read_text()}")


@pytest.fixture
def live(transactional_db: None, _served: Live) -> Iterator[Live]:
    """The served application on this test's data; an error in its log fails the test."""
    begin = _served.log.stat().st_size
    _served.forget_mails()
    yield _served
    _until_its_jobs_are_done(_served, begin)
    said = _served.log.read_text()[begin:]
    assert "Traceback" not in said, said


def _until_its_jobs_are_done(live: Live, begin: int) -> None:
    """A job that still runs when the rows are thrown away would fail, and be held against the next test."""
    from django_q.models import OrmQ

    deadline = time.monotonic() + PATIENT
    while time.monotonic() < deadline and OrmQ.objects.exists():
        if "Traceback" in live.log.read_text()[begin:]:
            break
        time.sleep(0.05)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One for a module: Playwright's loop runs in this thread, where no other could while it is there."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENT * 1000)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Django would take what runs beside that loop for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def new_page(chromium: Any, live: Live, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Makes a page of a browser profile of its own: `new_page(user=alice, viewport=(390, 844), …)`."""
    contexts: list[Any] = []
    troubles: list[str] = []

    def console(message: Any) -> None:
        # A refused form is answered with 4xx, which Chromium writes there too; a 5xx is in the server's log.
        # A request that the next key overtakes is given up, and htmx writes that there.
        fine = ("Failed to load resource", "htmx:sendAbort, ", "htmx:afterRequest, ")
        if message.type == "error" and not message.text.startswith(fine):
            troubles.append(f"{message.text} ({message.location.get('url', '')})")

    def make(user: Any = None, viewport: tuple[int, int] = (1440, 900), **options: Any) -> Any:
        context = chromium.new_context(
            base_url=live.url,
            viewport={"width": viewport[0], "height": viewport[1]},
            locale="en-US",
            timezone_id="UTC",
            **options,
        )
        context.set_default_timeout(PATIENT * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", console)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        if user is not None:
            sign_in_page(page, user, live.url)
        return page

    yield make
    for number, context in enumerate(contexts):
        if request.node.stash.get(FAILED, False):
            ARTEFACTS.mkdir(parents=True, exist_ok=True)
            for page in context.pages:
                page.screenshot(path=ARTEFACTS / f"failed-{request.node.name}-{number}.png")
        context.close()
    assert not troubles, "the browser's console said:\n" + "\n".join(troubles)


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    return new_page()


def sign_in_page(page: Any, user: Any, url: str) -> None:
    """A session of the server's own kind, without typing: the login form has tests of its own."""
    client = Client()
    client.force_login(user, backend=LOGIN_BACKEND)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}])


def follow(target: Any) -> None:
    """Presses what leads to another page, and waits for its scripts; before, it works as without them."""
    with target.page.expect_event("load"):
        target.click()


@pytest.fixture
def sign_in(live: Live) -> Callable[[Any, Any], None]:
    return lambda page, user: sign_in_page(page, user, live.url)


@pytest.fixture
def shot() -> Callable[..., Path]:
    """`shot(page, "home-390")` keeps a picture in artefacts/, which is not in git."""

    def take(page: Any, name: str, full_page: bool = True) -> Path:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        page.screenshot(path=path, full_page=full_page)
        return path

    return take
