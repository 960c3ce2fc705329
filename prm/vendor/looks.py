"""What a portal adds to the vendor's look, on its pages and in the mails to its users: title, logo, colour,
welcome, links and languages, and a host name for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http.request import validate_host
from django.urls import reverse

from prm.access.models import Portal
from prm.access.specs import BUILT_IN
from prm.vendor.colours import Palette, palette, valid

#: What built-in portals are called as long as nobody has named them.
PLAIN_TITLES = {spec.key: spec.title for spec in BUILT_IN}

#: Audiences whose companies sell for the vendor.
PARTNERS = frozenset({"reseller", "distributor", "manufacturer"})

#: How large a logo is said to be where nothing is known of it, so that the page does not jump.
UNKNOWN_SIZE = (160, 48)


@dataclass(frozen=True)
class Logo:
    """A picture of this many pixels, and its path."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class Link:
    """A page elsewhere."""

    title: str
    url: str


@dataclass(frozen=True)
class OwnLook:
    """What one portal adds to the vendor's look. Texts are "" and the logo None where it adds nothing."""

    portal: UUID
    title: str
    accent: str
    logo: Logo | None
    welcome_title: str
    welcome_text: str
    links: tuple[Link, ...]
    languages: tuple[str, ...]
    for_partners: bool


_looks: dict[UUID, tuple[UUID, OwnLook]] = {}


def own_look(portal: Portal) -> OwnLook:
    """What the portal says of its look, worked out once for each of its revisions."""
    known = _looks.get(portal.pk)
    if known is None or known[0] != portal.revision:
        known = _looks[portal.pk] = (portal.revision, _read(portal))
    return known[1]


def _read(portal: Portal) -> OwnLook:
    welcome = portal.welcome or {}
    named = not portal.staff and portal.title != PLAIN_TITLES.get(portal.key)
    return OwnLook(
        portal=portal.pk,
        title=portal.title if named else "",
        accent=portal.accent.lower() if valid(portal.accent) else "",
        logo=_logo(portal),
        welcome_title=str(welcome.get("title") or ""),
        welcome_text=str(welcome.get("text") or ""),
        links=tuple(
            Link(str(one.get("title") or one["url"]), str(one["url"]))
            for one in portal.links or ()
            if isinstance(one, dict) and _is_address(one.get("url"))
        ),
        languages=tuple(portal.languages or ()),
        for_partners=portal.audience in PARTNERS,
    )


def _logo(portal: Portal) -> Logo | None:
    stored = portal.logo
    if stored is None or not stored.media_type.startswith("image/"):
        return None
    width, height = stored.width or UNKNOWN_SIZE[0], stored.height or UNKNOWN_SIZE[1]
    return Logo(f"{reverse('look-portal-logo', args=[portal.pk])}?v={stored.pk}", width, height)


def _is_address(url: Any) -> bool:
    """Only pages of the web; an address that is a script is none."""
    try:
        parts = urlsplit(url)
    except (ValueError, AttributeError, TypeError):
        return False
    return isinstance(url, str) and parts.scheme in ("https", "http") and bool(parts.netloc)


@lru_cache(maxsize=256)
def shades(accent: str) -> Palette:
    """The shades that follow from a colour, worked out once."""
    return palette(accent)


def public_url(path: str, portal: Portal | None = None) -> str:
    """A link for a mail, on the host that the reader's portal has for itself; without one, on that of all.

    Administrators enter a host name, and operators let it in: a link with a token goes to a name of theirs
    only, for which a "*" that lets in every name is not enough.
    """
    host = portal.host.lower() if portal is not None and not portal.archived else ""
    if not host or not validate_host(host, [one for one in settings.ALLOWED_HOSTS if one != "*"]):
        return f"{settings.PUBLIC_URL}{path}"
    port = settings.PUBLIC_PARTS.port
    return f"{settings.PUBLIC_PARTS.scheme}://{host}{f':{port}' if port else ''}{path}"
