"""Django's admin: off by default; where it is on, a superuser looks and changes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.config.test_start import COMPLETE, run

pytestmark = pytest.mark.once

PROGRAM = """
import django; django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
User = get_user_model()
root = User.objects.create_user(email="r@v.example", password="x", name="R", is_staff=True, is_superuser=True)
clerk = User.objects.create_user(email="c@v.example", password="x", name="C", is_staff=True)
backend = "allauth.account.auth_backends.AuthenticationBackend"
for user in (root, clerk):
    client = Client(headers={"Host": "partners.vendor.example"})
    client.force_login(user, backend=backend)
    for path in ("", "leads/lead/", "leads/lead/add/", f"people/user/{root.pk}/change/"):
        print(client.get(f"/admin/{path}").status_code, end=" ")
    page = client.get(f"/admin/people/user/{root.pk}/change/").content
    deleted = client.post(f"/admin/people/user/{root.pk}/delete/", {"post": "yes"})
    print(b"argon2" in page, deleted.status_code)
"""


def test_a_superuser_looks_and_others_do_not(tmp_path: Path, migrated: Path) -> None:
    shutil.copyfile(migrated, tmp_path / "admin.sqlite3")
    environment = COMPLETE | {
        "PUBLIC_URL": "http://partners.vendor.example",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'admin.sqlite3'}",
        "ADMIN_ENABLED": "on",
        "DJANGO_SETTINGS_MODULE": "prm.config.settings",
        "STATIC_ROOT": str(tmp_path),
        "DEBUG": "on",
    }
    done = run(environment, "-c", PROGRAM)
    assert done.returncode == 0, done.stderr
    root, clerk = done.stdout.strip().splitlines()
    assert root == "200 200 403 200 False 403"
    assert clerk.startswith("302 302 302 302 False 302")
