import django.db.models.deletion
import django.utils.timezone
import django_countries.fields
import django_fsm
import djmoney.models.fields
from django.conf import settings
from django.db import migrations, models

import prm.people.fields
import workflows.ids
import workflows.machine


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("catalog", "0001_initial"),
        ("opportunities", "0001_initial"),
        ("partners", "0001_initial"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lead",
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
                    "offer_reason",
                    models.CharField(blank=True, editable=False, max_length=500, verbose_name="why you"),
                ),
                (
                    "state",
                    workflows.machine.StateField(
                        choices=[
                            ("new", "New"),
                            ("pooled", "In the pool"),
                            ("assigned", "On offer"),
                            ("accepted", "Accepted"),
                            ("contacted", "Contacted"),
                            ("qualified", "Qualified"),
                            ("converted", "Converted"),
                            ("disqualified", "Disqualified"),
                        ],
                        default="new",
                        editable=False,
                        max_length=32,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "topic",
                    models.CharField(
                        help_text="Without the customer's name: a partner reads it before accepting.",
                        max_length=200,
                        verbose_name="topic",
                    ),
                ),
                (
                    "need",
                    models.TextField(
                        blank=True, help_text="Shown before a partner accepts.", verbose_name="need"
                    ),
                ),
                ("size", models.CharField(blank=True, max_length=80, verbose_name="size")),
                ("region", models.CharField(blank=True, max_length=40, verbose_name="region")),
                (
                    "country",
                    django_countries.fields.CountryField(blank=True, max_length=2, verbose_name="country"),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("web", "Website"),
                            ("event", "Event"),
                            ("referral", "Referral"),
                            ("partner", "Partner"),
                            ("import", "Import"),
                            ("api", "API"),
                        ],
                        default="web",
                        max_length=10,
                        verbose_name="source",
                    ),
                ),
                (
                    "amount_currency",
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
                        null=True,
                    ),
                ),
                (
                    "amount",
                    djmoney.models.fields.MoneyField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="amount"
                    ),
                ),
                ("expected_close", models.DateField(blank=True, null=True, verbose_name="expected close")),
                ("company_name", models.CharField(blank=True, max_length=200, verbose_name="company")),
                ("contact_name", models.CharField(blank=True, max_length=200, verbose_name="contact name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email")),
                ("phone", prm.people.fields.PhoneTextField(blank=True, max_length=40, verbose_name="phone")),
                ("street", models.CharField(blank=True, max_length=200, verbose_name="street")),
                ("city", models.CharField(blank=True, max_length=100, verbose_name="city")),
                (
                    "pool_until",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="in the pool until"
                    ),
                ),
                (
                    "disqualify_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("need", "No need"),
                            ("budget", "No budget"),
                            ("unreachable", "Cannot be reached"),
                            ("duplicate", "Known already"),
                            ("fit", "We have nothing that fits"),
                            ("spam", "Not genuine"),
                            ("other", "Something else"),
                        ],
                        editable=False,
                        max_length=20,
                        verbose_name="reason for disqualifying",
                    ),
                ),
                (
                    "disqualify_note",
                    models.CharField(
                        blank=True, editable=False, max_length=500, verbose_name="note on disqualifying"
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True,
                        help_text="Its key in the system it was imported from.",
                        max_length=60,
                        verbose_name="reference",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="leads",
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
                    "contact_person",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="leads",
                        to="people.contact",
                        verbose_name="contact",
                    ),
                ),
                (
                    "opportunity",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="leads",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(app_label)s",
                        to="partners.partner",
                        verbose_name="partner",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="catalog.product",
                        verbose_name="product interest",
                    ),
                ),
            ],
            options={
                "verbose_name": "lead",
                "verbose_name_plural": "leads",
                "indexes": [
                    models.Index(fields=["partner", "state", "created_at", "id"], name="lead_partner_state"),
                    models.Index(fields=["partner", "created_at", "id"], name="lead_partner_created"),
                    models.Index(fields=["state", "created_at", "id"], name="lead_state_created"),
                    models.Index(fields=["created_at", "id"], name="lead_created"),
                    models.Index(fields=["due_at", "id"], name="lead_due"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("reference",),
                        name="lead_reference_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("partner__isnull", False),
                            ("state__in", ["new", "pooled", "disqualified"]),
                            _connector="OR",
                        ),
                        name="lead_held_by_partner",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("partner__isnull", True),
                            models.Q(("state__in", ["new", "pooled"]), _negated=True),
                            _connector="OR",
                        ),
                        name="lead_unheld_until_offered",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__isnull", True), ("amount__gte", 0), _connector="OR"),
                        name="lead_amount_not_negative",
                    ),
                ],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name="LeadAssignment",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "Offered"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("expired", "Expired"),
                            ("recalled", "Recalled"),
                        ],
                        default="offered",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                (
                    "topic",
                    models.CharField(
                        help_text="As it read when offered: the record may not be visible later.",
                        max_length=200,
                        verbose_name="topic",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="why this partner")),
                (
                    "decline_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("capacity", "No capacity now"),
                            ("territory", "Outside our territory"),
                            ("expertise", "Not our field"),
                            ("conflict", "We have a conflict with this customer"),
                            ("size", "Too small"),
                            ("other", "Something else"),
                        ],
                        max_length=20,
                        verbose_name="reason for declining",
                    ),
                ),
                ("decline_note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                ("offered_at", models.DateTimeField(verbose_name="offered")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="answer until")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignments",
                        to="leads.lead",
                        verbose_name="lead",
                    ),
                ),
                (
                    "offered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="offered by",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="partners.partner",
                        verbose_name="partner",
                    ),
                ),
            ],
            options={
                "verbose_name": "lead assignment",
                "verbose_name_plural": "lead assignments",
                "indexes": [
                    models.Index(
                        fields=["partner", "state", "offered_at", "id"], name="lead_asg_partner_state"
                    ),
                    models.Index(fields=["lead", "partner", "state"], name="lead_asg_lead"),
                    models.Index(fields=["offered_at", "id"], name="lead_asg_offered"),
                    models.Index(fields=["due_at", "id"], name="lead_asg_due"),
                    models.Index(fields=["created_at", "id"], name="lead_asg_created"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["offered", "accepted"])),
                        fields=("lead",),
                        name="lead_assignment_one_open",
                    )
                ],
            },
        ),
    ]
