"""The calendar: planning, reminders that come once, the feed, and whose it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from frontend.views_jobs import calendar as pages
from prm.alerts.models import Alert
from prm.alerts.queries import latest
from prm.calendar import actions, feeds, queries, reminders
from prm.calendar.models import Feed, Reminder
from prm.modules import registry
from prm.people import actions as people
from prm.records.models import Activity
from tests.api.conftest import as_  # noqa: F401
from tests.factories import make_contact, make_lead, make_opportunity
from tests.frontend.test_presentation import take
from workflows import jobs
from workflows.actor import Actor
from workflows.errors import InvalidInput, NotFound, Stale

HOUR = timedelta(hours=1)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def plan(world: Any, user: Any = None, **given: Any) -> Activity:
    """A call on Northwind's opportunity, due in a day."""
    user = user or world.alice
    values = {"kind": "call", "title": "Ask about the budget", "due_at": timezone.now() + timedelta(days=1)}
    return actions.plan(
        Actor.of(user), registry.get("opportunities"), world.northwind_opportunity, **{**values, **given}
    )


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def told(user: Any) -> list[str]:
    return [one["title"] for one in latest(user) if one["kind"] == reminders.KIND]


# --- reminders


def test_a_reminder_is_an_alert_once(world: Any) -> None:
    activity = plan(world, remind=60)
    due = activity.due_at
    assert due is not None
    reminders.sweep(due - HOUR - timedelta(seconds=1))
    assert told(world.alice) == []
    for _ in range(3):
        reminders.sweep(due - HOUR)
    assert told(world.alice) == ["Reminder: Ask about the budget"]
    assert told(world.bob) == []


def test_it_goes_to_the_assignee_and_by_mail(world: Any) -> None:
    activity = plan(world, remind=0, assignee=world.bob)
    assert activity.due_at is not None
    jobs.run_due(activity.due_at)
    jobs.run_pending()
    assert told(world.bob) == ["Reminder: Ask about the budget"]
    assert told(world.alice) == []
    assert [one.to for one in mail.outbox] == [[world.bob.email]]


def test_it_follows_the_time_that_it_belongs_to(world: Any) -> None:
    activity = plan(world, remind=15)
    old = activity.due_at
    assert old is not None
    later = old + timedelta(days=2)
    actions.change(Actor.of(world.alice), activity.pk, {"due_at": later})
    reminders.sweep(old)
    assert told(world.alice) == []
    reminders.sweep(later)
    assert len(told(world.alice)) == 1
    # Another time is another reminder; the same one is not.
    actions.change(Actor.of(world.alice), activity.pk, {"title": "Ask again", "due_at": later})
    reminders.sweep(later)
    assert told(world.alice) == ["Reminder: Ask again"]
    actions.change(Actor.of(world.alice), activity.pk, {"due_at": later + HOUR})
    reminders.sweep(later + HOUR)
    assert len(told(world.alice)) == 2


def test_what_is_done_or_deleted_reminds_nobody(world: Any) -> None:
    ticked, gone = plan(world, remind=5), plan(world, remind=5)
    actions.change(Actor.of(world.alice), ticked.pk, {"done": True})
    actions.remove(Actor.of(world.alice), gone.pk)
    reminders.sweep(timezone.now() + timedelta(days=3))
    assert told(world.alice) == []


def test_who_lost_the_record_is_not_told_of_it(world: Any) -> None:
    plan(world, remind=5)
    world.northwind_opportunity.__class__.objects.filter(pk=world.northwind_opportunity.pk).update(
        partner=world.contoso
    )
    reminders.sweep(timezone.now() + timedelta(days=3))
    assert not Alert.objects.filter(kind=reminders.KIND).exists()
    assert not Reminder.objects.filter(sent_at=None).exists()


def test_a_crash_between_taking_and_telling_loses_none(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    activity = plan(world, remind=5)

    def dies(happened: Any) -> None:
        raise RuntimeError("killed")

    assert activity.due_at is not None
    with monkeypatch.context() as patched:
        patched.setattr(reminders, "write", dies)
        with pytest.raises(RuntimeError), transaction.atomic():
            reminders.sweep(activity.due_at)
    reminders.sweep(activity.due_at)
    assert len(told(world.alice)) == 1


# --- planning


def test_only_colleagues_who_may_see_the_record(world: Any) -> None:
    assert {one.email for one in queries.assignable(world.alice)} == {world.alice.email, world.bob.email}
    for stranger in (world.carol, world.maria):
        with pytest.raises(InvalidInput) as refused:
            plan(world, assignee=stranger)
        assert "assignee" in refused.value.errors
    with pytest.raises(InvalidInput) as refused:
        # A colleague of the vendor, who has no rights on opportunities.
        plan(world, user=world.maria, assignee=world.erin)
    assert "assignee" in refused.value.errors


@pytest.mark.parametrize(
    ("given", "field"), [({"remind": 7}, "remind"), ({"remind": 5, "due_at": None}, "remind")]
)
def test_a_reminder_needs_a_time(world: Any, given: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        plan(world, **given)
    assert field in refused.value.errors


def test_others_may_neither_change_nor_delete_mine(world: Any) -> None:
    activity = plan(world)
    for other in (world.bob, world.carol, world.maria):
        with pytest.raises(NotFound):
            actions.change(Actor.of(other), activity.pk, {"title": "Mine now"})
        with pytest.raises(NotFound):
            actions.remove(Actor.of(other), activity.pk)
    with pytest.raises(Stale):
        actions.change(Actor.of(world.alice), activity.pk, {"title": "x"}, expected_version=99)


def test_an_admin_plans_for_the_team(world: Any) -> None:
    activity = plan(world, user=world.bob, title="Bob's call")
    assert [one.pk for one in queries.own(world.alice)] == [activity.pk]
    assert list(queries.activities(world.alice)) == []
    assert [one.pk for one in queries.activities(world.alice, queries.TEAM)] == [activity.pk]
    assert list(queries.activities(world.bob, queries.TEAM)) == [activity]
    assert list(queries.own(world.carol)) == []


# --- the page


def test_the_agenda_and_the_month_show_what_is_due(world: Any) -> None:
    plan(world, title="Call Fabrikam")
    late = plan(world, title="Late one")
    Activity.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(days=2))
    client = signed_in(world.alice)
    agenda = client.get("/calendar/").content.decode()
    assert "Call Fabrikam" in agenda
    assert "overdue" in agenda
    tomorrow = timezone.localdate() + timedelta(days=1)
    month = client.get("/calendar/", {"view": "month", "month": f"{tomorrow:%Y-%m}"}).content.decode()
    assert "Call Fabrikam" in month
    assert "Call Fabrikam" not in signed_in(world.carol).get("/calendar/").content.decode()
    only = client.get("/calendar/", {"show": "dates"}).content.decode()
    assert "Call Fabrikam" not in only


@pytest.mark.parametrize("month", ["", "x", "0000-00", "9999-99", "1970-01", "2200-01", "2026-13"])
def test_a_month_that_makes_no_sense_is_this_one(world: Any, month: str) -> None:
    assert signed_in(world.alice).get("/calendar/", {"view": "month", "month": month}).status_code == 200


def test_the_agenda_goes_on_and_a_full_day_of_the_month_leads_to_it(world: Any) -> None:
    day = timezone.localdate() + timedelta(days=45)
    at = timezone.now() + timedelta(days=45)
    for number in range(5):
        plan(world, title=f"Far off {number}", due_at=at)
    plan(world, title="Near")
    client = signed_in(world.alice)
    here = client.get("/calendar/")
    assert "Far off" not in here.content.decode()
    following = client.get(f"/calendar/?day={here.context['next_days']:%Y-%m-%d}")
    assert "Far off 4" in following.content.decode()
    assert (following.context["earlier"], following.context["now"]) == (timezone.localdate(), False)
    month = client.get("/calendar/", {"view": "month", "month": f"{day:%Y-%m}"}).content.decode()
    assert "Far off 4" not in month
    assert f'href="?day={day:%Y-%m-%d}"' in month
    shown = client.get("/calendar/", {"day": f"{day:%Y-%m-%d}"})
    assert next((one.day, len(one.entries)) for one in shown.context["days"]) == (day, 5)
    assert "Near" not in shown.content.decode()


@pytest.mark.parametrize("day", ["x", "0001-01-01", "9999-12-31", "1970-12-31", "2199-01-01"])
def test_a_day_that_makes_no_sense_is_today(world: Any, day: str) -> None:
    page = signed_in(world.alice).get("/calendar/", {"day": day})
    assert (page.status_code, page.context["now"]) == (200, True)
    assert signed_in(world.alice).get("/calendar/", {"day": "2198-12-31"}).status_code == 200
    assert signed_in(world.alice).get("/calendar/", {"day": "1971-01-01"}).context["earlier"] is None


def test_what_an_activity_concerns_is_found_by_its_words(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "OFFERED", 1)
    old = make_contact(world.fabrikam, name="Zoe Zander")
    make_contact(world.fabrikam, name="Aaron Abel")
    client = signed_in(world.alice)
    on = f"contacts:{old.pk}"
    assert on not in client.get("/calendar/new/").content.decode()
    assert client.get("/calendar/records/?q=zan").json()["options"] == [
        {"value": on, "label": "Zoe Zander · Contact"}
    ]
    assert signed_in(world.carol).get("/calendar/records/?q=zan").json()["options"] == []
    given = {"kind": "task", "title": "Ring", "due_at": "2030-05-01T10:00", "on": on}
    again = client.post("/calendar/new/", {**given, "title": "", "assignee": str(world.alice.pk)})
    assert "Zoe Zander" in again.content.decode()
    assert client.post("/calendar/new/", {**given, "assignee": str(world.alice.pk)}).status_code == 302
    assert Activity.objects.get(title="Ring").object_id == old.pk
    carol = signed_in(world.carol)
    assert carol.post("/calendar/new/", {**given, "assignee": str(world.carol.pk)}).status_code == 422


def test_dates_of_records_stand_in_it(world: Any) -> None:
    deal = world.northwind_opportunity
    day = timezone.localdate() + timedelta(days=3)
    type(deal).objects.filter(pk=deal.pk).update(expected_close=day)
    page = signed_in(world.alice).get("/calendar/").content.decode()
    assert "Expected close" in page
    assert "Expected close" not in signed_in(world.carol).get("/calendar/").content.decode()


def test_the_dates_of_colleagues_take_no_place_from_mine(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST", 2)
    today = timezone.localdate()
    for days, who in ((1, world.bob), (1, world.bob), (2, world.bob), (3, world.alice), (4, world.alice)):
        close = today + timedelta(days=days)
        make_opportunity("managed", world.northwind, assignee=who, topic=str(days), expected_close=close)
    for user, mine in ((world.alice, ["3", "4"]), (world.bob, ["1", "1"])):
        found = queries.dates(user, today, today + timedelta(days=30))
        assert [one.title for one in found if one.field == "expected_close"] == mine


def test_plan_tick_move_and_delete_from_the_page(world: Any) -> None:
    client = signed_in(world.alice)
    on = f"opportunities:{world.northwind_opportunity.pk}"
    given = {"kind": "task", "title": "Send brochure", "due_at": "2030-05-01T10:00", "remind": "60", "on": on}
    assert client.post("/calendar/new/", {**given, "assignee": str(world.bob.pk)}).status_code == 302
    activity = Activity.objects.get(title="Send brochure")
    assert (activity.assignee, activity.object_id) == (world.bob, world.northwind_opportunity.pk)
    assert Reminder.objects.get(activity=activity).minutes == 60
    client.post(f"/calendar/{activity.pk}/move/", {"days": "7"})
    activity.refresh_from_db()
    assert timezone.localtime(activity.due_at).strftime("%Y-%m-%d %H:%M") == "2030-05-08 10:00"
    client.post(f"/calendar/{activity.pk}/done/")
    activity.refresh_from_db()
    assert activity.done_at is not None
    client.post(f"/calendar/{activity.pk}/done/", {"done": "0"})
    activity.refresh_from_db()
    assert activity.done_at is None
    assert client.get(f"/calendar/{activity.pk}/").status_code == 200
    assert signed_in(world.carol).get(f"/calendar/{activity.pk}/").status_code == 404
    client.post(f"/calendar/{activity.pk}/delete/")
    assert not Activity.objects.filter(pk=activity.pk).exists()


def as_shown(page: Any) -> dict[str, str]:
    """What a browser sends of a form that nobody touches: of a choice without its value, the first one."""
    found = {}
    for bound in page.context["form"]:
        value = str(bound.field.prepare_value(bound.value()) or "")
        choices = [str(key) for key, _label in getattr(bound.field, "choices", [])]
        due = bound.value() if bound.name == "due_at" else None
        found[bound.name] = due.strftime("%Y-%m-%dT%H:%M") if due else value
        if choices and value not in choices:
            found[bound.name] = choices[0]
    return found


@pytest.mark.parametrize("gone", [True, False])
def test_changing_the_title_gives_it_to_nobody_else(world: Any, gone: bool) -> None:
    activity = plan(world, assignee=world.bob if gone else None)
    people.deactivate(Actor.of(world.alice), world.bob)
    Activity.objects.filter(pk=activity.pk).update(assignee=world.bob if gone else None)
    client = signed_in(world.alice)
    sent = {**as_shown(client.get(f"/calendar/{activity.pk}/")), "title": "Another title"}
    assert client.post(f"/calendar/{activity.pk}/", sent).status_code == 302
    activity.refresh_from_db()
    assert (activity.title, activity.assignee) == ("Another title", world.bob if gone else None)


def test_a_version_that_is_no_number_is_left_out(world: Any) -> None:
    activity = plan(world)
    client = signed_in(world.alice)
    sent = {**as_shown(client.get(f"/calendar/{activity.pk}/")), "version": "9" * 5000}
    assert client.post(f"/calendar/{activity.pk}/", sent).status_code in (302, 422)


def test_something_of_ones_own_needs_no_record(world: Any) -> None:
    client = signed_in(world.alice)
    client.post("/calendar/new/", {"kind": "task", "title": "Tax return", "due_at": "2030-05-01T10:00"})
    activity = Activity.objects.get(title="Tax return")
    assert (activity.subject, activity.object_id) == ("people.user", world.alice.pk)
    assert activity in queries.own(world.alice)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"kind": "party"},
        {"due_at": "yesterday"},
        {"remind": "3"},
        {"on": "leads:not-an-id"},
        {"on": "nothing:x"},
    ],
)
def test_what_is_wrong_is_said_at_the_field(world: Any, wrong: dict[str, str]) -> None:
    given = {"kind": "task", "title": "x", "due_at": "2030-05-01T10:00", **wrong}
    assert signed_in(world.alice).post("/calendar/new/", given).status_code in (404, 422)
    assert not Activity.objects.exists()


# --- the feed


def read(token: str, **headers: str) -> Any:
    return Client().get(f"/calendar/feed/{token}.ics", headers=headers)


def test_the_feed_is_a_calendar(world: Any) -> None:
    world.alice.timezone = "Europe/Berlin"
    world.alice.save()
    call, task = plan(world, remind=60), plan(world, kind="task", title="Write it down")
    actions.change(Actor.of(world.alice), call.pk, {"title": "Ask about the money"})
    token = actions.open_feed(world.alice)
    answer = read(token)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    parsed = Calendar.from_ical(answer.content)
    event = next(one for one in parsed.walk("VEVENT") if one["UID"].startswith(str(call.pk)))
    assert (event["SUMMARY"], event["SEQUENCE"]) == ("Ask about the money", 1)
    assert event.decoded("DTSTART") == call.due_at.replace(microsecond=0)  # type: ignore[union-attr]
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert parsed.walk("VTIMEZONE")
    assert event.walk("VALARM")[0].decoded("TRIGGER") == -HOUR
    assert f"/opportunities/{world.northwind_opportunity.pk}/" in event["URL"]
    todo = next(one for one in parsed.walk("VTODO"))
    assert (todo["UID"].split("@")[0], todo["STATUS"]) == (str(task.pk), "NEEDS-ACTION")
    events = Calendar.from_ical(Client().get(f"/calendar/feed/{token}.ics?tasks=events").content)
    assert not events.walk("VTODO")


def test_nothing_has_changed_is_a_304(world: Any) -> None:
    plan(world)
    token = actions.open_feed(world.alice)
    first = read(token)
    again = read(token, if_none_match=f"W/{first['ETag']}")
    assert (again.status_code, again.content) == (304, b"")
    plan(world, title="Another")
    assert read(token, if_none_match=first["ETag"]).status_code == 200


def test_rights_of_the_moment_decide(world: Any) -> None:
    plan(world, title="Secret of Northwind")
    token = actions.open_feed(world.alice)
    assert b"Secret of Northwind" in read(token).content
    type(world.northwind_opportunity).objects.filter(pk=world.northwind_opportunity.pk).update(
        partner=world.contoso
    )
    assert b"Secret of Northwind" not in read(token).content


def test_a_masked_customer_is_not_in_the_feed(world: Any) -> None:
    lead = make_lead(state="assigned", partner=world.northwind, company_name="Umbrella Hidden")
    feed = read(actions.open_feed(world.alice)).content.decode()
    assert str(lead.pk) in feed
    assert "Umbrella Hidden" not in feed


def test_of_records_the_feed_tells_what_may_be_exported(world: Any) -> None:
    plan(world)
    offer = make_lead(state="assigned", partner=world.northwind, topic="Two hundred desks")
    token = actions.open_feed(world.alice)

    def told() -> tuple[bool, ...]:
        feed = read(token).content.decode().replace("\r\n ", "")
        parts = ("Ask about the budget", str(world.northwind_opportunity), str(offer.topic))
        return tuple(one in feed for one in parts)

    assert told() == (True, True, True)
    take("export", module="leads")
    assert told() == (True, True, False)
    take("export", module="opportunities")
    assert told() == (True, False, False)


def test_a_feed_ends(world: Any) -> None:
    first = actions.open_feed(world.alice)
    second = actions.open_feed(world.alice)
    assert [read(one).status_code for one in (first, second, "x")] == [404, 200, 404]
    assert not Feed.objects.filter(token_hash=second).exists()
    people.deactivate(Actor.of(world.admin), world.bob)
    bobs = feeds.fresh_feed(world.bob)
    world.bob.refresh_from_db()
    assert read(bobs).status_code == 404
    world.alice.set_password("another-password-2026")
    world.alice.save()
    assert read(second).status_code == 404
    third = actions.open_feed(world.alice)
    actions.close_feed(world.alice)
    assert read(third).status_code == 404


def test_the_link_is_shown_once(world: Any) -> None:
    client = signed_in(world.alice)
    page = client.post("/calendar/link/").content.decode()
    token = page.split("/calendar/feed/")[1].split(".ics")[0]
    assert read(token).status_code == 200
    assert token not in client.get("/me/").content.decode()
    client.post("/calendar/link/", {"end": "1"})
    assert read(token).status_code == 404


def test_the_link_is_made_shown_once_and_ended_over_the_api(world: Any, as_: Any) -> None:  # noqa: F811
    alice, path = as_(world.alice), "calendar/link/"
    none = {"made_at": None, "used_at": None, "address": None}
    assert alice.get(path) == (200, none)
    assert alice.delete(path) == (204, None), "once is as good as twice"
    status, made = alice.put(path)
    assert status == 200 and made["made_at"] and made["used_at"] is None
    address = urlsplit(made["address"])
    assert f"{address.scheme}://{address.netloc}" == settings.PUBLIC_URL
    assert Client().get(address.path).status_code == 200
    kept = alice.get(path)[1]
    assert (kept["made_at"], kept["address"]) == (made["made_at"], None) and kept["used_at"]
    assert as_(world.bob).get(path) == (200, none)
    again = alice.put(path, {}, Idempotency_Key="once")[1]["address"]
    assert again not in (made["address"], alice.put(path, {}, Idempotency_Key="once")[1]["address"])
    assert Client().get(address.path).status_code == 404
    assert alice.put(path, {"token": "mine"})[0] == 400
    assert (as_(None).get(path)[0], as_(None).put(path)[0], as_(None).delete(path)[0]) == (401, 401, 401)
    assert alice.delete(path) == (204, None)
    assert alice.get(path) == (200, none)


def test_a_program_that_asks_all_the_time_is_slowed_down(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontend.views_jobs.calendar.FEED_LIMIT", 2)
    token = actions.open_feed(world.alice)
    answers = [read(token) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) > 0


# --- the API


def test_the_api_plans_for_a_colleague_and_lists_mine(world: Any) -> None:
    client = signed_in(world.alice)
    path = f"/api/v1/opportunities/{world.northwind_opportunity.pk}/activities/"
    given = {"kind": "call", "title": "Ring them", "due_at": "2030-01-01T10:00:00Z", "remind": "15"}
    made = client.post(path, {**given, "assignee": str(world.bob.pk)}, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["assignee"] == world.bob.name
    mine = signed_in(world.bob).get("/api/v1/activities/").json()
    assert [one["title"] for one in mine["results"]] == ["Ring them"]
    assert mine["results"][0]["on"] == {
        "module": "opportunities",
        "id": str(world.northwind_opportunity.pk),
    }
    assert client.get("/api/v1/activities/").json()["results"] == []
    wrong = client.post(path, {**given, "assignee": str(world.carol.pk)}, content_type="application/json")
    assert wrong.status_code == 422
    assert Client().get("/api/v1/activities/").status_code == 401
