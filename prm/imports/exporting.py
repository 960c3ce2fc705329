"""A list as a file: the rows and columns that may be exported, through the masks of the list itself."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any

from django.utils import timezone
from django.utils.duration import duration_iso_string
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django_countries import countries

from prm.access.fingerprint import fingerprint
from prm.access.rights import readable_fields, rights_for
from prm.files.store import keep
from prm.imports.mapping import BY_ID, currency_of
from prm.imports.models import Export
from prm.modules import registry
from prm.modules.read import BadQuery, list_page
from prm.modules.registry import Field, Module, Row
from prm.modules.sheets import CSV, MEDIA, csv_bytes, write_xlsx
from prm.people.reader import as_reader
from workflows import jobs
from workflows.actor import Actor
from workflows.errors import Denied, NotFound
from workflows.perform import perform, record_creation
from workflows.units import unit_of_work

#: Rows that are read at a time, and beyond which a file is made in the background.
BATCH, AT_ONCE = 1000, 2000

PAGING = frozenset({"limit", "cursor", "count"})

Show = Callable[[Any], Any]


def reader_of(user: Any, module: Module) -> Any:
    """The user as one who reads for an export: with the scopes that allow it and no others.

    Raises NotFound where the module is not theirs to see, Denied where they may read it and not export it.
    """
    rights = rights_for(user)
    if not rights.may(module, "view"):
        raise NotFound
    only = rights.only("export")
    if not only.may(module, "view"):
        raise Denied(_("You may read these records, but not export them."))
    return only.user


def columns_of(user: Any, module: Module, names: Iterable[str] | None = None) -> list[str]:
    """The fields of an export, in the module's order or that of `names`; what may not be read is left out.

    Without `names` all of them, the id in front: by it a changed file finds its records again.
    Raises NotFound, Denied.
    """
    readable = readable_fields(reader_of(user, module), module)
    if names is None:
        return [BY_ID, *(one.name for one in module.fields if one.name in readable)]
    return [name for name in dict.fromkeys(names) if name in readable or name == BY_ID]


def exported(
    user: Any, module: Module, params: Mapping[str, str], names: list[str], *, plain: bool = False
) -> Iterator[list[Any]]:
    """The header and then the rows, read some at a time. Raises BadQuery, NotFound, Denied before the first.

    params: as of the list; names: as of `columns_of`. plain: names of fields and values as the API has them,
    otherwise the labels that people read. An amount has its currency in a column of its own.
    """
    reader = reader_of(user, module)
    asked = {name: value for name, value in params.items() if name not in PAGING}
    fields = {name for name in names if name != BY_ID}
    first = list_page(reader, module, asked, limit=BATCH, fields=fields)

    # Words are chosen now: the rows may be read when the reader's language is no longer the present one.
    known = [module.field(name) if name != BY_ID else None for name in names]
    head = [text for one in known for text in _heads(one, plain)]
    shows = [(one, _show(one, plain)) for one in known]

    def rows() -> Iterator[list[Any]]:
        yield head
        page = first
        while True:
            for row in page.rows:
                yield [cell for one, show in shows for cell in _cells(one, show, row)]
            if page.next is None or len(page.rows) < BATCH:
                return
            page = list_page(reader, module, page.next, limit=BATCH, fields=fields)

    return rows()


def _heads(one: Field | None, plain: bool) -> list[str]:
    if one is None:
        return [BY_ID if plain else BY_ID.upper()]
    name = one.name if plain else str(one.label)
    return [name, f"{name}_currency" if plain else currency_of(name)] if one.kind == "money" else [name]


def _cells(one: Field | None, show: Show, row: Row) -> list[Any]:
    if one is None:
        return [str(row["id"])]
    value = row.get(one.name)
    if one.kind == "money":
        return [None, None] if value is None else [value["amount"], str(value["currency"])]
    return [None if value is None or value == "" else show(value)]


def _show(one: Field | None, plain: bool) -> Show:
    if one is None:
        return str
    match one.kind:
        case "reference":
            return lambda value: str(value["title"] or "")
        case "choice" | "state" if not plain:
            labels = {str(value): str(label) for value, label in one.options()}
            return lambda value: labels.get(str(value), str(value))
        case "country" if not plain:
            called = {str(code): str(name) for code, name in countries}
            return lambda value: called.get(str(value), str(value))
        case "integer" | "decimal" | "date" | "datetime" | "boolean":
            return lambda value: value
        case "duration":
            return duration_iso_string
        case "json":
            return lambda value: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        case _:
            return str


def count(user: Any, module: Module, params: Mapping[str, str]) -> int:
    """How many rows an export would have, up to what a list counts. Raises BadQuery, NotFound, Denied."""
    user = reader_of(user, module)
    asked = {name: value for name, value in params.items() if name not in PAGING}
    return list_page(user, module, {**asked, "count": "1"}, limit=1, fields=()).count or 0


def file_name(module: Module, kind: str) -> str:
    """What a file of today is called."""
    return f"{slugify(str(module.label_plural)) or module.key}-{timezone.localdate().isoformat()}.{kind}"


def write(file: IO[bytes], kind: str, rows: Iterable[list[Any]]) -> None:
    """The rows into a file of this kind."""
    if kind == CSV:
        file.writelines(csv_bytes(rows))
    else:
        write_xlsx(file, rows)


def ask(actor: Actor, module: Module, params: Mapping[str, str], names: list[str], kind: str) -> Export:
    """Has an export made in the background; whoever asked is told when it is ready."""
    made = Export(
        user=actor.user,
        target=module.key,
        name=file_name(module, kind),
        kind=kind,
        params=dict(params),
        fields=names,
    )
    with unit_of_work():
        made.save(force_insert=True)
        record_creation(made, actor)
        jobs.enqueue("prm.imports.exporting.make", str(made.pk))
    return made


def make(pk: str) -> None:
    """The job: writes the file under the rights that its owner has now."""
    made = Export.objects.select_related("user").filter(pk=pk, state=Export.State.WAITING).first()
    if made is None:
        return
    user, module = made.user, registry.get(made.target)
    with as_reader(user), tempfile.TemporaryFile() as file:
        try:
            if user is None or not user.is_active:
                raise NotFound
            names = columns_of(user, module, made.fields)
            # Before the first row is read: what changes meanwhile is another mark than this one.
            mark = _mark(user, module, made.params, names)
            rows = exported(user, module, made.params, names)
            counted = _Counted(rows)
            write(file, made.kind, counted)
        except (BadQuery, NotFound, Denied) as error:
            Export.objects.filter(pk=pk).update(problem=str(error))
            perform(made, "fail", actor=Actor.system())
            return
        with unit_of_work():
            stored = keep(file, made.name, MEDIA[made.kind])
            filled = {"content": stored, "rows": counted.rows - 1, "fields": names, "rights": mark}
            Export.objects.filter(pk=pk).update(**filled)
            perform(made, "finish", actor=Actor.system())


def still_exportable(user: Any, made: Export) -> bool:
    """Whether the user may export what the file is of still: its rows and columns, as when it was made."""
    module = registry.get(made.target)
    try:
        return _mark(user, module, made.params, made.fields) == made.rights
    except (NotFound, Denied):
        return False


def _mark(user: Any, module: Module, params: Mapping[str, str], names: Iterable[str]) -> str:
    """What decides on the rows and values of a file: the rights by which it is read. Raises NotFound, Denied.

    Rows are also found and sorted by fields that are no columns of it.
    """
    used = {*names, *(name.partition("__")[0] for name in params)}
    used.add((params.get("ordering") or module.default_ordering).removeprefix("-"))
    used |= set(module.search if params.get("search") else ())
    known = [one for one in module.fields if one.name in used]
    if all(one.stored for one in known):
        read = {module.key: {one.name for one in known}}
        for one in known:
            # A reference is shown where its target is, under what that is called.
            if one.kind == "reference" and one.module in _modules():
                read.setdefault(one.module, set()).add(registry.get(one.module).title)
    else:
        # What is computed may be made of anything.
        read = {key: set(other.by_name) for key, other in _modules().items()}
    rights = rights_for(reader_of(user, module))
    return fingerprint(rights, [(registry.get(key), fields) for key, fields in read.items()])


def _modules() -> dict[str, Module]:
    return {one.key: one for one in registry.all_modules()}


class _Counted:
    """Rows that are counted as they pass."""

    def __init__(self, rows: Iterable[list[Any]]) -> None:
        self._rows, self.rows = rows, 0

    def __iter__(self) -> Iterator[list[Any]]:
        for row in self._rows:
            self.rows += 1
            yield row
