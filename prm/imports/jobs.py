"""Imports in the job runner: tried, carried out and taken back, some rows at a time.

A job that is killed is run again, and goes on behind the last rows that were committed. One that takes long
makes room for others and asks for itself again.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from decimal import InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext as _

from prm.imports.actions import chosen, table_of, targets
from prm.imports.mapping import MappingError
from prm.imports.models import Import, ImportRow
from prm.imports.run import CREATE, SAME, UPDATE, WAITING, WRONG, Importer, Row, Seen
from prm.imports.table import TableError
from prm.imports.undoing import take_back
from prm.modules import registry
from prm.people.reader import as_reader
from workflows import jobs
from workflows.actor import Actor
from workflows.errors import WrongState
from workflows.inserting import insert_rows
from workflows.perform import perform

State = Import.State

#: Seconds after which a job lets others have a turn.
TURN = 20
#: Wrong rows that are shown before anything is imported.
SHOWN = 20
COUNTED = {CREATE: "made", UPDATE: "changed", SAME: "kept", WRONG: "wrong"}
WRONG_FILE = (TableError, MappingError, ValidationError, InvalidOperation, TypeError, KeyError)


class _Turn(Exception):
    """The job has had its turn, or somebody else is at it."""


def _job(pk: str, state: str) -> Import | None:
    return Import.objects.select_related("user", "content").filter(pk=pk, state=state).first()


def _refused(job: Import) -> str:
    """Why the importer may not import any more; rights are those of the moment."""
    user = job.user
    if user is None or not user.is_active or registry.get(job.target) not in targets(user):
        return _("You may no longer import here.")
    return ""


def check(pk: str) -> None:
    """Tries the whole file and keeps what would become of it."""
    job = _job(pk, State.CHECKING)
    if job is None:
        return
    with as_reader(job.user):
        problem = _refused(job)
        report: dict[str, Any] = {}
        seen = Seen()
        try:
            report = {} if problem else _try(job, seen)
        except WRONG_FILE as error:
            problem = str(error)
        finally:
            seen.close()
        rows = sum(report.get("counts", {}).values())
        mine = Import.objects.filter(pk=pk, state=State.CHECKING)
        mine.update(report=report, problem=problem, rows=rows, done=rows)
        # A small file is tried while its uploader waits, and by the job as well: the first to end counts.
        with suppress(WrongState):
            perform(job, "return_unread" if problem else "found", actor=Actor.system())


def _try(job: Import, seen: Seen) -> dict[str, Any]:
    importer = Importer(registry.get(job.target), chosen(job.mapping), job.user)
    counts: Counter[str] = Counter()
    wrong: list[dict[str, Any]] = []
    progress = time.monotonic()

    def note(rows: list[Row]) -> None:
        nonlocal progress
        counts.update(row.verb for row in rows if row.verb != WAITING)
        refused = [row for row in rows if row.verb == WRONG]
        wrong.extend(
            {"row": row.line.number, "reason": row.reason, "suggestion": row.suggestion}
            for row in refused[: SHOWN - len(wrong)]
        )
        if time.monotonic() - progress > 1:
            progress = time.monotonic()
            Import.objects.filter(pk=job.pk).update(done=sum(counts.values()))

    importer.run(table_of(job), seen, note, write=False)
    return {
        "counts": dict(counts),
        "empty": dict(importer.empty),
        "wrong": wrong,
        "unknown": importer.values.unknown,
    }


def carry_out(pk: str) -> None:
    """Imports the rows behind those that are committed."""
    job = _job(pk, State.RUNNING)
    if job is None:
        return
    with as_reader(job.user):
        if problem := _refused(job):
            _fail(job, problem)
            return
        seen = Seen()
        try:
            seen.restore(job.lines.values_list("key", "number", "digest", "verb").iterator())
            _write(job, seen)
        except _Turn:
            return
        except WRONG_FILE as error:
            _fail(job, str(error))
            return
        finally:
            seen.close()
        perform(job, "finish", actor=Actor.system())


def _write(job: Import, seen: Seen) -> None:
    importer = Importer(registry.get(job.target), chosen(job.mapping), job.user)
    until = time.monotonic() + TURN
    step, after = job.step, job.position

    def note(rows: list[Row]) -> None:
        """In the transaction of these rows: what became of them, and that the import has come so far."""
        nonlocal step
        counts = Counter(COUNTED[row.verb] for row in rows if row.verb != WAITING)
        fields: dict[str, Any] = {name: F(name) + count for name, count in counts.items()}
        last = max(after, rows[-1].line.number)
        moved = Import.objects.filter(pk=job.pk, state=State.RUNNING, step=step).update(
            step=step + 1, position=last, done=F("done") + sum(counts.values()), **fields
        )
        if not moved:
            # Another worker took the import for dead and is further: what was written here is undone.
            raise _Turn
        _keep(job, rows)
        step += 1

    def turn() -> None:
        if time.monotonic() > until:
            jobs.enqueue("prm.imports.jobs.carry_out", str(job.pk))
            raise _Turn

    importer.run(table_of(job), seen, note, write=True, after=after, between=turn)


def _keep(job: Import, rows: list[Row]) -> None:
    numbers = [row.line.number for row in rows]
    waited = set(job.lines.filter(number__in=numbers, verb=WAITING).values_list("number", flat=True))
    if waited:
        job.lines.filter(number__in=waited).delete()
    insert_rows(
        [
            ImportRow(
                job=job,
                number=row.line.number,
                verb=row.verb,
                key=row.key,
                digest=row.digest,
                object_id=row.obj.pk if row.verb in (CREATE, UPDATE) else None,
                version=row.obj.version if row.verb in (CREATE, UPDATE) else 0,
                before=row.before if row.verb == UPDATE else None,
                cells=row.line.cells if row.verb == WRONG else None,
                reason=row.reason,
                suggestion=row.suggestion,
            )
            for row in rows
        ]
    )


def undo(pk: str) -> None:
    """Takes back what nobody has touched since."""
    job = _job(pk, State.UNDOING)
    if job is None:
        return
    with as_reader(job.user):
        if problem := _refused(job):
            _fail(job, problem)
            return
        until = time.monotonic() + TURN
        while take_back(job):
            if time.monotonic() > until:
                jobs.enqueue("prm.imports.jobs.undo", str(job.pk))
                return
        perform(job, "undo_done", actor=Actor.system())


def _fail(job: Import, problem: str) -> None:
    Import.objects.filter(pk=job.pk).update(problem=problem)
    perform(job, "fail", actor=Actor.system())
