from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows import diagram
from workflows.checks import check, check_database
from workflows.machine import machines


class Command(BaseCommand):
    help = "Checks every machine, and the triggers that hold the database to it; prints them, and draws them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--svg", metavar="DIR", type=Path, help="write one drawing for each machine")

    def handle(self, *args: Any, svg: Path | None = None, **options: Any) -> None:
        found = machines()
        problems = [problem for machine in found for problem in check(machine)] + check_database()
        if problems:
            for problem in problems:
                self.stdout.write(str(problem))
            raise CommandError(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}")
        for machine in found:
            self.stdout.write(diagram.text(machine))
        if svg is not None:
            svg.mkdir(parents=True, exist_ok=True)
            for machine in found:
                (svg / f"{machine.label}.svg").write_text(diagram.svg(machine), encoding="utf-8")
            self.stdout.write(f"{len(found)} drawings in {svg}")
