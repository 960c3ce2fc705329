"""What hangs on nothing any more: files of records that were deleted, uploads that nobody goes on with."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.cache import cache

from prm.files.store import discard
from prm.modules import registry
from prm.records.models import File, Upload
from prm.records.uploads import cancel
from workflows.perform import unit_of_work

EVERY = timedelta(hours=1)
BATCH = 500


def sweep(now: datetime) -> None:
    """Called by the clock with every pass; does its work once in an hour."""
    if cache.add("records:swept", 1, EVERY.total_seconds()):
        sweep_uploads(now)
        sweep_files()


def sweep_uploads(now: datetime) -> int:
    """Ends uploads whose time is over; the number of them."""
    over = list(Upload.objects.filter(expires_at__lte=now)[:BATCH])
    for upload in over:
        cancel(upload)
    return len(over)


def sweep_files() -> int:
    """Removes files whose record is gone; the number of them."""
    count = 0
    rows = File.objects.all()
    for subject in rows.order_by().values_list("subject", flat=True).distinct():
        module = registry.for_subject(subject)
        if module is None:
            continue
        present = module.model._base_manager.values("pk")
        lost = rows.filter(subject=subject).exclude(object_id__in=present).select_related("stored")
        for file in list(lost[:BATCH]):
            with unit_of_work():
                file.delete()
                if file.stored is not None:
                    discard(file.stored)
            count += 1
    return count
