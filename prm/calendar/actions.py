"""Planning with reminders: an activity and the alert before it change together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.access.rights import visible
from prm.calendar.feeds import fresh_feed
from prm.calendar.models import Feed, Reminder
from prm.calendar.queries import assignable, own
from prm.modules import registry
from prm.modules.registry import Module
from prm.people.models import User
from prm.records import actions as records
from prm.records.models import Activity
from workflows.actor import Actor
from workflows.errors import InvalidInput, NotFound, Stale
from workflows.perform import unit_of_work

#: Minutes before an activity at which one may be reminded.
REMINDERS = (0, 5, 15, 30, 60, 120, 1440, 2880)


def plan(
    actor: Actor,
    module: Module,
    obj: Model,
    *,
    remind: int | None = None,
    assignee: User | None = None,
    **given: Any,
) -> Activity:
    """Plans an activity as `records.add_activity` does, with a reminder so many minutes before.

    Raises NotFound, Denied, InvalidInput.
    """
    _check(module, obj, assignee=assignee, due_at=given.get("due_at"), remind=remind)
    with unit_of_work():
        activity = records.add_activity(actor, module, obj, assignee=assignee, **given)
        _remind(activity, remind)
    return activity


def change(
    actor: Actor, activity_id: UUID | str, values: Mapping[str, Any], expected_version: int | None = None
) -> Activity:
    """Changes kind, title, body, due_at, assignee, remind or done (a boolean) of an activity of one's own.

    Raises NotFound, Stale, InvalidInput.
    """
    with unit_of_work():
        activity = own(actor.user).select_for_update(of=("self",)).filter(pk=activity_id).first()
        if activity is None:
            raise NotFound
        if expected_version is not None and activity.version != expected_version:
            raise Stale
        before = latest_reminder(activity)
        given = {"remind": before.minutes if before else None, **values}
        if "assignee" in given and given["assignee"] == activity.assignee:
            # Who has it already was chosen by somebody who could; they may have left since.
            del given["assignee"]
        for name in ("kind", "title", "body", "due_at", "assignee"):
            if name in given:
                setattr(activity, name, given[name])
        if "done" in given and given["done"] != (activity.done_at is not None):
            activity.done_at = timezone.now() if given["done"] else None
        _checked(actor, activity, given)
        activity.version += 1
        activity.save()
        if {"due_at", "remind", "assignee", "done"} & values.keys():
            _remind(activity, given["remind"])
    return activity


def remove(actor: Actor, activity_id: UUID | str, expected_version: int | None = None) -> None:
    """Deletes an activity of one's own. Raises NotFound, Stale."""
    with unit_of_work():
        activity = own(actor.user).select_for_update(of=("self",)).filter(pk=activity_id).first()
        if activity is None:
            raise NotFound
        if expected_version is not None and activity.version != expected_version:
            raise Stale
        Activity.objects.filter(pk=activity.pk).delete()


def latest_reminder(activity: Activity) -> Reminder | None:
    """The reminder that counts: the one to come, else the last that was sent."""
    return activity.reminders.order_by("-id").first()


def _remind(activity: Activity, minutes: int | None) -> None:
    """Replaces the reminder to come; none for what is done, has no time, or whose time has passed."""
    sent = activity.reminders.exclude(sent_at=None)
    activity.reminders.filter(sent_at=None).delete()
    due = activity.due_at
    if minutes is None or due is None or activity.done_at is not None or due <= timezone.now():
        return
    at = due - timedelta(minutes=minutes)
    # Saved again as it was: who was reminded of this very time is not reminded twice.
    if not sent.filter(at=at).exists():
        Reminder.objects.create(activity=activity, minutes=minutes, at=at)


def _checked(actor: Actor, activity: Activity, given: Mapping[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    if activity.kind not in Activity.Kind.values:
        errors["kind"] = [_("Choose a call, a meeting or a task.")]
    written = {name: getattr(activity, name) for name in records.ACTIVITY}
    try:
        for name, text in records.texts(records.ACTIVITY, written).items():
            setattr(activity, name, text)
    except InvalidInput as error:
        errors |= error.errors
    due = activity.due_at
    if due is not None and not records.EARLIEST <= due <= records.LATEST:
        errors["due_at"] = [_("This date is too far away.")]
    if "assignee" in given and given["assignee"] is not None:
        allowed = assignable(actor.user).filter(pk=given["assignee"].pk).exists()
        if not allowed and given["assignee"] != actor.user:
            errors["assignee"] = [_("There is no such record.")]
    if errors:
        raise InvalidInput(errors)
    module = registry.for_subject(activity.subject)
    assert module is not None
    obj = module.rows().get(pk=activity.object_id)
    _check(module, obj, assignee=given.get("assignee"), due_at=due, remind=given["remind"])


def _check(
    module: Module, obj: Model, *, assignee: User | None, due_at: datetime | None, remind: int | None
) -> None:
    errors: dict[str, list[str]] = {}
    if assignee is not None and not visible(assignee, module).filter(pk=obj.pk).exists():
        errors["assignee"] = [_("This colleague may not see the record.")]
    if remind is not None and remind not in REMINDERS:
        errors["remind"] = [_("Choose one of the times before it.")]
    elif remind is not None and due_at is None:
        errors["remind"] = [_("Without a time there is nothing to be reminded of.")]
    if errors:
        raise InvalidInput(errors)


# --- feeds


def open_feed(user: User) -> str:
    """A new token for the user's calendar; the one before ends. It is shown once and kept nowhere."""
    return fresh_feed(user)


def close_feed(user: User) -> None:
    """No program reads the user's calendar any more."""
    Feed.objects.filter(user=user).delete()
