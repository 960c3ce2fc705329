"""What ends a login while sockets are open, and so makes the hub look at them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from prm.alerts import hub
from prm.partners.models import Partner
from workflows.ports import Event

#: Saved at every login, and ends none.
HARMLESS = frozenset({"last_login", "language", "timezone", "name", "updated_at", "version"})


def on_event(event: Event) -> None:
    """Subscriber of the workflows: a partner's change of state may end the access of its users."""
    if isinstance(event.obj, Partner):
        users = get_user_model().objects.filter(contact__company_id=event.obj.pk)
        hub.revoke(users.values_list("pk", flat=True))


def session_model() -> Any:
    """The model that sessions are kept in."""
    return import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()


def connect() -> None:
    """Listens to changes of users and to the end of sessions (logout, change of password, new login)."""
    post_save.connect(_user_saved, sender=get_user_model(), dispatch_uid="alerts.user_saved")
    post_delete.connect(_user_deleted, sender=get_user_model(), dispatch_uid="alerts.user_deleted")
    post_delete.connect(_session_ended, sender=session_model(), dispatch_uid="alerts.session_ended")


def _user_saved(
    instance: Any, created: bool = False, update_fields: Iterable[str] | None = None, **kwargs: Any
) -> None:
    if not created and (update_fields is None or not set(update_fields) <= HARMLESS):
        hub.revoke([instance.pk])


def _user_deleted(instance: Any, **kwargs: Any) -> None:
    hub.revoke([instance.pk])


def _session_ended(instance: Any, **kwargs: Any) -> None:
    if instance.expire_date <= timezone.now():
        return
    user_id = instance.get_decoded().get(SESSION_KEY)
    if user_id:
        hub.revoke([UUID(user_id)])
