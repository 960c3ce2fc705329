"""Offering a record of the vendor to one partner at a time: shared by leads and opportunities.

The record says who holds it now; a row of `assignments` remembers each offer and how it ended. The row is
what a partner may still see after the record has gone elsewhere, and what keeps a decliner from being asked
again. Every method here is called by a transition, so inside its transaction and with the record locked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.access.channel import looks_after
from prm.modules.naming import may_name
from prm.partners.models import Partner
from prm.people.models import User
from workflows.actor import Actor
from workflows.errors import InvalidInput
from workflows.machine import Context, guard
from workflows.models import Record
from workflows.perform import perform
from workflows.ports import Event


class DeclineReason(models.TextChoices):
    CAPACITY = "capacity", _("No capacity now")
    TERRITORY = "territory", _("Outside our territory")
    EXPERTISE = "expertise", _("Not our field")
    CONFLICT = "conflict", _("We have a conflict with this customer")
    SIZE = "size", _("Too small")
    OTHER = "other", _("Something else")


def offer_time() -> timedelta:
    """How long a partner may think about an offer before it expires."""
    return timedelta(days=settings.OFFER_DAYS)


class Assignment(Record):
    """One offer to one partner. It never changes hands: another offer is another row."""

    class State(models.TextChoices):
        OFFERED = "offered", _("Offered")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Expired")
        RECALLED = "recalled", _("Recalled")

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="%(class)ss", verbose_name=_("partner"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OFFERED)
    topic = models.CharField(
        _("topic"),
        max_length=200,
        help_text=_("As it read when offered: the record may not be visible later."),
    )
    reason = models.CharField(_("why this partner"), max_length=500, blank=True)
    decline_reason = models.CharField(
        _("reason for declining"), max_length=20, choices=DeclineReason.choices, blank=True
    )
    decline_note = models.CharField(_("note"), max_length=500, blank=True)
    offered_at = models.DateTimeField(_("offered"))
    due_at = models.DateTimeField(_("answer until"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    offered_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("offered by")
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.topic

    @property
    def party_id(self) -> UUID:
        return self.partner_id


class Offerable(models.Model):
    """What a record needs to be offered: who holds it, who works it there, and who answers for it here."""

    partner = models.ForeignKey(
        Partner,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="%(app_label)s",
        verbose_name=_("partner"),
    )
    assignee = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assignee"),
        help_text=_("Who works it at the partner."),
    )
    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("channel manager")
    )
    offer_reason = models.CharField(_("why you"), max_length=500, blank=True, editable=False)

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        topic: str
        assignments: Any

    @property
    def party_id(self) -> UUID | None:
        return self.partner_id

    def offer_to(self, partner: Partner, ctx: Context) -> None:
        """Holds the record out to `partner`; the customer stays masked until it accepts."""
        reason = ctx.inputs.get("reason") or ""
        by = ctx.actor.user
        self.partner, self.assignee, self.offer_reason = partner, None, reason
        self.owner = self.owner or partner.channel_manager or (by if by and not by.company_id else None)
        self.assignments.create(
            partner=partner,
            topic=self.topic,
            reason=reason,
            offered_by=by,
            offered_at=ctx.now,
            due_at=ctx.now + offer_time(),
        )

    def take(self, partner: Partner, ctx: Context) -> None:
        """The partner helped itself (from the pool): offered and accepted at once."""
        self.partner, self.assignee = partner, ctx.actor.user
        self.owner = self.owner or partner.channel_manager
        self.assignments.create(
            partner=partner,
            topic=self.topic,
            state=Assignment.State.ACCEPTED,
            offered_at=ctx.now,
            decided_at=ctx.now,
        )

    def take_up(self, ctx: Context) -> None:
        """The offer is accepted. Who accepts works it, unless somebody accepted on the partner's behalf."""
        self._settle(Assignment.State.ACCEPTED, ctx)
        user = ctx.actor.user
        self.assignee = user if user and user.company_id == self.partner_id else None

    def return_from_partner(self, state: Assignment.State, ctx: Context) -> None:
        """Back to the vendor: nothing on the record tells the next partner of this one."""
        self._settle(state, ctx)
        self.partner = self.assignee = None
        self.offer_reason = ""

    def _settle(self, state: Assignment.State, ctx: Context) -> None:
        """Ends the offer or holding that is open; at most one row is (see the constraint of each subject)."""
        fields: dict[str, Any] = {"state": state, "decided_at": ctx.now, "updated_at": ctx.now}
        if state == Assignment.State.DECLINED:
            fields["decline_reason"] = ctx.inputs.get("reason") or ""
            fields["decline_note"] = ctx.inputs.get("note") or ""
        open_states = [Assignment.State.OFFERED, Assignment.State.ACCEPTED]
        self.assignments.filter(partner_id=self.partner_id, state__in=open_states).update(
            version=models.F("version") + 1, **fields
        )


def one_open_offer(record: str) -> models.UniqueConstraint:
    """At most one partner is asked or holds the record, whatever code forgets."""
    return models.UniqueConstraint(
        fields=[record], condition=Q(state__in=["offered", "accepted"]), name=f"{record}_assignment_one_open"
    )


def locked_partner(partner_id: UUID, ctx: Context | None) -> Partner | None:
    """The partner as it is now and, unless only asking, for as long as the transaction lasts.

    So an offer and a suspension at the same moment cannot both go through. The order is always record
    before partner; a suspension, which holds the partner first, then only takes records that are on offer
    to this partner already, and nothing that holds one of those asks for the partner.
    """
    rows = Partner.objects.filter(pk=partner_id)
    if ctx is not None and not ctx.probing:
        rows = rows.select_for_update(of=("self",), no_key=True)
    return rows.first()


def held_by_active_partner(obj: Offerable, ctx: Context | None = None) -> bool:
    """Whether somebody is there to go on with the record."""
    partner = locked_partner(obj.partner_id, ctx) if obj.partner_id else None
    return partner is not None and partner.state == Partner.State.ACTIVE


@guard("partner_active", needs_inputs=True)
def partner_active(obj: Offerable, ctx: Context) -> str | None:
    partner = locked_partner(ctx.inputs["partner"].pk, ctx)
    if partner is not None and partner.state == Partner.State.ACTIVE:
        return None
    name = ctx.inputs["partner"].name
    return gettext("%(partner)s is not an active partner: choose one that is.") % {"partner": name}


@guard("not_declined_before", needs_inputs=True)
def not_declined_before(obj: Offerable, ctx: Context) -> str | None:
    partner = ctx.inputs["partner"]
    before = (
        obj.assignments.filter(partner=partner, state=Assignment.State.DECLINED)
        .order_by("-decided_at")
        .first()
    )
    if before is None:
        return None
    return gettext("%(partner)s declined this on %(day)s: choose another partner.") % {
        "partner": partner.name,
        "day": _day(before.decided_at),
    }


@guard("own_or_admin")
def own_or_admin(obj: Offerable, ctx: Context) -> str | None:
    """No colleague's work is passed on over their head: the assignee does it, or an admin of the company."""
    user = ctx.actor.user
    if user is None or user.company_id != obj.partner_id or user.is_portal_admin:
        return None
    if obj.assignee is None or obj.assignee == user:
        return None
    if not may_name(user, obj.assignee):
        return gettext("A colleague works this: one of your admins can hand it over.")
    return gettext("%(name)s works this: ask them or one of your admins to hand it over.") % {
        "name": obj.assignee.get_short_name()
    }


@guard("has_colleague")
def has_colleague(obj: Offerable, ctx: Context) -> str | None:
    logins: QuerySet[User] = User.objects.filter(is_active=True, contact__company__in=[obj.partner_id])
    if logins.exclude(pk__in=[obj.assignee_id] if obj.assignee_id else []).exists():
        return None
    return gettext("There is nobody else with a login at the partner: invite a colleague.")


@guard("assignee_is_colleague", needs_inputs=True)
def assignee_is_colleague(obj: Offerable, ctx: Context) -> str | None:
    colleague = ctx.inputs["assignee"]
    if colleague.is_active and colleague.company_id == obj.partner_id:
        return None
    return gettext("%(name)s has no active login at the partner that holds this.") % {"name": colleague}


def _day(moment: datetime | None) -> str:
    return date_format(moment, "DATE_FORMAT") if moment else ""


def start(record: Any, actor: Actor, *, held: str) -> bool:
    """Sets whose a new record is, from who enters it. True where a partner did: it then holds it already."""
    user = actor.user
    partner = Partner.objects.filter(pk=user.company_id).first() if user and user.company_id else None
    record.partner, record.offer_reason = partner, ""
    if partner is None:
        record.assignee, record.owner = None, user if looks_after(user) else None
        return False
    record.assignee, record.owner = user, partner.channel_manager
    record.begin(held)
    return True


def check_owner(record: Offerable, changed: set[str]) -> None:
    """Who answers for a record here is one of the vendor's own people."""
    owner = record.owner
    if (
        "owner" in changed
        and owner is not None
        and not (owner.is_active and owner.portal and owner.portal.staff)
    ):
        raise InvalidInput({"owner": [gettext("Choose one of the vendor's own people.")]})


def return_open_offers(model: type[Any], state: str, partner: Partner) -> None:
    """Takes back what is on offer to a partner that is no longer active. What it had accepted it keeps."""
    rows = model.objects.filter(partner=partner, state=state).order_by("id")
    for record in rows:
        perform(
            record,
            "recall",
            actor=Actor.system(),
            inputs={"reason": gettext("The partner is no longer active.")},
        )


def is_new(event: Event) -> bool:
    """Whether the event tells of a record's creation."""
    return event.record is not None and event.record.transition == "create"


def first_offer(record: Any) -> None:
    """The row of an offer that no transition made: an import began on offer. It runs from the import."""
    record.assignments.create(
        partner=record.partner,
        topic=record.topic,
        reason=record.offer_reason,
        offered_at=record.state_since,
        due_at=record.due_at,
    )
