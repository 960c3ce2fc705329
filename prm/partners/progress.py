"""The checklist of a new partner: made with it, and ticked where a step shows by itself that it is done."""

from typing import Any

from django.utils import timezone

from prm.partners import onboarding
from prm.partners.models import Partner
from prm.people.models import Invitation, User
from workflows.ports import Event


def note_event(event: Event) -> None:
    """Told inside the transaction of every change."""
    created = event.record is not None and event.record.transition == "create"
    if isinstance(event.obj, Partner):
        if created and event.obj.state == Partner.State.ONBOARDING:
            onboarding.add_steps(event.obj, now=timezone.now())
        if onboarding.profile_complete(event.obj):
            onboarding.mark_done(event.obj.pk, onboarding.PROFILE, user=event.actor.user)
    elif isinstance(event.obj, Invitation) and created:
        inviter = event.actor.user
        if inviter is not None and event.obj.company_id and inviter.company_id == event.obj.company_id:
            onboarding.mark_done(event.obj.company_id, onboarding.COLLEAGUE, user=inviter)


def note_login(sender: Any, user: User, **kwargs: Any) -> None:
    if user.company_id:
        onboarding.mark_done(user.company_id, onboarding.LOGIN, user=user)
