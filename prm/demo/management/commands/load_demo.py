"""Loads the demo company into an empty database; leaves one that is in use as it is."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from prm.demo import load
from prm.demo.words import CAST, PASSWORD


class Command(BaseCommand):
    help = "Loads the demo company into an empty database; a second run keeps what is there."

    def handle(self, *args: Any, **options: Any) -> None:
        if load.exists():
            self.stdout.write("The database is in use already; the demo company was not loaded again.")
        else:
            began = time.monotonic()
            load.load()
            counts = ", ".join(f"{number} {what}" for what, number in load.summary().items())
            self.stdout.write(f"Demo company loaded in {time.monotonic() - began:.1f} s: {counts}.")
        self.stdout.write(f"\nLogins (password of all: {PASSWORD})")
        customer = ("dana@fabrikam.example", "Dana Weiss", "customer", "Fabrikam")
        for email, name, portal, firm, *_ in (*CAST, customer):
            self.stdout.write(
                f"  {email:<26} {name}, {portal.replace('_', ' ')}{f' of {firm}' if firm else ''}"
            )
