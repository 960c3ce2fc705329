"""What a portal looks like to its own users: title, logo, colour, welcome, links and languages.

A portal without a look of its own has the vendor's. Signed in, one has the look of one's own portal; before
that, the host name of the address decides, and lets nobody in or out.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse

from prm.access.models import Portal
from prm.vendor.looks import Link, Logo, OwnLook, own_look
from prm.vendor.queries import vendor


@dataclass(frozen=True)
class Look:
    """brand: what stands at the head of the pages; under_logo: the portal's title, below the vendor's logo.
    colours: address of the style sheet, "" for the usual one. for_partners: whether those who come here may
    want to become a partner."""

    brand: str
    colours: str = ""
    logo: Logo | None = None
    under_logo: bool = False
    for_partners: bool = True
    welcome_title: str = ""
    welcome_text: str = ""
    links: tuple[Link, ...] = ()


def look_of(request: HttpRequest) -> Look:
    """The look of the page that is asked for."""
    own = _own_of(request)
    known = vendor()
    colours = f"{reverse('look-colours')}?v={known.version}" if known.colour else ""
    logo = (
        Logo(f"{reverse('look-logo')}?v={known.logo.mark}", known.logo.width, known.logo.height)
        if known.logo
        else None
    )
    if own is None:
        return Look(known.brand, colours, logo)
    if own.accent:
        colours = f"{reverse('look-portal-colours', args=[own.portal])}?v={own.accent[1:]}"
    return Look(
        brand=own.title or known.brand,
        colours=colours,
        logo=own.logo or logo,
        under_logo=bool(own.title and logo and not own.logo),
        for_partners=own.for_partners,
        welcome_title=own.welcome_title,
        welcome_text=own.welcome_text,
        links=own.links,
    )


def languages(request: HttpRequest) -> list[tuple[str, str]]:
    """The languages to choose from, as (code, name): the portal's, or all that there are."""
    own = _own_of(request)
    chosen = [one for one in settings.LANGUAGES if own is None or one[0] in own.languages]
    return chosen or list(settings.LANGUAGES)


def _own_of(request: HttpRequest) -> OwnLook | None:
    """Kept with the request: its head, its links and its languages are asked for at different times."""
    user: Any = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    asked = (user.pk, user.portal_id) if known else None
    kept: tuple[Any, OwnLook | None] | None = getattr(request, "_look", None)
    if kept is None or kept[0] != asked:
        portal = user.portal if known else portal_at(request)
        kept = (asked, own_look(portal) if portal is not None and not portal.archived else None)
        request._look = kept  # type: ignore[attr-defined]
    return kept[1]


_lock = threading.Lock()
_hosts: tuple[float, dict[str, Portal]] | None = None


def portal_at(request: HttpRequest) -> Portal | None:
    """The portal that has the host name of the address for itself, as of at most VENDOR_SECONDS ago."""
    try:
        host = request.get_host().rpartition(":")[0] or request.get_host()
    except DisallowedHost:
        return None
    return _portals_by_host().get(host.lower().rstrip("."))


def _portals_by_host() -> dict[str, Portal]:
    global _hosts
    kept = _hosts
    if kept is not None and time.monotonic() - kept[0] < settings.VENDOR_SECONDS:
        return kept[1]
    rows = Portal.objects.exclude(host="").filter(archived=False).select_related("logo")
    found = {one.host.lower(): one for one in rows}
    # What a transaction sees may be undone yet, and is nobody else's.
    if not connection.in_atomic_block:
        with _lock:
            _hosts = (time.monotonic(), found)
    return found
