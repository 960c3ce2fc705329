"""Which portal a user has had from when until when, kept up with every change of it.

It is what grants of an earlier day are read for: the user of that day, not of today.
"""

from typing import Any

from django.db.models.signals import post_save
from django.utils import timezone

from prm.people.models import PortalStay, User
from workflows.ports import Event


def connect() -> None:
    """Hears of every saved user."""
    post_save.connect(_saved, sender=User, dispatch_uid="people.stays")


def _saved(
    instance: User, created: bool = False, update_fields: Any = None, raw: bool = False, **kwargs: Any
) -> None:
    if raw or (update_fields is not None and "portal" not in update_fields):
        return
    if created or instance.loaded is None or instance.loaded[0] != instance.portal_id:
        follow(instance)


def follow_event(event: Event) -> None:
    """Subscribed to all changes: rows that were inserted in bulk send no signals."""
    if event.name == "user.created" and isinstance(event.obj, User):
        follow(event.obj)


def follow(user: User) -> None:
    """Ends the stay in a portal that is no longer the user's, and begins the present one."""
    since = timezone.now()
    present = PortalStay.objects.filter(user=user, until=None).first()
    if present is not None:
        if present.portal_id == user.portal_id:
            return
        # A clock that was set back makes no stay that ends before it began.
        present.until = since = max(since, present.since)
        present.save(update_fields=["until"])
    if user.portal_id is not None:
        PortalStay.objects.create(user=user, portal_id=user.portal_id, since=since)
