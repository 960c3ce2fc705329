from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from workflows.models import Record


class Product(Record):
    """Something that the vendor sells through its partners."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    code = models.CharField(_("code"), max_length=40, blank=True)
    series = models.CharField(_("series"), max_length=40, blank=True)
    list_price = MoneyField(
        _("list price"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        default_currency=settings.DEFAULT_CURRENCY,
    )
    active = models.BooleanField(_("active"), default=True)

    # Said in full, since django-money puts a manager of its own making in this place.
    objects: ClassVar[models.Manager["Product"]] = models.Manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=~models.Q(code=""),
                name="product_code_unique",
                violation_error_message=_("Another product has this code."),
            )
        ]

    def __str__(self) -> str:
        return self.name
