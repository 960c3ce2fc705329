"""New versions of a document. What has been given out is never changed: a new file is a new version."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Max, Model
from django.utils.translation import gettext as _

from prm.access.rights import may, visible
from prm.files.models import StoredFile
from prm.files.store import store
from prm.library.models import Document, DocumentVersion
from prm.modules import registry
from prm.modules.registry import Module
from prm.records import uploads
from prm.records.actions import texts
from prm.records.models import Upload
from workflows import ports
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound
from workflows.inputs import Input
from workflows.locking import lock
from workflows.perform import record_creation
from workflows.units import unit_of_work


def check_may_add(actor: Actor, module: Module, document: Model) -> None:
    """Raises NotFound where the document is not the actor's to see, Denied where it is not theirs to edit."""
    if not visible(actor.user, module).filter(pk=document.pk).exists():
        raise NotFound
    if not may(actor.user, module, "edit", document):
        raise Denied


#: What is sent to a document in parts, to be its next version.
VERSION = uploads.Purpose(check_may_add, subject=DocumentVersion._meta.label_lower)

#: What may be written of a version.
TEXTS = dict.fromkeys(("notes", "link"), Input(kind="text", required=False, max_length=500))


def add_version(
    actor: Actor,
    document: Document,
    *,
    upload: Any = None,
    sent: UUID | str = "",
    link: str = "",
    notes: str = "",
    silent: bool = False,
) -> DocumentVersion:
    """Adds a file or a link as the next version. Raises NotFound, Denied, and InvalidInput by field.

    upload: a file; sent: the id of one that has arrived in parts. silent: a small correction, of which those
    are not told who are told of a publication.
    """
    check_may_add(actor, registry.get("documents"), document)
    written = texts(TEXTS, {"notes": notes, "link": link})
    notes, link = written["notes"], written["link"]
    if [bool(one) for one in (upload, sent, link)].count(True) != 1:
        raise InvalidInput({"file": [_("Give a file or a link, one of them.")]})
    if link:
        try:
            URLValidator(schemes=["https", "http"])(link)
        except ValidationError as error:
            raise InvalidInput({"link": list(error.messages)}) from None
    with unit_of_work():
        # Locked, so that two at a time do not take the same number.
        held = lock(Document, document.pk)
        if held is None:
            raise NotFound
        last = held.versions.aggregate(last=Max("number"))["last"] or 0
        stored = _taken(actor, held, sent) if sent else store(upload, upload.name) if upload else None
        version = DocumentVersion(
            document=held,
            number=last + 1,
            name=stored.name if stored else link.partition("://")[2][:150],
            content=stored,
            link=link,
            notes=notes,
        )
        version.save(force_insert=True)
        record = record_creation(version, actor)
        if held.tells and not silent:
            # Not "updated", which is each change of its fields. Its line of history is the version's.
            event = ports.Event(
                obj=held, name="document.renewed", actor=actor, to_state=held.state, record=record
            )
            ports.publish(event)
    return version


def waiting(actor: Actor, document: Document, sent: UUID | str) -> Upload | None:
    """The actor's upload that has arrived and waits to become a version; None where there is none."""
    try:
        upload = uploads.find(actor, registry.get("documents"), document, sent, VERSION)
    except NotFound:
        return None
    return upload if upload.complete else None


def _taken(actor: Actor, document: Document, sent: UUID | str) -> StoredFile:
    """The file that has arrived in parts. Raises InvalidInput."""
    try:
        return uploads.take(actor, registry.get("documents"), document, sent, VERSION)
    except NotFound:
        raise InvalidInput({"upload": [_("This upload is no longer there. Send the file again.")]}) from None
