from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from django_countries.fields import CountryField
from djmoney.models.fields import MoneyField

from prm.catalog.choices import Audience, TaxClass, currencies
from prm.partners.choices import PartnerType, Tier
from prm.partners.models import Partner
from workflows.models import Record


class ProductFamily(Record):
    """Products that are sold and counted together."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)

    class Meta:
        verbose_name = _("product family")
        verbose_name_plural = _("product families")

    def __str__(self) -> str:
        return self.name


class Product(Record):
    """Something that the vendor sells through its partners."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    code = models.CharField(_("code"), max_length=40, blank=True)
    family = models.ForeignKey(
        ProductFamily,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("product family"),
    )
    series = models.CharField(_("series"), max_length=40, blank=True)
    description = models.TextField(
        _("description"), blank=True, help_text=_("Stands under the name in a quote.")
    )
    unit = models.CharField(
        _("unit"), max_length=20, blank=True, help_text=_("What is counted: piece, licence, hour.")
    )
    tax_class = models.CharField(_("tax class"), max_length=10, choices=TaxClass, default=TaxClass.STANDARD)
    list_price = MoneyField(
        _("list price"),
        max_digits=15,
        decimal_places=3,
        null=True,
        blank=True,
        default_currency=settings.DEFAULT_CURRENCY,
        currency_choices=currencies,
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


class PriceBook(Record):
    """Prices of products for an audience and a period, in one currency. See `prm.catalog.books` for whose."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    currency = models.CharField(
        _("currency"), max_length=3, choices=currencies, default=settings.DEFAULT_CURRENCY
    )
    audience = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.EVERYONE)
    valid_from = models.DateField(_("valid from"), default=timezone.localdate)
    valid_until = models.DateField(
        _("valid until"), null=True, blank=True, help_text=_("The last day; empty: until further notice.")
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("price book")
        verbose_name_plural = _("price books")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="price_book_period",
                violation_error_message=_("The last day comes before the first one."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class PriceBookAudience(Record):
    """One tier, type or partner that a price book addresses, as its `audience` says which of them."""

    book = models.ForeignKey(
        PriceBook, models.CASCADE, related_name="audiences", verbose_name=_("price book")
    )
    tier = models.CharField(_("tier"), max_length=20, choices=Tier, blank=True)
    partner_type = models.CharField(_("partner type"), max_length=20, choices=PartnerType, blank=True)
    partner = models.ForeignKey(
        Partner, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("partner")
    )

    class Meta:
        verbose_name = _("addressee of a price book")
        verbose_name_plural = _("addressees of price books")
        constraints = [
            models.CheckConstraint(
                condition=(~Q(tier="") & Q(partner_type="", partner=None))
                | (~Q(partner_type="") & Q(tier="", partner=None))
                | Q(tier="", partner_type="", partner__isnull=False),
                name="price_book_audience_one",
                violation_error_message=_("Name one of tier, partner type and partner."),
            ),
            models.UniqueConstraint(
                fields=["book", "tier", "partner_type"],
                condition=Q(partner=None),
                name="price_book_audience_once",
                violation_error_message=_("The price book addresses these already."),
            ),
            models.UniqueConstraint(
                fields=["book", "partner"],
                name="price_book_partner_once",
                violation_error_message=_("The price book addresses this partner already."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.partner or self.get_tier_display() or self.get_partner_type_display())


class PriceBookEntry(Record):
    """The price of one unit of a product from a quantity on, in the currency of its book."""

    book = models.ForeignKey(PriceBook, models.CASCADE, related_name="entries", verbose_name=_("price book"))
    product = models.ForeignKey(Product, models.CASCADE, related_name="prices", verbose_name=_("product"))
    min_quantity = models.DecimalField(
        _("from quantity"),
        max_digits=12,
        decimal_places=3,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.001"))],
    )
    price = models.DecimalField(
        _("unit price"), max_digits=15, decimal_places=4, validators=[MinValueValidator(Decimal(0))]
    )

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.UniqueConstraint(
                fields=["book", "product", "min_quantity"],
                name="price_book_entry_once",
                violation_error_message=_("The price book has a price of this product from this quantity."),
            ),
            models.CheckConstraint(
                condition=Q(price__gte=0, min_quantity__gt=0), name="price_book_entry_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["product", "book"], name="price_of_product")]

    def __str__(self) -> str:
        return str(self.product)


class ExchangeRate(Record):
    """What one unit of a currency is worth in another from a day on; see `prm.catalog.currencies`."""

    from_currency = models.CharField(_("from"), max_length=3, choices=currencies)
    to_currency = models.CharField(_("to"), max_length=3, choices=currencies)
    valid_from = models.DateField(_("valid from"), default=timezone.localdate)
    rate = models.DecimalField(
        _("rate"),
        max_digits=18,
        decimal_places=8,
        validators=[MinValueValidator(Decimal("0.00000001"))],
        help_text=_("What one unit of the first currency costs in the second."),
    )

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        constraints = [
            models.UniqueConstraint(
                fields=["from_currency", "to_currency", "valid_from"],
                name="exchange_rate_once",
                violation_error_message=_("There is a rate of this day."),
            ),
            models.CheckConstraint(
                condition=Q(rate__gt=0) & ~Q(from_currency=F("to_currency")),
                name="exchange_rate_of_two",
                violation_error_message=_("Name two different currencies and a rate above zero."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_currency} → {self.to_currency}"


class TaxRate(Record):
    """What a country takes of a class of products from a day on; see `prm.catalog.taxes`."""

    country = CountryField(_("country"))
    tax_class = models.CharField(_("tax class"), max_length=10, choices=TaxClass, default=TaxClass.STANDARD)
    percent = models.DecimalField(
        _("per cent"), max_digits=6, decimal_places=3, validators=[MinValueValidator(Decimal(0))]
    )
    valid_from = models.DateField(_("valid from"), default=timezone.localdate)

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        constraints = [
            models.UniqueConstraint(
                fields=["country", "tax_class", "valid_from"],
                name="tax_rate_once",
                violation_error_message=_("There is a rate of this day."),
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100),
                name="tax_rate_percent",
                violation_error_message=_("A tax is between 0 and 100 per cent."),
            ),
        ]

    def __str__(self) -> str:
        return f"{countries.name(str(self.country))} {self.percent.normalize():f} %"
