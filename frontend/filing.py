"""What the page of a record says about its files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _

from prm.access.rights import may
from prm.files.kinds import ARCHIVE, BY_MEDIA_TYPE, EXTENSIONS, IMAGE, OFFICE, PDF, VIDEO
from prm.files.models import StoredFile
from prm.modules.naming import Names, names
from prm.modules.registry import Module
from prm.records import queries
from prm.records.files import MOST, may_remove
from prm.records.models import File

ICONS = {
    IMAGE: "image",
    PDF: "file-text",
    OFFICE: "file-text",
    ARCHIVE: "file-archive",
    VIDEO: "film",
}


def card(user: Any, module: Module, obj: Any) -> dict[str, Any]:
    """The files of a record, newest first, and what their card needs to take more."""
    attach = may(user, module, "attach", obj)
    files = list(queries.files(user, module, obj).reverse()[:MOST])
    named = names(user, (one.author_id for one in files))
    return {
        "list": [line(user, one, attach, named) for one in files],
        "may_add": attach,
        "largest": settings.MAX_FILE_MB,
        "largest_bytes": settings.MAX_FILE_MB * 1024 * 1024,
        "accept": ",".join(EXTENSIONS),
        "uploads": f"/api/v1/{module.key}/{obj.pk}/uploads/",
        "url": reverse("record-files", args=[module.key, obj.pk]),
    }


def line(user: Any, file: File, attach: bool, named: Names) -> dict[str, Any]:
    """One file of the list. attach: whether the user may add and remove files at all; named: whom they may be
    told of."""
    stored: StoredFile = file.stored  # type: ignore[assignment]
    return {
        "obj": file,
        "icon": icon(stored.media_type),
        "size": filesizeformat(stored.size),
        "who": named.of(file.author),
        "shown": stored.preview != StoredFile.Preview.NONE,
        "may_remove": attach and may_remove(user, file),
    }


def icon(media_type: str) -> str:
    """The icon of a kind of file."""
    kind = BY_MEDIA_TYPE.get(media_type)
    if kind is not None and kind.name in ("csv", "tsv", "xlsx", "ods"):
        return "file-spreadsheet"
    return ICONS.get(kind.group, "file") if kind is not None else "file"


def ever(user: Any, module: Module, obj: Any) -> list[File]:
    """The latest files that the time line tells of, removed ones too."""
    return list(queries.files_ever(user, module, obj).reverse()[:MOST])


def events(files: Iterable[File], named: Names) -> list[dict[str, Any]]:
    """What the time line says: files that were added, and those that were removed again."""
    found = []
    for file in files:
        name, author = {"name": file.name}, named.of(file.author)
        found.append(_event(_("File added: %(name)s") % name, "paperclip", author, file.created_at))
        if file.removed_at is not None:
            title = _("File removed: %(name)s") % name
            found.append(_event(title, "trash-2", named.of(file.removed_by), file.removed_at))
    return found


def _event(title: str, icon: str, who: str, at: Any) -> dict[str, Any]:
    return {
        "kind": "note",
        "icon": icon,
        "title": title,
        "to_state": "",
        "who": who,
        "at": at,
        "text": "",
    }
