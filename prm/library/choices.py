from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    LITERATURE = "literature", _("Product literature")
    PRICE_LIST = "price_list", _("Price list")
    NEWS = "news", _("News")
    SOFTWARE = "software", _("Software update")
    TRAINING = "training", _("Training")


class Audience(models.TextChoices):
    """Whose portals have it; the vendor's own people read everything that is published."""

    EVERYONE = "everyone", _("Partners and customers")
    PARTNERS = "partners", _("Partners")
    CUSTOMERS = "customers", _("Customers")
    VENDOR = "vendor", _("The vendor's own people")


#: Kinds whose publishing and new versions are worth an alert; of the others, people find out when they look.
TOLD = frozenset({Kind.NEWS, Kind.SOFTWARE})


def languages() -> list[tuple[str, str]]:
    """The languages of the portal; a function, so that another one is no migration."""
    return list(settings.LANGUAGES)
