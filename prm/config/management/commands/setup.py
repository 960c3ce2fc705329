"""The first administrator and the vendor's name, from the command line."""

from __future__ import annotations

import getpass
import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from prm.people import first
from prm.vendor import actions
from workflows.actor import Actor
from workflows.errors import InvalidInput, WorkflowError
from workflows.perform import unit_of_work

WRONG = 2
PASSWORD = "SETUP_PASSWORD"  # noqa: S105  # where it is looked for, not what it is


class Command(BaseCommand):
    help = (
        "Makes the first administrator of an empty installation and names its vendor. "
        f"The password is asked for, or taken from {PASSWORD} in the environment."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", help="the administrator's address, with which to sign in")
        parser.add_argument("--name", help="the administrator's name")
        parser.add_argument("--company", help=f"the vendor's name ({settings.VENDOR_NAME})")
        parser.add_argument("--colour", help="the portal's colour, such as #0b5c6b")
        parser.add_argument("--no-input", action="store_true", help="ask nothing")
        parser.add_argument(
            "--link", action="store_true", help="only print the link of the page that does the same"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if not first.needed():
                raise CommandError(
                    "there is a login already; its owner invites others on the pages", returncode=WRONG
                )
            if options["link"]:
                self.stdout.write(link())
                return
        except DatabaseError as error:
            raise CommandError(
                "the database is not ready; run `manage.py migrate`", returncode=WRONG
            ) from error
        try:
            self._make(**self._answers(options))
        except InvalidInput as error:
            wrong = "; ".join(
                f"{name}: {' '.join(texts)}" if name else " ".join(texts)
                for name, texts in error.errors.items()
            )
            raise CommandError(wrong, returncode=WRONG) from error
        except WorkflowError as error:
            raise CommandError(str(error.message), returncode=WRONG) from error
        self.stdout.write(f"Sign in at {settings.PUBLIC_URL}/ as {options['email'] or 'administrator'}.")

    def _answers(self, options: dict[str, Any]) -> dict[str, str]:
        asks = not options["no_input"]
        answers = {}
        for name, question in (("email", "Email of the administrator"), ("name", "Name")):
            answers[name] = options[name] or (input(f"{question}: ").strip() if asks else "")
            if not answers[name]:
                raise CommandError(f"--{name} is missing", returncode=WRONG)
        answers["company"] = options["company"] or (
            input(f"Name of the company [{settings.VENDOR_NAME}]: ").strip() if asks else ""
        )
        answers["colour"] = options["colour"] or ""
        password = os.environ.get(PASSWORD, "")
        if not password and asks:
            password = getpass.getpass("Password: ")
            if getpass.getpass("Once more: ") != password:
                raise CommandError("the two passwords are not the same", returncode=WRONG)
        if not password:
            raise CommandError(f"{PASSWORD} is not set in the environment", returncode=WRONG)
        options["email"] = answers["email"]
        return {**answers, "password": password}

    def _make(self, *, email: str, name: str, password: str, company: str, colour: str) -> None:
        with unit_of_work():
            user = first.make_administrator(email=email, name=name, password=password, code=None)
            values = {"name": company or settings.VENDOR_NAME, "colour": colour}
            actions.save(Actor.of(user), values)


def link() -> str:
    """The address of the page that makes the first administrator, with a code that is good until then."""
    return f"{settings.PUBLIC_URL}/setup/?code={first.new_code()}"


def invitation_to_setup() -> str:
    """How to begin, for the terminal, where nobody has a login yet; empty where somebody has."""
    try:
        return f"Nobody has a login yet. Make the first administrator: {link()}" if first.needed() else ""
    except DatabaseError:
        return "The database is not ready: run `manage.py migrate`."
