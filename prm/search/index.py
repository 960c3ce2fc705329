"""Keeps the entries in step with the records, in the transaction of each write.

Every save and delete tells of itself by Django's signals, whichever action or transition it belongs to. What
goes past them (`bulk_create`, `QuerySet.update`, SQL) calls `reindex` with the ids.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connections, models, router
from django.db.migrations.executor import MigrationExecutor
from django.db.models.signals import post_delete, post_save
from django.db.transaction import atomic

from prm.modules import registry
from prm.modules.registry import Module
from prm.search.database import install
from prm.search.models import Indexed, SearchEntry
from prm.search.words import code, tokens
from workflows.units import gather, in_unit

#: Records that are read and written together.
BATCH = 500


@dataclass(frozen=True)
class Source:
    """A model whose rows hold words of a module.

    path: from the module's rows to it; "" for the rows themselves.
    columns: those that are searched; a save that leaves them alone changes no entry.
    """

    module: Module
    path: str
    columns: frozenset[str]


def searchable() -> list[Module]:
    """The modules that can be searched."""
    return [module for module in registry.all_modules() if module.search]


def sources() -> Mapping[type[models.Model], list[Source]]:
    """What is told to which modules, by the class of a saved row. A company is told as a partner, too."""
    return _sources(registry.all_modules())


@lru_cache(maxsize=4)
def _sources(modules: tuple[Module, ...]) -> Mapping[type[models.Model], list[Source]]:
    found: dict[type[models.Model], list[Source]] = {}
    for module in searchable():
        by_path: dict[str, set[str]] = {}
        for name in module.search:
            path, _, last = module.field(name).path.rpartition("__")
            by_path.setdefault(path, set()).add(last)
            if path:
                # Which row it is read from may change, too.
                first = path.partition("__")[0]
                by_path.setdefault("", set()).update((first, f"{first}_id"))
        for path, columns in by_path.items():
            model: Any = module.model
            for part in filter(None, path.split("__")):
                model = model._meta.get_field(part).related_model
            kin = [one for one in apps.get_models() if issubclass(one, model) or issubclass(model, one)]
            for one in kin:
                found.setdefault(one, []).append(Source(module, path, frozenset(columns)))
    return found


def reindex(module: Module, ids: Collection[UUID]) -> None:
    """Writes the entries of these records as they stand now; what is no longer there loses its entry."""
    for some in _batches(ids):
        _write(module, some)


@atomic
def _write(module: Module, some: list[UUID]) -> None:
    # Locked before the words are read: whoever waits here reads what the other one has committed.
    there = SearchEntry.objects.filter(module=module.key, object_id__in=some).order_by("object_id")
    kept = {one.object_id: one for one in there.select_for_update()}
    fresh, changed = [], []
    for pk, text in _words(module, module.rows().filter(pk__in=some)):
        entry = kept.pop(pk, None)
        if entry is None:
            fresh.append(SearchEntry(module=module.key, object_id=pk, words=text))
        elif entry.words != text:
            entry.words = text
            changed.append(entry)
    SearchEntry.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["module", "object_id"],
        update_fields=["words"],
    )
    SearchEntry.objects.bulk_update(changed, ["words"])
    if kept:
        SearchEntry.objects.filter(pk__in=[one.pk for one in kept.values()]).delete()


def reindex_all(module: Module, progress: Callable[[int], None] | None = None) -> int:
    """Writes the entries of all records of the module, a batch at a time; how many there are."""
    rows, made, last = module.rows().order_by("pk"), 0, None
    while some := list((rows.filter(pk__gt=last) if last else rows).values_list("pk", flat=True)[:BATCH]):
        _write(module, some)
        made, last = made + len(some), some[-1]
        if progress:
            progress(made)
    gone = SearchEntry.objects.filter(module=module.key)
    gone.exclude(object_id__in=module.rows().values("pk")).delete()
    Indexed.objects.update_or_create(module=module.key, defaults={"fields": _declared(module)})
    return made


def _words(module: Module, rows: Any) -> Iterator[tuple[UUID, str]]:
    paths = [module.field(name).path for name in module.search]
    numbers = {name for name in module.search if module.field(name).numbered}
    for pk, *texts in rows.values_list("pk", *paths):
        said = [(name, str(text)) for name, text in zip(module.search, texts, strict=True) if text]
        yield pk, tokens(module.key, said, numbers)


def _declared(module: Module) -> list[list[str]]:
    """What the entries depend on; the first item is the way in which words are made."""
    return [["analysis", "1"], *([name, module.field(name).path] for name in module.search)]


def _batches(ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    rest = iter(dict.fromkeys(ids))
    while some := list(islice(rest, BATCH)):
        yield some


# --- when


def connect() -> None:
    """Listens to every model that holds words of a module."""
    check_codes()
    for model in sources():
        post_save.connect(_saved, sender=model, dispatch_uid="prm.search")
        post_delete.connect(_deleted, sender=model, dispatch_uid="prm.search")


def check_codes() -> None:
    """Two fields with one code could answer for each other. Raises ValueError."""
    known: dict[str, tuple[str, str]] = {}
    for module in searchable():
        for name in module.search:
            other = known.setdefault(code(module.key, name), (module.key, name))
            if other != (module.key, name):
                raise ValueError(f"{module.key}.{name} and {'.'.join(other)} have one code; rename a field")


def _saved(
    sender: type[models.Model], instance: Any, update_fields: Collection[str] | None, **_: Any
) -> None:
    for source in sources().get(sender, ()):
        if update_fields is None or source.columns & set(update_fields):
            _tell(source, instance.pk)


def _deleted(sender: type[models.Model], instance: Any, **_: Any) -> None:
    for source in sources().get(sender, ()):
        # What refers to a deleted row is saved or deleted by itself.
        if not source.path:
            _tell(source, instance.pk)


class _Deferred(threading.local):
    on = False


_deferred = _Deferred()


@contextmanager
def deferred() -> Iterator[None]:
    """Writes no entry for a change of this thread in the block, and all of them anew at its end."""
    _deferred.on = True
    try:
        yield
    finally:
        _deferred.on = False
    for module in searchable():
        reindex_all(module)


def _tell(source: Source, pk: UUID) -> None:
    if _deferred.on:
        return
    if in_unit():
        # Once for all that the transaction changes.
        gather(("prm.search", source.module.key), (source, pk), _flush)
    else:
        _flush([(source, pk)])


def _flush(told: list[tuple[Source, UUID]]) -> None:
    module = told[0][0].module
    ids: set[UUID] = set()
    for source, pk in told:
        if source.path:
            ids.update(module.rows().filter(**{source.path: pk}).values_list("pk", flat=True))
        else:
            ids.add(pk)
    reindex(module, ids)


def after_migration(using: str, plan: Any = None, **_: Any) -> None:
    """Makes the index, and the entries of modules whose searched fields are new or others than before."""
    if not router.allow_migrate_model(using, SearchEntry):
        return
    if plan is not None:
        executor = MigrationExecutor(connections[using])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            # Only a part was migrated: tables or columns may still be missing.
            return
    install(using)
    made = dict(Indexed.objects.values_list("module", "fields"))
    tables = set(connections[using].introspection.table_names())
    for module in searchable():
        if module.model._meta.db_table in tables and made.get(module.key) != _declared(module):
            reindex_all(module)
