"""Keeping bytes: in a private folder or an S3-compatible store, whichever `STORAGES["default"]` is.

Bytes are written before their row, and removed before it: a row without bytes never lies about a file that
somebody relies on, and bytes without a row are found by the sweep.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from io import BytesIO
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from prm.files import content, images
from prm.files.kinds import IMAGE
from prm.files.models import StoredFile
from workflows.jobs import enqueue

RENDER = "prm.files.previews.render"
REMOVE = "prm.files.sweeping.remove_unused"


def store(
    stream: IO[bytes],
    name: str,
    *,
    kinds: Collection[str] | None = None,
    largest: int | None = None,
) -> StoredFile:
    """Checks a file from outside, keeps it, and gives its row. Raises FileRefused, an InvalidInput at "file".

    kinds, largest: as in `content.inspect`. Pictures are drawn anew; their size and hash are those of what
    is kept. The caller makes a row of its own point here; without one it is gone in a day.
    """
    found = content.inspect(stream, name, kinds=kinds, largest=largest)
    if found.kind.group == IMAGE:
        picture = images.reencode(stream)
        return _keep(
            BytesIO(picture.data), found.name, picture.media_type, width=picture.width, height=picture.height
        )
    return _keep(stream, found.name, found.kind.media_type)


def keep(data: bytes | IO[bytes], name: str, media_type: str) -> StoredFile:
    """Keeps what we made ourselves, unchecked, and gives its row."""
    return _keep(BytesIO(data) if isinstance(data, bytes) else data, name, media_type)


def _keep(stream: IO[bytes], name: str, media_type: str, **more: Any) -> StoredFile:
    size, sha256 = content.measure(stream), content.digest(stream)
    shown = media_type.startswith("image/") or media_type == "application/pdf"
    stored = StoredFile(
        key=write(stream),
        name=name,
        media_type=media_type,
        size=size,
        sha256=sha256,
        preview=StoredFile.Preview.WAITING if shown else StoredFile.Preview.NONE,
        **more,
    )
    with transaction.atomic():
        stored.save(force_insert=True)
        if shown:
            enqueue(RENDER, str(stored.pk))
    return stored


def write(stream: IO[bytes]) -> str:
    """Writes bytes under a new key that nobody can guess, in a folder of today."""
    return write_as(f"{timezone.now():%Y/%m/%d}/{secrets.token_hex(16)}", stream)


def write_as(key: str, stream: IO[bytes]) -> str:
    """Writes bytes under this key, from the begin of the stream."""
    stream.seek(0)
    return str(default_storage.save(key, File(stream)))


def open_file(stored: StoredFile) -> IO[bytes]:
    """The bytes of a file, to be closed by the caller. Raises FileNotFoundError."""
    return read(stored.key)


def read(key: str) -> IO[bytes]:
    """The bytes under a key, to be closed by the caller. Raises FileNotFoundError."""
    found: Any = default_storage.open(key, "rb")
    return found


def discard(stored: StoredFile) -> None:
    """Removes the file once the transaction, in which its last row goes, has been committed."""
    enqueue(REMOVE, str(stored.pk))
