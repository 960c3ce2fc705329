from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from prm.accounts.models import Account
from prm.catalog.models import Product
from prm.opportunities.offers import Assignment, one_open_offer
from prm.opportunities.workflow import (
    PROBABILITY,
    PROBABILITY_UNWORKED,
    LossReason,
    OpportunityWorkflow,
    Stage,
)
from prm.people.models import Contact
from workflows.inputs import currencies
from workflows.models import Record


class Opportunity(OpportunityWorkflow, Record):
    """A qualified deal. Its topic never names the customer, whom a partner on offer may not know yet."""

    class Source(models.TextChoices):
        VENDOR = "vendor", _("Vendor")
        PARTNER = "partner", _("Partner")
        LEAD = "lead", _("Lead")
        IMPORT = "import", _("Import")

    topic = models.CharField(_("topic"), max_length=200)
    need = models.TextField(_("need"), blank=True)
    size = models.CharField(_("size"), max_length=80, blank=True)
    region = models.CharField(_("region"), max_length=40, blank=True)
    account = models.ForeignKey(
        Account,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="opportunities",
        verbose_name=_("account"),
    )
    contact = models.ForeignKey(
        Contact,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="opportunities",
        verbose_name=_("contact"),
    )
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="opportunities",
        verbose_name=_("product"),
    )
    amount = MoneyField(
        _("amount"),
        max_digits=15,
        decimal_places=3,
        null=True,
        blank=True,
        default_currency=settings.DEFAULT_CURRENCY,
        currency_choices=currencies,
    )
    expected_close = models.DateField(_("expected close"), null=True, blank=True)
    stage = models.CharField(_("stage"), max_length=20, choices=Stage.choices, blank=True)
    probability = models.GeneratedField(
        expression=Case(
            When(state="won", then=Value(100)),
            When(state="lost", then=Value(0)),
            *(When(stage=stage.value, then=Value(percent)) for stage, percent in PROBABILITY.items()),
            default=Value(PROBABILITY_UNWORKED),
        ),
        output_field=models.PositiveSmallIntegerField(_("probability")),
        db_persist=True,
        verbose_name=_("probability"),
    )
    next_step = models.CharField(_("next step"), max_length=200, blank=True)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.VENDOR)
    origin_lead_id = models.UUIDField(_("lead it came from"), null=True, blank=True, editable=False)
    won_at = models.DateTimeField(_("won"), null=True, blank=True, editable=False)
    lost_at = models.DateTimeField(_("lost"), null=True, blank=True, editable=False)
    close_reason = models.CharField(
        _("reason for losing"), max_length=20, choices=LossReason.choices, blank=True, editable=False
    )
    close_note = models.CharField(_("closing note"), max_length=500, blank=True, editable=False)
    reference = models.CharField(
        _("reference"), max_length=60, blank=True, help_text=_("Its key in the system it was imported from.")
    )

    # django-money replaces the manager; said here so that its type is known.
    objects: ClassVar[models.Manager[Opportunity]] = models.Manager()

    class Meta:
        verbose_name = _("opportunity")
        verbose_name_plural = _("opportunities")
        constraints = [
            models.UniqueConstraint(
                fields=["reference"], condition=~Q(reference=""), name="opportunity_reference_unique"
            ),
            models.CheckConstraint(
                condition=Q(partner__isnull=False) | ~Q(state__in=["distributed", "managed"]),
                name="opportunity_held_by_partner",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["draft", "distributed"]) & Q(stage=""))
                | (Q(state="managed") & Q(stage__in=Stage.values))
                | Q(state__in=["won", "lost"]),
                name="opportunity_stage_while_managed",
            ),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=100), name="opportunity_probability_percent"
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="opportunity_amount_not_negative"
            ),
        ]
        # A partner's lists, newest first, all or by state or stage; then what staff sort and filter by.
        indexes = [
            models.Index(fields=["partner", "state", "created_at", "id"], name="opp_partner_state"),
            models.Index(fields=["partner", "created_at", "id"], name="opp_partner_created"),
            models.Index(fields=["state", "created_at", "id"], name="opp_state_created"),
            models.Index(fields=["created_at", "id"], name="opp_created"),
            models.Index(fields=["due_at", "id"], name="opp_due"),
            models.Index(fields=["expected_close", "id"], name="opp_expected_close"),
            models.Index(fields=["amount", "id"], name="opp_amount"),
            models.Index(fields=["origin_lead_id"], name="opp_origin_lead"),
        ]

    def __str__(self) -> str:
        return self.topic


class OpportunityAssignment(Assignment):
    """One offer of one opportunity to one partner."""

    opportunity = models.ForeignKey(
        Opportunity, models.CASCADE, related_name="assignments", verbose_name=_("opportunity")
    )

    class Meta:
        verbose_name = _("opportunity assignment")
        verbose_name_plural = _("opportunity assignments")
        constraints = [one_open_offer("opportunity")]
        indexes = [
            models.Index(fields=["partner", "state", "offered_at", "id"], name="opp_asg_partner_state"),
            models.Index(fields=["opportunity", "partner", "state"], name="opp_asg_opportunity"),
            models.Index(fields=["offered_at", "id"], name="opp_asg_offered"),
            models.Index(fields=["due_at", "id"], name="opp_asg_due"),
            models.Index(fields=["created_at", "id"], name="opp_asg_created"),
        ]
