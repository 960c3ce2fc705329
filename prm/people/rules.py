"""What may not be, of a person's record, whoever asks."""

import zoneinfo
from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from prm.access.models import Portal
from prm.people.models import Contact, User
from workflows.errors import InvalidInput
from workflows.locking import lock

#: The built-in portal that somebody must always be in: nobody else could let anybody in again.
FIRST = "administrator"


def hold_admins() -> None:
    """Called in the transaction that may take somebody from the administrators, or from the admins of a
    company, before it counts who is left.

    Whoever holds the row of the first portal has all earlier changes before its eyes: of two who take each
    other away at once, the later one is refused. It is one row for all companies: this is rare, and who
    suspends a partner holds the row of the company while waiting for those of its users.
    """
    lock(Portal, Portal.objects.filter(key=FIRST).values_list("pk", flat=True).first())


def hold_administrators(user: User) -> None:
    """The same, where only an administrator's going would matter."""
    if user.portal is not None and user.portal.key == FIRST:
        hold_admins()


def is_last_administrator(user: User) -> bool:
    """Whether the user is an administrator and nobody else is one with access."""
    if user.portal is None or user.portal.key != FIRST:
        return False
    return not User.objects.filter(portal=user.portal, is_active=True).exclude(pk=user.pk).exists()


def other_admins(company: UUID, contacts: Collection[UUID]) -> QuerySet[User]:
    """The admins of a company that have access, without those with these contacts."""
    admins = User.objects.filter(contact__company_id=company, contact__is_admin=True, is_active=True)
    return admins.exclude(contact__in=contacts)


def check_contact(contact: Contact, changed: set[str]) -> None:
    """A company with an admin keeps one: else nobody of its own could invite or help anybody."""
    if "is_admin" not in changed or contact.is_admin or contact.company_id is None:
        return
    if not Contact.objects.filter(pk=contact.pk, is_admin=True).exists():
        return
    hold_admins()
    if not other_admins(contact.company_id, [contact.pk]).exists():
        raise InvalidInput({"is_admin": [_("The company's last admin cannot be taken away.")]})


def check_user(user: User, changed: set[str]) -> None:
    if "is_active" in changed:
        _check_active(user)
    if {"cover", "away_from", "away_until"} & changed:
        _check_away(user)
    if "language" in changed and user.language and user.language not in dict(settings.LANGUAGES):
        raise InvalidInput({"language": [_("The portal does not speak this language.")]})
    if "timezone" in changed and user.timezone and user.timezone not in zoneinfo.available_timezones():
        raise InvalidInput({"timezone": [_("There is no such time zone.")]})


def _check_active(user: User) -> None:
    company = user.contact.company if user.contact else None
    if user.is_active:
        if company is not None and company.closed_at is not None:
            raise InvalidInput({"is_active": [_("The access of this company has ended.")]})
        return
    hold_admins()
    if is_last_administrator(user):
        raise InvalidInput({"is_active": [_("The last administrator cannot be deactivated.")]})
    contact = Contact.objects.filter(user=user, is_admin=True).first()
    if contact is None or contact.company_id is None:
        return
    if not other_admins(contact.company_id, [contact.pk]).exists():
        raise InvalidInput({"is_active": [_("The company's last admin cannot be deactivated.")]})


def _check_away(user: User) -> None:
    if user.cover_id == user.pk:
        raise InvalidInput({"cover": [_("Choose somebody else as your cover.")]})
    if user.cover is not None and not (user.cover.portal and user.cover.portal.staff):
        raise InvalidInput({"cover": [_("A cover is one of the vendor's people.")]})
    if user.away_from and user.away_until and user.away_until < user.away_from:
        raise InvalidInput({"away_until": [_("The last day is before the first.")]})
