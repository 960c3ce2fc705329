"""Writes everything that is held on a person into a file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prm.privacy.disclose import write
from prm.privacy.person import of_email
from workflows.errors import InvalidInput, NotFound

WRONG = 2


class Command(BaseCommand):
    help = "Writes a ZIP with everything that is held on the person with this address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, email: str, file: Path, **options: Any) -> None:
        try:
            person = of_email(email)
            with file.open("xb") as stream:
                write(person, stream)
        except NotFound as error:
            raise CommandError(f"nobody is known by {email}", returncode=WRONG) from error
        except InvalidInput as error:
            said = " ".join(text for texts in error.errors.values() for text in texts)
            raise CommandError(said, returncode=WRONG) from error
        except FileExistsError as error:
            raise CommandError(f"{file} is there already", returncode=WRONG) from error
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}", returncode=WRONG) from error
        file.chmod(0o600)
        self.stdout.write(f"Written to {file}.")
