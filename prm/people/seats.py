"""Seats: how many people may be in the portals that have them, and who is.

Used are the active users of such portals, and the invitations into them that can still be taken: each was
promised a place. Whatever uses one more is counted in its own transaction, behind the row of the pool, and
undone with an error where there is none left. Making a portal one with seats, or lowering the number, may
leave more in use than there are; then nobody is shut out, and nobody new is let in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.signals import post_save
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.access.models import Portal
from prm.access.rights import administers, manages_portals
from prm.people.models import Invitation, SeatPool, User
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput
from workflows.locking import lock
from workflows.perform import record_creation, record_update, unit_of_work
from workflows.ports import Event

#: More than this nobody buys; it keeps the sum within a column.
MOST = 1_000_000


class NoSeats(InvalidInput):
    """All seats are in use. The error stands at the field that would have taken one."""

    def __init__(self, field: str = "") -> None:
        super().__init__(
            {field: [_("All seats are in use. Free one, or ask the administrator of the portal for more.")]}
        )


@dataclass(frozen=True)
class PortalUse:
    """What one portal uses: users that are active, and invitations that can be taken."""

    portal: Portal
    users: int
    invited: int

    @property
    def total(self) -> int:
        return self.users + self.invited


@dataclass(frozen=True)
class Use:
    """The whole pool. limit: None where there are as many as are needed. left: never less than nothing."""

    used: int
    limit: int | None
    portals: tuple[PortalUse, ...]

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)


def holders() -> QuerySet[User]:
    """The users that have a seat."""
    return User.objects.filter(is_active=True, portal__seated=True)


def promised() -> QuerySet[Invitation]:
    """The invitations that keep a seat."""
    return Invitation.objects.filter(
        state=Invitation.State.PENDING, expires_at__gt=timezone.now(), portal__seated=True
    )


def used() -> int:
    """How many seats are in use."""
    return holders().count() + promised().count()


def pool() -> SeatPool:
    """The row, or one that has still to be saved."""
    return SeatPool.objects.filter(pk=SeatPool.ONLY).first() or SeatPool(pk=SeatPool.ONLY)


def use() -> Use:
    """What is used of what there is, by portal: those with seats, and how many each has."""
    users = dict(holders().order_by().values_list("portal").annotate(Count("pk")))
    invited = dict(promised().order_by().values_list("portal").annotate(Count("pk")))
    portals = tuple(
        PortalUse(portal, users.get(portal.pk, 0), invited.get(portal.pk, 0))
        for portal in Portal.objects.filter(seated=True).order_by("title", "pk")
    )
    return Use(sum(one.total for one in portals), pool().limit, portals)


def may_look(user: Any) -> bool:
    """Whether the user may know how many seats there are and who has them."""
    return administers(user) or manages_portals(user)


def hold() -> SeatPool | None:
    """The pool's row, locked until the transaction ends; None where the number is not limited.

    Whoever holds it has all earlier uses before its eyes, and the clock of whoever comes next is later.
    """
    if pool().limit is None:
        return None
    found: SeatPool = lock(SeatPool, SeatPool.ONLY)
    return found if found.limit is not None else None


def require(field: str = "") -> None:
    """Called in the transaction that has just used a seat, or several. Raises NoSeats."""
    held = hold()
    if held is not None and held.limit is not None and used() > held.limit:
        raise NoSeats(field)


def set_pool(actor: Actor, *, bought: int | None, free: int) -> SeatPool:
    """How many seats there are. Raises Denied, InvalidInput."""
    if actor.is_person and not administers(actor.user):
        raise Denied
    errors = {
        name: [_("Enter a whole number from 0 to 1,000,000.")]
        for name, value in (("bought", bought), ("free", free))
        if value is not None and not 0 <= value <= MOST
    }
    if errors:
        raise InvalidInput(errors)
    with unit_of_work():
        row = lock(SeatPool, SeatPool.ONLY) or SeatPool(pk=SeatPool.ONLY)
        values = {"bought": bought, "free": free}
        changed = {name for name, value in values.items() if getattr(row, name) != value}
        for name, value in values.items():
            setattr(row, name, value)
        if row._state.adding:
            row.save(force_insert=True)
            record_creation(row, actor)
        elif changed:
            row.version += 1
            row.save()
            record_update(row, actor, changed)
    return row


# --- whatever uses one more


def connect() -> None:
    """Hears of every saved user."""
    post_save.connect(_saved, sender=User, dispatch_uid="people.seats")


def _saved(
    instance: User, created: bool = False, update_fields: Any = None, raw: bool = False, **kwargs: Any
) -> None:
    if raw or (update_fields is not None and not {"portal", "is_active"} & set(update_fields)):
        return
    if not instance.is_active or instance.promised or instance.portal is None or not instance.portal.seated:
        return
    before = None if created else instance.loaded
    if before is not None and before[1] and _seated(before[0]):
        return
    # What has changed is what the error belongs to: somebody was let in again, or came from elsewhere.
    again = before is not None and not before[1]
    require("is_active" if again else "portal")


def _seated(portal: UUID | None) -> bool:
    return portal is not None and Portal.objects.filter(pk=portal, seated=True).exists()


def follow(event: Event) -> None:
    """Subscribed to all changes: invitations that begin to keep a seat, and users inserted in bulk."""
    obj, field = event.obj, ""
    if isinstance(obj, Invitation) and event.transition in (None, "resend"):
        field = "email" if obj.state == Invitation.State.PENDING and not obj.kept_seat else ""
    elif isinstance(obj, User) and event.name == "user.created":
        field = "portal" if obj.is_active else ""
    if field and obj.portal is not None and obj.portal.seated:
        require(field)
