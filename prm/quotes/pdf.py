"""Quotes as PDF: archivable (PDF/A-2a) and accessible (PDF/UA-1), with all fonts inside, made by typst.

Same data, same bytes: no clock, no font of the machine, no file but the template takes part.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import fontpkg_inter
import fontpkg_noto_sans
import fontpkg_noto_sans_arabic
import typst
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from prm.quotes.document import LETTER, QuoteDocument, texts

TEMPLATE = Path(__file__).parent / "templates" / "quotes" / "quote.typ"
#: Tried in this order for each character; then the fonts of the operator's folder.
FAMILIES = ("Inter", "Noto Sans", "Noto Sans Arabic")
#: Stands for a character that no font has.
PLACEHOLDER = "\N{WHITE SQUARE}"
COLOUR = "#1f5fbf"

_MISSING = re.compile(r'the text `"((?:[^"\\]|\\.)+)"` could not be displayed')


@dataclass(frozen=True)
class Rendered:
    """A PDF. missing: characters that no font has, shown as squares in it; "" where all are there."""

    content: bytes
    missing: str = ""


def render(document: QuoteDocument) -> Rendered:
    """The document as PDF. Raises typst.TypstError where the template itself is at fault."""
    data = _data(document)
    missing = ""
    while True:
        try:
            return Rendered(_compile(data, document), missing)
        except typst.TypstError as error:
            found = _missing(str(error.diagnostic))
            if not found - set(missing):
                raise
            missing = "".join(sorted({*missing, *found}))
            said = {**_data(document), "missing": _missing_text(document, missing)}
            data = _without(said, frozenset(missing))


def _compile(data: dict[str, Any], document: QuoteDocument) -> bytes:
    fonts = _fonts(settings.PDF_FONTS)
    data["fonts"] = [*FAMILIES, *(one for one in sorted(fonts.families()) if one not in FAMILIES)]
    made = typst.compile(
        _template(),
        font_paths=fonts,
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["a-2a", "ua-1"],
        timestamp=int(document.at.timestamp()),
        format="pdf",
    )
    return bytes(made)


def _data(document: QuoteDocument) -> dict[str, Any]:
    return {
        "texts": texts(document),
        "paper": "us-letter" if document.country.upper() in LETTER else "a4",
        "colour": document.colour if re.fullmatch("#[0-9a-fA-F]{6}", document.colour) else COLOUR,
        "logo": list(document.logo),
        "missing": "",
    }


@lru_cache(maxsize=1)
def _template() -> bytes:
    return TEMPLATE.read_bytes()


@lru_cache(maxsize=4)
def _fonts(folder: str) -> typst.Fonts:
    packages = (fontpkg_inter, fontpkg_noto_sans, fontpkg_noto_sans_arabic)
    paths = [str(package.ROOT / "files") for package in packages]
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[*paths, folder] if folder else paths,
    )


def _missing(diagnostic: str) -> set[str]:
    """The characters that typst says it has no font for."""
    found: set[str] = set()
    for text in _MISSING.findall(diagnostic):
        plain = re.sub(r"\\u\{([0-9a-f]+)\}", lambda match: chr(int(match[1], 16)), text)
        found |= set(re.sub(r"\\(.)", r"\1", plain))
    return found - {PLACEHOLDER}


def _without(data: Any, missing: frozenset[str]) -> Any:
    if isinstance(data, str):
        return "".join(PLACEHOLDER if char in missing else char for char in data)
    if isinstance(data, dict):
        return {name: _without(value, missing) for name, value in data.items()}
    if isinstance(data, list) and data and not isinstance(data[0], int):
        return [_without(one, missing) for one in data]
    return data


def _missing_text(document: QuoteDocument, missing: str) -> str:
    """Says in the file itself what it does not show: the numbers of characters that have no face."""
    codes = ", ".join(f"U+{ord(char):04X}" for char in missing[:20])
    with translation.override(document.language):
        return _("No font has these characters, which are shown as squares: %(codes)s.") % {"codes": codes}
