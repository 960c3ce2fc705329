"""Imports a CSV file into a module."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prm.imports.mapping import FileMapping, MappingError, complete, given_mapping, left_out, read_mapping
from prm.imports.run import CREATE, UPDATE, WAITING, WRONG, Importer, Row, Seen
from prm.imports.table import RejectedFile, Table, TableError, read_table
from prm.modules import registry
from prm.modules.registry import Module

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
            table = read_table(options["file"])
            base = read_mapping(options["mapping"], module.key) if options["mapping"] else FileMapping()
            given = given_mapping(base, options["maps"], options["values"], options["constants"])
            mapping = complete(given, module, table.header)
            # The whole file is read and tried before anything changes.
            path = options["rejected"] or Path(f"{options['file'].name}.rejected.csv")
            told = self._run(module, mapping, table, path if options["dry_run"] else None)
            if not options["dry_run"]:
                of = told.counts[CREATE] + told.counts[UPDATE]
                told = self._run(module, mapping, table, path, of)
        except (LookupError, TableError, MappingError) as error:
            raise CommandError(str(error), returncode=2) from error
        self._report(module, told, left_out(mapping, table.header), options["dry_run"])
        if told.counts[WRONG]:
            self.stdout.write(f"Rejected rows with their reasons: {path}")

    def _run(
        self, module: Module, mapping: FileMapping, table: Table, rejected: Path | None, of: int | None = None
    ) -> _Told:
        """One pass over the file; `of`: how many rows are to be written, None where it is only tried."""
        file = RejectedFile(rejected, table.header) if rejected else None
        importer, seen = Importer(module, mapping), Seen()
        told = _Told(file, importer.empty)

        def note(rows: list[Row]) -> None:
            told.note(rows)
            if of:
                self._progress(min(told.counts[CREATE] + told.counts[UPDATE], of), of)

        try:
            importer.run(table, seen, note, write=of is not None)
        finally:
            seen.close()
        return told

    def _progress(self, done: int, of: int) -> None:
        self.stdout.write(f"  {done} of {of}", ending="\r" if done < of else "\n")
        self.stdout.flush()

    def _report(self, module: Module, told: _Told, unused: list[str], dry: bool) -> None:
        counts = told.counts
        would = "would be " if dry else ""
        self.stdout.write(
            f"{module.label_plural}: {counts['create']} {would}created, "
            f"{counts['update']} {would}updated, {counts['same']} as they are, {counts['wrong']} rejected"
        )
        for name, count in told.empty.items():
            self.stdout.write(f"  {name} is empty in {count} {'row' if count == 1 else 'rows'}")
        for column in unused:
            self.stdout.write(f"  column {column} was not used")
        for row in told.shown:
            hint = f" (did you mean “{row.suggestion}”?)" if row.suggestion else ""
            self.stdout.write(f"  row {row.line.number}: {row.reason}{hint}")
        if counts[WRONG] > len(told.shown):
            self.stdout.write(f"  … and {counts[WRONG] - len(told.shown)} more")


class _Told:
    """What a pass over the file came to: counts, and the first of the rows that were rejected."""

    def __init__(self, file: RejectedFile | None, empty: Counter[str]) -> None:
        self.file, self.empty = file, empty
        self.counts: Counter[str] = Counter()
        self.shown: list[Row] = []

    def note(self, rows: list[Row]) -> None:
        """More rows; those that wait are told again."""
        self.counts.update(row.verb for row in rows if row.verb != WAITING)
        wrong = [row for row in rows if row.verb == WRONG]
        self.shown += wrong[: SHOWN - len(self.shown)]
        if wrong and self.file:
            self.file.add([(row.line, row.reason, row.suggestion) for row in wrong])
