from datetime import timedelta

import pytest
from django.utils import timezone

from prm.calendar.actions import change
from prm.modules import registry
from prm.records.actions import add_activity, add_note, complete_activity
from prm.records.queries import activities, due_activities, notes
from tests.factories import make_account, make_lead, make_partner
from workflows.actor import Actor
from workflows.errors import InvalidInput, NotFound
from workflows.models import TransitionRecord


@pytest.fixture
def leads():
    return registry.get("leads")


def bodies(user, module, obj):
    return [note.body for note in notes(user, module, obj)]


def test_a_note_is_read_by_its_company_and_by_staff(world, leads):
    lead = world.northwind_lead
    before = TransitionRecord.objects.count()
    note = add_note(Actor.of(world.bob), leads, lead, body=" They like us. ")
    add_note(Actor.of(world.maria), leads, lead, body="Credit is bad.", internal=True)
    add_note(Actor.of(world.maria), leads, lead, body="Call them soon.")
    assert (note.author, note.party_id, note.subject) == (world.bob, world.northwind.pk, "leads.lead")
    assert bodies(world.alice, leads, lead) == ["They like us.", "Call them soon."]
    assert bodies(world.nils, leads, lead) == ["They like us.", "Credit is bad.", "Call them soon."]
    assert bodies(world.carol, leads, lead) == []
    assert bodies(world.dana, leads, lead) == []
    assert TransitionRecord.objects.count() == before


def test_nobody_writes_on_what_they_cannot_see(world, leads):
    for user in (world.carol, world.dana, world.erin):
        with pytest.raises(NotFound):
            add_note(Actor.of(user), leads, world.northwind_lead, body="Hello")
        with pytest.raises(NotFound):
            add_activity(Actor.of(user), leads, world.northwind_lead, kind="call", title="Call")


def test_what_the_former_partner_wrote_does_not_travel_with_the_record(world):
    accounts = registry.get("accounts")
    account = make_account(world.northwind, name="Litware")
    add_note(Actor.of(world.alice), accounts, account, body="Northwind's own")
    add_activity(Actor.of(world.alice), accounts, account, kind="call", title="Northwind calls")
    account.partner = world.contoso
    account.save()
    assert bodies(world.carol, accounts, account) == []
    assert list(activities(world.carol, accounts, account)) == []
    assert bodies(world.alice, accounts, account) == []
    assert bodies(world.maria, accounts, account) == ["Northwind's own"]


def test_a_note_of_an_outsider_is_never_internal(world, leads):
    assert (
        add_note(Actor.of(world.bob), leads, world.northwind_lead, body="x", internal=True).internal is False
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "This field is required."),
        ("   ", "This field is required."),
        ("x" * 20_001, "Ensure this value has at most 20000 characters (it has 20001)."),
        ("nul\x00", "Null characters are not allowed."),
    ],
    ids=["empty", "blank", "long", "nul"],
)
def test_of_a_text_is_said_what_is_wrong_with_it(world, leads, body, why):
    actor, lead = Actor.of(world.bob), world.northwind_lead
    with pytest.raises(InvalidInput) as invalid:
        add_note(actor, leads, lead, body=body)
    assert invalid.value.errors == {"body": [why]}
    made = add_activity(actor, leads, lead, kind="call", title="Call")
    if body.strip():
        for act in (
            lambda: add_activity(actor, leads, lead, kind="call", title="Call", body=body),
            lambda: change(actor, made.pk, {"body": body}),
        ):
            with pytest.raises(InvalidInput) as invalid:
                act()
            assert invalid.value.errors == {"body": [why]}
    title, why = body[:201], why.replace("20000", "200").replace("20001", "201")
    for act in (
        lambda: add_activity(actor, leads, lead, kind="call", title=title),
        lambda: change(actor, made.pk, {"title": title}),
    ):
        with pytest.raises(InvalidInput) as invalid:
            act()
        assert invalid.value.errors == {"title": [why]}


def test_an_activity_is_planned_and_done(world, leads):
    due = timezone.now() + timedelta(days=2)
    lead = world.northwind_lead
    later = add_activity(Actor.of(world.bob), leads, lead, kind="meeting", title="Meet", due_at=due)
    call = add_activity(Actor.of(world.alice), leads, lead, kind="call", title="Call", assignee=world.bob)
    assert (later.assignee, call.assignee, call.author) == (world.bob, world.bob, world.alice)
    done = complete_activity(Actor.of(world.bob), leads, lead, call.pk)
    assert complete_activity(Actor.of(world.bob), leads, lead, call.pk).done_at == done.done_at
    assert [each.title for each in activities(world.alice, leads, lead)] == ["Meet", "Call"]
    for actor, which in ((world.carol, later.pk), (world.bob, "nonsense"), (world.bob, lead.pk)):
        with pytest.raises(NotFound):
            complete_activity(Actor.of(actor), leads, lead, which)


def test_work_is_given_to_colleagues_only(world, leads):
    lead = world.northwind_lead
    for actor, assignee in ((world.bob, world.carol), (world.bob, world.maria), (world.maria, world.bob)):
        with pytest.raises(InvalidInput) as invalid:
            add_activity(Actor.of(actor), leads, lead, kind="task", title="Do it", assignee=assignee)
        assert list(invalid.value.errors) == ["assignee"]
    with pytest.raises(InvalidInput) as invalid:
        add_activity(Actor.of(world.bob), leads, lead, kind="party", title="Do it")
    assert list(invalid.value.errors) == ["kind"]


def test_what_is_due_is_the_own_and_still_visible(world, leads):
    accounts = registry.get("accounts")
    now = timezone.now()
    gone = make_account(world.northwind)
    for number, (module, obj) in enumerate(
        ((leads, world.northwind_lead), (accounts, world.fabrikam), (accounts, gone))
    ):
        add_activity(
            Actor.of(world.bob),
            module,
            obj,
            kind="task",
            title=f"Task {number}",
            due_at=now + timedelta(days=number),
        )
    gone.partner = make_partner()
    gone.save()
    assert [each.title for each in due_activities(world.bob)] == ["Task 0", "Task 1"]
    assert [each.title for each in due_activities(world.bob, until=now + timedelta(hours=1))] == ["Task 0"]
    assert list(due_activities(world.alice)) == []
    assert list(due_activities(world.carol)) == []


def test_a_pooled_lead_shows_nobody_notes_of_the_vendor(world, leads):
    lead = make_lead("pooled")
    add_note(Actor.of(world.maria), leads, lead, body="For staff, since it belongs to nobody outside")
    assert bodies(world.alice, leads, lead) == []
