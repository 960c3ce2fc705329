"""The vendor: the company that runs this portal, in one row."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from phonenumber_field.validators import validate_international_phonenumber

from workflows.models import Record


def known_name() -> str:
    """What the environment calls the vendor."""
    return settings.VENDOR_NAME


class VendorProfile(Record):
    """Who the vendor is, what its portal looks like, and how its mails leave.

    only: the same in every row, and unique, so that there is one at most. The password of the mail server is
    sealed with the installation's key; the logo is a PNG that was drawn anew from what was uploaded.
    """

    class Security(models.TextChoices):
        STARTTLS = "starttls", _("STARTTLS (usually port 587)")
        TLS = "tls", _("TLS from the start (usually port 465)")
        NONE = "none", _("None, for a server on the same machine or network")

    only = models.BooleanField(default=True, unique=True, editable=False)

    name = models.CharField(_("name"), max_length=100, default=known_name)
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    country = CountryField(_("country"), blank=True)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True)
    registration = models.CharField(
        _("registration"),
        max_length=200,
        blank=True,
        help_text=_("Register and number, as the law wants them on a quote."),
    )
    email = models.EmailField(_("email"), blank=True)
    phone = models.CharField(
        _("phone"), max_length=40, blank=True, validators=[validate_international_phonenumber]
    )
    website = models.URLField(_("website"), max_length=300, blank=True)
    quote_terms = models.TextField(
        _("terms of quotes"), max_length=5000, blank=True, help_text=_("Stands at the end of each new quote.")
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, blank=True)

    colour = models.CharField(_("colour"), max_length=7, blank=True)
    logo = models.BinaryField(null=True, blank=True, editable=False)
    logo_width = models.PositiveSmallIntegerField(default=0, editable=False)
    logo_height = models.PositiveSmallIntegerField(default=0, editable=False)
    logo_mark = models.CharField(max_length=16, blank=True, editable=False)

    mail_host = models.CharField(_("mail server"), max_length=200, blank=True)
    mail_port = models.PositiveIntegerField(
        _("port"), default=587, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    mail_security = models.CharField(
        _("encryption"), max_length=10, choices=Security, default=Security.STARTTLS
    )
    mail_user = models.CharField(_("user name"), max_length=200, blank=True)
    mail_password = models.TextField(blank=True, editable=False)
    mail_from = models.EmailField(_("sender"), blank=True)

    first_steps_away = models.BooleanField(_("first steps put away"), default=False, editable=False)

    class Meta:
        verbose_name = _("vendor")
        verbose_name_plural = _("vendor")
        constraints = [models.CheckConstraint(condition=Q(only=True), name="vendor_only_one")]

    def __str__(self) -> str:
        return self.name


class SetupCode(models.Model):
    """Proof that whoever makes the first administrator also started the server. Only its hash is kept."""

    code_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"
