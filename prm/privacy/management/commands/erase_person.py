"""Erases a person, or says what that would change."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prm.privacy.erase import erase, preview, refusals
from prm.privacy.person import of_email
from workflows.actor import Actor
from workflows.errors import InvalidInput, NotFound, Refused

WRONG = 2


class Command(BaseCommand):
    help = "Erases the person with this address for good; their history stays, without a name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be changed")

    def handle(self, *args: Any, email: str, dry_run: bool, **options: Any) -> None:
        actor = Actor.system()
        try:
            person = of_email(email)
            if reasons := refusals(person, actor):
                raise Refused(reasons)
            report = preview(person) if dry_run else erase(actor, person)
        except NotFound as error:
            raise CommandError(f"nobody is known by {email}", returncode=WRONG) from error
        except Refused as error:
            raise CommandError(" ".join(one.message for one in error.reasons), returncode=WRONG) from error
        except InvalidInput as error:
            said = " ".join(text for texts in error.errors.values() for text in texts)
            raise CommandError(said, returncode=WRONG) from error
        for what, label, count in report.lines:
            self.stdout.write(f"{count:>6}  {label}: {what}")
        for reason in report.kept:
            self.stdout.write(f"        {reason}")
        self.stdout.write("Nothing was changed." if dry_run else "Erased.")
