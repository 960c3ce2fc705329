"""Imports a CSV file into a module."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prm.imports.mapping import FileMapping, MappingError, complete, given_mapping, left_out, read_mapping
from prm.imports.run import Plan, commit, plan
from prm.imports.table import TableError, read_table, write_rejected
from prm.modules import registry

SHOWN = 10


class Command(BaseCommand):
    help = "Imports a CSV file into a module. A second run of the same file changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("module", help="key of the module, such as leads")
        parser.add_argument("file", type=Path)
        parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", dest="maps")
        parser.add_argument("--value", action="append", default=[], metavar="FIELD:TEXT=VALUE", dest="values")
        parser.add_argument(
            "--constant", action="append", default=[], metavar="FIELD=VALUE", dest="constants"
        )
        parser.add_argument("--mapping", type=Path, help="a TOML file that says what the columns mean")
        parser.add_argument("--rejected", type=Path, help="where rejected rows go (FILE.rejected.csv)")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            module = registry.get(options["module"])
            header, lines = read_table(options["file"])
            base = read_mapping(options["mapping"], module.key) if options["mapping"] else FileMapping()
            given = given_mapping(base, options["maps"], options["values"], options["constants"])
            mapping = complete(given, module, header)
        except (LookupError, TableError, MappingError) as error:
            raise CommandError(str(error), returncode=2) from error
        made = plan(module, mapping, lines)
        if not options["dry_run"]:
            commit(made, self._progress)
        self._report(made, left_out(mapping, header), options["dry_run"])
        if made.rejected:
            path = options["rejected"] or Path(f"{options['file'].name}.rejected.csv")
            write_rejected(path, header, [(one.line, one.reason, one.suggestion) for one in made.rejected])
            self.stdout.write(f"Rejected rows with their reasons: {path}")

    def _progress(self, done: int, of: int) -> None:
        self.stdout.write(f"  {done} of {of}", ending="\r" if done < of else "\n")
        self.stdout.flush()

    def _report(self, made: Plan, unused: list[str], dry: bool) -> None:
        counts = made.counts
        would = "would be " if dry else ""
        self.stdout.write(
            f"{made.module.label_plural}: {counts['create']} {would}created, "
            f"{counts['update']} {would}updated, {counts['same']} as they are, {counts['rejected']} rejected"
        )
        for name, count in made.empty.items():
            self.stdout.write(f"  {name} is empty in {count} {'row' if count == 1 else 'rows'}")
        for column in unused:
            self.stdout.write(f"  column {column} was not used")
        for one in made.rejected[:SHOWN]:
            hint = f" (did you mean “{one.suggestion}”?)" if one.suggestion else ""
            self.stdout.write(f"  row {one.line.number}: {one.reason}{hint}")
        if len(made.rejected) > SHOWN:
            self.stdout.write(f"  … and {len(made.rejected) - SHOWN} more")
