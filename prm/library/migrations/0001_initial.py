import django.db.models.deletion
import django.utils.timezone
import django_fsm
from django.conf import settings
from django.db import migrations, models

import prm.library.choices
import workflows.ids
import workflows.machine


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0002_prices"),
        ("files", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Document",
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
                            ("scheduled", "Scheduled"),
                            ("published", "Published"),
                            ("retired", "Retired"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=32,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("literature", "Product literature"),
                            ("price_list", "Price list"),
                            ("news", "News"),
                            ("software", "Software update"),
                            ("training", "Training"),
                        ],
                        default="literature",
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("summary", models.CharField(blank=True, max_length=300, verbose_name="summary")),
                (
                    "body",
                    models.TextField(
                        blank=True, help_text="Paragraphs; addresses become links.", verbose_name="text"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        choices=prm.library.choices.languages,
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("everyone", "Partners and customers"),
                            ("partners", "Partners"),
                            ("customers", "Customers"),
                            ("vendor", "The vendor's own people"),
                        ],
                        default="partners",
                        max_length=10,
                        verbose_name="audience",
                    ),
                ),
                (
                    "tier",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("registered", "Registered"),
                            ("silver", "Silver"),
                            ("gold", "Gold"),
                            ("platinum", "Platinum"),
                        ],
                        help_text="Partners of this tier or a higher.",
                        max_length=20,
                        verbose_name="from tier",
                    ),
                ),
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
                (
                    "pinned",
                    models.BooleanField(
                        default=False, help_text="Stands before the others.", verbose_name="pinned"
                    ),
                ),
                (
                    "published_from",
                    models.DateTimeField(
                        blank=True,
                        help_text="Empty: as soon as you publish it.",
                        null=True,
                        verbose_name="publish at",
                    ),
                ),
                (
                    "published_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="published"),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                ("reads", models.PositiveIntegerField(default=0, editable=False, verbose_name="reads")),
                (
                    "downloads",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="downloads"),
                ),
                (
                    "family",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="documents",
                        to="catalog.productfamily",
                        verbose_name="product family",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="documents",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "document",
                "verbose_name_plural": "documents",
                "indexes": [
                    models.Index(fields=["state", "published_at", "id"], name="document_published"),
                    models.Index(fields=["created_at", "id"], name="document_created"),
                    models.Index(fields=["title", "id"], name="document_title"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at", None),
                            ("published_from", None),
                            ("expires_at__gt", models.F("published_from")),
                            _connector="OR",
                        ),
                        name="document_period",
                        violation_error_message="It would expire before it is published.",
                    )
                ],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name="DocumentVersion",
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
                ("number", models.PositiveIntegerField(editable=False, verbose_name="version")),
                ("name", models.CharField(editable=False, max_length=150, verbose_name="name")),
                ("link", models.URLField(blank=True, max_length=500, verbose_name="link")),
                ("notes", models.CharField(blank=True, max_length=500, verbose_name="what is new")),
                (
                    "downloads",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="downloads"),
                ),
                (
                    "content",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="document_versions",
                        to="files.storedfile",
                        verbose_name="file",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="library.document",
                        verbose_name="document",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a document",
                "verbose_name_plural": "versions of documents",
                "ordering": ["-number"],
                "indexes": [models.Index(fields=["created_at", "id"], name="document_version_created")],
                "constraints": [
                    models.UniqueConstraint(fields=("document", "number"), name="document_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("content__isnull", False), ("link", "")),
                            models.Q(("content", None), models.Q(("link", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="document_version_one",
                        violation_error_message="Give a file or a link, one of them.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LibraryVisit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("last_at", models.DateTimeField()),
                ("before_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="library_visit",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "visit to the library",
                "verbose_name_plural": "visits to the library",
            },
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("times", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField(db_index=True)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="readings",
                        to="library.document",
                    ),
                ),
                (
                    "document_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="readings",
                        to="library.documentversion",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="readings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "reading",
                "verbose_name_plural": "readings",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("document_version", None)),
                        fields=("document", "user"),
                        name="reading_of_document",
                    ),
                    models.UniqueConstraint(fields=("document_version", "user"), name="reading_of_version"),
                ],
            },
        ),
    ]
