"""Ending the access of a user or of a whole company, and giving it back.

It works by `is_active`, which every door already asks at every request: session, token and socket.
"""

from datetime import datetime

from django.db.models import F, Q

from prm.people import seats
from prm.people.models import Company, Invitation, User
from workflows.actor import Actor
from workflows.perform import perform
from workflows.ports import Event


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
    """Lets in again those whom `close_company` shut out; who was deactivated by hand stays so.

    Raises NoSeats where there is no longer a seat for all of them.
    """
    company.closed_at = None
    paused = User.objects.filter(contact__company_id=company.id, paused=True)
    seated = paused.filter(portal__seated=True).exists()
    paused.update(is_active=True, paused=False, version=F("version") + 1)
    if seated:
        seats.require()


def end_with_user(event: Event) -> None:
    """Subscribed to all changes: what must not outlive a deactivation, or an invitation that was taken.

    An invitation that a deactivated user has sent or was sent would be a way back in.
    """
    obj = event.obj
    if (
        isinstance(obj, User)
        and event.record is not None
        and "is_active" in event.record.inputs.get("changed", ())
    ):
        by_vendor = bool(event.actor.user and event.actor.user.portal and event.actor.user.portal.staff)
        if by_vendor:
            User.objects.filter(pk=obj.pk).update(barred=not obj.is_active)
        if not obj.is_active:
            _revoke(Q(invited_by=obj) | Q(email=obj.email))
    elif isinstance(obj, Invitation) and event.name == "invitation.accepted":
        _revoke(Q(email=obj.email))


def _revoke(which: Q) -> None:
    for invitation in Invitation.objects.filter(which, state=Invitation.State.PENDING).order_by("pk"):
        perform(invitation, "revoke", actor=Actor.system())
