"""Lucide icons as inline SVG, made once for each name and use.

The drawings come from the library's archive. Its own function opens that anew for each icon, and reading the
list of 1,700 files makes the first pages of a process slow; here it stays open.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from zipfile import ZipFile

from django.forms.utils import flatatt
from django.utils.safestring import SafeString

#: Shown where a module names an icon that there is not.
FALLBACK = "circle"


@lru_cache(maxsize=512)
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """The icon, for decoration only unless it has a label. Its size is the style sheet's."""
    meaning = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    options = flatatt({"class": f"icon {css}".strip(), **meaning})
    return SafeString(_drawing(name).replace(' xmlns="http://www.w3.org/2000/svg"', options, 1))


@cache
def _archive() -> ZipFile:
    return ZipFile(BytesIO(files("lucide").joinpath("lucide.zip").read_bytes()))


def _drawing(name: str) -> str:
    try:
        drawn = _archive().read(f"{name}.svg")
    except KeyError:
        drawn = _archive().read(f"{FALLBACK}.svg")
    return " ".join(drawn.decode().split()).replace("> <", "><")
