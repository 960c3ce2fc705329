"""A user's calendar as a file of RFC 5545, for the calendar programs of phones and desks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event, Todo

from prm.calendar.models import Feed, Reminder
from prm.calendar.queries import Entry, entries
from prm.records.models import Activity
from prm.vendor.queries import vendor

BACK, AHEAD = timedelta(days=31), timedelta(days=366)
LASTS = timedelta(minutes=30)
#: How often a program should look again.
REFRESH = timedelta(minutes=30)


def of(feed: Feed, today: date, *, todos: bool = True) -> bytes:
    """The calendar from a month ago to a year ahead, under the user's rights of this moment.

    The same bytes as long as nothing has changed. todos: tasks as VTODO; as VEVENT where it is False, for
    programs that do not show the former. To be called in the user's language and time zone.
    """
    user = feed.user
    calendar = Calendar()
    calendar.add("prodid", "-//Partner portal//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("%(vendor)s: partner portal") % {"vendor": vendor().name})
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    found = entries(user, today - BACK, today + AHEAD, leaving=True)
    minutes = _reminders([one.activity for one in found if one.activity])
    zone = timezone.get_current_timezone()
    assert isinstance(zone, ZoneInfo)
    for one in found:
        if one.activity is None:
            calendar.add_component(_date(one, zone, feed))
        else:
            calendar.add_component(_planned(one, one.activity, zone, minutes.get(one.activity.pk), todos))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _reminders(planned: list[Activity]) -> dict[object, int]:
    rows = Reminder.objects.filter(activity__in=[one.pk for one in planned], sent_at=None)
    return dict(rows.values_list("activity_id", "minutes"))


def _planned(
    entry: Entry, activity: Activity, zone: ZoneInfo, minutes: int | None, todos: bool
) -> Event | Todo:
    assert activity.due_at is not None
    begin = activity.due_at.astimezone(zone)
    todo = todos and activity.kind == Activity.Kind.TASK
    part: Event | Todo = Todo() if todo else Event()
    part.add("uid", f"{activity.pk}@{_host()}")
    part.add("dtstamp", _stamp(activity.updated_at))
    part.add("created", _stamp(activity.created_at))
    part.add("last-modified", _stamp(activity.updated_at))
    part.add("sequence", activity.version - 1)
    part.add("summary", activity.title)
    if todo:
        part.add("due", begin)
        part.add("status", "COMPLETED" if activity.done_at else "NEEDS-ACTION")
        if activity.done_at:
            part.add("completed", _stamp(activity.done_at))
    else:
        part.add("dtstart", begin)
        part.add("dtend", begin + LASTS)
        part.add("transp", "TRANSPARENT" if activity.kind == Activity.Kind.TASK else "OPAQUE")
    lines = [entry.label, entry.on, activity.body]
    part.add("description", "\n".join(line for line in lines if line))
    part.add("url", _url(entry))
    if minutes is not None:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", activity.title)
        # A task has no start to count from.
        related = {"RELATED": "END"} if todo else {}
        alarm.add("trigger", -timedelta(minutes=minutes), parameters=related)
        part.add_component(alarm)
    return part


def _date(entry: Entry, zone: ZoneInfo, feed: Feed) -> Event:
    event = Event()
    event.add("uid", f"{entry.object_id}-{entry.field}@{_host()}")
    # When the record last changed is not always the reader's to know.
    event.add("dtstamp", _stamp(feed.created_at))
    event.add("summary", f"{entry.label}: {entry.title}")
    if entry.at is not None:
        event.add("dtstart", entry.at.astimezone(zone))
        event.add("dtend", entry.at.astimezone(zone))
    else:
        event.add("dtstart", entry.day)
        event.add("dtend", entry.day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("description", entry.on)
    event.add("url", _url(entry))
    return event


def _stamp(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "localhost"


def _url(entry: Entry) -> str:
    return f"{settings.PUBLIC_URL}{reverse('record', args=[entry.module.key, entry.object_id])}"
