from __future__ import annotations

from typing import Any

from django.core.management.commands import flush

from workflows.triggers import maintenance


class Command(flush.Command):
    """Django's own, with the history willing to be emptied: whoever flushes a database means all of it."""

    def handle(self, **options: Any) -> None:
        with maintenance(using=options["database"]):
            super().handle(**options)
