import django.db.models.deletion
import django.utils.timezone
import django_fsm
import djmoney.models.fields
from django.conf import settings
from django.db import migrations, models

import workflows.ids
import workflows.machine


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("catalog", "0001_initial"),
        ("partners", "0001_initial"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Opportunity",
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
                            ("draft", "Draft"),
                            ("distributed", "On offer"),
                            ("managed", "Managed"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=32,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                ("topic", models.CharField(max_length=200, verbose_name="topic")),
                ("need", models.TextField(blank=True, verbose_name="need")),
                ("size", models.CharField(blank=True, max_length=80, verbose_name="size")),
                ("region", models.CharField(blank=True, max_length=40, verbose_name="region")),
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
                (
                    "stage",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("qualification", "Qualification"),
                            ("proposal", "Proposal"),
                            ("negotiation", "Negotiation"),
                        ],
                        max_length=20,
                        verbose_name="stage",
                    ),
                ),
                (
                    "probability",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(state="won", then=models.Value(100)),
                            models.When(state="lost", then=models.Value(0)),
                            models.When(stage="qualification", then=models.Value(25)),
                            models.When(stage="proposal", then=models.Value(50)),
                            models.When(stage="negotiation", then=models.Value(75)),
                            default=models.Value(10),
                        ),
                        output_field=models.PositiveSmallIntegerField(verbose_name="probability"),
                        verbose_name="probability",
                    ),
                ),
                ("next_step", models.CharField(blank=True, max_length=200, verbose_name="next step")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("vendor", "Vendor"),
                            ("partner", "Partner"),
                            ("lead", "Lead"),
                            ("import", "Import"),
                        ],
                        default="vendor",
                        max_length=10,
                        verbose_name="source",
                    ),
                ),
                (
                    "origin_lead_id",
                    models.UUIDField(blank=True, editable=False, null=True, verbose_name="lead it came from"),
                ),
                ("won_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="won")),
                ("lost_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="lost")),
                (
                    "close_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("price", "Price"),
                            ("competitor", "Went to a competitor"),
                            ("budget", "No budget"),
                            ("decision", "No decision"),
                            ("timing", "Wrong time"),
                            ("fit", "Product did not fit"),
                            ("other", "Something else"),
                        ],
                        editable=False,
                        max_length=20,
                        verbose_name="reason for losing",
                    ),
                ),
                (
                    "close_note",
                    models.CharField(blank=True, editable=False, max_length=500, verbose_name="closing note"),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="opportunities",
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
                        related_name="opportunities",
                        to="people.contact",
                        verbose_name="contact",
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
                        related_name="opportunities",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "opportunity",
                "verbose_name_plural": "opportunities",
                "indexes": [
                    models.Index(fields=["partner", "state", "created_at", "id"], name="opp_partner_state"),
                    models.Index(fields=["partner", "created_at", "id"], name="opp_partner_created"),
                    models.Index(fields=["state", "created_at", "id"], name="opp_state_created"),
                    models.Index(fields=["created_at", "id"], name="opp_created"),
                    models.Index(fields=["due_at", "id"], name="opp_due"),
                    models.Index(fields=["expected_close", "id"], name="opp_expected_close"),
                    models.Index(fields=["amount", "id"], name="opp_amount"),
                    models.Index(fields=["origin_lead_id"], name="opp_origin_lead"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("reference",),
                        name="opportunity_reference_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("partner__isnull", False),
                            models.Q(("state__in", ["distributed", "managed"]), _negated=True),
                            _connector="OR",
                        ),
                        name="opportunity_held_by_partner",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["draft", "distributed"]), ("stage", "")),
                            models.Q(
                                ("state", "managed"),
                                ("stage__in", ["qualification", "proposal", "negotiation"]),
                            ),
                            ("state__in", ["won", "lost"]),
                            _connector="OR",
                        ),
                        name="opportunity_stage_while_managed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("probability__gte", 0), ("probability__lte", 100)),
                        name="opportunity_probability_percent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__isnull", True), ("amount__gte", 0), _connector="OR"),
                        name="opportunity_amount_not_negative",
                    ),
                ],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name="OpportunityAssignment",
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
                    "opportunity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignments",
                        to="opportunities.opportunity",
                        verbose_name="opportunity",
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
                "verbose_name": "opportunity assignment",
                "verbose_name_plural": "opportunity assignments",
                "indexes": [
                    models.Index(
                        fields=["partner", "state", "offered_at", "id"], name="opp_asg_partner_state"
                    ),
                    models.Index(fields=["opportunity", "partner", "state"], name="opp_asg_opportunity"),
                    models.Index(fields=["offered_at", "id"], name="opp_asg_offered"),
                    models.Index(fields=["due_at", "id"], name="opp_asg_due"),
                    models.Index(fields=["created_at", "id"], name="opp_asg_created"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["offered", "accepted"])),
                        fields=("opportunity",),
                        name="opportunity_assignment_one_open",
                    )
                ],
            },
        ),
    ]
