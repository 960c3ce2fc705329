"""What ends a login, or changes its rights, while sockets are open, and so makes the hub look at them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from prm.access.document import changed
from prm.alerts import hub
from prm.partners.models import Partner
from prm.people.models import Contact
from workflows.ports import Event

#: Saved at every login, and ends none.
HARMLESS = frozenset({"last_login", "language", "timezone", "name", "updated_at", "version"})


def on_event(event: Event) -> None:
    """Subscriber of the workflows: a partner's change of state may end the access of its users, and the Admin
    flag of a contact changes what its user may do."""
    users = get_user_model().objects.all()
    if isinstance(event.obj, Partner):
        hub.revoke(users.filter(contact__company_id=event.obj.pk).values_list("pk", flat=True))
    elif (
        isinstance(event.obj, Contact)
        and event.record
        and "is_admin" in event.record.inputs.get("changed", ())
    ):
        hub.revoke(users.filter(contact_id=event.obj.pk).values_list("pk", flat=True))


def session_model() -> Any:
    """The model that sessions are kept in."""
    return import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()


def connect() -> None:
    """Listens to changes of users and portals, and to the end of sessions (logout, change of password, new
    login)."""
    changed.connect(_portals_changed, dispatch_uid="alerts.portals_changed")
    post_save.connect(_user_saved, sender=get_user_model(), dispatch_uid="alerts.user_saved")
    post_delete.connect(_user_deleted, sender=get_user_model(), dispatch_uid="alerts.user_deleted")
    post_delete.connect(_session_ended, sender=session_model(), dispatch_uid="alerts.session_ended")


def _portals_changed(portals: Iterable[UUID], **kwargs: Any) -> None:
    users = get_user_model().objects.filter(portal_id__in=list(portals), is_active=True)
    hub.revoke(users.values_list("pk", flat=True))


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
