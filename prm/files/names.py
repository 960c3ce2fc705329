"""Names of files as they may be shown and saved: no paths, nothing that hides, nothing that runs."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from prm.files.errors import refused
from prm.files.kinds import BY_EXTENSION, DISGUISES, PROGRAMS

LONGEST = 150
#: Devices of Windows, which a file of that name would open instead of itself.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"|?*]')


def clean(name: str) -> str:
    """The name without folders, control characters and marks that turn or hide letters.

    Raises InvalidInput where the name is that of a program, or of one in disguise ("photo.exe.jpg").
    """
    bare = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    # Cc and Cf: control characters, and those that make the rest of the name run backwards or vanish.
    bare = "".join(char for char in bare if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    bare = " ".join(_FORBIDDEN.sub("_", bare).split()).strip(" .")
    if not bare:
        bare = _("file")
    if _DEVICES.match(bare):
        bare = f"_{bare}"
    parts = [part.strip() for part in bare.lower().split(".")[1:]]
    for part in parts:
        if part in DISGUISES or (part in PROGRAMS and part == parts[-1]):
            message = _("Programs, scripts and web pages are not accepted (.%(extension)s).")
            raise refused("program", message, extension=part)
    stem, dot, extension = bare.rpartition(".")
    if not dot:
        return _shortened(bare, LONGEST)
    return f"{_shortened(stem, LONGEST - len(extension) - 1)}.{extension}"[-LONGEST:]


def extension(name: str) -> str:
    """The extension in lower case, or "" where the name has none that stands for a kind of file."""
    found = name.rpartition(".")[2].lower() if "." in name else ""
    return found if re.fullmatch(r"[a-z0-9]{1,12}", found) else ""


def known(name: str) -> bool:
    """Whether the extension is one of those that are accepted."""
    return extension(name) in BY_EXTENSION


def _shortened(text: str, longest: int) -> str:
    """At most so many characters, and so few bytes that any file system takes them."""
    text = text[: max(longest, 1)]
    while len(text.encode()) > 200:
        text = text[:-1]
    return text.rstrip(" .") or "_"
