"""Lucide icons as inline SVG, made once for each name and size."""

from __future__ import annotations

from functools import lru_cache

from django.utils.safestring import SafeString
from lucide import IconDoesNotExist
from lucide.templatetags.lucide import lucide

#: Shown where a module names an icon that there is not.
FALLBACK = "circle"


@lru_cache(maxsize=512)
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """The icon, for decoration only unless it has a label. Its size is the style sheet's."""
    meaning = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    options = {"class": f"icon {css}".strip(), **meaning}
    try:
        return SafeString(lucide(name, size=None, **options))
    except IconDoesNotExist:
        return SafeString(lucide(FALLBACK, size=None, **options))
