"""The engine by itself, without the business: what the harnesses run on, and proof that it needs no more."""

from __future__ import annotations

import os

import environ

from tests import databases

databases.state()  # before anything that it is made of is read
# Jobs are signed: a worker that a test has started takes those of the process that it serves.
SECRET_KEY = os.environ.get("ENGINE_KEY", "of the tests only")
DEBUG = False
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django_q",
    "workflows",
    "tests.workflows.app",
]
URL = os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{os.getcwd()}/var/engine-{os.getpid()}.sqlite3"
DATABASES = {"default": environ.Env.db_url_config(URL)}
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    }
    DATABASES["default"]["TEST"] = {"NAME": f"var/engine-test-{os.getpid()}.sqlite3"}
else:
    DATABASES["default"]["TEST"] = {"NAME": f"engine_test_{os.getpid()}"}
Q_CLUSTER = {
    "name": os.environ.get("ENGINE_QUEUE", "engine"),
    "orm": "default",
    "timeout": 60,
    "retry": 120,
    "workers": int(os.environ.get("ENGINE_WORKERS", "1")),
    "poll": 0.2,
}
