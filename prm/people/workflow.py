from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workflows.machine import Context, StateField, Wait, Workflow, guard, transition

if TYPE_CHECKING:
    from prm.people.models import Invitation


def _until(invitation: "Invitation") -> datetime:
    return invitation.expires_at


@guard("expired")
def not_expired(invitation: "Invitation", ctx: Context) -> str | None:
    return gettext("This invitation has expired.") if invitation.expires_at <= ctx.now else None


@guard("company_closed")
def company_open(invitation: "Invitation", ctx: Context) -> str | None:
    closed = invitation.company is not None and invitation.company.closed_at is not None
    return gettext("The access of this company has ended.") if closed else None


@guard("another_portal")
def into_own_portal(invitation: "Invitation", ctx: Context) -> str | None:
    """Only the vendor's people renew an invitation into a portal that is not their own."""
    user = ctx.actor.user
    if user is None or user.portal is None or user.portal.staff or user.portal_id == invitation.portal_id:
        return None
    return gettext("This invitation leads into another portal than yours.")


@guard("portal_archived")
def portal_in_use(invitation: "Invitation", ctx: Context) -> str | None:
    return gettext("This portal is archived.") if invitation.portal.archived else None


class InvitationWorkflow(Workflow):
    """One mailbox asked to take a login. Accepted once, by whoever holds the link, before it expires."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        ACCEPTED = "accepted", _("Accepted")
        REVOKED = "revoked", _("Revoked")
        EXPIRED = "expired", _("Expired")

    state = StateField(State, default=State.PENDING)
    initial = {State.PENDING}
    waits = {State.PENDING: Wait("applicant", after=_until, then="expire")}
    finals = {State.ACCEPTED, State.REVOKED, State.EXPIRED}

    class Meta:
        abstract = True

    @transition(
        title=_("Accept"),
        source=State.PENDING,
        target=State.ACCEPTED,
        by=("link",),
        guards=[not_expired, company_open, portal_in_use],
    )
    def accept(self, ctx: Context) -> None:
        cast("Invitation", self).used_at = ctx.now

    @transition(
        title=_("Send again"),
        source=[State.PENDING, State.EXPIRED],
        target=State.PENDING,
        guards=[company_open, into_own_portal, portal_in_use],
    )
    def resend(self, ctx: Context) -> None:
        """The earlier link ends: each mail carries a token of its own."""
        cast("Invitation", self).renew()

    @transition(
        title=_("Revoke"), source=State.PENDING, target=State.REVOKED, by=("user", "system"), tone="danger"
    )
    def revoke(self, ctx: Context) -> None:
        """The link ends."""

    @transition(title=_("Expire"), source=State.PENDING, target=State.EXPIRED, by=("timer",))
    def expire(self, ctx: Context) -> None:
        """Nobody took it in time."""
