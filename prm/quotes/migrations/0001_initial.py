from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import django_countries.fields
import django_fsm
import djmoney.models.fields
import djmoney.money
from django.conf import settings
from django.db import migrations, models

import prm.catalog.choices
import prm.quotes.models
import workflows.ids
import workflows.machine


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("catalog", "0002_prices"),
        ("opportunities", "0001_initial"),
        ("partners", "0002_tier_terms"),
        ("people", "0002_browsers_language_and_zone"),
    ]

    operations = [
        migrations.CreateModel(
            name="QuoteCounter",
            fields=[
                ("year", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("last", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Quote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=workflows.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveBigIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
                (
                    "state_since",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="since"
                    ),
                ),
                ("due_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="due")),
                (
                    "state",
                    workflows.machine.StateField(
                        choices=[
                            ("draft", "Draft"),
                            ("pending_approval", "Waits for approval"),
                            ("approved", "Approved"),
                            ("sent", "Sent"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("expired", "Expired"),
                            ("superseded", "Superseded"),
                            ("withdrawn", "Withdrawn"),
                            ("ordered", "Ordered"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=32,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "number",
                    models.CharField(blank=True, editable=False, max_length=20, verbose_name="number"),
                ),
                (
                    "revision",
                    models.PositiveSmallIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="Number and version.",
                        max_length=30,
                        verbose_name="quote",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="title")),
                (
                    "currency",
                    models.CharField(
                        choices=prm.catalog.choices.currencies,
                        default="USD",
                        max_length=3,
                        verbose_name="currency",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=prm.quotes.models.languages,
                        default="en",
                        help_text="Of the document and the email.",
                        max_length=12,
                        verbose_name="language",
                    ),
                ),
                (
                    "valid_until",
                    models.DateField(default=prm.quotes.models.first_validity, verbose_name="valid until"),
                ),
                (
                    "discount_percent",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            django.core.validators.MaxValueValidator(Decimal("100")),
                        ],
                        verbose_name="discount on the whole",
                    ),
                ),
                (
                    "customer_country",
                    django_countries.fields.CountryField(
                        blank=True,
                        help_text="Decides the tax.",
                        max_length=2,
                        verbose_name="customer's country",
                    ),
                ),
                (
                    "customer_tax_id",
                    models.CharField(
                        blank=True,
                        help_text="In another country of the EU, the customer then accounts for the tax.",
                        max_length=40,
                        verbose_name="customer's tax id",
                    ),
                ),
                ("terms", models.TextField(blank=True, max_length=5000, verbose_name="terms")),
                (
                    "note",
                    models.TextField(
                        blank=True, help_text="Shown to the customer.", max_length=5000, verbose_name="note"
                    ),
                ),
                (
                    "net_currency",
                    djmoney.models.fields.CurrencyField(
                        choices=[
                            ("AUD", "Australian Dollar"),
                            ("GBP", "British Pound"),
                            ("CAD", "Canadian Dollar"),
                            ("EUR", "Euro"),
                            ("JPY", "Japanese Yen"),
                            ("CHF", "Swiss Franc"),
                            ("USD", "US Dollar"),
                        ],
                        default="USD",
                        editable=False,
                        max_length=3,
                    ),
                ),
                (
                    "net",
                    djmoney.models.fields.MoneyField(
                        decimal_places=3,
                        default=djmoney.money.Money(Decimal("0"), "USD"),
                        max_digits=15,
                        verbose_name="net",
                    ),
                ),
                (
                    "discount_currency",
                    djmoney.models.fields.CurrencyField(
                        choices=[
                            ("AUD", "Australian Dollar"),
                            ("GBP", "British Pound"),
                            ("CAD", "Canadian Dollar"),
                            ("EUR", "Euro"),
                            ("JPY", "Japanese Yen"),
                            ("CHF", "Swiss Franc"),
                            ("USD", "US Dollar"),
                        ],
                        default="USD",
                        editable=False,
                        max_length=3,
                    ),
                ),
                (
                    "discount",
                    djmoney.models.fields.MoneyField(
                        decimal_places=3,
                        default=djmoney.money.Money(Decimal("0"), "USD"),
                        max_digits=15,
                        verbose_name="discount",
                    ),
                ),
                (
                    "tax_currency",
                    djmoney.models.fields.CurrencyField(
                        choices=[
                            ("AUD", "Australian Dollar"),
                            ("GBP", "British Pound"),
                            ("CAD", "Canadian Dollar"),
                            ("EUR", "Euro"),
                            ("JPY", "Japanese Yen"),
                            ("CHF", "Swiss Franc"),
                            ("USD", "US Dollar"),
                        ],
                        default="USD",
                        editable=False,
                        max_length=3,
                    ),
                ),
                (
                    "tax",
                    djmoney.models.fields.MoneyField(
                        decimal_places=3,
                        default=djmoney.money.Money(Decimal("0"), "USD"),
                        max_digits=15,
                        verbose_name="tax",
                    ),
                ),
                (
                    "total_currency",
                    djmoney.models.fields.CurrencyField(
                        choices=[
                            ("AUD", "Australian Dollar"),
                            ("GBP", "British Pound"),
                            ("CAD", "Canadian Dollar"),
                            ("EUR", "Euro"),
                            ("JPY", "Japanese Yen"),
                            ("CHF", "Swiss Franc"),
                            ("USD", "US Dollar"),
                        ],
                        default="USD",
                        editable=False,
                        max_length=3,
                    ),
                ),
                (
                    "total",
                    djmoney.models.fields.MoneyField(
                        decimal_places=3,
                        default=djmoney.money.Money(Decimal("0"), "USD"),
                        max_digits=15,
                        verbose_name="total",
                    ),
                ),
                (
                    "effective_discount",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        editable=False,
                        help_text="By discounts and lowered prices together.",
                        max_digits=5,
                        verbose_name="below the price book",
                    ),
                ),
                (
                    "return_note",
                    models.CharField(
                        blank=True, editable=False, max_length=500, verbose_name="what to change"
                    ),
                ),
                (
                    "sent_to",
                    models.EmailField(blank=True, editable=False, max_length=254, verbose_name="sent to"),
                ),
                ("sent_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="sent")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="decided"),
                ),
                (
                    "decided_by_name",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="decided by"),
                ),
                (
                    "decline_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("price", "Price"),
                            ("competitor", "Went to a competitor"),
                            ("budget", "No budget"),
                            ("timing", "Wrong time"),
                            ("fit", "Product did not fit"),
                            ("other", "Something else"),
                        ],
                        editable=False,
                        max_length=20,
                        verbose_name="reason for declining",
                    ),
                ),
                (
                    "decline_note",
                    models.CharField(
                        blank=True, editable=False, max_length=500, verbose_name="note on declining"
                    ),
                ),
                (
                    "order_reference",
                    models.CharField(blank=True, editable=False, max_length=60, verbose_name="order number"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quotes",
                        to="accounts.account",
                        verbose_name="account",
                    ),
                ),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who works it at the partner.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="assignee",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="quotes",
                        to="people.contact",
                        verbose_name="contact",
                    ),
                ),
                (
                    "opportunity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quotes",
                        to="opportunities.opportunity",
                        verbose_name="opportunity",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="channel manager",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quotes",
                        to="partners.partner",
                        verbose_name="partner",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="later",
                        to="quotes.quote",
                        verbose_name="previous version",
                    ),
                ),
                (
                    "price_book",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.pricebook",
                        verbose_name="price book",
                    ),
                ),
            ],
            options={
                "verbose_name": "quote",
                "verbose_name_plural": "quotes",
                "indexes": [
                    models.Index(fields=["partner", "state", "created_at", "id"], name="quote_partner_state"),
                    models.Index(fields=["partner", "created_at", "id"], name="quote_partner_created"),
                    models.Index(fields=["state", "created_at", "id"], name="quote_state_created"),
                    models.Index(fields=["account", "state"], name="quote_account_state"),
                    models.Index(fields=["created_at", "id"], name="quote_created"),
                    models.Index(fields=["valid_until", "id"], name="quote_valid_until"),
                    models.Index(fields=["due_at", "id"], name="quote_due"),
                    models.Index(fields=["total", "id"], name="quote_total"),
                    models.Index(fields=["reference", "id"], name="quote_reference"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("number", "revision"), name="quote_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("discount__gte", 0), ("net__gte", 0), ("tax__gte", 0), ("total__gte", 0)
                        ),
                        name="quote_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("discount_currency", models.F("currency")),
                            ("net_currency", models.F("currency")),
                            ("tax_currency", models.F("currency")),
                            ("total_currency", models.F("currency")),
                        ),
                        name="quote_of_one_currency",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("discount_percent__gte", 0), ("discount_percent__lte", 100)),
                        name="quote_discount_percent",
                    ),
                ],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name="QuoteLine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=workflows.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveBigIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("description", models.TextField(blank=True, max_length=2000, verbose_name="description")),
                ("unit", models.CharField(blank=True, max_length=20, verbose_name="unit")),
                (
                    "quantity",
                    models.DecimalField(
                        decimal_places=3,
                        default=Decimal("1"),
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(Decimal("0.001"))],
                        verbose_name="quantity",
                    ),
                ),
                (
                    "list_price",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        editable=False,
                        max_digits=15,
                        null=True,
                        verbose_name="list price",
                    ),
                ),
                (
                    "book_price",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        editable=False,
                        max_digits=15,
                        null=True,
                        verbose_name="price at this quantity",
                    ),
                ),
                (
                    "unit_price",
                    models.DecimalField(
                        decimal_places=4,
                        max_digits=15,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="unit price",
                    ),
                ),
                (
                    "discount_percent",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            django.core.validators.MaxValueValidator(Decimal("100")),
                        ],
                        verbose_name="discount",
                    ),
                ),
                (
                    "tax_rate",
                    models.DecimalField(
                        decimal_places=3,
                        default=Decimal("0"),
                        editable=False,
                        max_digits=6,
                        verbose_name="tax",
                    ),
                ),
                (
                    "tax_rule",
                    models.CharField(
                        choices=[
                            ("country", "Rate of the country"),
                            ("reverse_charge", "Reverse charge"),
                            ("export", "Export"),
                            ("unknown", "No rate known"),
                        ],
                        default="unknown",
                        editable=False,
                        max_length=20,
                        verbose_name="tax rule",
                    ),
                ),
                ("tax_country", models.CharField(blank=True, editable=False, max_length=2)),
                (
                    "net",
                    models.DecimalField(
                        decimal_places=3,
                        default=Decimal("0"),
                        editable=False,
                        max_digits=15,
                        verbose_name="net",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
                (
                    "quote",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="quotes.quote",
                        verbose_name="quote",
                    ),
                ),
            ],
            options={
                "verbose_name": "quote line",
                "verbose_name_plural": "quote lines",
                "indexes": [models.Index(fields=["created_at", "id"], name="quote_line_created")],
                "constraints": [
                    models.UniqueConstraint(fields=("quote", "position"), name="quote_line_position"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("net__gte", 0),
                            ("quantity__gt", 0),
                            ("unit_price__gte", 0),
                            ("discount_percent__gte", 0),
                            ("discount_percent__lte", 100),
                        ),
                        name="quote_line_not_negative",
                    ),
                ],
            },
        ),
    ]
