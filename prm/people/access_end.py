"""Ending the access of a whole company, and giving it back.

It works by `is_active`, which every door already asks at every request: session, token and socket.
"""

from datetime import datetime

from django.db.models import F

from prm.people.models import Company, User


def close_company(company: Company, *, now: datetime, for_good: bool = False) -> None:
    """Shuts out all users of the company; unless it is for good, they are remembered to be let in again.

    Sets `closed_at` on `company` and leaves saving it to the caller: invitations ask for it.
    """
    company.closed_at = now
    users = User.objects.filter(contact__company_id=company.id)
    users.filter(is_active=True).update(is_active=False, paused=not for_good, version=F("version") + 1)
    if for_good:
        users.filter(paused=True).update(paused=False, version=F("version") + 1)


def reopen_company(company: Company) -> None:
    """Lets in again those whom `close_company` shut out; who was deactivated by hand stays so."""
    company.closed_at = None
    User.objects.filter(contact__company_id=company.id, paused=True).update(
        is_active=True, paused=False, version=F("version") + 1
    )
