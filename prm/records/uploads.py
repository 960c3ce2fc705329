"""Files that arrive in parts: a connection that breaks loses one part, not the file.

A part is written under a key of its own as it comes, on whichever server, and counts once its row says so.
When all are there, they are put together, checked, and become a file on the record.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from typing import IO
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.files import content, names, store
from prm.files.errors import FileRefused, refused
from prm.modules.registry import Module
from prm.records.actions import place
from prm.records.files import attach, check_may_add, largest
from prm.records.models import File, Upload
from workflows.actor import Actor
from workflows.errors import InvalidInput, NotFound, WrongState
from workflows.perform import unit_of_work

#: Bytes of a part: what is suggested, and the most that is taken.
PART, LARGEST_PART = 2 * 1024 * 1024, 8 * 1024 * 1024
#: How long an upload may take, and how many one user may have begun. Parts without a row live no shorter.
KEPT, MOST = timedelta(hours=24), 50
BLOCK = 256 * 1024


class WrongOffset(WrongState):
    """The part does not begin where the last one ended; `offset` says where that is."""

    code = "wrong_offset"

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(_("The upload goes on at byte %(offset)s.") % {"offset": offset})


def begin(
    actor: Actor, module: Module, obj: Model, *, name: str, size: int, internal: bool = False
) -> Upload:
    """An upload of `size` bytes to the record. What its name alone forbids is refused now.

    Raises NotFound, Denied, InvalidInput.
    """
    check_may_add(actor, module, obj)
    kept = names.clean(name)
    if names.extension(kept) and not names.known(kept):
        raise refused("unknown", _("This kind of file is not accepted."))
    if size < 1:
        raise refused("empty", _("This file is empty."))
    if size > largest():
        raise content.too_large(largest())
    now = timezone.now()
    if Upload.objects.filter(author=actor.user, file=None, expires_at__gt=now).count() >= MOST:
        raise InvalidInput({"": [_("You have begun too many uploads. Finish some of them first.")]})
    upload = Upload(
        name=kept,
        size=size,
        author=actor.user,
        expires_at=now + KEPT,
        **place(actor, module, obj, internal),
    )
    upload.save(force_insert=True)
    return upload


def find(actor: Actor, module: Module, obj: Model, upload_id: UUID | str) -> Upload:
    """The actor's own upload to the record. Raises NotFound, Denied."""
    check_may_add(actor, module, obj)
    own = Upload.objects.select_related("file", "file__stored", "file__author").filter(
        author=actor.user, subject=module.subject, object_id=obj.pk, expires_at__gt=timezone.now()
    )
    try:
        return own.get(pk=upload_id)
    except (Upload.DoesNotExist, ValidationError) as error:
        raise NotFound from error


def append(
    actor: Actor, module: Module, obj: Model, upload_id: UUID | str, *, offset: int, part: IO[bytes]
) -> Upload:
    """Takes a part that begins at byte `offset`; after the last one, the upload has its file.

    A part of no bytes at the end tries again to finish. Raises NotFound, Denied, WrongOffset; FileRefused
    where the part goes beyond the size, or the whole is not taken, which ends the upload.
    """
    upload = find(actor, module, obj, upload_id)
    length = content.measure(part)
    if upload.offset != offset:
        raise WrongOffset(upload.offset)
    if length > LARGEST_PART or offset + length > upload.size:
        raise refused("size", _("This part is too large."))
    if length:
        _take(upload, offset, part, length)
    if upload.offset == upload.size and upload.file is None:
        _finish(actor, module, obj, upload)
    return upload


def _take(upload: Upload, offset: int, part: IO[bytes], length: int) -> None:
    key = store.write(part)
    with unit_of_work():
        locked = Upload.objects.select_for_update().filter(pk=upload.pk).first()
        taken = locked is not None and locked.offset == offset
        if locked is not None and taken:
            locked.parts = [*locked.parts, key]
            locked.offset = offset + length
            locked.save(update_fields=["parts", "offset", "updated_at"])
    if not taken:
        # Sent twice at once, and the other one was first.
        default_storage.delete(key)
        if locked is None:
            raise NotFound
        raise WrongOffset(locked.offset)
    assert locked is not None
    upload.parts, upload.offset = locked.parts, locked.offset


def _finish(actor: Actor, module: Module, obj: Model, upload: Upload) -> None:
    with tempfile.TemporaryFile() as whole:
        try:
            _join(upload.parts, whole)
        except FileNotFoundError:
            upload.file = _finished_elsewhere(upload)
            return
        try:
            stored = store.store(whole, upload.name)
        except FileRefused:
            cancel(upload)
            raise
    with unit_of_work():
        locked = Upload.objects.select_for_update().filter(pk=upload.pk).first()
        if locked is None:
            raise NotFound
        if locked.file_id is None:
            upload.file = locked.file = attach(actor, module, obj, stored, internal=upload.internal)
            locked.parts = []
            locked.save(update_fields=["file", "parts", "updated_at"])
        else:
            store.discard(stored)
            upload.file = File.objects.select_related("stored", "author").get(pk=locked.file_id)
    _drop(upload.parts)


def _join(parts: list[str], whole: IO[bytes]) -> None:
    """Raises FileNotFoundError."""
    for key in parts:
        with store.read(key) as part:
            while block := part.read(BLOCK):
                whole.write(block)


def _finished_elsewhere(upload: Upload) -> File:
    """The file that another request has made of the parts. Raises NotFound: they were lost, or given up."""
    now = Upload.objects.select_related("file__stored", "file__author").filter(pk=upload.pk).first()
    if now is None or now.file is None:
        cancel(upload)
        raise NotFound
    return now.file


def cancel(upload: Upload) -> None:
    """Ends an upload; the file that it became stays."""
    Upload.objects.filter(pk=upload.pk).delete()
    _drop(upload.parts)


def _drop(parts: list[str]) -> None:
    for key in parts:
        default_storage.delete(key)
