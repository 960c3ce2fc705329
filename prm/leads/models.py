from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from djmoney.models.fields import MoneyField

from prm.accounts.models import Account
from prm.catalog.models import Product
from prm.leads.workflow import DisqualifyReason, LeadWorkflow
from prm.opportunities.models import Opportunity
from prm.opportunities.offers import Assignment, one_open_offer
from prm.people.fields import PhoneTextField
from prm.people.models import Contact
from workflows.inputs import currencies
from workflows.models import Record


class Lead(LeadWorkflow, Record):
    """Somebody who may buy. The topic never names the customer, whom a partner on offer may not know yet."""

    class Source(models.TextChoices):
        WEB = "web", _("Website")
        EVENT = "event", _("Event")
        REFERRAL = "referral", _("Referral")
        PARTNER = "partner", _("Partner")
        IMPORT = "import", _("Import")
        API = "api", _("API")

    topic = models.CharField(
        _("topic"),
        max_length=200,
        help_text=_("Without the customer's name: a partner reads it before accepting."),
    )
    need = models.TextField(_("need"), blank=True, help_text=_("Shown before a partner accepts."))
    size = models.CharField(_("size"), max_length=80, blank=True)
    region = models.CharField(_("region"), max_length=40, blank=True)
    country = CountryField(_("country"), blank=True)
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        verbose_name=_("product interest"),
    )
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.WEB)
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

    # The customer: hidden from a partner until it has accepted.
    company_name = models.CharField(_("company"), max_length=200, blank=True)
    contact_name = models.CharField(_("contact name"), max_length=200, blank=True)
    email = models.EmailField(_("email"), blank=True)
    phone = PhoneTextField(_("phone"), blank=True)
    street = models.CharField(_("street"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)

    pool_until = models.DateTimeField(_("in the pool until"), null=True, blank=True, editable=False)
    disqualify_reason = models.CharField(
        _("reason for disqualifying"),
        max_length=20,
        choices=DisqualifyReason.choices,
        blank=True,
        editable=False,
    )
    disqualify_note = models.CharField(_("note on disqualifying"), max_length=500, blank=True, editable=False)
    opportunity = models.ForeignKey(
        Opportunity,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="leads",
        verbose_name=_("opportunity"),
    )
    account = models.ForeignKey(
        Account,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="leads",
        verbose_name=_("account"),
    )
    contact_person = models.ForeignKey(
        Contact,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="leads",
        verbose_name=_("contact"),
    )
    reference = models.CharField(
        _("reference"), max_length=60, blank=True, help_text=_("Its key in the system it was imported from.")
    )

    # django-money replaces the manager; said here so that its type is known.
    objects: ClassVar[models.Manager[Lead]] = models.Manager()

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            models.UniqueConstraint(
                fields=["reference"], condition=~Q(reference=""), name="lead_reference_unique"
            ),
            models.CheckConstraint(
                condition=Q(partner__isnull=False) | Q(state__in=["new", "pooled", "disqualified"]),
                name="lead_held_by_partner",
            ),
            models.CheckConstraint(
                condition=Q(partner__isnull=True) | ~Q(state__in=["new", "pooled"]),
                name="lead_unheld_until_offered",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="lead_amount_not_negative"
            ),
        ]
        # A partner's lists, newest first, all or by state; then what staff sort and filter by.
        indexes = [
            models.Index(fields=["partner", "state", "created_at", "id"], name="lead_partner_state"),
            models.Index(fields=["partner", "created_at", "id"], name="lead_partner_created"),
            models.Index(fields=["state", "created_at", "id"], name="lead_state_created"),
            models.Index(fields=["created_at", "id"], name="lead_created"),
            models.Index(fields=["due_at", "id"], name="lead_due"),
        ]

    def __str__(self) -> str:
        return self.topic


class LeadAssignment(Assignment):
    """One offer of one lead to one partner."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="assignments", verbose_name=_("lead"))

    class Meta:
        verbose_name = _("lead assignment")
        verbose_name_plural = _("lead assignments")
        constraints = [one_open_offer("lead")]
        indexes = [
            models.Index(fields=["partner", "state", "offered_at", "id"], name="lead_asg_partner_state"),
            models.Index(fields=["lead", "partner", "state"], name="lead_asg_lead"),
            models.Index(fields=["offered_at", "id"], name="lead_asg_offered"),
            models.Index(fields=["due_at", "id"], name="lead_asg_due"),
            models.Index(fields=["created_at", "id"], name="lead_asg_created"),
        ]
