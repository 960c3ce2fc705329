"""Pictures of what a file shows, made by a job: of images, and of the first pages of a PDF.

A PDF is drawn in a process of its own with little memory and time: what goes wrong there costs a preview.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from uuid import UUID

from django.core.files.storage import default_storage

from prm.files import images, store
from prm.files.content import BLOCK
from prm.files.errors import FileRefused
from prm.files.models import StoredFile

PAGES = 5
#: Seconds by the clock; the program bounds its own memory and processor time.
SECONDS = 60


def render(pk: str) -> None:
    """The job: makes the previews of a file. Twice is as good as once."""
    stored = StoredFile.objects.filter(pk=UUID(pk), preview=StoredFile.Preview.WAITING).first()
    if stored is None:
        return
    try:
        pictures = _pictures(stored)
    except (FileRefused, FileNotFoundError, subprocess.SubprocessError, OSError):
        pictures = []
    for page, data in enumerate(pictures, 1):
        # A crashed attempt may have left one; the store would give the new one another name.
        default_storage.delete(stored.preview_key(page))
        store.write_as(stored.preview_key(page), BytesIO(data))
    made = StoredFile.Preview.READY if pictures else StoredFile.Preview.FAILED
    StoredFile.objects.filter(pk=stored.pk).update(preview=made, preview_pages=len(pictures))


def _pictures(stored: StoredFile) -> list[bytes]:
    with store.open_file(stored) as stream:
        if stored.media_type.startswith("image/"):
            return [images.preview(stream).data]
        with tempfile.TemporaryDirectory(prefix="preview-") as folder:
            source = Path(folder) / "source.pdf"
            with source.open("wb") as out:
                while block := stream.read(BLOCK):
                    out.write(block)
            return _pdf(source)


def _pdf(source: Path) -> list[bytes]:
    """The first pages of the PDF. Raises SubprocessError where it takes too much of anything."""
    command = [sys.executable, "-I", str(Path(__file__).parent / "render_pdf.py"), str(source)]
    command += [str(PAGES), str(images.PREVIEW)]
    subprocess.run(  # noqa: S603 - our own program, and a path that we made
        command,
        check=True,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath},
    )
    drawn = sorted(source.parent.glob("page-*.png"))
    found = []
    for path in drawn:
        with path.open("rb") as picture:
            found.append(images.preview(picture).data)
    return found
