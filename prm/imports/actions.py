"""What is done to an import besides its transitions: uploading, mapping, and reading the file again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _

from prm.files.store import open_file, store
from prm.imports.guessing import guess
from prm.imports.mapping import BY_ID, NO_KEY, FileMapping, importing, to_json
from prm.imports.models import Import, RememberedMapping
from prm.imports.reach import Reach, may_import
from prm.imports.run import WRONG
from prm.imports.table import Table, TableError, open_table
from prm.modules import registry
from prm.modules.registry import Module
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput
from workflows.perform import record_creation
from workflows.units import unit_of_work

LARGEST = 50 * 1024 * 1024
KINDS = ("csv", "txt", "xlsx")
SAMPLE = 3
#: Rows that the first look takes in, to guess what columns mean.
LOOKED_AT = 50


def targets(user: Any) -> list[Module]:
    """The modules that the user may import into: those in which they may make records, out of a file."""
    return [one for one in registry.all_modules() if may_import(user, one)]


def upload(actor: Actor, module: Module, stream: IO[bytes], name: str) -> Import:
    """Keeps a file for an import and guesses what its columns mean. Raises Denied, InvalidInput at "file"."""
    if module not in targets(actor.user):
        raise Denied()
    with unit_of_work():
        stored = store(stream, name, kinds=KINDS, largest=LARGEST)
        job = Import(user=actor.user, target=module.key, name=stored.name, content=stored)
        _look(job)
        job.save(force_insert=True)
        record_creation(job, actor)
    return job


def choose_sheet(job: Import, sheet: str) -> None:
    """Takes another sheet of the workbook. Raises InvalidInput at "sheet"."""
    job.sheet = sheet
    try:
        _look(job)
    except InvalidInput as error:
        raise InvalidInput({"sheet": error.errors["file"]}) from error
    job.save(update_fields=["sheet", "sheets", "header", "sample", "mapping", "updated_at"])


def _look(job: Import) -> None:
    try:
        table = table_of(job)
        lines = []
        for line in table.lines():
            lines.append(line)
            if len(lines) == LOOKED_AT:
                break
    except TableError as error:
        raise InvalidInput({"file": [str(error)]}) from error
    if not lines:
        raise InvalidInput({"file": [_("There are no rows in it.")]})
    job.header, job.sheets = table.header, list(table.sheets)
    job.sample = [line.cells for line in lines[:SAMPLE]]
    reach = Reach(registry.get(job.target), job.user)
    known = _remembered(job)
    job.mapping = to_json(guess(reach, table.header, lines, known))


def table_of(job: Import) -> Table:
    """The rows of the import's file. Raises TableError."""
    stored = job.content
    if stored is None:
        raise TableError(_("The file is no longer there."))
    return open_table(lambda: open_file(stored), job.name, job.sheet)


def signature(header: list[str]) -> str:
    """Stands for a header, in whatever order its columns are."""
    return hashlib.sha256("\x1f".join(sorted(one.casefold() for one in header)).encode()).hexdigest()


def _remembered(job: Import) -> FileMapping | None:
    """What these columns meant the last time, or what a file of the same kind meant by the same names."""
    own = RememberedMapping.objects.filter(user=job.user, target=job.target)
    found = own.filter(signature=signature(job.header)).first() or own.order_by("-used_at").first()
    return FileMapping.of(found.mapping) if found else None


def set_mapping(job: Import, mapping: FileMapping) -> None:
    """Keeps what the columns mean. Raises InvalidInput by field, or at "" where it cannot work."""
    reach = Reach(registry.get(job.target), job.user)
    errors: dict[str, list[str]] = {}
    for name in mapping.fields:
        if name != BY_ID and name not in reach.fields:
            errors[name] = [_("You may not set this field.")]
    for one in needed(reach):
        if one not in mapping.fields and mapping.key != BY_ID:
            errors[one] = [_("Choose the column: no record can be without it.")]
    if mapping.key not in ("", NO_KEY) and mapping.key not in mapping.fields:
        errors["key"] = [_("Choose the column of the field by which records are found again.")]
    if not mapping.columns:
        errors[""] = [_("Choose at least one column.")]
    if errors:
        raise InvalidInput(errors)
    job.mapping = to_json(mapping)
    job.save(update_fields=["mapping", "updated_at"])
    RememberedMapping.objects.update_or_create(
        user=job.user,
        target=job.target,
        signature=signature(job.header),
        defaults={"mapping": job.mapping},
    )


def needed(reach: Reach) -> list[str]:
    """Names of the fields that every new record must have."""
    return [name for name, one in reach.fields.items() if one.required]


def keys(reach: Reach) -> list[str]:
    """Names of the fields by which known records can be found again, the module's own first."""
    first = importing(reach.module).key
    others = [
        name
        for name, one in reach.fields.items()
        if one.kind in ("text", "email", "url", "phone") and name in reach.module.filters
    ]
    return [name for name in dict.fromkeys((first, *others)) if name in reach.fields]


def rejected(job: Import) -> Any:
    """The rows that were rejected, as tuples of number, cells, reason and suggestion."""
    rows = job.lines.filter(verb=WRONG).order_by("number")
    return rows.values_list("number", "cells", "reason", "suggestion").iterator(chunk_size=1000)


def chosen(data: Mapping[str, Any]) -> FileMapping:
    """The mapping that is kept with an import."""
    return FileMapping.of(data)
