"""Imports and exports: whose they are, what became of each row, and what a person's columns meant before."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prm.files.models import StoredFile
from prm.imports.workflow import ExportWorkflow, ImportWorkflow
from prm.modules.sheets import CSV, XLSX
from workflows.models import Record


class Exchange(Record):
    """A file that goes in or out for one person, who alone may see it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="%(class)ss",
        verbose_name=_("who"),
    )
    target = models.CharField(_("records"), max_length=40, editable=False)
    name = models.CharField(_("file"), max_length=150)
    content = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, editable=False, related_name="%(class)ss"
    )
    problem = models.TextField(_("problem"), blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def assignee_id(self) -> UUID | None:
        """Who is told when it is done."""
        return self.user_id


class Import(ImportWorkflow, Exchange):
    """A file of rows for one module.

    header, sample: its columns and first rows. mapping: as `FileMapping` in plain values. report: what the
    trial came to (counts, empty, wrong: the first wrong rows). rows: of the file; done: of those, in the job
    that runs; position, step: up to which row of the file the import has been committed, and in how many
    pieces. made, changed, kept, wrong: rows by what became of them.
    """

    sheet = models.CharField(max_length=100, blank=True, editable=False)
    sheets = models.JSONField(default=list, editable=False)
    header = models.JSONField(default=list, editable=False)
    sample = models.JSONField(default=list, editable=False)
    mapping = models.JSONField(default=dict, editable=False)
    report = models.JSONField(default=dict, editable=False)
    rows = models.PositiveIntegerField(_("rows"), default=0, editable=False)
    done = models.PositiveIntegerField(default=0, editable=False)
    position = models.PositiveIntegerField(default=0, editable=False)
    step = models.PositiveIntegerField(default=0, editable=False)
    made = models.PositiveIntegerField(_("created"), default=0, editable=False)
    changed = models.PositiveIntegerField(_("updated"), default=0, editable=False)
    kept = models.PositiveIntegerField(_("as they are"), default=0, editable=False)
    wrong = models.PositiveIntegerField(_("rejected"), default=0, editable=False)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["created_at", "id"], name="import_created")]


class ImportRow(models.Model):
    """What became of one row. verb: as of `run.Row`; key, digest: its marks, for a job that goes on.

    version: of the record when the row was through with it; before: what the changed fields had held.
    cells, reason, suggestion: of a rejected row. undone: whether it was taken back, or why not.
    """

    class Undone(models.TextChoices):
        NO = "", ""
        YES = "yes", _("undone")
        KEPT = "kept", _("kept")

    job = models.ForeignKey(Import, models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    verb = models.CharField(max_length=8)
    key = models.BigIntegerField(null=True)
    digest = models.BigIntegerField()
    object_id = models.UUIDField(null=True)
    version = models.PositiveBigIntegerField(default=0)
    before = models.JSONField(null=True)
    cells = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    suggestion = models.TextField(blank=True)
    undone = models.CharField(max_length=4, choices=Undone, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="import_row_once")]
        indexes = [
            models.Index(fields=["job", "object_id"], name="import_row_object"),
            models.Index(fields=["job", "number"], name="import_row_wrong", condition=Q(verb="wrong")),
        ]


class RememberedMapping(models.Model):
    """What a person's columns meant the last time that a file had this header."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    target = models.CharField(max_length=40)
    signature = models.CharField(max_length=64)
    mapping = models.JSONField()
    used_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "target", "signature"], name="remembered_mapping_once")
        ]


class Export(ExportWorkflow, Exchange):
    """A list that one person asked for as a file. params: of the list; fields: names of its columns.

    rights: a mark of those by which it was read; with others it is not given out.
    """

    class Kind(models.TextChoices):
        CSV = CSV, "CSV"
        XLSX = XLSX, "Excel"

    kind = models.CharField(_("format"), max_length=4, choices=Kind, editable=False)
    params = models.JSONField(default=dict, editable=False)
    fields = models.JSONField(default=list, editable=False)
    rights = models.CharField(max_length=64, blank=True, editable=False)
    rows = models.PositiveIntegerField(_("rows"), default=0, editable=False)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [models.Index(fields=["created_at", "id"], name="export_created")]
