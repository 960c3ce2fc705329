from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.inputs import currencies

# `currencies` is named here by migrations.
__all__ = ["Audience", "TaxClass", "currencies"]


class TaxClass(models.TextChoices):
    STANDARD = "standard", _("Standard")
    REDUCED = "reduced", _("Reduced")
    ZERO = "zero", _("Zero or exempt")


class Audience(models.TextChoices):
    EVERYONE = "everyone", _("Every partner")
    TYPES = "types", _("Partner types")
    TIERS = "tiers", _("Tiers")
    PARTNERS = "partners", _("Named partners")
