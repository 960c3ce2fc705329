"""A start that cannot be right is refused in one clear line; a right one is secure without being asked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from prm.config import envfile
from tests.browsing import ROOT, free_port

pytestmark = pytest.mark.once

COMPLETE = {
    "SECRET_KEY": "0123456789-0123456789-0123456789-0123456789",
    "ALLOWED_HOSTS": "partners.vendor.example",
    "PUBLIC_URL": "https://partners.vendor.example",
}
SHOWN = (
    "DEBUG PUBLIC_URL SECURE_SSL_REDIRECT SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SESSION_COOKIE_NAME "
    "ALLOWED_HOSTS PASSWORD_HASHERS REDIS_URL ADMIN_ENABLED DATABASES CACHES OFFER_DAYS INSTALLED_APPS "
    "CURRENCIES EMAIL_BACKEND CONTENT_SECURITY_POLICY SOCIALACCOUNT_PROVIDERS"
)
PROGRAM = (
    "import json; from prm.config import settings;"
    f"print(json.dumps({{name: getattr(settings, name) for name in {SHOWN.split()}}}, default=str))"
)


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=kept | {"ENV_FILE": ""} | environment,
        capture_output=True,
        text=True,
        timeout=180,
    )


def settings_with(**environment: str) -> dict[str, Any]:
    done = run(COMPLETE | environment, "-c", PROGRAM)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("missing", sorted(COMPLETE))
def test_what_is_missing_is_named_in_one_line(missing: str) -> None:
    done = run({name: value for name, value in COMPLETE.items() if name != missing}, "manage.py", "check")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"partner portal: {missing} is not set")


def test_all_that_is_missing_is_named_at_once() -> None:
    done = run({}, "manage.py", "check")
    assert "SECRET_KEY, ALLOWED_HOSTS, PUBLIC_URL are not set" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SECRET_KEY", "short", "shorter than 32"),
        ("PUBLIC_URL", "partners.vendor.example", "must be a scheme and a host"),
        ("PUBLIC_URL", "https://partners.vendor.example/portal", "must be a scheme and a host"),
        ("TRUSTED_PROXIES", "10.0.0.1,proxy", "proxy is neither an address nor a network"),
        ("DATABASE_URL", "mysql://root@127.0.0.1/prm", "PostgreSQL or SQLite"),
        ("PORT", "http", "PORT must be a number"),
        ("CURRENCIES", "USD,EURO,DEM", "in use separated by commas; not EURO, DEM"),
        ("CURRENCIES", "EUR,AED", "must have USD among them"),
        ("OIDC_CLIENT_ID", "portal", "OIDC_SERVER_URL, OIDC_CLIENT_SECRET must be set too"),
    ],
)
def test_what_cannot_be_right_is_refused(name: str, value: str, said: str) -> None:
    done = run(COMPLETE | {name: value}, "-c", PROGRAM)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


def test_secure_where_the_public_address_is() -> None:
    found = settings_with()
    assert found["DEBUG"] is False
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert found["PASSWORD_HASHERS"][0].endswith("Argon2PasswordHasher")
    assert "django.contrib.admin" not in found["INSTALLED_APPS"]
    # Without a proxy that tells the scheme, a redirect to https would never end.
    assert found["SECURE_SSL_REDIRECT"] is False
    assert settings_with(TRUSTED_PROXIES="10.0.0.0/8")["SECURE_SSL_REDIRECT"] is True


def test_plain_http_keeps_its_cookies() -> None:
    found = settings_with(PUBLIC_URL="http://127.0.0.1:8000/", ALLOWED_HOSTS="127.0.0.1")
    assert found["PUBLIC_URL"] == "http://127.0.0.1:8000"
    assert not found["SESSION_COOKIE_SECURE"]
    assert not found["SESSION_COOKIE_NAME"].startswith("__Host-")


def test_embedded_when_nothing_is_said() -> None:
    found = settings_with()
    database = found["DATABASES"]["default"]
    assert database["NAME"].endswith("var/prm.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["OPTIONS"]["timeout"] == 20
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]
    assert not database.get("ATOMIC_REQUESTS")
    assert found["REDIS_URL"] is None
    assert "locmem" in found["CACHES"]["default"]["BACKEND"]


def test_servers_by_their_addresses() -> None:
    found = settings_with(
        DATABASE_URL="postgres://prm:s%40cret@db.vendor.example:5433/portal",
        REDIS_URL="redis://cache.vendor.example:6379/3",
        EMAIL_URL="smtp+tls://user:pass@mail.vendor.example:587",
        OFFER_DAYS="3",
    )
    database = found["DATABASES"]["default"]
    assert (database["NAME"], database["PASSWORD"], database["PORT"]) == ("portal", "s@cret", 5433)
    assert database["CONN_MAX_AGE"] == 60
    assert database["OPTIONS"] == {"server_side_binding": True, "prepare_threshold": 2}
    assert found["CACHES"]["default"]["LOCATION"] == "redis://cache.vendor.example:6379/3"
    assert found["EMAIL_BACKEND"].endswith("smtp.EmailBackend")
    assert found["OFFER_DAYS"] == 3


def test_the_address_of_the_database_may_have_options() -> None:
    address = "postgres://prm@db.vendor.example/portal?sslmode=verify-full"
    found = settings_with(DATABASE_URL=address, DATABASE_PREPARE="off")
    options = found["DATABASES"]["default"]["OPTIONS"]
    assert options == {"server_side_binding": True, "prepare_threshold": None, "sslmode": "verify-full"}


def test_the_currencies_are_those_that_operators_name() -> None:
    assert settings_with(CURRENCIES="aed, USD,KWD,USD")["CURRENCIES"] == ["AED", "USD", "KWD"]
    usual = settings_with()["CURRENCIES"]
    assert usual[0] == "USD"
    assert {"AED", "SAR", "EGP", "INR", "SEK", "PLN", "JPY", "KWD"} <= set(usual)


def test_no_policy_of_the_page_allows_what_a_stranger_could_write() -> None:
    directives = settings_with()["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    said = json.dumps(directives)
    assert "unsafe" not in said
    assert "*" not in said
    assert (
        directives["default-src"] == directives["frame-ancestors"] == directives["object-src"] == ["'none'"]
    )


def test_single_sign_on_by_three_names() -> None:
    assert settings_with()["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"] == []
    found = settings_with(
        OIDC_SERVER_URL="https://id.vendor.example", OIDC_CLIENT_ID="portal", OIDC_CLIENT_SECRET="secret"
    )
    (provider,) = found["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert (provider["provider_id"], provider["settings"]["server_url"]) == (
        "sso",
        "https://id.vendor.example",
    )


def test_debug_has_defaults_for_one_machine() -> None:
    done = run({"DEBUG": "on", "PORT": "8123"}, "-c", PROGRAM)
    found = json.loads(done.stdout)
    assert found["PUBLIC_URL"] == "http://127.0.0.1:8123"
    assert "127.0.0.1" in found["ALLOWED_HOSTS"]


class TestEnvfile:
    def test_is_written_once_and_for_its_owner_only(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        assert envfile.write(file, "8000")
        first = file.read_text()
        assert file.stat().st_mode & 0o077 == 0
        assert not envfile.write(file, "8000")
        assert file.read_text() == first
        other = tmp_path / "other.env"
        envfile.write(other, "8000")
        assert first != other.read_text()

    def test_follows_the_port_of_a_local_address(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        envfile.write(file, "8000")
        envfile.write(file, "8123")
        text = file.read_text()
        assert "PUBLIC_URL=http://127.0.0.1:8123\n" in text
        assert "PORT=8123\n" in text

    def test_keeps_an_address_that_somebody_chose(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        file.write_text("PUBLIC_URL=https://partners.vendor.example\nOFFER_DAYS=3\n")
        envfile.write(file, "8123")
        assert file.read_text() == "PUBLIC_URL=https://partners.vendor.example\nOFFER_DAYS=3\n"


class TestServe:
    def environment(self, tmp_path: Path) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return kept | {
            "ENV_FILE": "",
            "SECRET_KEY": COMPLETE["SECRET_KEY"],
            "ALLOWED_HOSTS": "127.0.0.1",
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "DATABASE_URL": f"sqlite:///{tmp_path / 'serve.sqlite3'}",
            # There, if empty: that nothing has been collected is not what is tried here.
            "STATIC_ROOT": str(tmp_path),
            "PYTHONUNBUFFERED": "1",
        }

    def test_a_port_in_use_is_one_line_and_exit_2(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            done = run(self.environment(tmp_path), "manage.py", "serve", "--port", port)
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1
        assert f"cannot listen on 127.0.0.1:{port}" in done.stderr

    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
    def test_ends_cleanly(self, tmp_path: Path, migrated: Path, how: signal.Signals) -> None:
        environment = self.environment(tmp_path)
        shutil.copyfile(migrated, tmp_path / "serve.sqlite3")
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A run in the background has it ignored, and a child inherits that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        try:
            assert process.stdout
            assert process.stdout.readline() == f"Serving on http://127.0.0.1:{port} - Ctrl-C stops it\n"
            time.sleep(0.5)
            process.send_signal(how)
            _out, errors = process.communicate(timeout=120)
        finally:
            process.kill()
        assert (process.returncode, errors) == (0, "")
