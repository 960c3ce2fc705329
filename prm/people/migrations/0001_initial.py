import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import django_countries.fields
import django_fsm
from django.conf import settings
from django.db import migrations, models

import prm.people.fields
import prm.people.matching
import workflows.ids
import workflows.machine


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Company",
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
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "domain",
                    models.CharField(blank=True, db_index=True, max_length=200, verbose_name="domain"),
                ),
                ("tax_id", models.CharField(blank=True, max_length=40, verbose_name="tax id")),
                ("website", models.URLField(blank=True, max_length=300, verbose_name="website")),
                ("phone", prm.people.fields.PhoneTextField(blank=True, max_length=40, verbose_name="phone")),
                ("street", models.CharField(blank=True, max_length=200, verbose_name="street")),
                ("city", models.CharField(blank=True, max_length=100, verbose_name="city")),
                ("postal_code", models.CharField(blank=True, max_length=20, verbose_name="postal code")),
                ("region", models.CharField(blank=True, max_length=40, verbose_name="region")),
                (
                    "country",
                    django_countries.fields.CountryField(blank=True, max_length=2, verbose_name="country"),
                ),
                (
                    "closed_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="access ended"),
                ),
            ],
            options={
                "verbose_name": "company",
                "verbose_name_plural": "companies",
            },
        ),
        migrations.CreateModel(
            name="Contact",
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
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email")),
                ("phone", prm.people.fields.PhoneTextField(blank=True, max_length=40, verbose_name="phone")),
                ("job_title", models.CharField(blank=True, max_length=100, verbose_name="job title")),
                (
                    "is_admin",
                    models.BooleanField(
                        default=False,
                        help_text="May invite, edit and deactivate colleagues of the own company.",
                        verbose_name="admin",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contacts",
                        to="people.company",
                        verbose_name="company",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact",
                "verbose_name_plural": "contacts",
                "indexes": [models.Index(fields=["email"], name="contact_email")],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=workflows.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveBigIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="email")),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "paused",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Deactivated together with the company, and active again when the company is.",
                        verbose_name="paused",
                    ),
                ),
                (
                    "barred",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Deactivated by the vendor, and so not to be let in again by colleagues.",
                        verbose_name="barred",
                    ),
                ),
                ("is_staff", models.BooleanField(default=False, verbose_name="may open the Django admin")),
                ("away_from", models.DateField(blank=True, null=True, verbose_name="away from")),
                ("away_until", models.DateField(blank=True, null=True, verbose_name="away until")),
                ("timezone", models.CharField(default="UTC", max_length=64, verbose_name="time zone")),
                ("language", models.CharField(default="en", max_length=12, verbose_name="language")),
                (
                    "date_joined",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="joined"
                    ),
                ),
                (
                    "cover",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="covers_for",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="cover",
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "portal",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="users",
                        to="access.portal",
                        verbose_name="portal",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
                (
                    "contact",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="user",
                        to="people.contact",
                        verbose_name="contact",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                        name="user_email_lower",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("away_from", None),
                            ("away_until", None),
                            ("away_until__gte", models.F("away_from")),
                            _connector="OR",
                        ),
                        name="user_away_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
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
                            ("pending", "Pending"),
                            ("accepted", "Accepted"),
                            ("revoked", "Revoked"),
                            ("expired", "Expired"),
                        ],
                        default="pending",
                        editable=False,
                        max_length=32,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="email")),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("is_admin", models.BooleanField(default=False, verbose_name="admin")),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("used_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="used")),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="people.company",
                        verbose_name="company",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="people.contact",
                        verbose_name="contact",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="invited by",
                    ),
                ),
                (
                    "portal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="access.portal",
                        verbose_name="portal",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
            },
            bases=(django_fsm.ConcurrentTransitionMixin, django_fsm.FSMModelMixin, models.Model),
        ),
    ]
