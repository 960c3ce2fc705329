import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import workflows.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="WebForm",
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
                ("title", models.CharField(max_length=120, verbose_name="title")),
                (
                    "slug",
                    models.SlugField(
                        help_text="The last part of the form's address: /f/…/",
                        max_length=60,
                        unique=True,
                        verbose_name="address",
                    ),
                ),
                ("module", models.CharField(max_length=60, verbose_name="makes records of")),
                (
                    "field_names",
                    models.TextField(
                        help_text="Names of fields, one a line, in their order.", verbose_name="fields"
                    ),
                ),
                (
                    "fixed_values",
                    models.TextField(
                        blank=True,
                        help_text="One a line: field = value. Visitors do not see them.",
                        verbose_name="fixed values",
                    ),
                ),
                ("intro", models.TextField(blank=True, max_length=2000, verbose_name="introduction")),
                ("thanks", models.TextField(blank=True, max_length=2000, verbose_name="thanks")),
                (
                    "origins",
                    models.TextField(
                        blank=True,
                        help_text="Sites that may show the form, one a line: https://www.example.com",
                        verbose_name="sites",
                    ),
                ),
                ("active", models.BooleanField(default=False, verbose_name="active")),
                (
                    "confirm",
                    models.BooleanField(
                        default=False,
                        help_text="Nothing is made before the visitor opens the link in a mail.",
                        verbose_name="confirm by mail",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        choices=[("en", "English"), ("de", "Deutsch"), ("ar", "العربية")],
                        help_text="Empty: the visitor's.",
                        max_length=12,
                        verbose_name="language",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="acts with the rights of",
                    ),
                ),
            ],
            options={
                "verbose_name": "web form",
                "verbose_name_plural": "web forms",
                "indexes": [
                    models.Index(fields=["title", "id"], name="webform_title"),
                    models.Index(fields=["created_at", "id"], name="webform_created"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=workflows.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("nonce", models.UUIDField()),
                ("sealed", models.TextField(blank=True)),
                ("token_hash", models.CharField(max_length=64, null=True, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "form",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="submissions",
                        to="webforms.webform",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("form", "nonce"), name="webform_once")],
            },
        ),
    ]
