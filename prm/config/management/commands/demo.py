"""What `make demo` runs: one process that brings the embedded database up to date and serves it."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from prm.config.management.commands.serve import listen, serve
from prm.config.static import collect_if_changed
from workflows.jobs import EmbeddedRunner


class Command(BaseCommand):
    help = "Migrates, loads the demo company where there is none, prints its logins and serves."
    # The checks look at tables that the first migration has still to make.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="throw the embedded database away first")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--no-serve", action="store_true", help="stop when everything is loaded")

    def handle(self, *args: Any, reset: bool, port: int, no_serve: bool, **options: Any) -> None:
        listener = listen("127.0.0.1", port)
        if reset:
            self.forget()
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database ...")
            call_command("migrate", verbosity=0, interactive=False)
        collect_if_changed()
        call_command("load_demo", stdout=self.stdout)
        self.stdout.flush()
        if no_serve:
            listener.close()
        else:
            serve(listener, None if settings.REDIS_URL else EmbeddedRunner())

    def forget(self) -> None:
        """Only what the demo made: a database server's data is nobody's demo."""
        if connection.vendor != "sqlite":
            raise CommandError("demo-reset only resets the embedded database; DATABASE_URL names another")
        connections.close_all()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{settings.DATABASES['default']['NAME']}{suffix}").unlink(missing_ok=True)
        if "OPTIONS" not in settings.STORAGES["default"]:
            # Not where FILES_URL names a place of its own.
            shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
