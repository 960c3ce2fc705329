"""How a quote may change: submitted and approved at the vendor, sent to the customer, decided there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.opportunities.models import Opportunity
from prm.opportunities.offers import locked_partner
from prm.partners.models import Partner
from workflows.inputs import Input
from workflows.machine import Context, Depends, StateField, Wait, Workflow, guard, transition
from workflows.models import TransitionRecord
from workflows.perform import refuse

if TYPE_CHECKING:
    from prm.quotes.models import Quote


class DeclineReason(models.TextChoices):
    PRICE = "price", _("Price")
    COMPETITOR = "competitor", _("Went to a competitor")
    BUDGET = "budget", _("No budget")
    TIMING = "timing", _("Wrong time")
    FIT = "fit", _("Product did not fit")
    OTHER = "other", _("Something else")


@guard("has_lines")
def has_lines(quote: Quote, ctx: Context) -> str | None:
    return None if quote.lines.exists() else gettext("The quote has no lines: add what is offered.")


@guard("has_customer")
def has_customer(quote: Quote, ctx: Context) -> str | None:
    return (
        None
        if quote.account_id
        else gettext("The opportunity has no account: say there who the customer is.")
    )


@guard("still_valid")
def still_valid(quote: Quote, ctx: Context) -> str | None:
    if ctx.now < quote.ends_at:
        return None
    return gettext("It was valid until %(day)s: set a later day.") % {
        "day": date_format(quote.valid_until, "DATE_FORMAT")
    }


@guard("partner_active")
def partner_active(quote: Quote, ctx: Context) -> str | None:
    partner = locked_partner(quote.partner_id, ctx)
    if partner is not None and partner.state == Partner.State.ACTIVE:
        return None
    return gettext("The partner is not active.")


@guard("deal_open")
def deal_open(quote: Quote, ctx: Context) -> str | None:
    """The opportunity is managed by the partner that quotes. It is not locked: whatever ends it withdraws the
    quotes that are open then, and waits for this change to do so."""
    return _closed(quote, quote.opportunity)


@guard("deal_open")
def deal_kept_open(quote: Quote, ctx: Context) -> str | None:
    """As `deal_open`, for as long as the transaction lasts: a quote that is only made in it would not be
    among those that whatever ends the deal withdraws, and would stay."""
    return _closed(quote, ctx.locked(Opportunity.objects.filter(pk=quote.opportunity_id)).first())


def _closed(quote: Quote, deal: Opportunity | None) -> str | None:
    if deal and deal.state == Opportunity.State.MANAGED and deal.partner_id == quote.partner_id:
        return None
    return gettext("This deal is not open any more.")


@guard("prices_in_force")
def prices_in_force(quote: Quote, ctx: Context) -> str | None:
    """The price book is still there for the partner, and in the currency of the quote."""
    from prm.quotes.pricing import in_force

    if quote.price_book_id is None or in_force(quote, timezone.localdate(ctx.now)):
        return None
    return gettext(
        "The price book is not in force any more: choose another, so that the prices are of today."
    )


@guard("contact_has_email")
def contact_has_email(quote: Quote, ctx: Context) -> str | None:
    if quote.contact and quote.contact.email:
        return None
    return gettext("Name a contact with an email address, to whom it is sent.")


#: So often a quote may be sent again within a day: nobody reads it more often than that.
AGAIN, A_DAY = 5, timedelta(days=1)


@guard("not_too_often")
def not_too_often(quote: Quote, ctx: Context) -> str | None:
    earlier = TransitionRecord.objects.filter(
        subject=quote._meta.label_lower,
        object_id=quote.pk,
        transition="send_again",
        at__gt=ctx.now - A_DAY,
    )
    if earlier.count() < AGAIN:
        return None
    return gettext("It was sent again several times today. Try again tomorrow.")


#: What has to hold for a quote to go on towards the customer.
GOING_ON = [has_lines, has_customer, still_valid, deal_open, partner_active]


class QuoteWorkflow(Workflow):
    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PENDING_APPROVAL = "pending_approval", _("Waits for approval")
        APPROVED = "approved", _("Approved")
        SENT = "sent", _("Sent")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Expired")
        SUPERSEDED = "superseded", _("Superseded")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        ORDERED = "ordered", _("Ordered")

    state = StateField(State, default=State.DRAFT)
    waits = {
        State.DRAFT: Wait("partner"),
        State.PENDING_APPROVAL: Wait("channel_manager"),
        State.APPROVED: Wait("partner", after=lambda quote: quote.ends_at, then="expire"),
        # The customer's turn: nobody here can do more than wait.
        State.SENT: Wait("nobody", after=lambda quote: quote.ends_at, then="expire"),
        State.ACCEPTED: Wait("partner"),
        State.DECLINED: Wait("nobody"),
        State.EXPIRED: Wait("nobody"),
    }
    initial = {State.DRAFT}
    finals = {State.SUPERSEDED, State.WITHDRAWN, State.ORDERED}

    #: States in which it may still come to something.
    OPEN = (State.DRAFT, State.PENDING_APPROVAL, State.APPROVED, State.SENT)

    partner_id: UUID
    valid_until: date
    contact: Any
    sent_to: str
    sent_at: datetime | None
    decided_at: datetime | None
    decided_by_name: str
    decline_reason: str
    decline_note: str
    order_reference: str

    class Meta:
        abstract = True

    @property
    def party_id(self) -> UUID:
        return self.partner_id

    @property
    def ends_at(self) -> datetime:
        """When it expires: as soon as its last day is over everywhere on earth (noon UTC of the next day)."""
        return datetime.combine(self.valid_until + timedelta(days=1), time(12), UTC)

    def needs_approval(self) -> bool:
        """Whether it gives away more than the partner's tier may without being asked."""
        raise NotImplementedError

    def compare_prices(self) -> None:
        """Keeps how it compares with the prices of today, for whoever is asked."""
        raise NotImplementedError

    @transition(
        title=_("Submit"),
        source=State.DRAFT,
        target=Depends(
            lambda self: self.State.PENDING_APPROVAL if self.needs_approval() else self.State.APPROVED,
            states=[State.APPROVED, State.PENDING_APPROVAL],
        ),
        guards=[*GOING_ON, prices_in_force],
        tone="primary",
    )
    def submit(self, ctx: Context) -> None:
        self.compare_prices()

    @transition(
        title=_("Approve"),
        source=State.PENDING_APPROVAL,
        target=State.APPROVED,
        inputs={
            "reason": Input(
                kind="text",
                required=False,
                max_length=500,
                label=_("Note"),
                help=_("Kept in the history."),
            )
        },
        guards=GOING_ON,
        tone="primary",
    )
    def approve(self, ctx: Context) -> None: ...

    @transition(
        title=_("Return to draft"),
        source=State.PENDING_APPROVAL,
        target=State.DRAFT,
        event="returned",
        inputs={
            "return_note": Input(
                kind="text", max_length=500, label=_("What to change"), help=_("Shown to the partner.")
            )
        },
    )
    def return_to_draft(self, ctx: Context) -> None:
        self.return_note = ctx.inputs["return_note"]

    @transition(
        title=_("Send"),
        source=State.APPROVED,
        target=State.SENT,
        inputs={
            "message": Input(
                kind="longtext",
                required=False,
                max_length=2000,
                label=_("Message"),
                help=_("Stands above the link in the email."),
            )
        },
        guards=[*GOING_ON, contact_has_email],
        tone="primary",
    )
    def send(self, ctx: Context) -> None:
        self.sent_to, self.sent_at = self.contact.email, ctx.now

    @transition(
        title=_("Send again"),
        source=State.SENT,
        target=State.SENT,
        inputs={
            "email": Input(
                kind="email",
                required=False,
                label=_("Email"),
                help=_("Empty: that of the contact. The link that was sent before ends."),
            ),
            "message": Input(
                kind="longtext",
                required=False,
                max_length=2000,
                label=_("Message"),
                help=_("Stands above the link in the email."),
            ),
        },
        guards=[still_valid, deal_open, partner_active, not_too_often],
        event="sent_again",
    )
    def send_again(self, ctx: Context) -> None:
        email = ctx.inputs.get("email") or self.present_email()
        if not email:
            refuse(email=gettext("Name a contact with an email address, to whom it is sent."))
        self.sent_to = email

    # "link": the mail of the quote lets the customer decide without a login.
    @transition(
        title=_("Accept"),
        source=State.SENT,
        target=State.ACCEPTED,
        by=("user", "link"),
        inputs={
            "accepted_by": Input(
                kind="text",
                required=False,
                max_length=200,
                label=_("Accepted by"),
                help=_("Who said yes, where it is not you."),
            )
        },
        guards=[still_valid, deal_open, partner_active],
        tone="primary",
    )
    def accept(self, ctx: Context) -> None:
        self._decided(ctx.inputs.get("accepted_by"), ctx)

    @transition(
        title=_("Decline"),
        source=State.SENT,
        target=State.DECLINED,
        by=("user", "link"),
        inputs={
            "reason": Input(
                kind="choice", required=False, choices=tuple(DeclineReason.choices), label=_("Reason")
            ),
            "note": Input(kind="text", required=False, max_length=500, label=_("Note")),
        },
    )
    def decline(self, ctx: Context) -> None:
        self.decline_reason = ctx.inputs.get("reason") or ""
        self.decline_note = ctx.inputs.get("note") or ""
        self._decided("", ctx)

    @transition(title=_("Expire"), source=[State.APPROVED, State.SENT], target=State.EXPIRED, by=("timer",))
    def expire(self, ctx: Context) -> None: ...

    @transition(
        title=_("Revise"),
        source=[
            State.PENDING_APPROVAL,
            State.APPROVED,
            State.SENT,
            State.ACCEPTED,
            State.DECLINED,
            State.EXPIRED,
        ],
        target=State.SUPERSEDED,
        guards=[deal_kept_open, partner_active],
        confirm=_("Replace this by a new version? The customer can no longer accept this one."),
    )
    def revise(self, ctx: Context) -> None:
        self.begin_next_version(ctx)

    @transition(
        title=_("Withdraw"),
        source=[State.DRAFT, State.PENDING_APPROVAL, State.APPROVED, State.SENT],
        target=State.WITHDRAWN,
        by=("user", "system"),
        inputs={"reason": Input(kind="text", required=False, max_length=500, label=_("Reason"))},
        tone="danger",
        confirm=_("Withdraw this quote? That cannot be undone."),
    )
    def withdraw(self, ctx: Context) -> None: ...

    @transition(
        title=_("Order"),
        source=State.ACCEPTED,
        target=State.ORDERED,
        inputs={
            "order_reference": Input(
                kind="text",
                required=False,
                max_length=60,
                label=_("Order number"),
                help=_("The customer's, where there is one."),
            )
        },
        tone="primary",
    )
    def order(self, ctx: Context) -> None:
        self.order_reference = ctx.inputs.get("order_reference") or ""

    def present_email(self) -> str:
        """The customer's address as it is known now: that of the contact, else where it was sent to."""
        return (self.contact.email if self.contact else "") or self.sent_to

    def begin_next_version(self, ctx: Context) -> None:
        """Makes the draft that takes this one's place."""
        raise NotImplementedError

    def _decided(self, name: str | None, ctx: Context) -> None:
        self.decided_at, self.decided_by_name = ctx.now, (name or ctx.actor.name)[:200]
