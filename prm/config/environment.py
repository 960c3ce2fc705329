"""What the environment says, read once and refused in one line where something needed is missing."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import sys
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

import environ
from moneyed import CURRENCIES

BASE_DIR = Path(__file__).resolve().parent.parent.parent

#: The exit code of a start that cannot be right, as of one whose port is taken.
REFUSED = 2

env = environ.Env()
# A real environment variable wins over the file; tests and deployments can say that there is no file.
if os.environ.get("ENV_FILE", ".env"):
    env.read_env(BASE_DIR / os.environ.get("ENV_FILE", ".env"), overwrite=False)


def refuse(message: str) -> NoReturn:
    """A start that cannot be right ends with one line and exit code 2, not with a traceback."""
    sys.stderr.write(f"partner portal: {message}\n")
    refusal = SystemExit(message)
    refusal.code = REFUSED
    raise refusal


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


def number(name: str, *, default: int, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    try:
        found = env.int(name, default=default)
    except ValueError:
        found = least - 1
    if not least <= found <= most:
        refuse(f"{name} must be a number from {least} to {most}, not {env.str(name)}")
    return found


def ports(name: str, *, default: tuple[int, ...]) -> frozenset[int]:
    """Port numbers, separated by commas."""
    texts = [text.strip() for text in env.list(name, default=[str(port) for port in default])]
    if not all(text.isascii() and text.isdigit() and 0 < int(text) < 65536 for text in texts):
        refuse(f"{name} must be port numbers separated by commas, not {env.str(name)}")
    return frozenset(int(text) for text in texts)


def currencies(name: str, *, default: tuple[str, ...], needed: str) -> tuple[str, ...]:
    """Codes of ISO 4217 that the money library knows, separated by commas; `needed` must be among them."""
    codes = [text.strip().upper() for text in env.list(name, default=list(default))]
    unknown = [code for code in codes if code not in CURRENCIES or not CURRENCIES[code].countries]
    if unknown:
        refuse(f"{name} must be codes of currencies in use separated by commas; not {', '.join(unknown)}")
    if needed not in codes:
        refuse(f"{name} must have {needed} among them: exchange rates go by way of it")
    return tuple(dict.fromkeys(codes))


def files() -> dict[str, Any]:
    """Where files are kept: FILES_URL, as file:///folder or s3://key:secret@host/bucket; else var/files.

    s3: `?region=` names the region, `?http=1` speaks HTTP to the host. Without key and secret boto3 looks for
    them in its own places.
    """
    url = env.str("FILES_URL", default="")
    if not url:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    try:
        parts = urlsplit(url)
        host, bucket = parts.hostname, parts.path.strip("/")
        address = f"{host}:{parts.port}" if parts.port else host
    except ValueError:
        refuse("FILES_URL is no URL")
    options = dict(parse_qsl(parts.query))
    if parts.scheme == "file" and not host and parts.path.startswith("/") and not parts.query:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": unquote(parts.path)},
        }
    wrong = not host or not bucket or "/" in bucket or options.keys() - {"region", "http"}
    if parts.scheme != "s3" or wrong:
        refuse("FILES_URL must be file:///folder or s3://key:secret@host/bucket?region=name")
    if importlib.util.find_spec("storages") is None or importlib.util.find_spec("boto3") is None:
        refuse("FILES_URL names an S3 store: install the extra s3 (django-storages and boto3)")
    scheme = "http" if options.get("http") == "1" else "https"
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": f"{scheme}://{address}",
            "access_key": unquote(parts.username) if parts.username else None,
            "secret_key": unquote(parts.password) if parts.password else None,
            "region_name": options.get("region"),
            "addressing_style": "path",
            "signature_version": "s3v4",
            "default_acl": None,
            "querystring_auth": True,
            # Names are random, so there is nothing that could be overwritten, and no need to ask each time.
            "file_overwrite": True,
            # Beyond this a file lies on disk while it is read or written.
            "max_memory_size": 1024 * 1024,
        },
    }


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
        "OPTIONS": {
            "server_side_binding": True,
            # What a connection asks for the third time is planned once: masks, and the names of what a row
            # refers to, make statements of twenty joins, whose plan takes many times as long as their rows.
            "prepare_threshold": 2 if env.bool("DATABASE_PREPARE", default=True) else None,
            **config.get("OPTIONS", {}),
        },
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
