"""Files on a record of any module: added and removed by who may attach, read by who may read its notes."""

from __future__ import annotations

from typing import IO
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.access.rate import too_often
from prm.access.rights import rights_for
from prm.files import fetching, store
from prm.files.models import StoredFile
from prm.modules.registry import Module
from prm.people.models import User
from prm.records.actions import check_may_write, place
from prm.records.models import File
from prm.records.queries import files
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound
from workflows.perform import unit_of_work

#: Files on one record, and files that one user may have fetched in an hour.
MOST, FETCHES = 500, 60


def largest() -> int:
    """Bytes of the largest file that is taken."""
    return int(settings.MAX_FILE_MB) * 1024 * 1024


def keep(actor: Actor, module: Module, obj: Model, stream: IO[bytes], name: str) -> StoredFile:
    """Checks a file that is meant for the record and keeps its bytes, which `attach` then puts there.

    Outside of a transaction, as it takes its time. Raises NotFound, Denied, InvalidInput.
    """
    check_may_add(actor, module, obj)
    return store.store(stream, name)


def fetch(actor: Actor, module: Module, obj: Model, url: str) -> StoredFile:
    """The same with a file from the web. Raises NotFound, Denied, InvalidInput (at "url" or "file")."""
    check_may_add(actor, module, obj)
    if too_often("fetch", str(actor.user.pk), limit=FETCHES, seconds=3600):
        raise InvalidInput({"url": [_("That was too often. Try again in an hour.")]})
    found = fetching.fetch(url, largest=largest())
    with found.stream:
        return store.store(found.stream, found.name)


def attach(actor: Actor, module: Module, obj: Model, stored: StoredFile, *, internal: bool = False) -> File:
    """Puts what was kept on the record; internal: for the vendor's people.

    Raises NotFound, Denied, InvalidInput.
    """
    with unit_of_work():
        check_may_add(actor, module, obj)
        file = File(stored=stored, name=stored.name, author=actor.user, **place(actor, module, obj, internal))
        file.save(force_insert=True)
    return file


def check_may_add(actor: Actor, module: Module, obj: Model) -> None:
    """Raises NotFound where the record is not the actor's to see, Denied, InvalidInput where it is full."""
    check_may_write(actor, module, obj, "attach")
    if File.objects.filter(subject=module.subject, object_id=obj.pk, removed_at=None).count() >= MOST:
        raise InvalidInput({"file": [_("There are too many files on this record.")]})


def find(user: User, module: Module, obj: Model, file_id: UUID | str) -> File:
    """One file on the record, if the user may read it now. Raises NotFound."""
    try:
        return files(user, module, obj).get(pk=file_id)
    except (File.DoesNotExist, ValidationError) as error:
        raise NotFound from error


def may_remove(user: User, file: File) -> bool:
    """Whoever added it, the vendor's people, and the admins of the company that it belongs to."""
    if file.author_id == user.pk or rights_for(user).policy.staff:
        return True
    return user.is_portal_admin and user.company_id is not None and file.party_id == user.company_id


def remove(actor: Actor, module: Module, obj: Model, file_id: UUID | str) -> None:
    """Takes a file from the record; that it was there is still told. Raises NotFound, Denied."""
    with unit_of_work():
        file = find(actor.user, module, obj, file_id)
        check_may_write(actor, module, obj, "attach")
        if not may_remove(actor.user, file):
            raise Denied(_("Only who added a file, or an admin, may remove it."))
        stored, now = file.stored, timezone.now()
        gone = {"stored": None, "removed_at": now, "removed_by": actor.user, "updated_at": now}
        if File.objects.filter(pk=file.pk, removed_at=None).update(**gone) and stored is not None:
            store.discard(stored)
