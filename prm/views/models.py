from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.models import Record


class SavedView(Record):
    """The state of a list's address under a name: filters, search, order, columns; and list, board or cards.

    It holds no rows and no rights: whoever opens it sees what they may see anyway. `company_id` and `portal`
    are the owner's at the time of sharing; a shared view stays with the team that it was shared with.
    """

    class Shared(models.TextChoices):
        NOBODY = "nobody", _("Only I")
        COMPANY = "company", _("My company")
        PORTAL = "portal", _("Everyone with my role")

    class Kind(models.TextChoices):
        LIST = "list", _("List")
        BOARD = "board", _("Board")
        CANVAS = "canvas", _("Cards")

    name = models.CharField(_("name"), max_length=60)
    module = models.CharField(max_length=60)
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.LIST)
    query = models.CharField(max_length=2000, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    shared = models.CharField(_("who sees it"), max_length=7, choices=Shared, default=Shared.NOBODY)
    company_id = models.UUIDField(null=True)
    portal = models.ForeignKey("access.Portal", models.CASCADE, null=True, related_name="+")

    class Meta:
        verbose_name = _("view")
        verbose_name_plural = _("views")
        indexes = [models.Index(fields=["module", "owner"], name="saved_view_owner")]

    def __str__(self) -> str:
        return self.name


class DefaultView(models.Model):
    """The view in which somebody's list of a module opens."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    module = models.CharField(max_length=60)
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "module"], name="default_view_once")]

    def __str__(self) -> str:
        return f"{self.module}: {self.view_id}"


class Undo(Record):
    """What would take something back, for whoever has just done it: used once, and only for a while."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    module = models.CharField(max_length=60)
    data = models.JSONField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.module}"
