"""Moving users from one portal to another: what they may do from then on is what the new one grants.

It takes effect at the next request, and open pages and sockets are told at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.access.bounds import exceeds
from prm.access.models import Portal
from prm.access.policy import policy_of
from prm.access.rights import manages_portals, rights_for, visible
from prm.modules import registry
from prm.people.models import Invitation, User
from prm.people.rules import hold_administrators, is_last_administrator
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, WorkflowError
from workflows.locking import lock
from workflows.perform import perform, record_update, unit_of_work


@dataclass(frozen=True)
class Moved:
    """What became of one user. changed: whether it was in another portal before."""

    id: str
    user: User | None = None
    changed: bool = False
    error: WorkflowError | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


def portals_to_move_to(user: Any) -> QuerySet[Portal]:
    """The portals that the user may see and that are in use, by their titles; `move` asks for the rest."""
    if not manages_portals(user):
        return Portal.objects.none()
    found: QuerySet[Portal] = visible(user, registry.get("portals"))
    return found.filter(archived=False).order_by("title", "pk")


def move(actor: Actor, ids: Iterable[Any], portal: Portal) -> list[Moved]:
    """Moves each user in a transaction of its own; one answer for each id, in their order.

    Raises what `check_target` raises.
    """
    check_target(actor, portal)
    answers = []
    for each in dict.fromkeys(str(one) for one in ids):
        try:
            user, changed = move_one(actor, each, portal)
            answers.append(Moved(each, user, changed))
        except WorkflowError as error:
            answers.append(Moved(each, error=error))
    return answers


def check_target(actor: Actor, portal: Portal) -> None:
    """Raises Denied for who does not manage portals, InvalidInput for a portal that is not in use or that
    grants more than the actor holds."""
    if not manages_portals(actor.user):
        raise Denied
    if portal.archived:
        raise InvalidInput({"portal": [_("This portal is archived.")]})
    if not _within(actor.user, portal):
        raise InvalidInput({"portal": [_("This portal grants more than you may do yourself.")]})


def _within(user: Any, portal: Portal | None) -> bool:
    """Whether the portal grants no more than the user holds; one's own does not."""
    return (
        portal is None
        or portal.pk == user.portal_id
        or not exceeds(rights_for(user).policy, policy_of(portal))
    )


def move_one(actor: Actor, pk: str, portal: Portal) -> tuple[User, bool]:
    """Moves one user into a portal that `check_target` has passed; and whether that changed anything.

    Raises NotFound, Denied, InvalidInput.
    """
    with unit_of_work():
        try:
            user = lock(User, User._meta.pk.to_python(pk))
        except ValidationError:
            user = None
        if user is None or not rights_for(actor.user).may(registry.get("users"), "view", user):
            raise NotFound
        before = user.portal
        if before is not None and before.pk == portal.pk:
            return user, False
        _check(actor, user, before, portal)
        user.portal = portal
        user.version += 1
        user.updated_at = timezone.now()
        user.save(update_fields=["portal", "version", "updated_at"])
        record_update(user, actor, ["portal"])
        # What the user has sent into the former portal would be a way back into it.
        sent = Invitation.objects.filter(
            Q(invited_by=user) & Q(portal=before), state=Invitation.State.PENDING
        )
        for invitation in sent.order_by("pk"):
            perform(invitation, "revoke", actor=Actor.system())
    return user, True


def _check(actor: Actor, user: User, before: Portal | None, portal: Portal) -> None:
    """Raises Denied, InvalidInput."""
    if user.pk == actor.user.pk:
        raise InvalidInput({"ids": [_("You cannot move yourself.")]})
    if not _within(actor.user, before):
        # Whoever may do more is not theirs to put in another place.
        raise Denied
    hold_administrators(user)
    if is_last_administrator(user):
        raise InvalidInput({"ids": [_("The last administrator cannot be moved.")]})
    company = user.contact.company if user.contact else None
    if portal.staff and company is not None:
        text = _("%(name)s belongs to %(company)s; this portal is for the vendor's own people.")
        raise InvalidInput({"portal": [text % {"name": user, "company": company}]})
    if not portal.staff and company is None:
        text = _("%(name)s belongs to no company; this portal is for people outside.")
        raise InvalidInput({"portal": [text % {"name": user}]})
