"""Who the vendor is, as pages, mails and documents need it: read once a second, not once a word."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext as _
from django_countries import countries

from prm.vendor.colours import Palette, palette
from prm.vendor.models import VendorProfile

#: The name of an installation that nobody has named yet.
UNNAMED = "Vendor"


@dataclass(frozen=True)
class Logo:
    """A PNG of this many pixels; `mark` changes with its bytes and is part of its address."""

    mark: str
    width: int
    height: int


@dataclass(frozen=True)
class Vendor:
    """The vendor as it stands. Texts are "" where nothing is known; country is the two-letter code.

    version: 0 where nobody has filled the profile in. mails: whether it names a mail server.
    first_steps_away: whether administrators want to see the first steps no more.
    """

    version: int
    name: str
    legal_name: str
    street: str
    postal_code: str
    city: str
    region: str
    country: str
    tax_id: str
    registration: str
    email: str
    phone: str
    website: str
    quote_terms: str
    currency: str
    language: str
    timezone: str
    colour: str
    mails: bool
    first_steps_away: bool
    logo: Logo | None

    @property
    def brand(self) -> str:
        """What stands at the head of the pages: the vendor's name, where it has one."""
        return self.name if self.name != UNNAMED else _("Partner portal")

    @property
    def legal(self) -> str:
        """The name that a contract bears."""
        return self.legal_name or self.name

    @property
    def address(self) -> list[str]:
        """The lines of the postal address, without the name; an empty list where none is known."""
        place = " ".join(part for part in (self.postal_code, self.city) if part)
        lines = [self.street, place, self.region, str(countries.name(self.country)) if self.country else ""]
        return [line for line in lines if line]

    @cached_property
    def palette(self) -> Palette | None:
        """The shades that follow from the colour; None where the portal keeps its own."""
        return palette(self.colour) if self.colour else None


_lock = threading.Lock()
_kept: tuple[float, Vendor] | None = None


def vendor() -> Vendor:
    """The vendor as it stands, at most VENDOR_SECONDS old; with the environment's values where no row is."""
    global _kept
    kept = _kept
    if kept is not None and time.monotonic() - kept[0] < settings.VENDOR_SECONDS:
        return kept[1]
    read = _read()
    # What a transaction sees may be undone yet, and is nobody else's.
    if not connection.in_atomic_block:
        with _lock:
            _kept = (time.monotonic(), read)
    return read


def logo() -> bytes | None:
    """The vendor's logo as PNG; None where there is none."""
    found = VendorProfile.objects.values_list("logo", flat=True).first()
    return bytes(found) if found else None


def forget(**kwargs: Any) -> None:
    """Have the next question read the row again; other processes follow within VENDOR_SECONDS."""
    global _kept
    with _lock:
        _kept = None


def connect() -> None:
    post_save.connect(forget, sender=VendorProfile, dispatch_uid="vendor.saved")
    post_delete.connect(forget, sender=VendorProfile, dispatch_uid="vendor.deleted")


def _read() -> Vendor:
    row = VendorProfile.objects.defer("logo", "mail_password").first()
    known = row or VendorProfile()
    return Vendor(
        version=row.version if row else 0,
        name=known.name,
        legal_name=known.legal_name,
        street=known.street,
        postal_code=known.postal_code,
        city=known.city,
        region=known.region,
        country=str(known.country or ""),
        tax_id=known.tax_id,
        registration=known.registration,
        email=known.email,
        phone=known.phone,
        website=known.website,
        quote_terms=known.quote_terms,
        currency=known.currency or settings.DEFAULT_CURRENCY,
        language=known.language or settings.LANGUAGE_CODE,
        timezone=known.timezone or settings.TIME_ZONE,
        colour=known.colour,
        mails=bool(known.mail_host),
        first_steps_away=known.first_steps_away,
        logo=Logo(known.logo_mark, known.logo_width, known.logo_height) if known.logo_mark else None,
    )
