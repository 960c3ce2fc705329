"""How a company becomes a partner, and what a partner may become."""

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.partners import mail
from prm.partners.choices import PartnerType, RejectReason, Tier
from prm.partners.guards import (
    agreement_accepted,
    complete,
    duplicate_confirmed,
    email_confirmed,
    manager_is_staff,
    onboarding_done,
)
from prm.people.access_end import close_company, reopen_company
from workflows.inputs import Input
from workflows.machine import Context, StateField, Wait, Workflow, transition

if TYPE_CHECKING:
    from prm.partners.models import Partner, Registration


def _applicant_days(registration: "Registration") -> timedelta:
    return timedelta(days=settings.REGISTRATION_DAYS)


class RegistrationWorkflow(Workflow):
    """An application: written by the applicant, decided by a channel manager, who may ask back."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted")
        UNDER_REVIEW = "under_review", _("Under review")
        RETURNED = "returned", _("Returned")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    state = StateField(State, default=State.DRAFT)
    initial = {State.DRAFT}
    waits = {
        State.DRAFT: Wait("applicant", after=_applicant_days, then="withdraw"),
        State.SUBMITTED: Wait("channel_manager"),
        State.UNDER_REVIEW: Wait("channel_manager"),
        State.RETURNED: Wait("applicant", after=_applicant_days, then="withdraw"),
    }
    finals = {State.APPROVED, State.REJECTED, State.WITHDRAWN}

    class Meta:
        abstract = True

    @transition(
        title=_("Submit"),
        source=[State.DRAFT, State.RETURNED],
        target=State.SUBMITTED,
        by=("link",),
        inputs={"answer": Input(kind="longtext", label=_("Your answer"), required=False, max_length=4000)},
        guards=[email_confirmed, complete, agreement_accepted],
        tone="primary",
    )
    def submit(self, ctx: Context) -> None:
        registration = cast("Registration", self)
        registration.submitted_at = ctx.now
        registration.request_answer = ctx.inputs.get("answer") or ""
        mail.received(registration)

    @transition(title=_("Start review"), source=State.SUBMITTED, target=State.UNDER_REVIEW)
    def start_review(self, ctx: Context) -> None:
        registration = cast("Registration", self)
        if registration.channel_manager_id is None:
            registration.channel_manager = ctx.actor.user

    @transition(
        title=_("Ask for information"),
        source=[State.SUBMITTED, State.UNDER_REVIEW],
        target=State.RETURNED,
        inputs={
            "question": Input(
                kind="longtext",
                label=_("Question"),
                max_length=4000,
                help=_("It is mailed to the applicant."),
            )
        },
    )
    def return_for_information(self, ctx: Context) -> None:
        registration = cast("Registration", self)
        registration.request_note = ctx.inputs["question"]
        registration.request_answer = ""
        mail.question(registration)

    @transition(
        title=_("Approve"),
        source=[State.SUBMITTED, State.UNDER_REVIEW],
        target=State.APPROVED,
        inputs={
            "channel_manager": Input(
                kind="reference",
                module="users",
                label=_("Channel manager"),
                required=False,
                help=_("You, if left empty."),
            ),
            "partner_type": Input(
                kind="choice",
                label=_("Partner type"),
                choices=tuple(PartnerType.choices),
                required=False,
                help=_("As applied for, if left empty."),
            ),
            "tier": Input(
                kind="choice",
                label=_("Tier"),
                choices=tuple(Tier.choices),
                required=False,
                initial=Tier.REGISTERED,
            ),
            "territory": Input(kind="reference", module="territories", label=_("Territory"), required=False),
            "confirm_duplicate": Input(
                kind="boolean", label=_("I know that a partner like this one exists"), required=False
            ),
        },
        guards=[manager_is_staff, duplicate_confirmed],
        tone="primary",
    )
    def approve(self, ctx: Context) -> None:
        """The partner, its first contact and the invitation come into being together with the decision."""
        # Not above: it needs the models, which are made of this class.
        from prm.partners.onboarding import found_partner

        found_partner(cast("Registration", self), ctx)

    @transition(
        title=_("Reject"),
        source=[State.SUBMITTED, State.UNDER_REVIEW],
        target=State.REJECTED,
        inputs={
            "reason": Input(kind="choice", label=_("Reason"), choices=tuple(RejectReason.choices)),
            "comment": Input(
                kind="longtext", label=_("Message to the applicant"), required=False, max_length=4000
            ),
        },
        tone="danger",
    )
    def reject(self, ctx: Context) -> None:
        registration = cast("Registration", self)
        registration.reject_reason = ctx.inputs["reason"]
        mail.rejected(registration, ctx.inputs.get("comment") or "")

    @transition(
        title=_("Withdraw"),
        source=[State.DRAFT, State.SUBMITTED, State.UNDER_REVIEW, State.RETURNED],
        target=State.WITHDRAWN,
        by=("link", "timer"),
        tone="danger",
    )
    def withdraw(self, ctx: Context) -> None:
        """By the applicant; and a draft or question that is left lying is withdrawn by the timer."""


_reason = Input(kind="text", label=_("Reason"), max_length=300)


class PartnerWorkflow(Workflow):
    """A partner is active or it is not; while it is not, its people have no access."""

    class State(models.TextChoices):
        ONBOARDING = "onboarding", _("Onboarding")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        TERMINATED = "terminated", _("Terminated")

    state = StateField(State, default=State.ONBOARDING)
    initial = {State.ONBOARDING, State.ACTIVE}
    waits = {
        State.ONBOARDING: Wait("partner"),
        State.ACTIVE: Wait("nobody"),
        State.SUSPENDED: Wait("channel_manager"),
    }
    finals = {State.TERMINATED}

    class Meta:
        abstract = True

    @transition(
        title=_("Activate"),
        source=State.ONBOARDING,
        target=State.ACTIVE,
        guards=[onboarding_done],
        tone="primary",
    )
    def activate(self, ctx: Context) -> None:
        """From here on the partner is offered leads and opportunities."""

    @transition(
        title=_("Suspend"),
        source=State.ACTIVE,
        target=State.SUSPENDED,
        inputs={"reason": _reason},
        tone="danger",
        confirm=_("All its users lose access at once, and its open offers are taken back."),
    )
    def suspend(self, ctx: Context) -> None:
        close_company(cast("Partner", self), now=ctx.now)

    @transition(title=_("Reinstate"), source=State.SUSPENDED, target=State.ACTIVE, tone="primary")
    def reinstate(self, ctx: Context) -> None:
        reopen_company(cast("Partner", self))

    @transition(
        title=_("Terminate"),
        source=[State.ONBOARDING, State.ACTIVE, State.SUSPENDED],
        target=State.TERMINATED,
        inputs={"reason": _reason},
        tone="danger",
        confirm=_("The partnership ends for good. All its users lose access at once."),
    )
    def terminate(self, ctx: Context) -> None:
        close_company(cast("Partner", self), now=ctx.now, for_good=True)
