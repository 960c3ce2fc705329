"""What follows from a change of a person, whichever door it came through."""

from prm.people.models import Contact, User
from workflows.errors import Denied
from workflows.ports import Event


def one_name(event: Event) -> None:
    """Subscribed to all changes: a login and its contact are one person, and are called alike."""
    if "name" not in _changed(event):
        return
    other: User | Contact | None = None
    if isinstance(event.obj, User):
        other = Contact.objects.filter(user=event.obj).first()
    elif isinstance(event.obj, Contact):
        other = User.objects.filter(contact=event.obj).first()
    if other is not None and event.obj.name and other.name != event.obj.name:
        other.name = event.obj.name
        other.version += 1
        other.save(update_fields=["name", "version", "updated_at"])


def never_above_oneself(event: Event) -> None:
    """Subscribed to all changes: an Admin of a company gives no colleague what they do not have themselves.

    Whom the vendor has put into another portal may do other things there: letting them in again, or making
    them Admin, is the vendor's. Raises Denied.
    """
    actor, obj = event.actor.user, event.obj
    if not event.actor.is_person or actor is None or actor.portal is None or actor.portal.staff:
        return
    user: User | None = None
    if isinstance(obj, User) and "is_active" in _changed(event) and obj.is_active:
        user = obj
    elif isinstance(obj, Contact) and "is_admin" in _changed(event) and obj.is_admin:
        user = User.objects.filter(contact=obj).first()
    if user is not None and user.portal_id != actor.portal_id:
        raise Denied


def _changed(event: Event) -> frozenset[str]:
    """The fields that an update has changed; none for all else."""
    if event.record is None or event.transition is not None or not event.name.endswith(".updated"):
        return frozenset()
    return frozenset(event.record.inputs.get("changed", ()))
