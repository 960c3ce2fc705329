"""Rows of the engine, and the base of every record that it can change."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.ids import uuid7


class Record(models.Model):
    """What every record has: an id sorted by time, and a version that each change raises by one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True, editable=False)

    class Meta:
        abstract = True


class TransitionRecord(models.Model):
    """One line of history. Append-only: the database refuses to change or delete it.

    It points at its record by name and id, not by a foreign key, so that a record can be deleted and its
    history stays. `party_id` is the outside company that the record belonged to when this happened.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.CharField(max_length=100)
    object_id = models.UUIDField()
    transition = models.CharField(max_length=64)
    from_state = models.CharField(max_length=32, null=True)
    to_state = models.CharField(max_length=32, blank=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200, blank=True)
    as_user_id = models.UUIDField(null=True)
    inputs = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    version = models.PositiveBigIntegerField()
    party_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("history record")
        verbose_name_plural = _("history records")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subject", "object_id", "version"], name="workflows_history"),
            models.Index(fields=["party_id", "at"], name="workflows_history_party"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.object_id}: {self.from_state} → {self.to_state} ({self.transition})"


class Timer(models.Model):
    """A transition that happens to a record by itself when it is due.

    `lease_until` keeps others off while one worker is at it, and holds back one that failed.
    """

    subject = models.CharField(max_length=100)
    object_id = models.UUIDField()
    transition = models.CharField(max_length=64)
    due_at = models.DateTimeField(db_index=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("timer")
        verbose_name_plural = _("timers")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["subject", "object_id", "transition"], name="workflows_timer_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.object_id}: {self.transition} at {self.due_at:%Y-%m-%d %H:%M}"


class IdempotencyKey(models.Model):
    """The answer to a request that must have its effect once, however often it is sent."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    principal = models.CharField(max_length=200)
    method = models.CharField(max_length=16)
    path = models.CharField(max_length=500)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    content_type = models.CharField(max_length=100, blank=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["principal", "method", "path", "key"], name="workflows_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.key}"


class Heartbeat(models.Model):
    """When a job runner was last alive; readiness asks for the youngest."""

    runner = models.CharField(max_length=120, primary_key=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return f"{self.runner}: {self.at:%Y-%m-%d %H:%M:%S}"
