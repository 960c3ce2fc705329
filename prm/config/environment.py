"""What the environment says, read once and refused in one line where something needed is missing."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
# A real environment variable wins over the file; tests and deployments can say that there is no file.
if os.environ.get("ENV_FILE", ".env"):
    env.read_env(BASE_DIR / os.environ.get("ENV_FILE", ".env"), overwrite=False)


def refuse(message: str) -> NoReturn:
    """A start that cannot be right ends with one line, not with a traceback."""
    raise SystemExit(f"partner portal: {message}")


def required(debug: bool) -> tuple[str, list[str], str]:
    """SECRET_KEY, ALLOWED_HOSTS and PUBLIC_URL; with DEBUG on, values that only suit this machine."""
    secret = env.str("SECRET_KEY", default="")
    hosts = [host for host in env.list("ALLOWED_HOSTS", default=[]) if host]
    url = env.str("PUBLIC_URL", default="").rstrip("/")
    if debug:
        secret = secret or "only-for-debugging-on-this-machine-never-for-a-service"
        hosts = hosts or ["127.0.0.1", "localhost", "[::1]"]
        url = url or f"http://127.0.0.1:{port()}"
    pairs = (("SECRET_KEY", secret), ("ALLOWED_HOSTS", hosts), ("PUBLIC_URL", url))
    missing = [name for name, value in pairs if not value]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        refuse(f"{', '.join(missing)} {verb} not set (in the environment or in .env; `make demo` writes one)")
    if len(secret) < 32:
        refuse("SECRET_KEY is shorter than 32 characters")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        refuse(f"PUBLIC_URL must be a scheme and a host, such as https://partners.vendor.example, not {url}")
    return secret, hosts, url


def port() -> int:
    try:
        number = env.int("PORT", default=8000)
    except ValueError:
        number = 0
    if not 0 < number < 65536:
        refuse(f"PORT must be a number from 1 to 65535, not {env.str('PORT')}")
    return number


def networks() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """TRUSTED_PROXIES: addresses or networks whose X-Forwarded-* headers are believed."""
    found = []
    for text in env.list("TRUSTED_PROXIES", default=[]):
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            refuse(f"TRUSTED_PROXIES: {text} is neither an address nor a network")
    return found


def database() -> dict[str, Any]:
    """SQLite in one file unless DATABASE_URL names a PostgreSQL server."""
    (BASE_DIR / "var").mkdir(exist_ok=True)
    config: dict[str, Any] = dict(
        env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'var' / 'prm.sqlite3'}")
    )
    if config["ENGINE"].endswith("sqlite3"):
        return config | {
            # Opening it costs more than most questions; the threads that serve keep theirs.
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                # A transaction that will write takes the lock at its start: it waits instead of failing.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                    "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000;"
                ),
            },
            # In memory SQLite shares one cache between threads and answers 'table is locked'.
            "TEST": {"NAME": str(BASE_DIR / "var" / f"test-{os.getpid()}.sqlite3")},
        }
    if not config["ENGINE"].endswith("postgresql"):
        refuse("DATABASE_URL must name PostgreSQL or SQLite")
    return config | {
        # No pool: the worker forks, and a forked pool is shared by two processes.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"server_side_binding": True},
        "TEST": {"NAME": f"test_prm_{os.getpid()}"},
    }


def oidc() -> dict[str, Any] | None:
    """One OpenID Connect provider, when OIDC_SERVER_URL, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET say so."""
    values = {
        name: env.str(f"OIDC_{name}", default="") for name in ("SERVER_URL", "CLIENT_ID", "CLIENT_SECRET")
    }
    if not any(values.values()):
        return None
    missing = [f"OIDC_{name}" for name, value in values.items() if not value]
    if missing:
        refuse(f"{', '.join(missing)} must be set too, or no OIDC_* at all")
    return {
        "provider_id": env.str("OIDC_ID", default="sso"),
        "name": env.str("OIDC_NAME", default="Single sign-on"),
        "client_id": values["CLIENT_ID"],
        "secret": values["CLIENT_SECRET"],
        "settings": {"server_url": values["SERVER_URL"], "token_auth_method": "client_secret_basic"},
    }


def more_subjects(folder: Path, known: list[str]) -> list[str]:
    """Apps in `folder` that describe a module and that nobody has listed, by name: `prm.vehicles`."""
    found = (f"{folder.name}.{one.parent.name}" for one in sorted(folder.glob("*/module.py")))
    return [name for name in found if name not in known]
