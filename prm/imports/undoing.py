"""An import taken back: what nobody has touched since is deleted, or gets its former values again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import F, Model
from django.db.models.deletion import Collector, ProtectedError, RestrictedError
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from prm.imports.models import Import, ImportRow
from prm.imports.reach import Reach
from prm.imports.run import CREATE, UPDATE
from prm.imports.values import said
from prm.modules import registry
from prm.modules.registry import Module
from prm.records.models import OnRecord
from workflows.actor import Actor
from workflows.errors import InvalidInput
from workflows.locking import parts
from workflows.models import Timer, TransitionRecord
from workflows.perform import record_deletion, record_update
from workflows.units import unit_of_work

#: Rows that are taken back in one transaction.
SOME = 200
Undone = ImportRow.Undone


class _Kept(Exception):
    """The record stays as it is, and why."""


def take_back(job: Import) -> bool:
    """Takes back some rows, the last of the file first, and says whether there were any left."""
    module, actor = registry.get(job.target), Actor.importer(job.user)
    reach = Reach(module, job.user)
    with transaction.atomic():
        rows = job.lines.filter(undone=Undone.NO, verb__in=(CREATE, UPDATE)).order_by("-number")
        if connection.features.has_select_for_update:
            rows = rows.select_for_update()
        some = list(rows[:SOME])
        if not some:
            return False
        records = _locked(module, [row.object_id for row in some])
        made = {row.object_id for row in some if row.verb == CREATE}
        try:
            with unit_of_work():
                _delete(job, [_untouched(row, records, reach) for row in some if row.verb == CREATE], actor)
        except (_Kept, ProtectedError, RestrictedError):
            # Some must stay: each for itself, so that only those do.
            made = set()
        for row in some:
            if row.object_id in made:
                row.undone = Undone.YES
            else:
                _one(job, reach, row, records, actor)
        ImportRow.objects.bulk_update(some, ["undone", "reason"])
        Import.objects.filter(pk=job.pk).update(done=F("done") + len(some))
    return True


def _locked(module: Module, pks: Iterable[Any]) -> dict[Any, Any]:
    rows = module.model._base_manager.filter(pk__in=list(pks)).order_by("pk")
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(of=parts(module.model), no_key=True)
    return {one.pk: one for one in rows}


def _one(job: Import, reach: Reach, row: ImportRow, records: dict[Any, Any], actor: Actor) -> None:
    try:
        with unit_of_work():
            obj = _untouched(row, records, reach)
            if row.verb == CREATE:
                _delete(job, [obj], actor)
            else:
                _restore(reach.module, obj, row.before or {}, actor)
        row.undone = Undone.YES
    except _Kept as kept:
        row.undone, row.reason = Undone.KEPT, str(kept)
    except (ProtectedError, RestrictedError):
        row.undone, row.reason = Undone.KEPT, _("Other records refer to it.")


def _untouched(row: ImportRow, records: dict[Any, Any], reach: Reach) -> Any:
    """The record as the import left it, as far as the importer may still have it and change it."""
    obj = records.get(row.object_id)
    if obj is None or (reach.rights and not reach.rights.may(reach.module, "view", obj)):
        raise _Kept(_("It is no longer there."))
    if row.verb == UPDATE:
        try:
            reach.check_change(obj, row.before or {})
        except InvalidInput as error:
            raise _Kept(said(error)) from None
    if obj.version != row.version:
        raise _Kept(_("Somebody has changed it since."))
    return obj


def _delete(job: Import, objs: list[Any], actor: Actor) -> None:
    """Deletes records that the import made, with what came to be together with them and nothing else."""
    if not objs:
        return
    model, pks = type(objs[0]), [obj.pk for obj in objs]
    subject = model._meta.label_lower
    for kind in OnRecord.__subclasses__():
        if kind._default_manager.filter(subject=subject, object_id__in=pks).exists():
            raise _Kept(_("Somebody has written or filed something on it since."))
    collector = Collector(using=model._base_manager.db, origin=model._base_manager.all())
    collector.collect(objs)
    if _others(job, model, collector):
        raise _Kept(_("Other records refer to it."))
    for obj in objs:
        record_deletion(obj, actor)
    Timer.objects.filter(subject=subject, object_id__in=pks).delete()
    collector.delete()


def _others(job: Import, model: type[Model], collector: Collector) -> bool:
    """Whether more would go or change than the records themselves: rows with a history of their own."""
    own = {model, *model._meta.get_parent_list()}
    found: list[tuple[str, Any]] = []
    for kind, instances in collector.data.items():
        if kind not in own:
            found += [(kind._meta.label_lower, one.pk) for one in instances]
    for rows in collector.fast_deletes:
        if rows.model not in own:
            found += [(rows.model._meta.label_lower, pk) for pk in rows.values_list("pk", flat=True)]
    changed = [
        one.pk
        for groups in cast("Mapping[Any, Iterable[Iterable[Model]]]", collector.field_updates).values()
        for group in groups
        for one in group
    ]
    if changed:
        mine = set(job.lines.filter(object_id__in=changed).values_list("object_id", flat=True))
        if set(changed) - mine:
            return True
    return any(
        TransitionRecord.objects.filter(subject=subject, object_id=pk, transition="create").exists()
        for subject, pk in found
    )


def _restore(module: Module, obj: Any, before: dict[str, Any], actor: Actor) -> None:
    for name, value in before.items():
        one = module.field(name)
        column = obj._meta.get_field(one.path)
        if one.kind == "reference":
            setattr(obj, column.attname, value)
        elif one.kind == "money":
            money = Money(Decimal(value["amount"]), value["currency"]) if value else None
            setattr(obj, one.path, money)
        else:
            setattr(obj, one.path, column.to_python(value))
    obj.version += 1
    obj.updated_at = timezone.now()
    columns = {module.field(name).path for name in before}
    obj.save(update_fields={*columns, "version", "updated_at"})
    record_update(obj, actor, sorted(before))
