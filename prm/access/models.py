"""Who may what, as data: portals, their grants on modules, and the scopes of a grant."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.models import Record


class Portal(Record):
    """A user type.

    revision: changes with every change of its grants, so that no compiled policy outlives one. Unlike a
    counter it never comes up a second time, not even after a transaction that was rolled back.
    """

    key = models.SlugField(_("key"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=80)
    staff = models.BooleanField(_("vendor's own people"), default=False)
    built_in = models.BooleanField(_("built in"), default=False, editable=False)
    revision = models.UUIDField(default=uuid4, editable=False)

    class Meta:
        ordering = ["title"]
        verbose_name = _("portal")
        verbose_name_plural = _("portals")

    def __str__(self) -> str:
        return self.title


class Grant(models.Model):
    """One portal's permission on one module. What no grant names is denied.

    declared: still as the module declares it, so that a new release may renew it; an administrator's change
    clears the mark.
    """

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="grants")
    module = models.CharField(_("module"), max_length=60)
    views = models.JSONField(_("views"), default=list)
    declared = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portal", "module"], name="grant_portal_module")]

    def __str__(self) -> str:
        return f"{self.portal_id}: {self.module}"


class Scope(models.Model):
    """Rows that a grant reaches, what may be done with them, and which fields are shown (see `ScopeSpec`)."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="scopes")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("name"), max_length=80)
    where = models.JSONField(_("condition"), null=True, blank=True)
    actions = models.JSONField(_("actions"), default=list)
    fields = models.JSONField(_("fields"), default=dict)
    admins_only = models.BooleanField(_("only for the company's admins"), default=False)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["grant", "position"], name="scope_grant_position")]

    def __str__(self) -> str:
        return self.name
