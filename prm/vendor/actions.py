"""Changes of the vendor's profile: by administrators, each with a line of history."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from prm.access.rights import administers
from prm.access.sealing import seal
from prm.vendor.colours import valid
from prm.vendor.logos import Drawn
from prm.vendor.models import VendorProfile
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput
from workflows.perform import record_creation, record_update, unit_of_work

COMPANY = (
    "name", "legal_name", "street", "postal_code", "city", "region", "country", "tax_id", "registration",
    "email", "phone", "website", "quote_terms", "currency", "language", "timezone",
)  # fmt: skip
LOOK = ("colour",)
MAIL = ("mail_host", "mail_port", "mail_security", "mail_user", "mail_from")
STEPS = ("first_steps_away",)


def profile() -> VendorProfile:
    """The row, or one that has still to be saved."""
    return VendorProfile.objects.defer("logo").first() or VendorProfile()


def save(
    actor: Actor,
    values: Mapping[str, Any],
    *,
    logo: Drawn | None = None,
    remove_logo: bool = False,
    mail_password: str | None = None,
) -> VendorProfile:
    """Changes the columns named in `values`, and the logo and the mail server's password where given.

    mail_password: None keeps it as long as the server is the same, "" takes it away.
    Raises Denied, InvalidInput.
    """
    if actor.is_person and not administers(actor.user):
        raise Denied
    with unit_of_work():
        row = VendorProfile.objects.select_for_update().first() or VendorProfile()
        changed = {
            name
            for name in (*COMPANY, *LOOK, *MAIL, *STEPS)
            if name in values and getattr(row, name) != values[name]
        }
        for name in changed:
            setattr(row, name, values[name])
        if "mail_host" in changed and mail_password is None:
            # The password was given to the former server, and is not for the next one to learn.
            mail_password = ""
        if logo is not None or remove_logo:
            row.logo, row.logo_mark = (logo.png, logo.mark) if logo else (None, "")
            row.logo_width, row.logo_height = (logo.width, logo.height) if logo else (0, 0)
            changed.add("logo")
        if mail_password is not None:
            row.mail_password = seal({"password": mail_password}) if mail_password else ""
            changed.add("mail_password")
        _check(row)
        if row._state.adding:
            row.save(force_insert=True)
            record_creation(row, actor)
        elif changed:
            row.version += 1
            row.save()
            record_update(row, actor, changed)
    return row


def _check(row: VendorProfile) -> None:
    errors: dict[str, list[str]] = {}
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        errors = error.message_dict
    if row.colour and not valid(row.colour):
        errors["colour"] = [_("Write a colour as # and six digits, such as #0b5c6b.")]
    if row.currency and row.currency not in settings.CURRENCIES:
        errors["currency"] = [_("This currency is not known.")]
    if row.language and row.language not in dict(settings.LANGUAGES):
        errors["language"] = [_("Choose one of the languages of this portal.")]
    if row.timezone and row.timezone not in zoneinfo.available_timezones():
        errors["timezone"] = [_("There is no such time zone.")]
    if errors:
        raise InvalidInput(errors)
