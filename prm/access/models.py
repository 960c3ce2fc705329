"""Who may what, as data: portals, their grants on modules, scopes of a grant, and what portals were before.

Portals, grants and scopes are what counts now. They are edited, compared, copied and put back as one document
(`prm.access.document`), of which each version is kept.
"""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prm.files.models import StoredFile
from workflows.ids import uuid7
from workflows.models import Record
from workflows.triggers import append_only


class Portal(Record):
    """A user type.

    languages: codes of those that its pages may be in; none means all. links: title and address of pages
    elsewhere. seated: its users take a seat each. converts: a condition on leads; who comes of a converted
    lead that fits is invited into it. archived: its users have no rights, and nobody is invited into it.
    channel: its users look after partners, which is what its grants say (`prm.access.channel`).
    revision: changes with every change of its grants, so that no compiled policy outlives one. Unlike a
    counter it never comes up a second time, not even after a transaction that was rolled back.
    """

    class Audience(models.TextChoices):
        RESELLER = "reseller", _("Resellers")
        DISTRIBUTOR = "distributor", _("Distributors")
        MANUFACTURER = "manufacturer", _("Manufacturers")
        CUSTOMER = "customer", _("Customers")
        STUDENT = "student", _("Students")
        EMPLOYEE = "employee", _("Employees")
        FRANCHISE = "franchise", _("Franchise owners")
        PARENT = "parent", _("Parents")
        COMMUNITY = "community", _("Community")
        OTHER = "other", _("Others")

    key = models.SlugField(_("key"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=80)
    staff = models.BooleanField(_("vendor's own people"), default=False)
    built_in = models.BooleanField(_("built in"), default=False, editable=False)
    audience = models.CharField(_("audience"), max_length=20, choices=Audience, default=Audience.OTHER)
    languages = models.JSONField(_("languages"), default=list, blank=True)
    accent = models.CharField(_("accent colour"), max_length=7, blank=True)
    host = models.CharField(_("host name"), max_length=253, blank=True)
    logo = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="portals", verbose_name=_("logo")
    )
    welcome = models.JSONField(_("welcome page"), default=dict, blank=True)
    links = models.JSONField(_("external links"), default=list, blank=True)
    seated = models.BooleanField(_("takes seats"), default=False)
    converts = models.JSONField(_("converted leads"), null=True, blank=True)
    archived = models.BooleanField(_("archived"), default=False)
    channel = models.BooleanField(_("looks after partners"), default=False, editable=False)
    revision = models.UUIDField(default=uuid4, editable=False)

    class Meta:
        ordering = ["title"]
        verbose_name = _("portal")
        verbose_name_plural = _("portals")
        constraints = [
            models.UniqueConstraint(fields=["host"], condition=~Q(host=""), name="portal_host_once")
        ]

    def __str__(self) -> str:
        return self.title


class Grant(models.Model):
    """One portal's permission on one module. What no grant names is denied.

    columns, canvas, layouts, related: how it is shown, in the form of the document; empty (None for
    `related`) means as the module says. declared: still as the module declares it, so that a new release may
    renew it; an administrator's change clears the mark. removed: taken from a built-in portal; it grants
    nothing, and is kept so that the next release does not grant it again.
    """

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="grants")
    module = models.CharField(_("module"), max_length=60)
    views = models.JSONField(_("views"), default=list)
    columns = models.JSONField(_("columns"), default=list, blank=True)
    canvas = models.JSONField(_("canvas"), default=dict, blank=True)
    layouts = models.JSONField(_("layouts"), default=list, blank=True)
    related = models.JSONField(_("associated records"), null=True, blank=True)
    declared = models.BooleanField(default=False, editable=False)
    removed = models.BooleanField(default=False, editable=False)

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


@append_only
class PortalVersion(models.Model):
    """A portal as it was from a moment on, until its next version. Its rows are only added.

    by_id is None where a release wrote it, and not a person. It is kept by value, like the actor of the
    history, so that a login can be deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    portal = models.ForeignKey(Portal, models.PROTECT, related_name="versions", verbose_name=_("portal"))
    number = models.PositiveIntegerField(_("number"))
    document = models.JSONField(_("document"))
    logo = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="portal_versions")
    at = models.DateTimeField(_("at"), default=timezone.now)
    by_id = models.UUIDField(null=True)
    by_name = models.CharField(_("by"), max_length=200, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["number"]
        verbose_name = _("version of a portal")
        verbose_name_plural = _("versions of portals")
        constraints = [models.UniqueConstraint(fields=["portal", "number"], name="portal_version_once")]
        indexes = [models.Index(fields=["portal", "at"], name="portal_version_at")]

    def __str__(self) -> str:
        return f"{self.portal_id}: {self.number}"
