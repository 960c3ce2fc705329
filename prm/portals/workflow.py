"""How a change of a portal goes: written, reviewed, published."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.access.models import Portal
from prm.access.rights import PORTALS, may
from prm.modules import registry
from workflows.inputs import Input
from workflows.machine import Context, StateField, Wait, Workflow, guard, transition

if TYPE_CHECKING:
    from prm.portals.models import PortalDraft


@guard("not_managed")
def of_own_portals(draft: PortalDraft, ctx: Context) -> str | None:
    """Whoever holds a transition of all drafts does it with those of the portals that they manage."""
    if not ctx.actor.is_person:
        return None
    rows = Portal.objects.filter(pk=draft.portal_id)
    portal = draft.portal if ctx.probing else ctx.locked(rows).get()
    managed = may(ctx.actor.user, registry.get(PORTALS), "edit", portal)
    return None if managed else gettext("You do not manage this portal.")


@guard("portal_archived")
def portal_in_use(draft: PortalDraft, ctx: Context) -> str | None:
    return gettext("This portal is archived.") if draft.portal.archived else None


@guard("nothing_new")
def moved_on(draft: PortalDraft, ctx: Context) -> str | None:
    from prm.portals.publishing import is_behind

    return None if is_behind(draft) else gettext("The draft is of the version that is in force.")


class PortalDraftWorkflow(Workflow):
    """Published as one, or not at all. Whoever publishes must hold all that it grants."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        PUBLISHED = "published", _("Published")
        DISCARDED = "discarded", _("Discarded")

    state = StateField(State, default=State.DRAFT)
    waits = {State.DRAFT: Wait("vendor"), State.IN_REVIEW: Wait("vendor")}
    finals = {State.PUBLISHED, State.DISCARDED}

    class Meta:
        abstract = True

    @transition(
        title=_("Submit for review"),
        source=State.DRAFT,
        target=State.IN_REVIEW,
        guards=[of_own_portals, portal_in_use],
        tone="primary",
        event="submitted",
    )
    def submit(self, ctx: Context) -> None:
        """From now on nobody writes in it."""

    @transition(
        title=_("Return to draft"),
        source=State.IN_REVIEW,
        target=State.DRAFT,
        guards=[of_own_portals],
        event="returned",
    )
    def return_to_draft(self, ctx: Context) -> None:
        """It can be written in again."""

    @transition(
        title=_("Publish"),
        source=State.IN_REVIEW,
        target=State.PUBLISHED,
        inputs={"note": Input(kind="longtext", label=_("Note"), required=False, max_length=2000)},
        guards=[of_own_portals, portal_in_use],
        tone="primary",
        confirm=_("It counts at once for everybody who uses the portal."),
    )
    def publish(self, ctx: Context) -> None:
        """Makes the portal what the draft says; Stale where it was made of another version."""
        from prm.portals.publishing import publish_draft

        publish_draft(cast("PortalDraft", self), ctx)

    @transition(
        title=_("Bring up to date"),
        source=[State.DRAFT, State.IN_REVIEW],
        target=State.DRAFT,
        guards=[of_own_portals, moved_on],
        event="rebased",
    )
    def rebase(self, ctx: Context) -> None:
        """Puts what the draft changes upon the version that is in force now."""
        from prm.portals.publishing import rebase_draft

        rebase_draft(cast("PortalDraft", self), ctx)

    @transition(
        title=_("Discard"),
        source=[State.DRAFT, State.IN_REVIEW],
        target=State.DISCARDED,
        guards=[of_own_portals],
        tone="danger",
    )
    def discard(self, ctx: Context) -> None:
        """Nothing comes of it."""
