from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.models import Record


class Alert(Record):
    """One event for one recipient. Keeps references, never words: those are rendered at delivery, under the
    rights of that moment."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="alerts", verbose_name=_("recipient")
    )
    seq = models.PositiveBigIntegerField(_("number"))
    event = models.UUIDField(_("event"))
    kind = models.CharField(_("kind"), max_length=80)
    module = models.CharField(_("module"), max_length=40)
    object_id = models.UUIDField(_("record"))
    at = models.DateTimeField(_("at"), default=timezone.now)
    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-seq"]
        constraints = [
            models.UniqueConstraint(fields=["recipient", "event"], name="alert_once_per_event"),
            models.UniqueConstraint(fields=["recipient", "seq"], name="alert_seq"),
        ]
        indexes = [
            models.Index(fields=["recipient"], condition=Q(seen_at=None), name="alert_unseen"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.seq}"


class AlertCounter(models.Model):
    """The last number given to a recipient: one row each, so numbers have no gaps and commit in order."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="alert_counter"
    )
    seq = models.PositiveBigIntegerField(default=0)


class Delivery(models.Model):
    """The bringing of an alert by a channel other than the socket.

    Alerts that wait for the same recipient leave in one mail: they carry the same `batch`, the id of the
    first of them, fixed before the mail is sent, so that a repeat after a crash is the same mail.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        SKIPPED = "skipped", _("Skipped")
        FAILED = "failed", _("Failed")

    alert = models.OneToOneField(Alert, models.CASCADE, primary_key=True, related_name="delivery")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    batch = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="delivery_waiting"),
            models.Index(fields=["recipient"], condition=Q(state="waiting"), name="delivery_waiting_for"),
        ]


class ActionLink(models.Model):
    """A single-use permission, sent by mail, to do one transition of one record as one user.

    The token is in the mail alone. Here is its hash, so that a copy of the database opens nothing.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    alert = models.OneToOneField(Alert, models.CASCADE, related_name="link")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    module = models.CharField(max_length=40)
    object_id = models.UUIDField()
    transition = models.CharField(max_length=64)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(token_hash=""), name="action_link_has_token")]

    @property
    def status(self) -> str:
        """One of open, used and expired."""
        if self.used_at is not None:
            return "used"
        return "expired" if self.expires_at <= timezone.now() else "open"
