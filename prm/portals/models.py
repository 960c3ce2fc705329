"""Changes of portals that are not in force yet."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prm.access.models import Portal
from prm.files.models import StoredFile
from prm.portals.workflow import PortalDraftWorkflow
from workflows.models import Record


class PortalDraft(PortalDraftWorkflow, Record):
    """A portal as it is to be. There is one open draft for a portal.

    base: number of the portal's version that the draft was made of. published_as: of the version that it
    became. logo: the picture that the document names, so that it is kept.
    """

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="drafts", verbose_name=_("portal"))
    title = models.CharField(_("title"), max_length=80, editable=False)
    document = models.JSONField(_("document"), editable=False)
    base = models.PositiveIntegerField(_("made of version"), editable=False)
    published_as = models.PositiveIntegerField(_("version"), null=True, editable=False)
    logo = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, editable=False, related_name="portal_drafts"
    )
    note = models.TextField(_("note"), blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("made by"),
    )

    class Meta:
        verbose_name = _("draft of a portal")
        verbose_name_plural = _("drafts of portals")
        indexes = [models.Index(fields=["created_at", "id"], name="portal_draft_created")]
        constraints = [
            models.UniqueConstraint(
                fields=["portal"],
                condition=Q(state__in=["draft", "in_review"]),
                name="portal_draft_one_open",
            )
        ]

    def __str__(self) -> str:
        return self.title
