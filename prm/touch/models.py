"""The touch log: who has seen or done what, line by line, each chained to the one before it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.ids import uuid7


class Kind(models.TextChoices):
    """What somebody did."""

    SIGN_IN = "sign_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    SIGN_OUT = "sign_out", _("Signed out")
    PAGE = "page", _("Page")
    LIST = "list", _("List")
    SEARCH = "search", _("Search")
    RECORD = "record", _("Record read")
    EXPORT = "export", _("Export")
    DOWNLOAD = "download", _("Download")
    CREATE = "create", _("Created")
    UPDATE = "update", _("Changed")
    DELETE = "delete", _("Deleted")
    TRANSITION = "transition", _("Transition")
    ACTION = "action", _("Other action")
    VIEW_AS = "view_as", _("View as begun")
    VIEW_AS_END = "view_as_end", _("View as ended")


class Door(models.TextChoices):
    """By which way somebody came."""

    PAGE = "page", _("Page")
    API = "api", _("API")
    LINK = "link", _("Mailed link")
    OTHER = "other", _("Other")


class TouchEntry(models.Model):
    """One line of the log. Append-only: the database refuses to change or delete it.

    People are referred to by id alone, so that erasing one leaves the chain as it is; names are looked up
    when the log is read. The address is chained by its salted digest (`address_mark`), so that address and
    salt can be taken out of a line of an erased person.

    seq: without gaps. hash: SHA-256 over the former line's hash and the canonical bytes of this one
    (`prm.touch.chain`). record: id in `module`, of a record that may be gone meanwhile. as_user: in whose
    place somebody looked (view as); made_up: in that of nobody real. verb: of the transition or page.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.PositiveSmallIntegerField(default=1, editable=False)
    seq = models.PositiveBigIntegerField(_("number"), unique=True, editable=False)
    at = models.DateTimeField(_("time"), editable=False)
    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices, editable=False)
    door = models.CharField(_("door"), max_length=10, choices=Door.choices, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
        verbose_name=_("who"),
    )
    as_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
        verbose_name=_("viewed as"),
    )
    made_up = models.BooleanField(_("viewed as a made-up user"), default=False, editable=False)
    portal = models.CharField(_("portal"), max_length=40, blank=True, editable=False)
    module = models.CharField(_("module"), max_length=60, blank=True, editable=False)
    record = models.UUIDField(_("record"), null=True, editable=False)
    verb = models.CharField(_("page or transition"), max_length=100, blank=True, editable=False)
    address = models.CharField(_("address"), max_length=45, blank=True, editable=False)
    address_salt = models.CharField(max_length=32, blank=True, editable=False)
    address_mark = models.CharField(max_length=64, blank=True, editable=False)
    request = models.CharField(_("request"), max_length=64, blank=True, editable=False)
    prev_hash = models.CharField(max_length=64, editable=False)
    hash = models.CharField(_("hash"), max_length=64, editable=False)

    class Meta:
        verbose_name = _("line of the touch log")
        verbose_name_plural = _("lines of the touch log")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["at", "id"], name="touch_at"),
            models.Index(fields=["user", "at"], name="touch_user"),
            models.Index(fields=["record", "at"], name="touch_record"),
        ]

    def __str__(self) -> str:
        return f"{self.seq}: {self.kind} {self.verb}"


class TouchHead(models.Model):
    """Where the chain stands: one row, locked by whoever appends.

    seq, hash: of the last line. since, since_hash: the anchor, the last line that retention took away, behind
    which what is left begins (0 and zeros: nothing was taken).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    seq = models.PositiveBigIntegerField(default=0, editable=False)
    hash = models.CharField(max_length=64, editable=False)
    since = models.PositiveBigIntegerField(default=0, editable=False)
    since_hash = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = _("head of the touch log")
        verbose_name_plural = _("heads of the touch log")

    def __str__(self) -> str:
        return f"{self.since}-{self.seq}"
