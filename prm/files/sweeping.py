"""What nobody points at any more is removed: at once where somebody deletes, by a daily sweep otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import IntegrityError, models
from django.db.models import Exists, OuterRef

from prm.files.models import StoredFile

#: How long a file may be without a row that points at it, or bytes without a row: while they are written.
GRACE = timedelta(days=1)
#: How many days back bytes without a row are looked for; a crash leaves them on the day on which it happens.
LOOK_BACK = 7
EVERY = timedelta(hours=6)
BATCH = 500


def sweep(now: datetime) -> None:
    """Called by the clock with every pass; does its work every few hours."""
    if cache.add("files:swept", 1, EVERY.total_seconds()):
        sweep_rows(now)
        sweep_bytes(now)


def sweep_rows(now: datetime) -> int:
    """Removes files that nothing points at; the number of them."""
    rows = unused().filter(created_at__lt=now - GRACE)
    return sum(remove_unused(str(pk)) for pk in list(rows.values_list("pk", flat=True)[:BATCH]))


def sweep_bytes(now: datetime) -> int:
    """Removes bytes that have no row, of transactions that were rolled back; the number of them."""
    count = 0
    for days in range(1, LOOK_BACK + 1):
        folder = f"{now - GRACE - timedelta(days=days):%Y/%m/%d}"
        try:
            _folders, names = default_storage.listdir(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
        known = set(StoredFile.objects.filter(key__startswith=f"{folder}/").values_list("key", flat=True))
        for name in names:
            if f"{folder}/{name.partition('.')[0]}" not in known:
                default_storage.delete(f"{folder}/{name}")
                count += 1
    return count


def remove_unused(pk: str) -> bool:
    """Removes one file, if nothing points at it: first its bytes, then its row. Twice is as good as once."""
    stored = unused().filter(pk=UUID(pk)).first()
    if stored is None:
        return False
    for page in range(1, stored.preview_pages + 1):
        default_storage.delete(stored.preview_key(page))
    default_storage.delete(stored.key)
    try:
        stored.delete()
    except (IntegrityError, models.ProtectedError):
        # Pointed at meanwhile: nothing that we do, as its id was known to nobody.
        return False
    return True


def unused() -> models.QuerySet[StoredFile]:
    """Files that no row of any table points at."""
    rows = StoredFile.objects.all()
    for relation in StoredFile._meta.related_objects:
        pointing = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
        rows = rows.exclude(Exists(pointing))
    return rows
