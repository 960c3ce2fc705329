"""The calendar: what I planned, what ends, and the same as a feed for other calendars."""

from __future__ import annotations

import calendar as months
import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.http import parse_etags
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frontend.forms import reference_options
from frontend.views_jobs import common
from prm.access.rate import too_often
from prm.calendar import actions, feeds, ics, queries
from prm.calendar.queries import Entry
from prm.modules import registry
from prm.modules.naming import label_of
from prm.modules.read import get_row
from prm.modules.registry import Module
from prm.people.models import User
from prm.people.reader import as_reader
from prm.records.models import Activity
from workflows.errors import InvalidInput, WorkflowError

#: When a day begins, for what has no time of its own yet.
NINE = time(9)
#: How far the agenda looks ahead.
AHEAD, ONE = timedelta(days=30), timedelta(days=1)
SHOWN = ("all", "activities", "dates")
FEED_LIMIT, FEED_SECONDS = 120, 3600
#: What an activity may concern, and how many of each are offered at first and for a word.
MODULES = ("opportunities", "leads", "quotes", "partners", "accounts", "contacts")
OFFERED, FOUND = 50, 8
VERSION = re.compile("[0-9]{1,9}")
#: The first and the last year that a month or a day can be asked of.
YEARS = (1971, 2199)


@dataclass
class Day:
    """One day of the agenda or of the month."""

    day: date
    title: str = ""
    entries: list[Entry] = field(default_factory=list)
    today: bool = False
    other: bool = False


class ActivityForm(forms.Form):
    kind = forms.ChoiceField(label=_("What"), choices=Activity.Kind.choices)
    title = forms.CharField(
        label=_("Title"), max_length=200, error_messages={"required": _("Say what is to be done")}
    )
    due_at = forms.DateTimeField(
        label=_("When"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("Enter a day and a time")},
    )
    remind = forms.TypedChoiceField(
        label=_("Reminder"), required=False, coerce=int, empty_value=None, choices=[]
    )
    assignee: forms.ModelChoiceField = forms.ModelChoiceField(
        label=_("Who"), queryset=None, required=False, empty_label=None
    )
    body = forms.CharField(
        label=_("Details"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, user: Any, activity: Activity | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        times = [(minutes, queries.remind_words(minutes)) for minutes in actions.REMINDERS]
        self.fields["remind"].choices = [("", gettext("None")), *times]  # type: ignore[attr-defined]
        who: Any = self.fields["assignee"]
        # Whoever has it now stays among the choices, or saving another field would give it to the first one.
        kept = [activity.assignee_id] if activity and activity.assignee_id else []
        people = User.objects.filter(Q(pk__in=queries.assignable(user).values("pk")) | Q(pk__in=kept))
        who.queryset = people.order_by("name")
        who.label_from_instance = lambda person: label_of(user, person)
        if activity is not None and activity.assignee_id is None:
            who.empty_label = gettext("Nobody")


class NewForm(ActivityForm):
    on = forms.ChoiceField(label=_("Concerning"), required=False, choices=[])

    field_order = ("kind", "title", "due_at", "remind", "on", "assignee", "body")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        groups: list[Any] = [("", gettext("Nothing in particular"))]
        offered = list(_records(user, "", OFFERED))
        groups += [(str(module.label_plural), listed) for module, listed in offered]
        on: Any = self.fields["on"]
        chosen = self["on"].value() or ""
        if not any(chosen in dict(listed) for _module, listed in offered):
            groups += _found(user, chosen)
        on.choices = groups
        on.widget.attrs["data-combo"] = reverse("calendar-records")


def _records(user: Any, text: str, most: int) -> Iterator[tuple[Module, list[tuple[str, str]]]]:
    """What has these words and an activity may concern: of each module up to `most` values and titles."""
    for key in MODULES:
        if common.granted(user, key):
            module = registry.get(key)
            found = [(f"{key}:{pk}", title) for pk, title in reference_options(user, module, text, most)]
            if found:
                yield module, found


def _found(user: Any, value: str) -> list[tuple[str, str]]:
    """The choice that was found by its words, with its title; nothing where the user may not see it."""
    key, _colon, pk = value.partition(":")
    if key not in MODULES:
        return []
    module = registry.get(key)
    row = get_row(user, module, pk, [module.title])
    return [(value, str(row.get(module.title) or "–"))] if row else []


@never_cache
@require_safe
def records(request: HttpRequest) -> HttpResponse:
    """What an activity may concern, by its words, for the box of the form."""
    text = request.GET.get("q", "")[:200].replace("\x00", "")
    found = [
        {"value": value, "label": f"{title} · {module.label}"}
        for module, listed in _records(request.user, text, FOUND)
        for value, title in listed
    ]
    return JsonResponse({"options": found})


@never_cache
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """What is planned and what ends: as an agenda of the days ahead, or as a month."""
    user: Any = request.user
    team = queries.may_see_team(user)
    staff = bool(user.portal and user.portal.staff)
    whose = queries.TEAM if request.GET.get("whose") == "team" and (team or staff) else queries.MINE
    show = request.GET.get("show", "all") if request.GET.get("show") in SHOWN else "all"
    today = timezone.localdate()
    view = "month" if request.GET.get("view") == "month" else "agenda"
    context: dict[str, Any] = {
        "view": view,
        "whose": whose,
        "show": show,
        "choices": list(zip(SHOWN, (gettext("All"), gettext("Activities"), gettext("Dates")), strict=True)),
        "wider": gettext("Team") if team else gettext("Everything I may see") if staff else "",
        "today": today,
        "later": [(1, gettext("A day later")), (7, gettext("A week later"))],
    }
    if view == "month":
        context |= _month(user, request.GET.get("month", ""), today, whose, show)
    else:
        context |= _agenda(user, _day_of(request.GET.get("day", "")) or today, today, whose, show)
    return render(request, "frontend/jobs/calendar.html", context)


def _blank(user: Any, day: str) -> dict[str, Any]:
    initial: dict[str, Any] = {"kind": Activity.Kind.TASK, "assignee": user.pk}
    with contextlib.suppress(ValueError):
        initial["due_at"] = datetime.combine(date.fromisoformat(day), NINE)
    return initial


def _kept(found: Iterable[Entry], show: str) -> list[Entry]:
    return [one for one in found if show == "all" or (one.activity is not None) == (show == "activities")]


def _agenda(user: Any, since: date, today: date, whose: str, show: str) -> dict[str, Any]:
    """The days from `since` on. What is late and what has no day stands on top of today alone."""
    now, until = since == today, since + AHEAD
    found = _kept(queries.entries(user, since, until, whose, late=now), show)
    late = [one for one in found if one.overdue and one.day < since]
    days: dict[date, Day] = {}
    for one in found:
        if one.day >= since:
            title = _day_title(one.day, today)
            days.setdefault(one.day, Day(one.day, title, today=one.day == today)).entries.append(one)
    undated = queries.activities(user, whose).filter(due_at=None, done_at=None).order_by("id")[:50]
    return {
        "late": late,
        "days": list(days.values()),
        "undated": list(undated) if show != "dates" and now else [],
        "until": until,
        "now": now,
        "earlier": max(since - AHEAD - ONE, date(YEARS[0], 1, 1)) if since.year > YEARS[0] else None,
        "next_days": until + ONE if until.year < YEARS[1] else None,
    }


def _day_of(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if YEARS[0] <= found.year < YEARS[1] else None


def _day_title(day: date, today: date) -> str:
    if day == today:
        return gettext("Today")
    return gettext("Tomorrow") if day == today + timedelta(days=1) else ""


def _month(user: Any, text: str, today: date, whose: str, show: str) -> dict[str, Any]:
    first = _first_of(text) or today.replace(day=1)
    weeks = months.Calendar((get_format("FIRST_DAY_OF_WEEK") - 1) % 7).monthdatescalendar(
        first.year, first.month
    )
    begin, end = weeks[0][0], weeks[-1][-1]
    by_day: dict[date, list[Entry]] = {}
    for one in _kept(queries.entries(user, begin, end, whose), show):
        by_day.setdefault(one.day, []).append(one)
    return {
        "month": first,
        "month_title": date_format(first, "YEAR_MONTH_FORMAT"),
        "weekdays": [date_format(day, "D") for day in weeks[0]],
        "weeks": [
            [
                Day(day, entries=by_day.get(day, []), today=day == today, other=day.month != first.month)
                for day in week
            ]
            for week in weeks
        ],
        "previous": (first - timedelta(days=1)).strftime("%Y-%m") if first.year > YEARS[0] else "",
        "next_month": (first + timedelta(days=31)).strftime("%Y-%m") if first.year < YEARS[1] else "",
    }


def _first_of(text: str) -> date | None:
    try:
        found = datetime.strptime(text, "%Y-%m").replace(tzinfo=timezone.get_current_timezone()).date()
    except ValueError:
        return None
    return found if YEARS[0] <= found.year <= YEARS[1] else None


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Plans something, on a record or for oneself."""
    user: Any = request.user
    form = NewForm(common.posted(request), user=user, initial=_blank(user, request.GET.get("day", "")))
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        key, _colon, pk = given.pop("on").partition(":")
        try:
            module = registry.get(key or "users")
            obj = common.load(user, module.key, pk or user.pk)
            actions.plan(common.actor(request), module, obj, **given)
        except WorkflowError as error:
            _take(form, error)
        else:
            common.say(request, True, gettext("Planned."))
            return common.back(request, reverse("calendar"))
    context = {"form": form}
    return render(request, "frontend/jobs/calendar_form.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Changes an activity of one's own."""
    user: Any = request.user
    activity = _own(user, pk)
    reminder = actions.latest_reminder(activity)
    initial = {
        "kind": activity.kind,
        "title": activity.title,
        "body": activity.body,
        "due_at": timezone.localtime(activity.due_at) if activity.due_at else None,
        "assignee": activity.assignee_id,
        "remind": reminder.minutes if reminder else "",
    }
    form = ActivityForm(common.posted(request), user=user, activity=activity, initial=initial)
    if request.method == "POST" and form.is_valid():
        version = request.POST.get("version", "")
        try:
            actions.change(
                common.actor(request),
                pk,
                form.cleaned_data,
                expected_version=int(version) if VERSION.fullmatch(version) else None,
            )
        except WorkflowError as error:
            _take(form, error)
        else:
            common.say(request, True, gettext("Saved."))
            return common.back(request, reverse("calendar"))
    module = registry.for_subject(activity.subject)
    assert module is not None
    context = {
        "form": form,
        "activity": activity,
        "personal": activity.object_id == user.pk,
        "record_url": reverse("record", args=[module.key, activity.object_id]),
        "module": module,
    }
    return render(request, "frontend/jobs/calendar_form.html", context, status=422 if form.errors else 200)


def _own(user: Any, pk: UUID) -> Activity:
    activity = queries.own(user).filter(pk=pk).first()
    if activity is None:
        raise Http404
    return activity


def _take(form: forms.Form, error: WorkflowError) -> None:
    errors = error.errors if isinstance(error, InvalidInput) else {"": [common.explain(error)]}
    for name, texts in errors.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)


def _change(request: HttpRequest, pk: UUID, values: dict[str, Any], text: str) -> HttpResponse:
    _own(request.user, pk)
    try:
        actions.change(common.actor(request), pk, values)
    except WorkflowError as error:
        common.say(request, False, common.explain(error))
    else:
        common.say(request, True, text)
    return common.back(request, reverse("calendar"))


@require_POST
def done(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ticks it off, or opens it again."""
    again = request.POST.get("done") == "0"
    return _change(request, pk, {"done": not again}, gettext("Open again.") if again else gettext("Done."))


@require_POST
def move(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Later by so many days, or to a day, at the same time of the day."""
    activity = _own(request.user, pk)
    due = timezone.localtime(activity.due_at) if activity.due_at else None
    at = due.time() if due else NINE
    try:
        days = int(request.POST.get("days", ""))
        if not 0 < days <= 366:
            raise ValueError
        # From today where it is late: nobody puts something off to yesterday.
        day = max(due.date() if due else timezone.localdate(), timezone.localdate()) + timedelta(days=days)
    except ValueError:
        try:
            day = date.fromisoformat(request.POST.get("to", ""))
        except ValueError:
            raise Http404 from None
    moment = timezone.make_aware(datetime.combine(day, at))
    text = gettext("Moved to %(day)s.") % {"day": date_format(day, "DATE_FORMAT")}
    return _change(request, pk, {"due_at": moment}, text)


@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Deletes an activity of one's own."""
    _own(request.user, pk)
    actions.remove(common.actor(request), pk)
    common.say(request, True, gettext("Deleted."))
    return redirect("calendar")


# --- the feed


@never_cache
@require_POST
def link(request: HttpRequest) -> HttpResponse:
    """A new address of the user's feed, shown this once; or none any more."""
    user: Any = request.user
    if request.POST.get("end") == "1":
        actions.close_feed(user)
        common.say(request, True, gettext("The calendar link no longer works."))
        return redirect("me")
    address = feeds.address(actions.open_feed(user))
    return render(
        request, "frontend/jobs/calendar_link.html", {"address": address, "events": f"{address}?tasks=events"}
    )


@never_cache
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponseBase:
    """The calendar of the token's user; one and the same 404 for a token that is not, or no longer, good."""
    found = feeds.find(token)
    if found is None:
        address = str(request.META.get("REMOTE_ADDR", ""))
        if too_often("calendar-guess", address, limit=60, seconds=600):
            return _too_many(600)
        raise Http404
    if too_often("calendar", str(found.pk), limit=FEED_LIMIT, seconds=FEED_SECONDS):
        return _too_many(FEED_SECONDS)
    user = found.user
    with as_reader(user):
        todos = request.GET.get("tasks") != "events"
        content = ics.of(found, timezone.localdate(), todos=todos)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if etag in [one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))]:
        response: HttpResponseBase = HttpResponseNotModified()
    else:
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="calendar.ics"'
    response["ETag"] = etag
    return response


def _too_many(seconds: int) -> HttpResponse:
    response = HttpResponse(
        gettext("Too many requests."), status=429, content_type="text/plain; charset=utf-8"
    )
    response["Retry-After"] = str(seconds)
    return response
