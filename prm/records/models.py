from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.models import Record


class OnRecord(Record):
    """What is attached to a record of any module.

    party: the outside company that the record belonged to when this was written. It stays with that company:
    a lead that moves to another partner takes none of the former one's notes along.
    """

    subject = models.CharField(max_length=100, editable=False)
    object_id = models.UUIDField(editable=False)
    party_id = models.UUIDField(null=True, blank=True, editable=False)
    internal = models.BooleanField(
        _("internal"), default=False, help_text=_("Only the vendor's staff see it.")
    )

    class Meta:
        abstract = True


class File(OnRecord):
    """A file on a record. One that was removed keeps its line, without bytes, to tell who did it and when."""

    stored = models.ForeignKey(
        "files.StoredFile", models.PROTECT, null=True, related_name="on_records", verbose_name=_("content")
    )
    name = models.CharField(_("name"), max_length=150)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("author")
    )
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True, editable=False)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("removed by")
    )

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [models.Index(fields=["subject", "object_id", "id"], name="file_of_record")]
        constraints = [
            models.CheckConstraint(
                condition=Q(stored=None, removed_at__isnull=False) | Q(stored__isnull=False, removed_at=None),
                name="file_stored_or_removed",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Upload(OnRecord):
    """A file that arrives in parts. parts: keys of those that are there, in order; offset: their bytes.

    file: what it became on the record. stored: what has arrived and waits to be taken for something else.
    """

    name = models.CharField(_("name"), max_length=150)
    size = models.PositiveBigIntegerField(_("size"))
    offset = models.PositiveBigIntegerField(default=0, editable=False)
    parts = models.JSONField(default=list, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    file = models.ForeignKey(File, models.CASCADE, null=True, related_name="+", editable=False)
    stored = models.ForeignKey(
        "files.StoredFile", models.PROTECT, null=True, related_name="uploads", editable=False
    )
    expires_at = models.DateTimeField(db_index=True, editable=False)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")

    def __str__(self) -> str:
        return self.name

    @property
    def complete(self) -> bool:
        """Whether all of it has arrived and was checked."""
        return self.file_id is not None or self.stored_id is not None


class Note(OnRecord):
    body = models.TextField(_("note"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("author")
    )

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes = [models.Index(fields=["subject", "object_id", "id"], name="note_of_record")]

    def __str__(self) -> str:
        return self.body[:80]


class Activity(OnRecord):
    class Kind(models.TextChoices):
        CALL = "call", _("Call")
        MEETING = "meeting", _("Meeting")
        TASK = "task", _("Task")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("details"), blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True, editable=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="activities",
        verbose_name=_("assignee"),
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("author")
    )

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        indexes = [
            models.Index(fields=["subject", "object_id", "due_at", "id"], name="activity_of_record"),
            models.Index(fields=["assignee", "due_at"], name="activity_open", condition=Q(done_at=None)),
        ]

    def __str__(self) -> str:
        return self.title
