"""What an alert says is decided when it is read, by what its reader may read then."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.alerts.actions import mark_seen
from prm.alerts.models import Alert
from prm.alerts.queries import after, bell, latest
from prm.alerts.readers import rights_mark
from prm.alerts.values import shown
from prm.alerts.words import compose, render
from prm.modules import registry
from prm.modules.read import BadQuery, list_page
from tests.factories import make_lead, make_user
from workflows.actor import Actor
from workflows.ids import uuid7
from workflows.perform import perform

pytestmark = pytest.mark.django_db

SECRET = {
    "company_name": "Fabrikam Secret Ltd",
    "contact_name": "Quentin Hidden",
    "email": "quentin@hidden.example",
    "street": "Secret street 1",
}


def test_an_offer_says_the_topic_and_the_time_left_and_nothing_of_the_customer(world, assign):
    lead = assign(make_lead(topic="Forty workstations", **SECRET))
    (told,) = after(world.alice, 0)
    assert told["title"] == "New lead on offer: Forty workstations"
    assert "answer by" in told["body"]
    assert told["url"] == f"/leads/{lead.pk}/"
    assert told["object"] == {"module": "leads", "id": str(lead.pk)}
    assert told["seen"] is False
    assert not any(value in str(told) for value in SECRET.values())


def test_the_partner_is_not_told_who_at_the_vendor_did_it(world, assign):
    assign(reason="You are the nearest")
    (told,) = after(world.alice, 0)
    assert world.maria.name not in str(told)


def test_staff_are_told_who_and_why(world, assign):
    lead = assign()
    perform(lead, "decline", actor=Actor.of(world.alice), inputs={"reason": "capacity"})
    told = after(world.maria, 0)[-1]
    assert told["kind"] == "lead.declined"
    assert world.alice.name in told["body"]
    assert "No capacity now" in told["body"]


def test_an_alert_of_a_record_that_is_gone_says_nothing_of_it(world, assign):
    lead = assign(make_lead(topic="Forty workstations"))
    perform(lead, "decline", actor=Actor.of(world.alice), inputs={"reason": "capacity"})
    told = after(world.bob, 0)[0]
    assert told["title"] == "A lead was offered to your company"
    assert told["body"] == ""
    assert "Forty" not in str(told)


def test_who_lost_a_record_reads_the_topic_of_the_own_offer_as_it_was(world, assign):
    lead = assign(make_lead(topic="Forty workstations"))
    lead = perform(lead, "recall", actor=Actor.of(world.maria), inputs={"reason": "Contoso is nearer"})
    type(lead).objects.filter(pk=lead.pk).update(topic="Now for Contoso")
    told = after(world.alice, 0)[-1]
    assert told["title"] == "Lead taken back: Forty workstations"
    assert "Contoso" not in str(told)
    assert world.maria.name not in str(told)


def test_rights_taken_away_change_the_words(world, assign):
    assign(make_lead(topic="Forty workstations"))
    world.alice.portal = None
    world.alice.save()
    (told,) = after(world.alice, 0)
    assert "Forty" not in str(told)


def test_the_queries_do_not_grow_with_the_number_of_alerts(world, assign):
    def queries(number: int) -> int:
        alerts = list(Alert.objects.filter(recipient=world.alice).order_by("seq")[:number])
        with CaptureQueriesContext(connection) as captured:
            assert len(render(alerts, world.alice)) == number
        return len(captured)

    for _ in range(12):
        assign()
    render([], world.alice)
    assert queries(1) == queries(12)


def test_bell_counts_and_seen_counts_down(world, assign):
    assert bell(world.alice) == {"unread": 0, "seq": 0, "rights": rights_mark(world.alice)}
    for _ in range(3):
        assign()
    with CaptureQueriesContext(connection) as captured:
        assert bell(world.alice) == {"unread": 3, "seq": 3, "rights": rights_mark(world.alice)}
    assert len(captured) == 1
    assert mark_seen(world.alice, 2) == 1
    assert bell(world.alice) == {"unread": 1, "seq": 3, "rights": rights_mark(world.alice)}
    assert bell(world.bob)["unread"] == 3
    assert [one["seen"] for one in latest(world.alice)] == [False, True, True]


def test_the_generic_list_gives_the_same_rows_after_a_number(world, assign):
    for _ in range(3):
        assign()
    module = registry.get("alerts")
    rows = list_page(world.alice, module, {"after": "1"}).rows
    assert [row["seq"] for row in rows] == [2, 3]
    expected = after(world.alice, 1)
    for row, told in zip(rows, expected, strict=True):
        assert {name: row[name] for name in ("title", "body", "url", "object")} == {
            name: told[name] for name in ("title", "body", "url", "object")
        }


def test_nobody_lists_the_alerts_of_others(world, assign):
    assign()
    module = registry.get("alerts")
    for user in (world.carol, world.dana, world.erin, world.maria, world.admin):
        assert list_page(user, module, {}).rows == []


def test_readers_of_one_pass_share_only_what_all_of_them_may_read(world, assign, inbox):
    """One pass for many sockets: whoever else is in it, a rival reads nothing of a record."""
    lead = assign(make_lead(topic="Forty workstations"))
    for seq, user in enumerate((world.carol, world.erin, world.dana), start=1):
        Alert.objects.create(
            recipient=user, seq=seq, event=uuid7(), kind="lead.assigned", module="leads", object_id=lead.pk
        )
    readers = [world.carol, world.alice, world.erin, world.bob, world.dana]
    told = compose([(user, inbox(user)) for user in readers])
    assert {user.email for user, words in zip(readers, told, strict=True) if "Forty" in words[0].title} == {
        world.alice.email,
        world.bob.email,
    }


def test_colleagues_cost_no_more_queries_than_one_of_them(world, assign, inbox):
    assign()

    def queries(*users) -> int:
        wanted = [(user, inbox(user)) for user in users]
        with CaptureQueriesContext(connection) as captured:
            compose(wanted)
        return len(captured)

    assert queries(world.alice) == queries(world.bob)
    colleagues = [
        make_user(f"colleague{number}@northwind.example", "partner", world.northwind) for number in range(5)
    ]
    assign()
    assert queries(*colleagues) == queries(colleagues[0])


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "9" * 30, "²"])
def test_a_wrong_after_is_an_error(world, text):
    with pytest.raises(BadQuery):
        list_page(world.alice, registry.get("alerts"), {"after": text})


def test_numbers_read_as_on_pages(world):
    opportunities = registry.get("opportunities")
    amount = {"amount": Decimal("18900.00"), "currency": "USD"}
    assert shown(opportunities.field("amount"), amount) == "$18,900"
    assert shown(opportunities.field("probability"), 25) == "25\N{NO-BREAK SPACE}%"
