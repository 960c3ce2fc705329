"""What a file is, told by its content."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import override_settings
from PIL import Image

from prm.files import images, names
from prm.files.content import inspect
from prm.files.errors import FileRefused
from tests.files import making, odd

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("name", "data"), making.right_ones().items(), ids=list(making.right_ones()))
def test_right_files_are_taken(name: str, data: bytes) -> None:
    stream = BytesIO(data)
    found = inspect(stream, name)
    assert (found.name, found.size, stream.tell()) == (name, len(data), 0)
    assert name.rpartition(".")[2].lower() in found.kind.extensions


@pytest.mark.parametrize("one", odd.refusals(), ids=lambda one: one.label)
def test_odd_files_are_refused(one: odd.Odd) -> None:
    with pytest.raises(FileRefused) as refusal:
        take(one.name, one.data)
    assert list(refusal.value.errors) == ["file"] and all(refusal.value.errors["file"])


def take(name: str, data: bytes) -> None:
    """What storing does with a file before it writes anything."""
    if inspect(BytesIO(data), name).kind.group == "image":
        images.reencode(BytesIO(data))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\offer.pdf", "offer.pdf"),
        ("invoice\u202efdp.txt", "invoicefdp.txt"),
        ("zero\u200bwidth\x00.txt", "zerowidth.txt"),
        ("a" * 300 + ".pdf", "a" * 146 + ".pdf"),
        ("CON.txt", "_CON.txt"),
        (" .hidden. ", "hidden"),
        ('a<b>:"c|?*.txt', "a_b___c___.txt"),
        ("", "file"),
        ("northwind.com.pdf", "northwind.com.pdf"),
        ("Ange\u0301bot.pdf", "Angébot.pdf"),
    ],
)
def test_names_are_made_harmless(given: str, kept: str) -> None:
    assert names.clean(given) == kept
    assert len(names.clean(given).encode()) <= 255


def test_a_name_without_ending_gets_the_one_of_its_content() -> None:
    assert inspect(BytesIO(making.pdf()), "offer").name == "offer.pdf"


def test_only_wanted_kinds_and_sizes_are_taken() -> None:
    with pytest.raises(FileRefused) as refusal:
        inspect(BytesIO(making.pdf()), "offer.pdf", kinds={"png"})
    assert refusal.value.why == "unwanted"
    with override_settings(MAX_FILE_MB=1), pytest.raises(FileRefused) as refusal:
        inspect(BytesIO(b"x" * (1024 * 1024 + 1)), "long.txt")
    assert refusal.value.why == "size"


def test_a_picture_loses_all_but_its_pixels() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "Maker of cameras"
    exif.get_ifd(0x8825)[1] = "N"
    given = making.picture("JPEG", (40, 30), exif=exif, comment=b"secret place") + b"PK\x03\x04behind"
    made = images.reencode(BytesIO(given))
    assert (made.width, made.height) == (30, 40)
    assert not any(part in made.data for part in (b"Maker", b"secret", b"Exif", b"behind"))
    with Image.open(BytesIO(made.data)) as image:
        assert image.format == "JPEG" and not image.getexif() and "icc_profile" not in image.info


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pictures_of_all_modes_are_drawn(mode: str) -> None:
    out = BytesIO()
    Image.new(mode, (8, 6)).save(out, "PNG")
    assert images.reencode(out).media_type == "image/png"


def test_an_animation_keeps_moving_and_a_preview_stands_still() -> None:
    for format in ("GIF", "WEBP", "PNG"):
        data = making.animation(3, format=format)
        with Image.open(BytesIO(images.reencode(BytesIO(data)).data)) as image:
            assert (image.format, getattr(image, "n_frames", 1)) == (format, 3)
    shown = images.preview(BytesIO(making.animation(3, (3000, 1000))))
    assert (shown.media_type, shown.width) == ("image/webp", 1400)
