"""Files that arrive in parts: a connection that breaks loses one part, not the file.

A part is written under a key of its own as it comes, on whichever server, and counts once its row says so.
When all are there, they are put together, checked, and become a file on the record, or wait for what they are
sent for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
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
from prm.files.models import StoredFile
from prm.modules.registry import Module
from prm.records.actions import place
from prm.records.files import attach, check_may_add, largest
from prm.records.models import Upload
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


@dataclass(frozen=True)
class Purpose:
    """What parts are sent to a record for.

    check: raises NotFound, Denied or InvalidInput where the actor may not send them. subject: by which
    uploads for this are told from those that become files on the record; what arrives waits for `take`.
    """

    check: Callable[[Actor, Module, Model], None]
    subject: str = ""


#: A file on the record.
FILE = Purpose(check_may_add)


def begin(
    actor: Actor,
    module: Module,
    obj: Model,
    *,
    name: str,
    size: int,
    internal: bool = False,
    purpose: Purpose = FILE,
) -> Upload:
    """An upload of `size` bytes to the record. What its name alone forbids is refused now.

    Raises NotFound, Denied, InvalidInput.
    """
    purpose.check(actor, module, obj)
    kept = names.clean(name)
    if names.extension(kept) and not names.known(kept):
        raise refused("unknown", _("This kind of file is not accepted."))
    if size < 1:
        raise refused("empty", _("This file is empty."))
    if size > largest():
        raise content.too_large(largest())
    now = timezone.now()
    where = place(actor, module, obj, internal)
    if Upload.objects.filter(author=actor.user, file=None, expires_at__gt=now).count() >= MOST:
        raise InvalidInput({"": [_("You have begun too many uploads. Finish some of them first.")]})
    upload = Upload(
        name=kept,
        size=size,
        author=actor.user,
        expires_at=now + KEPT,
        **{**where, "subject": purpose.subject or where["subject"]},
    )
    upload.save(force_insert=True)
    return upload


def find(actor: Actor, module: Module, obj: Model, upload_id: UUID | str, purpose: Purpose = FILE) -> Upload:
    """The actor's own upload to the record. Raises NotFound, Denied, InvalidInput."""
    purpose.check(actor, module, obj)
    own = Upload.objects.select_related("stored", "file__stored", "file__author").filter(
        author=actor.user,
        subject=purpose.subject or module.subject,
        object_id=obj.pk,
        expires_at__gt=timezone.now(),
    )
    try:
        return own.get(pk=upload_id)
    except (Upload.DoesNotExist, ValidationError) as error:
        raise NotFound from error


def append(
    actor: Actor,
    module: Module,
    obj: Model,
    upload_id: UUID | str,
    *,
    offset: int,
    part: IO[bytes],
    purpose: Purpose = FILE,
) -> Upload:
    """Takes a part that begins at byte `offset`; after the last one, the upload is complete.

    A part of no bytes at the end tries again to finish. Raises NotFound, Denied, WrongOffset; FileRefused
    where the part goes beyond the size, or the whole is not taken, which ends the upload.
    """
    upload = find(actor, module, obj, upload_id, purpose)
    length = content.measure(part)
    if upload.offset != offset:
        raise WrongOffset(upload.offset)
    if length > LARGEST_PART or offset + length > upload.size:
        raise refused("size", _("This part is too large."))
    if length:
        _take(upload, offset, part, length)
    if upload.offset == upload.size and not upload.complete:
        _finish(actor, module, obj, upload)
    return upload


def take(actor: Actor, module: Module, obj: Model, upload_id: UUID | str, purpose: Purpose) -> StoredFile:
    """What has arrived in an upload, which ends with this; in the transaction that has a row point at it.

    Raises NotFound where it is not there, also because another one has taken it; InvalidInput at "upload"
    where it has not arrived as yet.
    """
    upload = find(actor, module, obj, upload_id, purpose)
    if upload.stored is None:
        raise InvalidInput({"upload": [_("This file has not arrived completely.")]})
    if not Upload.objects.filter(pk=upload.pk).delete()[0]:
        raise NotFound
    return upload.stored


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
            _finished_elsewhere(upload)
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
        if locked.complete:
            store.discard(stored)
            _finished_elsewhere(upload)
        else:
            if locked.subject == module.subject:
                upload.file = locked.file = attach(actor, module, obj, stored, internal=upload.internal)
            else:
                upload.stored = locked.stored = stored
            locked.parts = []
            locked.save(update_fields=["file", "stored", "parts", "updated_at"])
    _drop(upload.parts)


def _join(parts: list[str], whole: IO[bytes]) -> None:
    """Raises FileNotFoundError."""
    for key in parts:
        with store.read(key) as part:
            while block := part.read(BLOCK):
                whole.write(block)


def _finished_elsewhere(upload: Upload) -> None:
    """What another request has made of the parts. Raises NotFound: they were lost, or given up."""
    rows = Upload.objects.select_related("stored", "file__stored", "file__author")
    now = rows.filter(pk=upload.pk).first()
    if now is None or not now.complete:
        cancel(upload)
        raise NotFound
    upload.file, upload.stored = now.file, now.stored


def cancel(upload: Upload) -> None:
    """Ends an upload; the file that it became stays, and what nobody has taken goes."""
    Upload.objects.filter(pk=upload.pk).delete()
    if upload.stored is not None:
        store.discard(upload.stored)
    _drop(upload.parts)


def _drop(parts: list[str]) -> None:
    for key in parts:
        default_storage.delete(key)
