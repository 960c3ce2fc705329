from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _


class PartnerType(models.TextChoices):
    RESELLER = "reseller", _("Reseller")
    DISTRIBUTOR = "distributor", _("Distributor")
    MSP = "msp", _("Managed service provider")
    REFERRAL = "referral", _("Referral partner")


class Tier(models.TextChoices):
    REGISTERED = "registered", _("Registered")
    SILVER = "silver", _("Silver")
    GOLD = "gold", _("Gold")
    PLATINUM = "platinum", _("Platinum")


#: Per cent below the price book that a tier may quote by itself, where nothing else was set.
QUOTE_DISCOUNT: dict[str, Decimal] = {
    Tier.REGISTERED: Decimal(5),
    Tier.SILVER: Decimal(10),
    Tier.GOLD: Decimal(15),
    Tier.PLATINUM: Decimal(20),
}


class RejectReason(models.TextChoices):
    NO_FIT = "no_fit", _("Not a fit for the programme")
    COVERED = "covered", _("Territory already covered")
    DUPLICATE = "duplicate", _("Already a partner")
    UNVERIFIED = "unverified", _("Company could not be verified")
    OTHER = "other", _("Other")
