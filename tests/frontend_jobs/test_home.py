"""Home and the numbers on it."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from djmoney.money import Money

from frontend.views_jobs import home, work
from prm.people.models import User
from prm.records.models import Activity
from tests.cast import World
from tests.factories import make_lead, make_opportunity, make_partner, make_registration, make_user
from tests.frontend_jobs.conftest import SignIn, said


def test_partner_sees_offers_tasks_and_what_is_late(world: World, sign_in: SignIn) -> None:
    make_lead("assigned", world.northwind, topic="Answer me")
    make_opportunity(
        "managed", world.northwind, topic="Late one", expected_close=timezone.localdate() - timedelta(days=2)
    )
    Activity.objects.create(
        subject="leads.lead",
        object_id=world.northwind_lead.pk,
        party_id=world.northwind.pk,
        kind="call",
        title="Call them back",
        due_at=timezone.now() + timedelta(hours=2),
        assignee=world.alice,
        author=world.alice,
    )
    page = sign_in(world.alice).get("/").content.decode()
    assert "Answer me" in page
    assert "Late one" in page
    assert "Call them back" in page
    assert "Call them back" not in sign_in(world.carol).get("/").content.decode()


def test_what_is_due_beyond_what_is_shown_is_counted_and_led_to(world: World, sign_in: SignIn) -> None:
    pages = (
        (world.alice, "/", home.SHOWN),
        (world.maria, "/", home.SHOWN),
        (world.erin, "/", home.SHOWN),
        (world.maria, "/deadlines/", work.TASKS),
    )
    for user, path, shown in pages:
        Activity.objects.all().delete()
        plan(user, shown)
        client = sign_in(user)
        page = client.get(path).content.decode()
        assert all(f"Task {number:02}" in page for number in range(shown))
        assert "?show=activities" not in page, "these are all"
        plan(user, 3)
        page = client.get(path)
        assert f"{shown} of {shown + 3} rows" in said(page)
        assert len(page.context["tasks"].rows) == shown
        assert 'href="/calendar/?show=activities"' in page.content.decode()
        agenda = client.get("/calendar/?show=activities").content.decode()
        assert agenda.count("Task ") >= shown + 3


def plan(user: User, number: int) -> None:
    """So many tasks of the user's own, on their own login, each an hour later than the one before."""
    for at in range(number):
        Activity.objects.create(
            subject="people.user",
            object_id=user.pk,
            party_id=user.company_id,
            kind="task",
            title=f"Task {at:02}",
            due_at=timezone.now() + timedelta(hours=1 + at),
            assignee=user,
            author=user,
        )


def test_onboarding_checklist_is_ticked(world: World, sign_in: SignIn) -> None:
    partner = make_partner("onboarding", steps_done=False, channel_manager=world.maria)
    fay = sign_in(make_user("fay@fourth.example", "partner", partner, name="Fay", is_admin=True))
    page = fay.get("/")
    assert "Getting started" in page.content.decode()
    step = next(step for step in page.context["steps"] if step.done_at is None)
    fay.post(reverse("onboarding-step", args=(step.pk,)), {"done": "1"})
    step.refresh_from_db()
    assert step.done_at is not None
    assert (
        sign_in(world.alice).post(reverse("onboarding-step", args=(step.pk,)), {"done": "0"}).status_code
        == 404
    )


def test_manager_sees_approvals_deadlines_and_unassigned(world: World, sign_in: SignIn) -> None:
    make_registration("submitted", company_name="Wants in")
    make_lead("new", topic="Nobody has me")
    make_lead("assigned", world.northwind, topic="Ends soon")
    context = sign_in(world.maria).get("/").context
    assert [row["company_name"] for row in context["queue"]] == ["Wants in"]
    assert "Nobody has me" in [row["topic"] for row in context["unassigned"]]
    assert [row["topic"] for row in context["expiring"]] == ["Ends soon"]
    assert [row["name"] for row in context["partners"]] == ["Northwind Systems"]


def test_facts_that_are_missing_leave_no_dot(world: World, sign_in: SignIn) -> None:
    make_registration("submitted", company_name="From nowhere", region="", country="")
    make_lead("new", topic="For nowhere", region="", size="")
    page = said(sign_in(world.maria).get("/"))
    assert "From nowhere just now" in page
    assert "For nowhere just now" in page


def test_administrator_sees_the_system(world: World, sign_in: SignIn) -> None:
    assert "In the system" in sign_in(world.admin).get("/").content.decode()
    assert "In the system" not in sign_in(world.maria).get("/").content.decode()


def test_customer_and_employee_have_a_home(world: World, sign_in: SignIn) -> None:
    for user in (world.dana, world.erin):
        page = sign_in(user).get("/").content.decode()
        assert user.get_short_name() in page
        assert "Waiting for your answer" not in page


def test_the_pictures_of_home_are_the_reports(world: World, sign_in: SignIn) -> None:
    make_opportunity("managed", world.northwind, stage="proposal", amount=Money(1500, "USD"))
    make_opportunity("managed", world.contoso, stage="proposal", amount=Money(99000, "USD"))
    make_opportunity("won", world.northwind, amount=Money(7000, "USD"), won_at=timezone.now())
    alice = sign_in(world.alice).get("/").context
    # One that she had before, of 5,000, and the one of 1,500.
    assert alice["totals"] == {"open_count": 2, "open_amount": "$6.5K", "won_recent": 1}
    assert alice["pipeline"].report.key == "pipeline"
    mine = sign_in(world.maria).get("/").context["totals"]
    assert mine == alice["totals"]


def test_the_pipeline_page_begins_with_ones_own_partners(world: World, sign_in: SignIn) -> None:
    maria = sign_in(world.maria)
    make_lead("assigned", world.contoso)
    territories = [line.title for line in maria.get("/pipeline/").context["cards"][-1].table.lines]
    assert territories == ["Central Europe"]
    everyone = maria.get("/pipeline/?channel_manager=all").context["cards"][-1].table.lines
    assert {line.title for line in everyone} == {"Central Europe", "North America"}


def test_board_shows_each_in_its_stage(world: World, sign_in: SignIn) -> None:
    make_opportunity("managed", world.northwind, topic="Further on", stage="negotiation", assignee=world.bob)
    alice = sign_in(world.alice)
    columns = {one["stage"]: one for one in alice.get("/managed/?view=board").context["columns"]}
    assert [row["topic"] for row in columns["negotiation"]["part"].rows] == ["Further on"]
    assert columns["negotiation"]["sums"] == ["$5K"]
    assert columns["proposal"]["part"].rows == []
    mine = alice.get("/managed/?view=board&mine=1").context["columns"]
    assert [one["part"].rows for one in mine] == [[], [], []]
    others = sign_in(world.carol).get("/managed/?view=board").content.decode()
    assert "Further on" not in others


def test_deadlines_are_grouped_by_time_left(world: World, sign_in: SignIn) -> None:
    from prm.leads.models import Lead

    soon = make_lead("assigned", world.northwind, topic="Today")
    make_lead("assigned", world.northwind, topic="This week")
    Lead.objects.filter(pk=soon.pk).update(due_at=timezone.now() + timedelta(hours=3))
    groups = sign_in(world.maria).get("/deadlines/").context["groups"]
    assert [[row["topic"] for row in group["rows"]] for group in groups] == [["Today"], [], ["This week"]]
