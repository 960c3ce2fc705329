"""A logo as it is kept: drawn anew as all pictures are, cut to its content, no larger than it is shown."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from PIL import Image

from prm.files.errors import FileRefused
from prm.files.images import reencode
from workflows.errors import InvalidInput

LARGEST_FILE = 5 * 1024 * 1024
#: Twice what a page shows, for fine screens, and enough for a printed quote.
WIDTH, HEIGHT = 800, 240


@dataclass(frozen=True)
class Drawn:
    png: bytes
    width: int
    height: int

    @property
    def mark(self) -> str:
        return hashlib.sha256(self.png).hexdigest()[:16]


def drawn(file: Any) -> Drawn:
    """The image in an uploaded file as a PNG of at most 800 by 240 pixels, its empty margins cut away.

    Raises InvalidInput for what is no picture, or too large.
    """
    if file.size > LARGEST_FILE:
        raise InvalidInput({"logo": [_("This file is larger than 5 MB.")]})
    try:
        picture = reencode(file, longest=4 * WIDTH)
    except FileRefused as error:
        raise InvalidInput({"logo": [_("Choose a picture: PNG, JPEG, WebP or GIF.")]}) from error
    return fitted(Image.open(io.BytesIO(picture.data)))


def fitted(picture: Image.Image) -> Drawn:
    """A picture of ours, cut and made small in the same way. Raises InvalidInput where nothing is on it."""
    image = picture.convert("RGBA")
    box = image.getchannel("A").getbbox()
    if box is None:
        raise InvalidInput({"logo": [_("This picture is empty.")]})
    image = image.crop(box)
    image.thumbnail((WIDTH, HEIGHT))
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return Drawn(out.getvalue(), *image.size)
