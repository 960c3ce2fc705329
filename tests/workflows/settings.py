"""The engine by itself, without the business: what the harnesses run on, and proof that it needs no more."""

from __future__ import annotations

import os

import environ

SECRET_KEY = "of the tests only"
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
Q_CLUSTER = {"name": "engine", "orm": "default", "timeout": 60, "retry": 120, "workers": 1, "poll": 0.2}
