"""Links in mails that do one transition: opened by GET, used once by POST.

The token is made from the link's id with the installation's key: the mail of a delivery that is repeated
holds the same link, and a copy of the database holds none.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prm.alerts.models import ActionLink, Alert
from prm.modules import registry
from prm.modules.read import get_row
from prm.people.tokens import derived_token, token_hash
from workflows.actor import Actor
from workflows.errors import NotFound, WorkflowError
from workflows.ids import uuid7
from workflows.machine import Machine
from workflows.perform import Option, available, perform
from workflows.units import unit_of_work

#: How long a link is good where the record says no time.
GOOD_FOR = timedelta(days=5)


class LinkSpent(WorkflowError):
    """The link was used, or its time is over."""

    code = "link_expired"
    default = _("This link has expired. Sign in to see what is open.")

    def __init__(self, used: bool) -> None:
        super().__init__(_("This link was used already.") if used else "")
        if used:
            self.code = "link_used"


def _token(link: ActionLink) -> str:
    return derived_token("prm.alerts.links", link.pk)


def offered(alert: Alert, user: Any) -> tuple[str, Option] | None:
    """A link's token for this alert's mail, and what it does; None where there is nothing to do by link.

    A transition may be done by link where its machine says so (`by` names "link"), it needs no further input,
    and the user could do it at this moment. Where the record waits for nobody here, it waits for a customer:
    what is the customer's to decide is not offered to anybody else.
    """
    try:
        module = registry.get(alert.module)
    except LookupError:
        return None
    if module.machine is None:
        return None
    obj = module.rows().filter(pk=alert.object_id).first()
    if obj is None:
        return None
    machine = Machine.of(obj)
    wait = machine.waits.get(obj.state)
    if wait is None or wait.owner == "nobody":
        return None
    for option in available(obj, Actor.link(user)):
        transition = machine.get(option.name)
        needs = any(one.required for one in option.inputs.values())
        if transition and "link" in transition.by and option.enabled and not needs:
            return _token(_link(alert, user, option.name, obj)), option
    return None


def _link(alert: Alert, user: Any, transition: str, obj: Any) -> ActionLink:
    link = ActionLink.objects.filter(alert=alert).first()
    if link is None:
        link = ActionLink(
            id=uuid7(),
            alert=alert,
            user=user,
            module=alert.module,
            object_id=alert.object_id,
            transition=transition,
            expires_at=obj.due_at or timezone.now() + GOOD_FOR,
        )
        link.token_hash = token_hash(_token(link))
        link.save(force_insert=True)
    return link


def look_up(token: str) -> ActionLink | None:
    """The link of a token, whatever has become of it; changes nothing. None where there never was one, or
    its user may not sign in any more."""
    links = ActionLink.objects.select_related("user", "user__portal", "user__contact")
    return links.filter(token_hash=token_hash(token), user__is_active=True).first()


def row(link: ActionLink) -> dict[str, Any] | None:
    """The record as the link's user may read it now; None where it is not visible any more."""
    try:
        return get_row(link.user, registry.get(link.module), link.object_id)
    except LookupError:
        return None


def option(link: ActionLink) -> Option | None:
    """What the link does, and what stands against it now."""
    obj = registry.get(link.module).rows().filter(pk=link.object_id).first()
    if obj is None:
        return None
    found = (one for one in available(obj, Actor.link(link.user)) if one.name == link.transition)
    return next(found, None)


def use(token: str, inputs: dict[str, Any] | None = None, request_id: str = "") -> Any:
    """Does the link's transition as its user, and spends the link in the same transaction.

    Raises NotFound, LinkSpent, or what `perform` raises; then the link stays as it was.
    """
    with unit_of_work():
        found = look_up(token)
        # Locked, so that of two clicks at once the second finds the link used.
        locked = ActionLink.objects.select_for_update().filter(pk=found.pk).first() if found else None
        if found is None or locked is None:
            raise NotFound
        if locked.status != "open":
            raise LinkSpent(used=locked.status == "used")
        module = registry.get(locked.module)
        actor = Actor.link(found.user, request_id=request_id)
        obj = perform(module.model(pk=locked.object_id), locked.transition, actor=actor, inputs=inputs)
        locked.used_at = timezone.now()
        locked.save(update_fields=["used_at"])
        return obj
