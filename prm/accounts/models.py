from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from prm.people.models import Company
from workflows.inputs import currencies


class Account(Company):
    """A customer company, and which partner serves it."""

    company_ptr = models.OneToOneField(
        Company, models.CASCADE, parent_link=True, primary_key=True, related_name="account_role"
    )
    partner = models.ForeignKey(
        "partners.Partner",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("partner"),
    )
    industry = models.CharField(_("industry"), max_length=80, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    annual_revenue = MoneyField(
        _("annual revenue"),
        max_digits=17,
        decimal_places=3,
        null=True,
        blank=True,
        default_currency=settings.DEFAULT_CURRENCY,
        currency_choices=currencies,
    )
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="subsidiaries",
        verbose_name=_("parent account"),
    )

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    @property
    def party_id(self) -> UUID | None:
        return self.partner_id
