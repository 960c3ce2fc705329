import django.db.models.deletion
import django.utils.timezone
import django_countries.fields
import django_fsm
import djmoney.models.fields
from django.conf import settings
from django.db import migrations, models

import prm.people.fields
import prm.people.matching
import workflows.ids
import workflows.machine


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Territory",
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
                ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
                ("region_names", models.CharField(blank=True, max_length=400, verbose_name="regions")),
                ("segment_names", models.CharField(blank=True, max_length=400, verbose_name="segments")),
            ],
            options={
                "verbose_name": "territory",
                "verbose_name_plural": "territories",
            },
        ),
        migrations.CreateModel(
            name="Agreement",
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
                ("number", models.CharField(max_length=20, unique=True, verbose_name="version")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("text", models.TextField(verbose_name="text")),
                ("published_at", models.DateTimeField(blank=True, null=True, verbose_name="published")),
            ],
            options={
                "verbose_name": "partner agreement",
                "verbose_name_plural": "partner agreements",
                "indexes": [models.Index(fields=["-published_at"], name="agreement_published")],
            },
        ),
        migrations.CreateModel(
            name="Partner",
            fields=[
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
                            ("onboarding", "Onboarding"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("terminated", "Terminated"),
                        ],
                        default="onboarding",
                        editable=False,
                        max_length=32,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "agreement_accepted_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="agreement accepted"
                    ),
                ),
                (
                    "agreement_accepted_by",
                    models.CharField(
                        blank=True, editable=False, max_length=300, verbose_name="agreement accepted by"
                    ),
                ),
                (
                    "company_ptr",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        related_name="partner_role",
                        serialize=False,
                        to="people.company",
                    ),
                ),
                (
                    "partner_type",
                    models.CharField(
                        choices=[
                            ("reseller", "Reseller"),
                            ("distributor", "Distributor"),
                            ("msp", "Managed service provider"),
                            ("referral", "Referral partner"),
                        ],
                        default="reseller",
                        max_length=20,
                        verbose_name="partner type",
                    ),
                ),
                (
                    "tier",
                    models.CharField(
                        choices=[
                            ("registered", "Registered"),
                            ("silver", "Silver"),
                            ("gold", "Gold"),
                            ("platinum", "Platinum"),
                        ],
                        default="registered",
                        max_length=20,
                        verbose_name="tier",
                    ),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.agreement",
                        verbose_name="agreement",
                    ),
                ),
                (
                    "channel_manager",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="partners",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="channel manager",
                    ),
                ),
                (
                    "territory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="partners",
                        to="partners.territory",
                        verbose_name="territory",
                    ),
                ),
            ],
            options={
                "verbose_name": "partner",
                "verbose_name_plural": "partners",
                "indexes": [models.Index(fields=["state"], name="partner_state")],
            },
            bases=(
                django_fsm.ConcurrentTransitionMixin,
                django_fsm.FSMModelMixin,
                "people.company",
                models.Model,
            ),
        ),
        migrations.CreateModel(
            name="OnboardingStep",
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
                ("key", models.CharField(max_length=40)),
                ("title", models.CharField(max_length=200, verbose_name="step")),
                ("required", models.BooleanField(default=True, verbose_name="required")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="done by",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="onboarding_steps",
                        to="partners.partner",
                        verbose_name="partner",
                    ),
                ),
            ],
            options={
                "verbose_name": "onboarding step",
                "verbose_name_plural": "onboarding steps",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("partner", "key"), name="onboarding_step_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Registration",
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
                    "name_key",
                    prm.people.matching.KeyField(blank=True, db_index=True, editable=False, max_length=200),
                ),
                (
                    "tax_key",
                    prm.people.matching.KeyField(blank=True, db_index=True, editable=False, max_length=40),
                ),
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
                            ("submitted", "Submitted"),
                            ("under_review", "Under review"),
                            ("returned", "Returned"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=32,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "agreement_accepted_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="agreement accepted"
                    ),
                ),
                (
                    "agreement_accepted_by",
                    models.CharField(
                        blank=True, editable=False, max_length=300, verbose_name="agreement accepted by"
                    ),
                ),
                ("company_name", models.CharField(blank=True, max_length=200, verbose_name="company name")),
                ("website", models.URLField(blank=True, max_length=300, verbose_name="website")),
                (
                    "domain",
                    models.CharField(
                        blank=True, db_index=True, editable=False, max_length=200, verbose_name="domain"
                    ),
                ),
                (
                    "country",
                    django_countries.fields.CountryField(blank=True, max_length=2, verbose_name="country"),
                ),
                ("region", models.CharField(blank=True, max_length=40, verbose_name="region")),
                ("tax_id", models.CharField(blank=True, max_length=40, verbose_name="tax id")),
                (
                    "partner_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("reseller", "Reseller"),
                            ("distributor", "Distributor"),
                            ("msp", "Managed service provider"),
                            ("referral", "Referral partner"),
                        ],
                        max_length=20,
                        verbose_name="partner type",
                    ),
                ),
                ("contact_name", models.CharField(blank=True, max_length=200, verbose_name="contact name")),
                ("contact_email", models.EmailField(max_length=254, verbose_name="contact email")),
                (
                    "contact_phone",
                    prm.people.fields.PhoneTextField(blank=True, max_length=40, verbose_name="contact phone"),
                ),
                ("motivation", models.TextField(blank=True, max_length=4000, verbose_name="motivation")),
                (
                    "expected_annual_revenue_currency",
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
                    "expected_annual_revenue",
                    djmoney.models.fields.MoneyField(
                        blank=True,
                        decimal_places=2,
                        max_digits=16,
                        null=True,
                        verbose_name="expected annual revenue",
                    ),
                ),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("mail_token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("token_expires_at", models.DateTimeField(editable=False)),
                ("mails_sent", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("mailed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "email_confirmed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="email confirmed"
                    ),
                ),
                (
                    "submitted_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="submitted"),
                ),
                ("request_note", models.TextField(blank=True, editable=False, verbose_name="question")),
                ("request_answer", models.TextField(blank=True, editable=False, verbose_name="answer")),
                (
                    "reject_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_fit", "Not a fit for the programme"),
                            ("covered", "Territory already covered"),
                            ("duplicate", "Already a partner"),
                            ("unverified", "Company could not be verified"),
                            ("other", "Other"),
                        ],
                        editable=False,
                        max_length=20,
                        verbose_name="reason of rejection",
                    ),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.agreement",
                        verbose_name="agreement",
                    ),
                ),
                (
                    "channel_manager",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="registrations",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="channel manager",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="registrations",
                        to="partners.partner",
                        verbose_name="partner",
                    ),
                ),
            ],
            options={
                "verbose_name": "registration",
                "verbose_name_plural": "registrations",
                "indexes": [models.Index(fields=["state", "created_at"], name="registration_state")],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, django_fsm.FSMModelMixin, models.Model),
        ),
    ]
