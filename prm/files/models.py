from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.ids import uuid7


class StoredFile(models.Model):
    """Bytes in the store, as they were checked and written. Whose they are says the row that points here.

    key: where the bytes are, random and never the name that somebody gave. A row that no other points at is
    removed by the sweep, and its bytes with it.
    """

    class Preview(models.TextChoices):
        NONE = "none", _("none")
        WAITING = "waiting", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("not possible")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=100, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=150)
    media_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    preview = models.CharField(max_length=10, choices=Preview, default=Preview.NONE, editable=False)
    preview_pages = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")

    def __str__(self) -> str:
        return self.name

    def preview_key(self, page: int) -> str:
        """Where the preview of a page (from 1) is."""
        return f"{self.key}.{page}"
