"""New versions of a document. What has been given out is never changed: a new file is a new version."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Max
from django.utils.translation import gettext as _

from prm.access.rights import may, visible
from prm.files.store import store
from prm.library.models import Document, DocumentVersion
from prm.modules import registry
from workflows import ports
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound
from workflows.locking import lock
from workflows.perform import record_creation
from workflows.units import unit_of_work


def add_version(
    actor: Actor,
    document: Document,
    *,
    upload: Any = None,
    link: str = "",
    notes: str = "",
    silent: bool = False,
) -> DocumentVersion:
    """Adds a file or a link as the next version. Raises NotFound, Denied, and InvalidInput by field.

    silent: a small correction, of which those are not told who are told of a publication.
    """
    module = registry.get("documents")
    if not visible(actor.user, module).filter(pk=document.pk).exists():
        raise NotFound
    if not may(actor.user, module, "edit", document):
        raise Denied
    if bool(upload) == bool(link):
        raise InvalidInput({"file": [_("Give a file or a link, one of them.")]})
    for name, text in (("notes", notes), ("link", link)):
        if len(text) > 500 or "\x00" in text:
            raise InvalidInput({name: [_("At most 500 characters.")]})
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
        stored = store(upload, upload.name) if upload else None
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
