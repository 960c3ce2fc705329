"""How an opportunity may change: offered by the vendor, managed by a partner, won or lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from djmoney.money import Money

from prm.opportunities.offers import (
    Assignment,
    DeclineReason,
    Offerable,
    assignee_is_colleague,
    has_colleague,
    held_by_active_partner,
    not_declined_before,
    offer_time,
    own_or_admin,
    partner_active,
)
from workflows.inputs import Input
from workflows.machine import Context, Depends, StateField, Wait, Workflow, guard, transition


class Stage(models.TextChoices):
    """Forecast steps of a managed opportunity; the probabilities are in `PROBABILITY`."""

    QUALIFICATION = "qualification", _("Qualification")
    PROPOSAL = "proposal", _("Proposal")
    NEGOTIATION = "negotiation", _("Negotiation")


PROBABILITY = {Stage.QUALIFICATION: 25, Stage.PROPOSAL: 50, Stage.NEGOTIATION: 75}
#: Of an opportunity that nobody works yet.
PROBABILITY_UNWORKED = 10


class LossReason(models.TextChoices):
    PRICE = "price", _("Price")
    COMPETITOR = "competitor", _("Went to a competitor")
    BUDGET = "budget", _("No budget")
    DECISION = "decision", _("No decision")
    TIMING = "timing", _("Wrong time")
    FIT = "fit", _("Product did not fit")
    OTHER = "other", _("Something else")


@guard("worth_something", needs_inputs=True)
def worth_something(obj: OpportunityWorkflow, ctx: Context) -> str | None:
    if ctx.inputs.get("amount") or obj.amount:
        return None
    return gettext("Say what it is worth: a win needs an amount.")


@guard("closed_by_today", needs_inputs=True)
def closed_by_today(obj: OpportunityWorkflow, ctx: Context) -> str | None:
    day = ctx.inputs.get("closed_on")
    # A day of grace: where the customer signed, tomorrow may have begun.
    if day is None or day <= (ctx.now + timedelta(days=1)).date():
        return None
    return gettext("A win cannot be dated in the future.")


#: What a managed deal would be won with, asked in turn until one knows; filled in by apps to the right.
WINNING_AMOUNTS: list[Callable[[Any], Money | None]] = []


class OpportunityWorkflow(Offerable, Workflow):
    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        DISTRIBUTED = "distributed", _("On offer")
        MANAGED = "managed", _("Managed")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    state = StateField(State, default=State.DRAFT)
    waits = {
        State.DRAFT: Wait("channel_manager"),
        State.DISTRIBUTED: Wait("partner", after=lambda opportunity: offer_time(), then="expire"),
        State.MANAGED: Wait("partner"),
    }
    initial = {State.DRAFT, State.MANAGED}
    finals = {State.WON, State.LOST}

    #: Money; django-money types it as the number alone.
    amount: Any
    expected_close: date | None
    stage: str
    next_step: str
    won_at: datetime | None
    lost_at: datetime | None
    close_reason: str
    close_note: str

    class Meta:
        abstract = True

    def suggested(self, transition: str) -> dict[str, Any]:
        if transition != "win":
            return {}
        found = next((amount for ask in WINNING_AMOUNTS if (amount := ask(self))), None)
        return {"amount": found} if found else {}

    @transition(
        title=_("Distribute"),
        source=State.DRAFT,
        target=State.DISTRIBUTED,
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
    def distribute(self, ctx: Context) -> None:
        self.offer_to(ctx.inputs["partner"], ctx)

    # "link": the mail of the offer carries a button for it.
    @transition(
        title=_("Accept"),
        source=State.DISTRIBUTED,
        target=State.MANAGED,
        event="accepted",
        by=("user", "link"),
        tone="primary",
    )
    def accept(self, ctx: Context) -> None:
        self.take_up(ctx)
        self.stage = Stage.QUALIFICATION

    @transition(
        title=_("Decline"),
        source=State.DISTRIBUTED,
        target=State.DRAFT,
        event="declined",
        inputs={
            "reason": Input(kind="choice", choices=tuple(DeclineReason.choices), label=_("Reason")),
            "note": Input(kind="text", required=False, max_length=500, label=_("Note")),
        },
    )
    def decline(self, ctx: Context) -> None:
        self.return_from_partner(Assignment.State.DECLINED, ctx)

    @transition(
        title=_("Expire"), source=State.DISTRIBUTED, target=State.DRAFT, event="expired", by=("timer",)
    )
    def expire(self, ctx: Context) -> None:
        self.return_from_partner(Assignment.State.EXPIRED, ctx)

    @transition(
        title=_("Recall"),
        source=[State.DISTRIBUTED, State.MANAGED],
        target=State.DRAFT,
        event="recalled",
        by=("user", "system"),
        inputs={"reason": Input(kind="text", required=False, max_length=500, label=_("Reason"))},
        tone="danger",
        confirm=_("Take this back from the partner?"),
    )
    def recall(self, ctx: Context) -> None:
        self.return_from_partner(Assignment.State.RECALLED, ctx)
        self.stage = self.next_step = ""

    @transition(
        title=_("Hand over"),
        source=State.MANAGED,
        target=State.MANAGED,
        event="handed_over",
        inputs={"assignee": Input(kind="reference", module="users", label=_("Colleague"))},
        guards=[own_or_admin, has_colleague, assignee_is_colleague],
    )
    def hand_over(self, ctx: Context) -> None:
        self.assignee = ctx.inputs["assignee"]

    @transition(
        title=_("Win"),
        source=State.MANAGED,
        target=State.WON,
        inputs={
            "amount": Input(kind="money", required=False, label=_("Amount"), help=_("Empty: as it stands.")),
            "closed_on": Input(kind="date", required=False, label=_("Signed on"), help=_("Empty: today.")),
            "reason": Input(kind="text", required=False, max_length=500, label=_("What won it")),
        },
        guards=[worth_something, closed_by_today],
        tone="primary",
    )
    def win(self, ctx: Context) -> None:
        self.amount = ctx.inputs.get("amount") or self.amount
        self.won_at = _moment(ctx.inputs.get("closed_on"), ctx.now)
        self.close_note = ctx.inputs.get("reason") or ""

    @transition(
        title=_("Lose"),
        source=[State.DRAFT, State.DISTRIBUTED, State.MANAGED],
        target=State.LOST,
        inputs={
            "reason": Input(kind="choice", choices=tuple(LossReason.choices), label=_("Reason")),
            "note": Input(kind="text", required=False, max_length=500, label=_("Note")),
        },
        tone="danger",
    )
    def lose(self, ctx: Context) -> None:
        if self.state == self.State.DISTRIBUTED:
            # The partner never accepted it and must not see, through the loss, what the offer masked.
            self.return_from_partner(Assignment.State.RECALLED, ctx)
        self.lost_at = ctx.now
        self.close_reason = ctx.inputs["reason"]
        self.close_note = ctx.inputs.get("note") or ""

    @transition(
        title=_("Reopen"),
        source=[State.WON, State.LOST],
        target=Depends(
            lambda self: self.State.MANAGED if held_by_active_partner(self) else self.State.DRAFT,
            states=[State.MANAGED, State.DRAFT],
        ),
        event="reopened",
    )
    def reopen(self, ctx: Context) -> None:
        self.won_at = self.lost_at = None
        self.close_reason = self.close_note = ""
        if held_by_active_partner(self, ctx):
            self.stage = self.stage or Stage.QUALIFICATION
        else:
            self.return_from_partner(Assignment.State.RECALLED, ctx)
            self.stage = self.next_step = ""


def _moment(day: date | None, now: datetime) -> datetime:
    """Noon of the day that was named, in UTC, which is the same date nearly everywhere; never after `now`."""
    return min(datetime.combine(day, time(12), UTC), now) if day else now
