from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from prm.catalog.models import Product, ProductFamily
from prm.files.models import StoredFile
from prm.library.choices import TOLD, Audience, Kind, languages
from prm.library.workflow import DocumentWorkflow
from prm.partners.choices import PartnerType, Tier
from workflows.models import Record


class Document(DocumentWorkflow, Record):
    """Something to read or to download: a text, with files or links in numbered versions."""

    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.LITERATURE)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    body = models.TextField(_("text"), blank=True, help_text=_("Paragraphs; addresses become links."))
    language = models.CharField(_("language"), max_length=10, choices=languages, blank=True)
    family = models.ForeignKey(
        ProductFamily,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="documents",
        verbose_name=_("product family"),
    )
    product = models.ForeignKey(
        Product,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="documents",
        verbose_name=_("product"),
    )
    audience = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.PARTNERS)
    tier = models.CharField(
        _("from tier"),
        max_length=20,
        choices=Tier,
        blank=True,
        help_text=_("Partners of this tier or a higher."),
    )
    partner_type = models.CharField(_("partner type"), max_length=20, choices=PartnerType, blank=True)
    pinned = models.BooleanField(_("pinned"), default=False, help_text=_("Stands before the others."))
    published_from = models.DateTimeField(
        _("publish at"), null=True, blank=True, help_text=_("Empty: as soon as you publish it.")
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    # Counted besides, so that reading changes no version.
    reads = models.PositiveIntegerField(_("reads"), default=0, editable=False)
    downloads = models.PositiveIntegerField(_("downloads"), default=0, editable=False)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(published_from=None) | Q(expires_at__gt=F("published_from")),
                name="document_period",
                violation_error_message=_("It would expire before it is published."),
            )
        ]
        indexes = [
            models.Index(fields=["state", "published_at", "id"], name="document_published"),
            models.Index(fields=["created_at", "id"], name="document_created"),
            models.Index(fields=["title", "id"], name="document_title"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def tells(self) -> bool:
        """Whether there is anybody to tell of a new version."""
        return self.state == self.State.PUBLISHED and self.kind in TOLD

    def readers(self) -> models.QuerySet[Any]:
        """Whom its publishing and its new versions are told: of most kinds people find out when they look."""
        from prm.library.queries import readers

        found = readers(self)
        return found if self.kind in TOLD else found.none()


class DocumentVersion(Record):
    """One edition of a document: a file that is kept here, or a link to where it is."""

    document = models.ForeignKey(
        Document, models.CASCADE, related_name="versions", verbose_name=_("document")
    )
    number = models.PositiveIntegerField(_("version"), editable=False)
    name = models.CharField(_("name"), max_length=150, editable=False)
    content = models.ForeignKey(
        StoredFile,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="document_versions",
        verbose_name=_("file"),
    )
    link = models.URLField(_("link"), max_length=500, blank=True)
    notes = models.CharField(_("what is new"), max_length=500, blank=True)
    downloads = models.PositiveIntegerField(_("downloads"), default=0, editable=False)

    class Meta:
        verbose_name = _("version of a document")
        verbose_name_plural = _("versions of documents")
        ordering: ClassVar[list[str]] = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="document_version_once"),
            models.CheckConstraint(
                condition=Q(content__isnull=False, link="") | (Q(content=None) & ~Q(link="")),
                name="document_version_one",
                violation_error_message=_("Give a file or a link, one of them."),
            ),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="document_version_created")]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"


class Reading(models.Model):
    """That somebody has opened a document (no version), or taken one of its versions; how often, and when."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="readings")
    document_version = models.ForeignKey(
        DocumentVersion, models.CASCADE, null=True, blank=True, related_name="readings"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="readings")
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        constraints = [
            models.UniqueConstraint(
                fields=["document", "user"], condition=Q(document_version=None), name="reading_of_document"
            ),
            models.UniqueConstraint(fields=["document_version", "user"], name="reading_of_version"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.document_id}"


class LibraryVisit(models.Model):
    """When somebody was last in the library, and the time before: what came since then is new to them."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="library_visit")
    last_at = models.DateTimeField()
    before_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("visit to the library")
        verbose_name_plural = _("visits to the library")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.last_at:%Y-%m-%d}"
