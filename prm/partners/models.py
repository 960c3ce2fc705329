from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from djmoney.models.fields import MoneyField

from prm.partners.choices import PartnerType, RejectReason, Tier
from prm.partners.workflow import PartnerWorkflow, RegistrationWorkflow
from prm.people.fields import PhoneTextField
from prm.people.matching import Matched, company_domain, name_key, tax_key
from prm.people.models import Company
from workflows.inputs import currencies
from workflows.models import Record


class Territory(Record):
    """Regions and segments that a partner serves."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    # Words with commas between them, as people write and search them.
    region_names = models.CharField(_("regions"), max_length=400, blank=True)
    segment_names = models.CharField(_("segments"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("territory")
        verbose_name_plural = _("territories")

    def __str__(self) -> str:
        return self.name

    @property
    def regions(self) -> list[str]:
        return _words(self.region_names)

    @regions.setter
    def regions(self, words: Iterable[str]) -> None:
        self.region_names = ", ".join(words)

    @property
    def segments(self) -> list[str]:
        return _words(self.segment_names)

    @segments.setter
    def segments(self, words: Iterable[str]) -> None:
        self.segment_names = ", ".join(words)


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def regions_served(territory: str | None, region: str) -> set[str]:
    """The regions that a partner serves: those of its territory, and where that names none, its own.

    territory: the `region_names` of its territory, None without one.
    """
    return set(_words(territory or "")) or {region} - {""}


class TierTerms(Record):
    """What a tier of the programme may do by itself."""

    tier = models.CharField(_("tier"), max_length=20, choices=Tier, unique=True)
    quote_discount_limit = models.DecimalField(
        _("discount limit"),
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
        help_text=_("A quote that is further below the price book has to be approved."),
    )

    class Meta:
        verbose_name = _("terms of a tier")
        verbose_name_plural = _("terms of the tiers")

    def __str__(self) -> str:
        return str(self.get_tier_display())


class Agreement(Record):
    """One version of the partner agreement. A published text is never changed: a new one is a new version."""

    number = models.CharField(_("version"), max_length=20, unique=True)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    class Meta:
        verbose_name = _("partner agreement")
        verbose_name_plural = _("partner agreements")
        indexes = [models.Index(fields=["-published_at"], name="agreement_published")]

    def __str__(self) -> str:
        return f"{self.title} {self.number}"


class Acceptance(models.Model):
    """Which version of the agreement was accepted, when and by whom."""

    agreement = models.ForeignKey(
        Agreement, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agreement")
    )
    agreement_accepted_at = models.DateTimeField(
        _("agreement accepted"), null=True, blank=True, editable=False
    )
    agreement_accepted_by = models.CharField(
        _("agreement accepted by"), max_length=300, blank=True, editable=False
    )

    class Meta:
        abstract = True

    @property
    def agreement_version(self) -> str:
        return self.agreement.number if self.agreement else ""


class Partner(PartnerWorkflow, Acceptance, Company):
    """A company that sells for the vendor."""

    # Named, since an account, which is a company too, has a field called partner.
    company_ptr = models.OneToOneField(
        Company, models.CASCADE, parent_link=True, primary_key=True, related_name="partner_role"
    )
    partner_type = models.CharField(
        _("partner type"), max_length=20, choices=PartnerType, default=PartnerType.RESELLER
    )
    tier = models.CharField(_("tier"), max_length=20, choices=Tier, default=Tier.REGISTERED)
    territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, blank=True, related_name="partners", verbose_name=_("territory")
    )
    channel_manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="partners",
        verbose_name=_("channel manager"),
    )

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        indexes = [models.Index(fields=["state"], name="partner_state")]

    @property
    def party_id(self) -> UUID | None:
        return self.id


class OnboardingStep(Record):
    """One thing to do before a new partner becomes active."""

    partner = models.ForeignKey(
        Partner, models.CASCADE, related_name="onboarding_steps", verbose_name=_("partner")
    )
    key = models.CharField(max_length=40)
    title = models.CharField(_("step"), max_length=200)
    required = models.BooleanField(_("required"), default=True)
    position = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("done by"),
    )

    class Meta:
        verbose_name = _("onboarding step")
        verbose_name_plural = _("onboarding steps")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["partner", "key"], name="onboarding_step_once")]

    def __str__(self) -> str:
        return str(self.title)


class Registration(RegistrationWorkflow, Acceptance, Matched, Record):
    """A company's application to become a partner."""

    match_sources = {
        "name_key": ("company_name",),
        "tax_key": ("tax_id",),
        "domain": ("website", "contact_email"),
    }

    company_name = models.CharField(_("company name"), max_length=200, blank=True)
    website = models.URLField(_("website"), max_length=300, blank=True)
    domain = models.CharField(_("domain"), max_length=200, blank=True, editable=False, db_index=True)
    country = CountryField(_("country"), blank=True)
    region = models.CharField(_("region"), max_length=40, blank=True)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True)
    partner_type = models.CharField(_("partner type"), max_length=20, choices=PartnerType, blank=True)
    contact_name = models.CharField(_("contact name"), max_length=200, blank=True)
    contact_email = models.EmailField(_("contact email"))
    contact_phone = PhoneTextField(_("contact phone"), blank=True)
    motivation = models.TextField(_("motivation"), max_length=4000, blank=True)
    expected_annual_revenue = MoneyField(
        _("expected annual revenue"),
        max_digits=17,
        decimal_places=3,
        null=True,
        blank=True,
        default_currency=settings.DEFAULT_CURRENCY,
        currency_choices=currencies,
    )

    # Two secrets, stored hashed: the applicant's browser holds one from the start; the other is only in the
    # mail, so that whoever brings it has proved the mailbox.
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    mail_token_hash = models.CharField(max_length=64, unique=True, editable=False)
    token_expires_at = models.DateTimeField(editable=False)
    mails_sent = models.PositiveSmallIntegerField(default=0, editable=False)
    mailed_at = models.DateTimeField(null=True, blank=True, editable=False)
    email_confirmed_at = models.DateTimeField(_("email confirmed"), null=True, blank=True, editable=False)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True, editable=False)

    channel_manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="registrations",
        verbose_name=_("channel manager"),
    )
    request_note = models.TextField(_("question"), blank=True, editable=False)
    request_answer = models.TextField(_("answer"), blank=True, editable=False)
    reject_reason = models.CharField(
        _("reason of rejection"), max_length=20, choices=RejectReason, blank=True, editable=False
    )
    partner = models.ForeignKey(
        Partner,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="registrations",
        verbose_name=_("partner"),
    )

    # Said in full, since django-money puts a manager of its own making in this place.
    objects: ClassVar[models.Manager["Registration"]] = models.Manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        indexes = [models.Index(fields=["state", "created_at"], name="registration_state")]

    def __str__(self) -> str:
        return self.company_name or self.contact_email

    def set_match_keys(self) -> None:
        self.name_key = name_key(self.company_name)
        self.tax_key = tax_key(self.tax_id)
        self.domain = company_domain(self.website, self.contact_email)

    @property
    def reference(self) -> str:
        """What the applicant may quote on the phone: short, and no key to anything."""
        return f"R-{self.id.hex[-8:].upper()}"

    @property
    def token_valid(self) -> bool:
        return self.token_expires_at > timezone.now()
