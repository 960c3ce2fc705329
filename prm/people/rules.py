"""What may not be, of a person's record, whoever asks."""

from django.utils.translation import gettext as _

from prm.people.models import Contact, User
from workflows.errors import InvalidInput


def check_contact(contact: Contact, changed: set[str]) -> None:
    """A company with an admin keeps one: else nobody of its own could invite or help anybody."""
    if "is_admin" not in changed or contact.is_admin or contact.company_id is None:
        return
    admins = Contact.objects.filter(company_id=contact.company_id, is_admin=True).exclude(pk=contact.pk)
    was_admin = Contact.objects.filter(pk=contact.pk, is_admin=True).exists()
    if was_admin and not admins.filter(user__is_active=True).exists():
        raise InvalidInput({"is_admin": [_("The company's last admin cannot be taken away.")]})


def check_user(user: User, changed: set[str]) -> None:
    if "is_active" in changed:
        _check_active(user)
    if {"cover", "away_from", "away_until"} & changed:
        _check_away(user)


def _check_active(user: User) -> None:
    company = user.contact.company if user.contact else None
    if user.is_active:
        if company is not None and company.closed_at is not None:
            raise InvalidInput({"is_active": [_("The access of this company has ended.")]})
        return
    if user.portal is not None and user.portal.key == "administrator":
        if not User.objects.filter(portal=user.portal, is_active=True).exclude(pk=user.pk).exists():
            raise InvalidInput({"is_active": [_("The last administrator cannot be deactivated.")]})
    elif user.is_portal_admin and user.company_id is not None:
        others = User.objects.filter(
            contact__company_id=user.company_id, contact__is_admin=True, is_active=True
        ).exclude(pk=user.pk)
        if not others.exists():
            raise InvalidInput({"is_active": [_("The company's last admin cannot be deactivated.")]})


def _check_away(user: User) -> None:
    if user.cover_id == user.pk:
        raise InvalidInput({"cover": [_("Choose somebody else as your cover.")]})
    if user.cover is not None and not (user.cover.portal and user.cover.portal.staff):
        raise InvalidInput({"cover": [_("A cover is one of the vendor's people.")]})
    if user.away_from and user.away_until and user.away_until < user.away_from:
        raise InvalidInput({"away_until": [_("The last day is before the first.")]})
