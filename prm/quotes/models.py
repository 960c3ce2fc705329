from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from djmoney.models.fields import MoneyField

from prm.accounts.models import Account
from prm.catalog.choices import currencies
from prm.catalog.models import PriceBook, Product
from prm.catalog.taxes import TaxRule, note
from prm.files.models import StoredFile
from prm.opportunities.models import Opportunity
from prm.partners.models import Partner
from prm.people.models import Contact, User
from prm.quotes.workflow import DeclineReason, QuoteWorkflow
from workflows.ids import uuid7
from workflows.machine import Context
from workflows.models import Record
from workflows.perform import record_creation

PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]

#: Sums have three decimals for currencies of a thousand coins, and twelve digits before.
MOST = Decimal(10) ** 12


def languages() -> list[tuple[str, Any]]:
    """The languages that a quote may be written in."""
    return list(settings.LANGUAGES)


def first_validity() -> date:
    """Until when a new quote is valid."""
    return timezone.localdate() + timedelta(days=settings.QUOTE_DAYS)


def sum_field(name: Any) -> MoneyField:
    return MoneyField(
        name,
        max_digits=15,
        decimal_places=3,
        default=Decimal(0),
        default_currency=settings.DEFAULT_CURRENCY,
        currency_choices=currencies,
    )


class QuoteCounter(models.Model):
    """The last number given in a year. Its row is locked by whoever takes the next, until that is committed:
    so numbers have no gaps, whatever fails."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"

    @classmethod
    def next(cls, year: int) -> str:
        """The next number of the year ("Q-2026-00042"), inside the transaction of the row that bears it."""
        cls.objects.get_or_create(year=year)
        row = cls.objects.select_for_update().get(year=year)
        row.last += 1
        row.save(update_fields=["last"])
        return f"Q-{year}-{row.last:05}"


class Quote(QuoteWorkflow, Record):
    """A priced offer to a customer. Changed after it was submitted, it becomes a new version of itself."""

    number = models.CharField(_("number"), max_length=20, blank=True, editable=False)
    revision = models.PositiveSmallIntegerField(_("version"), default=1, editable=False)
    reference = models.CharField(
        _("quote"), max_length=30, blank=True, editable=False, help_text=_("Number and version.")
    )
    previous = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="later",
        verbose_name=_("previous version"),
    )
    title = models.CharField(_("title"), max_length=200, blank=True)
    opportunity = models.ForeignKey(
        Opportunity, models.PROTECT, related_name="quotes", verbose_name=_("opportunity")
    )
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="quotes", verbose_name=_("partner"))
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="quotes", verbose_name=_("account")
    )
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="quotes", verbose_name=_("contact")
    )
    assignee = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assignee"),
        help_text=_("Who works it at the partner."),
    )
    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("channel manager")
    )
    price_book = models.ForeignKey(
        PriceBook, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("price book")
    )
    currency = models.CharField(
        _("currency"), max_length=3, choices=currencies, default=settings.DEFAULT_CURRENCY
    )
    language = models.CharField(
        _("language"),
        max_length=12,
        choices=languages,
        default=settings.LANGUAGE_CODE,
        help_text=_("Of the document and the email."),
    )
    valid_until = models.DateField(_("valid until"), default=first_validity)
    discount_percent = models.DecimalField(
        _("discount on the whole"), max_digits=5, decimal_places=2, default=Decimal(0), validators=PERCENT
    )
    customer_country = CountryField(_("customer's country"), blank=True, help_text=_("Decides the tax."))
    customer_tax_id = models.CharField(
        _("customer's tax id"),
        max_length=40,
        blank=True,
        help_text=_("In another country of the EU, the customer then accounts for the tax."),
    )
    terms = models.TextField(_("terms"), blank=True, max_length=5000)
    note = models.TextField(_("note"), blank=True, max_length=5000, help_text=_("Shown to the customer."))
    net = sum_field(_("net"))
    discount = sum_field(_("discount"))
    tax = sum_field(_("tax"))
    total = sum_field(_("total"))
    effective_discount = models.DecimalField(
        _("below the price book"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        editable=False,
        help_text=_("By discounts and lowered prices together."),
    )
    return_note = models.CharField(_("what to change"), max_length=500, blank=True, editable=False)
    sent_to = models.EmailField(_("sent to"), blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True, editable=False)
    decided_by_name = models.CharField(_("decided by"), max_length=200, blank=True, editable=False)
    decline_reason = models.CharField(
        _("reason for declining"), max_length=20, choices=DeclineReason.choices, blank=True, editable=False
    )
    decline_note = models.CharField(_("note on declining"), max_length=500, blank=True, editable=False)
    order_reference = models.CharField(_("order number"), max_length=60, blank=True, editable=False)

    # django-money replaces the manager; said here so that its type is known.
    objects: ClassVar[models.Manager[Quote]] = models.Manager()

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        constraints = [
            models.UniqueConstraint(fields=["number", "revision"], name="quote_number_once"),
            models.CheckConstraint(
                condition=Q(net__gte=0, discount__gte=0, tax__gte=0, total__gte=0), name="quote_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(
                    net_currency=F("currency"),
                    discount_currency=F("currency"),
                    tax_currency=F("currency"),
                    total_currency=F("currency"),
                ),
                name="quote_of_one_currency",
            ),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lte=100), name="quote_discount_percent"
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "state", "created_at", "id"], name="quote_partner_state"),
            models.Index(fields=["partner", "created_at", "id"], name="quote_partner_created"),
            models.Index(fields=["state", "created_at", "id"], name="quote_state_created"),
            models.Index(fields=["account", "state"], name="quote_account_state"),
            models.Index(fields=["created_at", "id"], name="quote_created"),
            models.Index(fields=["valid_until", "id"], name="quote_valid_until"),
            models.Index(fields=["due_at", "id"], name="quote_due"),
            models.Index(fields=["total", "id"], name="quote_total"),
            models.Index(fields=["reference", "id"], name="quote_reference"),
        ]

    def __str__(self) -> str:
        return self.reference

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Here, since the number has to be taken in the transaction that inserts the row.
        if self._state.adding:
            self.number = self.number or QuoteCounter.next(timezone.localdate().year)
            self.reference = self.number if self.revision == 1 else f"{self.number}-{self.revision}"
        super().save(*args, **kwargs)

    def needs_approval(self) -> bool:
        from prm.quotes.pricing import above_limit

        return above_limit(self)

    def suggested(self, transition: str) -> dict[str, Any]:
        if transition != "send_again":
            return {}
        said = Dispatch.objects.filter(quote=self).values_list("message", flat=True).first()
        return {"email": self.present_email(), "message": said or ""}

    def compare_prices(self) -> None:
        from prm.quotes.pricing import compare

        compare(self)

    def begin_next_version(self, ctx: Context) -> None:
        kept = (
            "number title opportunity partner account contact assignee owner price_book currency language "
            "valid_until discount_percent customer_country customer_tax_id terms note net discount tax total "
            "effective_discount"
        )
        later = Quote(previous=self, revision=self.revision + 1)
        for name in kept.split():
            setattr(later, name, getattr(self, name))
        later.valid_until = max(self.valid_until, first_validity())
        later.save(force_insert=True)
        lines = []
        for line in self.lines.order_by("position"):
            values = {one.attname: getattr(line, one.attname) for one in QuoteLine._meta.concrete_fields}
            for name in ("id", "quote_id", "version", "created_at", "updated_at"):
                del values[name]
            lines.append(QuoteLine(quote=later, **values))
        QuoteLine.objects.bulk_create(lines)
        record_creation(later, ctx.actor)


class QuoteLine(Record):
    """One line of a quote, its prices in the quote's currency. All lines are written together
    (`actions.save`).

    list_price: the book's price of a single one. book_price: the book's price at this quantity. Both None
    where the book has none. unit_price: what is asked. net: rounded to coins, before a discount on the
    whole.
    """

    quote = models.ForeignKey(Quote, models.CASCADE, related_name="lines", verbose_name=_("quote"))
    position = models.PositiveSmallIntegerField(_("position"))
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True, max_length=2000)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    quantity = models.DecimalField(
        _("quantity"),
        max_digits=12,
        decimal_places=3,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.001"))],
    )
    list_price = models.DecimalField(
        _("list price"), max_digits=15, decimal_places=4, null=True, blank=True, editable=False
    )
    book_price = models.DecimalField(
        _("price at this quantity"), max_digits=15, decimal_places=4, null=True, blank=True, editable=False
    )
    unit_price = models.DecimalField(
        _("unit price"), max_digits=15, decimal_places=4, validators=[MinValueValidator(Decimal(0))]
    )
    discount_percent = models.DecimalField(
        _("discount"), max_digits=5, decimal_places=2, default=Decimal(0), validators=PERCENT
    )
    tax_rate = models.DecimalField(
        _("tax"), max_digits=6, decimal_places=3, default=Decimal(0), editable=False
    )
    tax_rule = models.CharField(
        _("tax rule"), max_length=20, choices=TaxRule, default=TaxRule.UNKNOWN, editable=False
    )
    tax_country = models.CharField(max_length=2, blank=True, editable=False)
    net = models.DecimalField(_("net"), max_digits=15, decimal_places=3, default=Decimal(0), editable=False)

    class Meta:
        verbose_name = _("quote line")
        verbose_name_plural = _("quote lines")
        constraints = [
            models.UniqueConstraint(fields=["quote", "position"], name="quote_line_position"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, unit_price__gte=0, net__gte=0)
                & Q(discount_percent__gte=0, discount_percent__lte=100),
                name="quote_line_not_negative",
            ),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="quote_line_created")]

    def __str__(self) -> str:
        return self.name

    @property
    def tax_note(self) -> str:
        """What the quote says of the line's tax, in the language of the moment; "" where the rate says it."""
        return note(self.tax_rule, self.tax_country)


class Dispatch(models.Model):
    """The sending of a quote to its customer: the file as it was sent, and the mail that brings it.

    The mail holds a link whose token follows from the id; here is its hash. Sent again, it gets another id,
    and so another link. due_at: when the mail is to be tried next; None where nothing is to be sent any more.
    problem: what the mail server said last.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    quote = models.OneToOneField(Quote, models.CASCADE, related_name="dispatch")
    content = models.ForeignKey(StoredFile, models.PROTECT)
    message = models.TextField(blank=True, max_length=2000)
    token_hash = models.CharField(max_length=64, unique=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, default=timezone.now)
    mailed_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="quote_dispatch_due")
        ]

    def __str__(self) -> str:
        return str(self.quote)
