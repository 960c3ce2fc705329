from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prm.records.models import Activity
from workflows.ids import uuid7


class Reminder(models.Model):
    """One alert before an activity is due. Its id is the event of the alert, so there is one at most.

    An activity that is moved gets a new one; those that were sent stay, for the words of their alerts.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    activity = models.ForeignKey(Activity, models.CASCADE, related_name="reminders")
    minutes = models.PositiveIntegerField()
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [
            models.UniqueConstraint(
                fields=["activity"], condition=Q(sent_at=None), name="reminder_one_to_come"
            ),
        ]
        indexes = [models.Index(fields=["at"], condition=Q(sent_at=None), name="reminder_to_come")]

    def __str__(self) -> str:
        return f"{self.activity_id}: {self.at:%Y-%m-%d %H:%M}"


class Feed(models.Model):
    """A calendar program's way in: read-only, as the user may read at that moment. The token is with the
    program alone; here is its hash.

    password_mark: of the password at that time; a new password ends the feed, as it ends sessions.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="calendar_feed"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    password_mark = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self) -> str:
        return str(self.user_id)
