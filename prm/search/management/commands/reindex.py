"""Writes the search index anew from the records."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prm.search.database import install
from prm.search.index import reindex_all, searchable


class Command(BaseCommand):
    help = "Writes the search index anew from the records. Searching goes on meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("modules", nargs="*", help="keys of modules, such as leads; none: all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        known = {module.key: module for module in searchable()}
        if unknown := [key for key in options["modules"] if key not in known]:
            raise CommandError(f"nothing can be searched in {', '.join(unknown)}", returncode=2)
        install()
        for key in options["modules"] or known:
            self.stdout.write(f"{key}: {reindex_all(known[key])}")
