"""Pictures are drawn anew: what comes out holds pixels and nothing else that was in the file."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps, ImageSequence, UnidentifiedImageError

from prm.files.errors import FileRefused, refused
from prm.files.kinds import BY_NAME

#: Pixels of one picture, and of all pictures of an animation; edge in pixels; pictures of an animation.
MOST_PIXELS, MOST_EDGE, MOST_FRAMES = 40_000_000, 20_000, 300
#: The edge of a preview in pixels.
PREVIEW = 1400
_FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
#: Several JPEG in one file, as phones write them: the first is the picture.
_MANY_JPEG = "MPO"
_SRGB = ImageCms.createProfile("sRGB")
#: A large picture takes some hundred megabytes while it is drawn: one at a time in each process.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """A picture as we wrote it. width and height in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


def reencode(stream: IO[bytes], *, longest: int | None = None) -> Picture:
    """The picture in its own format, without metadata, turned as its camera was. Raises FileRefused.

    longest: the edge in pixels to which a larger one is scaled down; of an animation then remains the first.
    """
    with _opened(stream) as image:
        format = "JPEG" if image.format == _MANY_JPEG else str(image.format)
        media_type = BY_NAME[_FORMATS[format]].media_type
        if format != "JPEG" and getattr(image, "n_frames", 1) > 1 and longest is None:
            return _animation(image, format, media_type)
        drawn = _drawn(image)
        if longest and max(drawn.size) > longest:
            drawn.thumbnail((longest, longest))
        return _written(drawn, format, media_type)


def preview(stream: IO[bytes], *, longest: int = PREVIEW) -> Picture:
    """The picture (the first of an animation) as WebP with no edge longer than `longest`."""
    with _opened(stream) as image:
        drawn = _drawn(image)
        drawn.thumbnail((longest, longest))
        return _written(drawn, "WEBP", "image/webp", quality=80)


@contextmanager
def _opened(stream: IO[bytes]) -> Iterator[Image.Image]:
    """The picture, if it is one of ours and of a size that can be drawn."""
    stream.seek(0)
    try:
        with _one_at_a_time, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(stream, formats=list(_FORMATS)) as image:
                _check_size(image)
                yield image
    except FileRefused:
        raise
    except (Image.DecompressionBombError, MemoryError):
        raise _too_many() from None
    # Decoders of damaged files raise whatever comes up on the way.
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError,
            OverflowError, EOFError, AttributeError, RuntimeError, ArithmeticError) as error:  # fmt: skip
        raise refused("damaged", _("This picture is damaged or not complete.")) from error


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS or max(width, height) > MOST_EDGE:
        raise _too_many()
    frames = getattr(image, "n_frames", 1)
    if frames > MOST_FRAMES or frames * width * height > 4 * MOST_PIXELS:
        raise _too_many()


def _too_many() -> FileRefused:
    return refused("bomb", _("This picture has too many pixels."))


def _drawn(image: Image.Image) -> Image.Image:
    """The pixels in sRGB, as they are meant to be seen."""
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    transparent = image.mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in image.info
    mode = "RGBA" if transparent else "L" if image.mode in ("1", "L") else "RGB"
    profile = image.info.get("icc_profile")
    if profile and mode != "L":
        made = _in_srgb(image if image.mode == "CMYK" else image.convert(mode), profile, mode)
    else:
        made = image.convert(mode)
    made.info = {}
    return made


def _in_srgb(image: Image.Image, profile: bytes, mode: str) -> Image.Image:
    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted: Any = ImageCms.profileToProfile(image, given, _SRGB, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        # A profile that cannot be read changes shades, not the picture.
        return image.convert(mode)
    return converted


def _written(image: Image.Image, format: str, media_type: str, *, quality: int = 90) -> Picture:
    if format == "JPEG" and image.mode == "RGBA":
        image = image.convert("RGB")
    options: dict[str, Any] = {
        "JPEG": {"quality": quality, "optimize": True, "progressive": True},
        "PNG": {"compress_level": 7},
        "WEBP": {"quality": quality, "method": 3},
        "GIF": {},
    }[format]
    out = BytesIO()
    image.save(out, format, **options)
    return Picture(out.getvalue(), media_type, *image.size)


def _animation(image: Image.Image, format: str, media_type: str) -> Picture:
    pictures, durations = [], []
    for frame in ImageSequence.Iterator(image):
        durations.append(max(int(frame.info.get("duration") or 100), 20))
        pictures.append(_drawn(frame.copy()))
    options: dict[str, Any] = {"append_images": pictures[1:], "duration": durations, "loop": 0}
    if format == "GIF":
        options["disposal"] = 2
    out = BytesIO()
    pictures[0].save(out, format, save_all=True, **options)
    return Picture(out.getvalue(), media_type, *pictures[0].size)
