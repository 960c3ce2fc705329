"""How a lead may change: from the vendor's desk or the pool to one partner, and on to an opportunity."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.leads.conversion import account_not_known, account_of_partner, convert_lead
from prm.leads.inviting import portal_by_rule, portal_to_invite_into
from prm.opportunities.offers import (
    Assignment,
    DeclineReason,
    Offerable,
    assignee_is_colleague,
    has_colleague,
    held_by_active_partner,
    locked_partner,
    not_declined_before,
    offer_time,
    own_or_admin,
    partner_active,
)
from prm.partners.models import Partner
from workflows.inputs import Input
from workflows.machine import Context, Depends, StateField, Wait, Workflow, guard, transition

if TYPE_CHECKING:
    from prm.leads.models import Lead


class DisqualifyReason(models.TextChoices):
    NEED = "need", _("No need")
    BUDGET = "budget", _("No budget")
    UNREACHABLE = "unreachable", _("Cannot be reached")
    DUPLICATE = "duplicate", _("Known already")
    FIT = "fit", _("We have nothing that fits")
    SPAM = "spam", _("Not genuine")
    OTHER = "other", _("Something else")


@guard("claimant_active")
def claimant_active(obj: LeadWorkflow, ctx: Context) -> str | None:
    user = ctx.actor.user
    partner = locked_partner(user.company_id, ctx) if user and user.company_id else None
    if partner is not None and partner.state == Partner.State.ACTIVE:
        return None
    return gettext("Only the users of an active partner can claim from the pool.")


@guard("pool_until_later", needs_inputs=True)
def pool_until_later(obj: LeadWorkflow, ctx: Context) -> str | None:
    until = ctx.inputs.get("until")
    return gettext("Choose a time that is still to come.") if until and until <= ctx.now else None


class LeadWorkflow(Offerable, Workflow):
    class State(models.TextChoices):
        NEW = "new", _("New")
        POOLED = "pooled", _("In the pool")
        ASSIGNED = "assigned", _("On offer")
        ACCEPTED = "accepted", _("Accepted")
        CONTACTED = "contacted", _("Contacted")
        QUALIFIED = "qualified", _("Qualified")
        CONVERTED = "converted", _("Converted")
        DISQUALIFIED = "disqualified", _("Disqualified")

    state = StateField(State, default=State.NEW)
    waits = {
        State.NEW: Wait("channel_manager"),
        State.POOLED: Wait("partner", after=lambda lead: lead.pool_until, then="withdraw_from_pool"),
        State.ASSIGNED: Wait("partner", after=lambda lead: offer_time(), then="expire"),
        State.ACCEPTED: Wait("partner"),
        State.CONTACTED: Wait("partner"),
        State.QUALIFIED: Wait("partner"),
    }
    initial = {State.NEW, State.ACCEPTED}
    finals = {State.CONVERTED, State.DISQUALIFIED}

    #: Money; django-money types it as the number alone.
    amount: Any
    expected_close: date | None
    pool_until: datetime | None
    disqualify_reason: str
    disqualify_note: str
    opportunity_id: UUID | None

    class Meta:
        abstract = True

    def suggested(self, transition: str) -> dict[str, Any]:
        portal = portal_by_rule(cast("Lead", self)) if transition == "convert" else None
        return {"portal": str(portal.pk)} if portal else {}

    @transition(
        title=_("Assign"),
        source=[State.NEW, State.POOLED],
        target=State.ASSIGNED,
        inputs={
            "partner": Input(kind="reference", module="partners", label=_("Partner")),
            "reason": Input(
                kind="text",
                required=False,
                max_length=500,
                label=_("Reason"),
                help=_("Shown to the partner."),
            ),
        },
        guards=[partner_active, not_declined_before],
        tone="primary",
    )
    def assign(self, ctx: Context) -> None:
        self.pool_until = None
        self.offer_to(ctx.inputs["partner"], ctx)

    @transition(
        title=_("Release to the pool"),
        source=State.NEW,
        target=State.POOLED,
        inputs={
            "until": Input(
                kind="datetime", required=False, label=_("Until"), help=_("Empty: until somebody claims it.")
            )
        },
        guards=[pool_until_later],
    )
    def release(self, ctx: Context) -> None:
        self.pool_until = ctx.inputs.get("until")

    @transition(
        title=_("Withdraw from the pool"),
        source=State.POOLED,
        target=State.NEW,
        event="withdrawn_from_pool",
        by=("user", "timer"),
    )
    def withdraw_from_pool(self, ctx: Context) -> None:
        self.pool_until = None

    @transition(
        title=_("Claim"),
        source=State.POOLED,
        target=State.ACCEPTED,
        event="claimed",
        guards=[claimant_active],
        tone="primary",
    )
    def claim(self, ctx: Context) -> None:
        """First come: the row is locked, so for whoever comes second it is no longer pooled.

        Whoever declined the lead before may claim it: they were not asked again, they came back.
        """
        self.pool_until = None
        self.take(Partner.objects.get(pk=ctx.actor.user.company_id), ctx)

    # "link": the mail of the offer carries a button for it.
    @transition(
        title=_("Accept"), source=State.ASSIGNED, target=State.ACCEPTED, by=("user", "link"), tone="primary"
    )
    def accept(self, ctx: Context) -> None:
        self.take_up(ctx)

    @transition(
        title=_("Decline"),
        source=State.ASSIGNED,
        target=State.NEW,
        event="declined",
        inputs={
            "reason": Input(kind="choice", choices=tuple(DeclineReason.choices), label=_("Reason")),
            "note": Input(kind="text", required=False, max_length=500, label=_("Note")),
        },
    )
    def decline(self, ctx: Context) -> None:
        self.return_from_partner(Assignment.State.DECLINED, ctx)

    @transition(title=_("Expire"), source=State.ASSIGNED, target=State.NEW, event="expired", by=("timer",))
    def expire(self, ctx: Context) -> None:
        self.return_from_partner(Assignment.State.EXPIRED, ctx)

    @transition(
        title=_("Recall"),
        source=[State.ASSIGNED, State.ACCEPTED, State.CONTACTED, State.QUALIFIED],
        target=State.NEW,
        event="recalled",
        by=("user", "system"),
        inputs={"reason": Input(kind="text", required=False, max_length=500, label=_("Reason"))},
        tone="danger",
        confirm=_("Take this back from the partner?"),
    )
    def recall(self, ctx: Context) -> None:
        self.return_from_partner(Assignment.State.RECALLED, ctx)

    @transition(
        title=_("Mark as contacted"),
        source=State.ACCEPTED,
        target=State.CONTACTED,
        inputs={"note": Input(kind="text", required=False, max_length=500, label=_("Note"))},
        tone="primary",
    )
    def contact(self, ctx: Context) -> None:
        """The partner has spoken with the customer; the note stays in the history."""

    @transition(
        title=_("Qualify"),
        source=[State.ACCEPTED, State.CONTACTED],
        target=State.QUALIFIED,
        inputs={
            "amount": Input(kind="money", required=False, label=_("Amount")),
            "expected_close": Input(kind="date", required=False, label=_("Expected close")),
        },
        tone="primary",
    )
    def qualify(self, ctx: Context) -> None:
        self.amount = ctx.inputs.get("amount") or self.amount
        self.expected_close = ctx.inputs.get("expected_close") or self.expected_close

    @transition(
        title=_("Hand over"),
        source=[State.ACCEPTED, State.CONTACTED, State.QUALIFIED],
        target=None,
        event="handed_over",
        inputs={"assignee": Input(kind="reference", module="users", label=_("Colleague"))},
        guards=[own_or_admin, has_colleague, assignee_is_colleague],
    )
    def hand_over(self, ctx: Context) -> None:
        self.assignee = ctx.inputs["assignee"]

    @transition(
        title=_("Convert"),
        source=State.QUALIFIED,
        target=State.CONVERTED,
        inputs={
            "account": Input(
                kind="reference",
                module="accounts",
                required=False,
                label=_("Account"),
                help=_("One that you have already. Empty: a new one is made from the lead."),
            ),
            "new_account": Input(
                kind="boolean",
                required=False,
                label=_("It is another company than the account of the same name"),
            ),
            "topic": Input(
                kind="text",
                required=False,
                max_length=200,
                label=_("Topic"),
                help=_("Empty: as the lead has it."),
            ),
            "amount": Input(kind="money", required=False, label=_("Amount")),
            "expected_close": Input(kind="date", required=False, label=_("Expected close")),
            "portal": Input(
                kind="reference",
                module="portals",
                required=False,
                label=_("Portal"),
                help=_("The contact is invited into it. Empty: the one whose rule fits the lead, if any."),
            ),
            "no_invitation": Input(
                kind="boolean", required=False, label=_("Invite nobody, whatever the rules say")
            ),
        },
        guards=[account_of_partner, account_not_known, portal_to_invite_into],
        tone="primary",
    )
    def convert(self, ctx: Context) -> None:
        """Account, contact and opportunity come into being together with the new state, or none of them."""
        convert_lead(cast("Lead", self), ctx)

    @transition(
        title=_("Disqualify"),
        source=[State.NEW, State.POOLED, State.ACCEPTED, State.CONTACTED, State.QUALIFIED],
        target=State.DISQUALIFIED,
        inputs={
            "reason": Input(kind="choice", choices=tuple(DisqualifyReason.choices), label=_("Reason")),
            "note": Input(kind="text", required=False, max_length=500, label=_("Note")),
        },
        tone="danger",
    )
    def disqualify(self, ctx: Context) -> None:
        self.pool_until = None
        self.disqualify_reason = ctx.inputs["reason"]
        self.disqualify_note = ctx.inputs.get("note") or ""

    @transition(
        title=_("Reopen"),
        source=State.DISQUALIFIED,
        target=Depends(
            lambda self: self.State.ACCEPTED if held_by_active_partner(self) else self.State.NEW,
            states=[State.ACCEPTED, State.NEW],
        ),
        event="reopened",
    )
    def reopen(self, ctx: Context) -> None:
        self.disqualify_reason = self.disqualify_note = ""
        if not held_by_active_partner(self, ctx):
            self.return_from_partner(Assignment.State.RECALLED, ctx)
