"""The engine of imports: a file into a module, some rows at a time, tried only or carried out.

Commands, pages and jobs use this one. It raises no alerts, starts the timers of what it puts on offer, and
never changes the state of a record that is known already. Its memory does not grow with the file: what must
be known of all rows is kept in a temporary database on the disk.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from prm.access.rights import rights_for
from prm.imports.mapping import BY_ID, FileMapping, importing
from prm.imports.reach import Reach
from prm.imports.references import find_all
from prm.imports.table import Line, Table
from prm.imports.values import PROVEN, Later, Values, Wrong, key_of, said
from prm.modules.registry import Module
from prm.search.index import reindex
from workflows.errors import WorkflowError
from workflows.inputs import plain
from workflows.locking import parts
from workflows.perform import insert_many, record_update
from workflows.units import unit_of_work

CREATE, UPDATE, SAME, WRONG, WAITING = "create", "update", "same", "wrong", "waiting"

#: Rows that are planned together, and committed in one transaction.
CHUNK = 500

REFUSED = (ValidationError, IntegrityError, DataError, WorkflowError)


@dataclass
class Row:
    """One row on its way: what becomes of it, and why it cannot.

    key, digest: short marks of its key and of all its values. obj: its record, a new or a known one.
    changed: the fields in which it differs; before: what they held.
    """

    line: Line
    values: dict[str, Any] = field(default_factory=dict)
    verb: str = CREATE
    key: int | None = None
    digest: int = 0
    obj: Any = None
    changed: list[str] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    suggestion: str = ""

    def refuse(self, reason: str, suggestion: str = "") -> None:
        self.verb, self.reason, self.suggestion = WRONG, reason, suggestion


Note = Callable[[list[Row]], None]


class Importer:
    """One file into one module, for one importer (None: the system).

    empty: how many rows leave a mapped field empty, by field, as far as the rows could be read.
    """

    def __init__(self, module: Module, mapping: FileMapping, user: Any = None) -> None:
        self.module, self.mapping = module, mapping
        self.reach = Reach(module, user)
        self.key = key_of(mapping, self.reach)
        self.values = Values(self.reach, mapping, self.key)
        self.how = importing(module)
        self.empty: Counter[str] = Counter()
        self._counted = 0
        self._unchecked = self._proven()

    def run(
        self,
        table: Table,
        seen: Seen,
        note: Note,
        *,
        write: bool,
        after: int = 0,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        """Takes each row behind the row number `after`, and tells `note` what became of some at a time.

        write: carries it out, in a transaction for each call of `note`; otherwise nothing changes. A row that
        refers to another one of the file which is no record yet waits (`WAITING`) until all have had their
        turn, and is told again then. `between` is called when some rows are through. Raises TableError where
        the file cannot be read to its end.
        """
        for lines in _chunks(line for line in table.lines() if line.number > after):
            self._take(lines, seen, note, write)
            between()
        waiting, final = seen.waiting(), not write
        while waiting:
            for lines in _chunks(line for line in table.lines() if line.number in waiting):
                self._take(lines, seen, note, write, final)
                between()
            left = seen.waiting()
            # None of them was what another one waits for: there is nothing more to wait for.
            waiting, final = left, left == waiting

    def _take(self, lines: list[Line], seen: Seen, note: Note, write: bool, final: bool = False) -> None:
        if not write:
            rows = self._plan(lines, seen, False, final)
            note(rows)
        else:
            with transaction.atomic():
                rows = self._plan(lines, seen, True, final)
                self._write([row for row in rows if row.verb in (CREATE, UPDATE)])
                note(rows)
        seen.add(rows, self._words)
        self._counted = max(self._counted, lines[-1].number)

    # --- what becomes of a row

    def _plan(self, lines: list[Line], seen: Seen, write: bool, final: bool) -> list[Row]:
        rows = [Row(line) for line in lines]
        if self.values.inward:
            self.values.references.forget(self.module.key)
        self.values.fetch(lines)
        for row in rows:
            self._read(row)
        readable = [row for row in rows if row.verb != WRONG]
        first = seen.firsts({row.key for row in readable if row.key is not None})
        known = self._known(readable, write)
        for row in readable:
            self._judge(row, first, known, seen if final and not write else None, final)
            if row.key is not None:
                first.setdefault(row.key, (row.line.number, row.digest))
        return rows

    def _read(self, row: Row) -> None:
        try:
            row.values = self.values.read(row.line)
        except Wrong as wrong:
            row.refuse(str(wrong), wrong.suggestion)
            return
        if row.line.number > self._counted:
            self.empty.update(name for name in self.mapping.columns if row.values.get(name) in (None, ""))
        row.digest = _mark("\x1f".join(self.values.texts(row.line)))
        if self.key and row.values[self.key] is not None:
            row.key = _mark(str(row.values[self.key]))

    def _judge(
        self,
        row: Row,
        first: dict[int, tuple[int, int]],
        known: dict[Any, list[Any]],
        coming: Seen | None,
        final: bool,
    ) -> None:
        if row.key is not None and row.key in first and first[row.key][0] != row.line.number:
            number, digest = first[row.key]
            if digest == row.digest:
                row.verb = SAME
            else:
                said_ = _("row %(row)d has the same %(key)s and other values")
                row.refuse(said_ % {"row": number, "key": self._key_label})
            return
        found = known.get(str(row.values[self.key]), []) if row.key is not None else []
        if self._must_wait(row, coming, final) or row.verb == WRONG:
            return
        if len(found) > 1:
            facts = {"count": len(found), "label": self.module.label_plural, "key": self._key_label}
            row.refuse(_("%(count)d %(label)s have this %(key)s") % facts)
        elif row.key is not None and self.key == BY_ID and not found:
            row.refuse(_("there is no %(label)s with this id") % {"label": self.module.label})
        else:
            self._try(row, found[0] if found else None)

    def _must_wait(self, row: Row, coming: Seen | None, final: bool) -> bool:
        """Whether the row refers to one that is no record yet; refuses it where none can be one any more.

        coming: the rows of the file, each of which would be a record if this were no trial.
        """
        for name, value in row.values.items():
            if not isinstance(value, Later):
                continue
            if not final:
                row.verb = WAITING
                return True
            if coming is None or not coming.has_word(_mark(value.word)):
                facts = {"label": self.module.label, "word": value.word}
                reason = _("there is no %(label)s “%(word)s”, nor one in the file") % facts
                suggestion = self.values.references.suggestion(self.module, value.word)
                row.refuse(f"{self.reach.label(name)}: {reason}", suggestion)
        return False

    def _try(self, row: Row, known: Any) -> None:
        """The new record, made and checked; or in what the known one differs."""
        values = {name: value for name, value in row.values.items() if name != BY_ID}
        given = {name: value for name, value in values.items() if not isinstance(value, Later)}
        try:
            if known is None:
                row.obj = self.reach.make(given)
                row.obj.clean_fields(exclude=self._unchecked)
                return
            row.obj, row.changed = known, self._changes(known, given)
            row.verb = UPDATE if row.changed else SAME
            if row.changed:
                self.reach.check_change(known, row.changed)
        except REFUSED as error:
            row.refuse(said(error))

    def _changes(self, known: Any, values: dict[str, Any]) -> list[str]:
        """Fields in which a known record differs from its row. An empty cell says nothing about it."""
        fixed = {"state", self.key, *self.how.once}
        return [
            name
            for name, value in values.items()
            if name not in fixed and value not in (None, "") and self._held(known, name) != _shown(value)
        ]

    def _held(self, obj: Any, name: str) -> Any:
        one = self.module.field(name)
        if one.kind == "reference":
            return getattr(obj, obj._meta.get_field(one.path).attname)
        return getattr(obj, one.path)

    def _known(self, rows: list[Row], write: bool) -> dict[Any, list[Any]]:
        """Known records by the text of their key, locked where they may be written."""
        wanted = {row.values[self.key] for row in rows if row.key is not None}
        if not wanted:
            return {}
        user = self.reach.user
        if self.key == BY_ID:
            visible = self.module.rows() if user is None else rights_for(user).visible(self.module)
            found = [(pk, pk) for pk in visible.filter(pk__in=wanted).values_list("pk", flat=True)]
        else:
            found = find_all(self.module, self.key, wanted, user)
        records = self.module.model._base_manager.filter(pk__in={pk for pk, _word in found}).order_by("pk")
        if write and connection.features.has_select_for_update:
            records = records.select_for_update(of=parts(self.module.model), no_key=True)
        by_id = {one.pk: one for one in records}
        known: dict[Any, list[Any]] = {}
        for pk, word in found:
            if pk in by_id:
                known.setdefault(str(word), []).append(by_id[pk])
        return known

    @property
    def _key_label(self) -> str:
        return "id" if self.key == BY_ID else self.reach.label(self.key)

    # --- carrying it out

    def _write(self, rows: list[Row]) -> None:
        """All at once; where the database refuses that, one by one, so that only wrong ones are refused."""
        try:
            with unit_of_work():
                self._save(rows)
        except REFUSED:
            for row in rows:
                try:
                    with unit_of_work():
                        self._save([row])
                except REFUSED as error:
                    row.refuse(said(_better(row, error)))

    def _save(self, rows: list[Row]) -> None:
        made = [row for row in rows if row.verb == CREATE]
        insert_many([row.obj for row in made], self.reach.actor)
        # No signals tell the search of rows that are inserted at once.
        reindex(self.module, [row.obj.pk for row in made])
        for row in made:
            if row.values.get("created_at"):
                row.obj.created_at = row.values["created_at"]
                type(row.obj)._base_manager.filter(pk=row.obj.pk).update(created_at=row.obj.created_at)
        for row in rows:
            if row.verb == UPDATE:
                self._change(row)

    def _change(self, row: Row) -> None:
        obj, module = row.obj, self.module
        row.before = {name: plain(self._held(obj, name)) for name in row.changed}
        version = obj.version
        for name in row.changed:
            setattr(obj, module.field(name).path, row.values[name])
        touched = module.check(obj, set(row.changed)) if module.check and self.reach.user else None
        columns = {module.field(name).path for name in row.changed}
        obj.clean_fields(
            exclude={
                one.name for one in obj._meta.concrete_fields if one.is_relation or one.name not in columns
            }
        )
        obj.version = version + 1
        obj.save(update_fields={*columns, *(touched or ()), "version", "updated_at"})
        record_update(obj, self.reach.actor, row.changed)

    def _proven(self) -> set[str]:
        """Columns that a new record need not be asked about again: references were just looked up, most
        values were checked when they were read, and what the file does not give has a default or may be
        empty. What must be unique is the database's to say."""
        excluded = {"state", "password"}
        read = {one.path for one in self.values.fields if one.kind in PROVEN}
        mapped = {one.path for one in self.values.fields}
        for column in self.module.model._meta.concrete_fields:
            own = bool(getattr(column, "_validators", ()))
            spared = column.name not in mapped and (column.blank or column.has_default())
            if column.is_relation or spared or (column.name in read and not own):
                excluded.add(column.name)
        return excluded

    def _words(self, row: Row) -> list[int]:
        """Marks of the words by which other rows of the file may refer to this one."""
        if not self.values.inward:
            return []
        names = self.values.references.names(self.module)
        return [_mark(str(row.values[name])) for name in names if row.values.get(name)]


def _better(row: Row, error: Exception) -> Exception:
    """What the model itself says is wrong, where the database has only said that something is."""
    if not isinstance(error, IntegrityError):
        return error
    row.obj._state.adding = row.verb == CREATE
    try:
        row.obj.validate_unique()
        row.obj.validate_constraints()
    except ValidationError as better:
        return better
    return error


def _chunks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    rest = iter(lines)
    while some := list(islice(rest, CHUNK)):
        yield some


def _shown(value: Any) -> Any:
    return getattr(value, "pk", value) if hasattr(value, "_meta") else value


def _mark(text: str) -> int:
    """Eight bytes that stand for a text; two texts share them once in some 10^19 pairs."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


class Seen:
    """What has to be known of all rows so far, in a temporary database: keys, words, and who still waits."""

    def __init__(self) -> None:
        # Without a name it is a file that nobody else sees and that is gone with the connection.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE keys (key INTEGER PRIMARY KEY, number INTEGER, digest INTEGER);"
            "CREATE TABLE words (word INTEGER PRIMARY KEY);"
            "CREATE TABLE waiting (number INTEGER PRIMARY KEY);"
        )

    def add(self, rows: Iterable[Row], words: Callable[[Row], list[int]] = lambda _row: []) -> None:
        """Remembers rows that have had their turn."""
        kept = list(rows)
        # What could be read counts as seen, even where it could not be written: so do its doubles.
        known = [(row.key, row.line.number, row.digest) for row in kept if row.key is not None]
        waiting = [(row.line.number,) for row in kept if row.verb == WAITING]
        through = [(row.line.number,) for row in kept if row.verb != WAITING]
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", known)
        self._db.executemany(
            "INSERT OR IGNORE INTO words VALUES (?)",
            [(word,) for row in kept if row.values for word in words(row)],
        )
        self._db.executemany("INSERT OR IGNORE INTO waiting VALUES (?)", waiting)
        self._db.executemany("DELETE FROM waiting WHERE number = ?", through)
        self._db.execute("COMMIT")

    def restore(self, rows: Iterable[tuple[int | None, int, int, str]]) -> None:
        """Remembers rows of an earlier run: key, number, digest and verb of each."""
        for key, number, digest, verb in rows:
            if key is not None:
                self._db.execute("INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", [key, number, digest])
            if verb == WAITING:
                self._db.execute("INSERT OR IGNORE INTO waiting VALUES (?)", [number])

    def firsts(self, keys: Iterable[int]) -> dict[int, tuple[int, int]]:
        """The first row of each of the keys, as (number, digest)."""
        wanted = list(keys)
        marks = ", ".join("?" * len(wanted))
        found = self._db.execute(f"SELECT key, number, digest FROM keys WHERE key IN ({marks})", wanted)  # noqa: S608
        return {key: (number, digest) for key, number, digest in found}

    def has_word(self, word: int) -> bool:
        """Whether some row is called so."""
        return self._db.execute("SELECT 1 FROM words WHERE word = ?", [word]).fetchone() is not None

    def waiting(self) -> set[int]:
        """The numbers of the rows that wait for others."""
        return {number for (number,) in self._db.execute("SELECT number FROM waiting")}

    def close(self) -> None:
        """Gives the disk back."""
        self._db.close()
