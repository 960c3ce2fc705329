"""Whether the touch log is whole."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prm.touch.chain import verify


class Command(BaseCommand):
    help = "Verifies the chain of the touch log; exit code 1 names the first line that does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="start", type=int, default=0, metavar="SEQ", help="begin there")
        parser.add_argument(
            "--noted", metavar="SEQ:HASH", help="a head that was printed earlier and kept elsewhere"
        )

    def handle(self, *args: Any, start: int, noted: str | None, **options: Any) -> None:
        found = verify(start, _noted(noted))
        if found.broken:
            seq, why = found.broken
            self.stdout.write(f"broken at {seq}: {why} ({found.lines} lines hold before it)")
            raise SystemExit(1)
        erased = f", {found.erased} with the address erased" if found.erased else ""
        self.stdout.write(f"whole: {found.lines} lines{erased}; head {found.seq}:{found.hash}")


def _noted(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    seq, _, own = text.partition(":")
    if not seq.isdigit() or len(own) != 64:
        raise CommandError("--noted takes a number and a hash, as this command prints them")
    return int(seq), own
