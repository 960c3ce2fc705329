import django.db.models.deletion
import django.utils.timezone
import django_fsm
from django.conf import settings
from django.db import migrations, models

import workflows.ids
import workflows.machine


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("files", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Import",
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
                            ("uploaded", "Uploaded"),
                            ("checking", "Being checked"),
                            ("checked", "Checked"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                            ("discarded", "Discarded"),
                        ],
                        default="uploaded",
                        editable=False,
                        max_length=32,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                ("target", models.CharField(editable=False, max_length=40, verbose_name="records")),
                ("name", models.CharField(max_length=150, verbose_name="file")),
                ("problem", models.TextField(blank=True, editable=False, verbose_name="problem")),
                ("sheet", models.CharField(blank=True, editable=False, max_length=100)),
                ("sheets", models.JSONField(default=list, editable=False)),
                ("header", models.JSONField(default=list, editable=False)),
                ("sample", models.JSONField(default=list, editable=False)),
                ("mapping", models.JSONField(default=dict, editable=False)),
                ("report", models.JSONField(default=dict, editable=False)),
                ("rows", models.PositiveIntegerField(default=0, editable=False, verbose_name="rows")),
                ("done", models.PositiveIntegerField(default=0, editable=False)),
                ("position", models.PositiveIntegerField(default=0, editable=False)),
                ("step", models.PositiveIntegerField(default=0, editable=False)),
                ("made", models.PositiveIntegerField(default=0, editable=False, verbose_name="created")),
                ("changed", models.PositiveIntegerField(default=0, editable=False, verbose_name="updated")),
                ("kept", models.PositiveIntegerField(default=0, editable=False, verbose_name="as they are")),
                ("wrong", models.PositiveIntegerField(default=0, editable=False, verbose_name="rejected")),
                (
                    "content",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="files.storedfile",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="%(class)ss",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "indexes": [models.Index(fields=["created_at", "id"], name="import_created")],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("verb", models.CharField(max_length=8)),
                ("key", models.BigIntegerField(null=True)),
                ("digest", models.BigIntegerField()),
                ("object_id", models.UUIDField(null=True)),
                ("version", models.PositiveBigIntegerField(default=0)),
                ("before", models.JSONField(null=True)),
                ("cells", models.JSONField(null=True)),
                ("reason", models.TextField(blank=True)),
                ("suggestion", models.TextField(blank=True)),
                (
                    "undone",
                    models.CharField(
                        blank=True, choices=[("", ""), ("yes", "undone"), ("kept", "kept")], max_length=4
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="imports.import"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["job", "object_id"], name="import_row_object"),
                    models.Index(
                        condition=models.Q(("verb", "wrong")),
                        fields=["job", "number"],
                        name="import_row_wrong",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("job", "number"), name="import_row_once")],
            },
        ),
        migrations.CreateModel(
            name="RememberedMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("target", models.CharField(max_length=40)),
                ("signature", models.CharField(max_length=64)),
                ("mapping", models.JSONField()),
                ("used_at", models.DateTimeField(auto_now=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "target", "signature"), name="remembered_mapping_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Export",
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
                            ("waiting", "Being made"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                        ],
                        default="waiting",
                        editable=False,
                        max_length=32,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                ("target", models.CharField(editable=False, max_length=40, verbose_name="records")),
                ("name", models.CharField(max_length=150, verbose_name="file")),
                ("problem", models.TextField(blank=True, editable=False, verbose_name="problem")),
                (
                    "kind",
                    models.CharField(
                        choices=[("csv", "CSV"), ("xlsx", "Excel")],
                        editable=False,
                        max_length=4,
                        verbose_name="format",
                    ),
                ),
                ("params", models.JSONField(default=dict, editable=False)),
                ("fields", models.JSONField(default=list, editable=False)),
                ("rights", models.CharField(blank=True, editable=False, max_length=64)),
                ("rows", models.PositiveIntegerField(default=0, editable=False, verbose_name="rows")),
                (
                    "content",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="files.storedfile",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="%(class)ss",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "export",
                "verbose_name_plural": "exports",
                "indexes": [models.Index(fields=["created_at", "id"], name="export_created")],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, django_fsm.FSMModelMixin, models.Model),
        ),
    ]
