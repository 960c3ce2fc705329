import uuid

import django.db.models.deletion
from django.db import migrations, models

import workflows.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Portal",
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
                ("key", models.SlugField(max_length=40, unique=True, verbose_name="key")),
                ("title", models.CharField(max_length=80, verbose_name="title")),
                ("staff", models.BooleanField(default=False, verbose_name="vendor's own people")),
                ("built_in", models.BooleanField(default=False, editable=False, verbose_name="built in")),
                ("revision", models.UUIDField(default=uuid.uuid4, editable=False)),
            ],
            options={
                "verbose_name": "portal",
                "verbose_name_plural": "portals",
                "ordering": ["title"],
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("module", models.CharField(max_length=60, verbose_name="module")),
                ("views", models.JSONField(default=list, verbose_name="views")),
                ("declared", models.BooleanField(default=False, editable=False)),
                (
                    "portal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="grants", to="access.portal"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("portal", "module"), name="grant_portal_module")
                ],
            },
        ),
        migrations.CreateModel(
            name="Scope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("where", models.JSONField(blank=True, null=True, verbose_name="condition")),
                ("actions", models.JSONField(default=list, verbose_name="actions")),
                ("fields", models.JSONField(default=dict, verbose_name="fields")),
                (
                    "admins_only",
                    models.BooleanField(default=False, verbose_name="only for the company's admins"),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scopes", to="access.grant"
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("grant", "position"), name="scope_grant_position")
                ],
            },
        ),
    ]
