"""Public forms that make records, and what was sent with them and waits for its confirmation."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.ids import uuid7
from workflows.models import Record


class WebForm(Record):
    """A form without a portal. What it makes it makes with the rights of its owner, who last built it.

    field_names: the fields that visitors fill in, in their order. fixed_values: lines "field = value".
    origins: sites that may embed the form or send to it.
    """

    title = models.CharField(_("title"), max_length=120)
    slug = models.SlugField(
        _("address"), max_length=60, unique=True, help_text=_("The last part of the form's address: /f/…/")
    )
    module = models.CharField(_("makes records of"), max_length=60)
    field_names = models.TextField(_("fields"), help_text=_("Names of fields, one a line, in their order."))
    fixed_values = models.TextField(
        _("fixed values"), blank=True, help_text=_("One a line: field = value. Visitors do not see them.")
    )
    intro = models.TextField(_("introduction"), blank=True, max_length=2000)
    thanks = models.TextField(_("thanks"), blank=True, max_length=2000)
    origins = models.TextField(
        _("sites"),
        blank=True,
        help_text=_("Sites that may show the form, one a line: https://www.example.com"),
    )
    active = models.BooleanField(_("active"), default=False)
    confirm = models.BooleanField(
        _("confirm by mail"),
        default=False,
        help_text=_("Nothing is made before the visitor opens the link in a mail."),
    )
    language = models.CharField(
        _("language"),
        max_length=12,
        blank=True,
        choices=settings.LANGUAGES,
        help_text=_("Empty: the visitor's."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("acts with the rights of"),
    )

    class Meta:
        verbose_name = _("web form")
        verbose_name_plural = _("web forms")
        indexes = [
            models.Index(fields=["title", "id"], name="webform_title"),
            models.Index(fields=["created_at", "id"], name="webform_created"),
        ]

    def __str__(self) -> str:
        return self.title


class Submission(models.Model):
    """One sending of a form: so that a second click makes no second record, and until it is confirmed.

    nonce: of the page that was filled in. sealed: what was filled in, while it waits; nobody reads it before.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    form = models.ForeignKey(WebForm, models.CASCADE, related_name="submissions")
    nonce = models.UUIDField()
    sealed = models.TextField(blank=True)
    token_hash = models.CharField(max_length=64, null=True, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "nonce"], name="webform_once")]

    def __str__(self) -> str:
        return str(self.pk)
