"""Rows are written with the change, for those who may see it, numbered without gaps."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from prm.alerts.models import Alert, AlertCounter, Delivery
from prm.alerts.queries import after
from prm.leads.models import Lead
from prm.modules import actions, registry
from prm.people.models import User
from tests.factories import make_lead, make_opportunity, make_user
from workflows.actor import Actor
from workflows.perform import perform, perform_many, unit_of_work

pytestmark = pytest.mark.django_db


def recipients(**which) -> set[str]:
    return set(Alert.objects.filter(**which).values_list("recipient__email", flat=True))


def test_an_assigned_lead_is_told_to_every_user_of_the_partner_and_to_nobody_else(world, assign):
    lead = assign()
    assert recipients() == {world.alice.email, world.bob.email}
    alert = Alert.objects.filter(recipient=world.alice).get()
    assert (alert.kind, alert.module, alert.object_id, alert.seq) == ("lead.assigned", "leads", lead.pk, 1)
    assert Delivery.objects.filter(state="waiting").count() == 2


def test_a_change_that_is_rolled_back_leaves_no_alert_no_number_and_no_job(world, assign):
    jobs = OrmQ.objects.count()

    def assign_and_fail() -> None:
        with unit_of_work():
            assign()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        assign_and_fail()
    assert not Alert.objects.exists()
    assert not AlertCounter.objects.exists()
    assert OrmQ.objects.count() == jobs


def test_a_part_of_a_unit_that_is_rolled_back_leaves_no_alert(world, assign):

    def assign_and_fail() -> None:
        with unit_of_work():
            assign()
            raise RuntimeError

    with unit_of_work():
        assign()
        with pytest.raises(RuntimeError):
            assign_and_fail()
    assert Alert.objects.filter(recipient=world.alice).count() == 1


def test_the_actor_is_not_told_of_the_own_deed(world, assign):
    lead = assign()
    perform(lead, "accept", actor=Actor.of(world.alice))
    accepted = Alert.objects.filter(kind="lead.accepted")
    assert [one.recipient for one in accepted] == [world.maria]
    assert not Alert.objects.filter(recipient=world.maria, kind="lead.assigned").exists()


def test_an_accepted_opportunity_is_told_as_accepted(world):
    deal = make_opportunity("distributed", world.northwind, topic="Forty workstations")
    perform(deal, "accept", actor=Actor.of(world.alice))
    assert recipients() == {world.maria.email}
    (told,) = after(world.maria, 0)
    assert (told["kind"], told["title"]) == (
        "opportunity.accepted",
        "Opportunity accepted: Forty workstations",
    )


def test_a_converted_lead_is_told_once_and_not_as_an_acceptance(world):
    lead = make_lead("qualified", world.northwind)
    perform(lead, "convert", actor=Actor.of(world.alice), inputs={})
    assert [one["kind"] for one in after(world.maria, 0)] == ["lead.converted"]


@pytest.mark.parametrize(("module", "kind"), [("leads", "lead"), ("opportunities", "opportunity")])
def test_what_a_partner_enters_itself_is_new_and_not_accepted(world, module, kind):
    data = {"topic": "Forty workstations"}
    actions.create(Actor.of(world.alice), registry.get(module), data)
    assert recipients() == {world.maria.email}
    (told,) = after(world.maria, 0)
    assert told["kind"] == f"{kind}.created"
    assert told["title"] == f"New {kind} by {world.northwind.name}: Forty workstations"


def enter(user, module: str, **data) -> None:
    actions.create(Actor.of(user), registry.get(module), {"topic": "Forty workstations", **data})


@pytest.mark.parametrize("module", ["leads", "opportunities"])
class TestWhatNoPartnerHas:
    """It is told to those who may hand it out, live and by mail."""

    def test_goes_to_the_managers_whose_partners_serve_the_region(self, world, module):
        enter(world.admin, module, region="EMEA")
        enter(world.admin, module, region="AMER")
        kind = f"{module.removesuffix('s').replace('opportunitie', 'opportunity')}.created"
        assert [one.recipient for one in Alert.objects.order_by("at")] == [world.maria, world.nils]
        assert recipients(kind=kind) == {world.maria.email, world.nils.email}
        assert Delivery.objects.filter(state="waiting").count() == 2
        assert after(world.maria, 0)[0]["title"].endswith(": Forty workstations")

    @pytest.mark.parametrize("region", ["", "APAC"])
    def test_goes_to_all_managers_where_none_fits(self, world, module, region):
        enter(world.admin, module, region=region)
        assert recipients() == {world.maria.email, world.nils.email}

    def test_is_not_told_to_who_entered_it(self, world, module):
        enter(world.nils, module, region="EMEA")
        assert recipients() == {world.maria.email}

    def test_is_told_to_nobody_where_who_entered_it_answers_for_it_alone(self, world, module):
        enter(world.maria, module, region="EMEA")
        assert not Alert.objects.exists()

    def test_goes_to_no_manager_of_a_partner_that_is_not_active(self, world, module):
        perform(world.contoso, "suspend", actor=Actor.of(world.admin), inputs={"reason": "Invoices"})
        Alert.objects.all().delete()
        enter(world.admin, module, region="AMER")
        # Nobody serves it any more, so all are told.
        assert recipients() == {world.maria.email, world.nils.email}

    def test_goes_to_the_administrators_where_there_are_no_managers(self, world, module):
        User.objects.filter(pk__in=[world.maria.pk, world.nils.pk]).update(is_active=False)
        enter(world.admin, module)
        assert not Alert.objects.exists()
        other = make_user("otto@vendor.example", "administrator", name="Otto Oz")
        enter(world.admin, module)
        assert recipients() == {other.email}


def test_an_inactive_user_is_not_told(world, assign):
    world.bob.is_active = False
    world.bob.save()
    assign()
    assert recipients() == {world.alice.email}


def test_a_user_without_a_portal_may_see_nothing_and_is_not_told(world, assign):
    world.bob.portal = None
    world.bob.save()
    assign()
    assert recipients() == {world.alice.email}


def test_the_cover_of_an_absent_channel_manager_is_told_too(world, assign):
    today = timezone.localdate()
    world.maria.cover = world.nils
    world.maria.away_from, world.maria.away_until = today, today + timedelta(days=3)
    world.maria.save()
    lead = assign(by=world.admin)
    perform(lead, "accept", actor=Actor.of(world.alice))
    assert recipients(kind="lead.accepted") == {world.maria.email, world.nils.email}


def test_without_an_owner_every_channel_manager_is_told(world, assign):
    world.northwind.channel_manager = None
    world.northwind.save()
    lead = assign(make_lead(), by=world.admin)
    Lead.objects.filter(pk=lead.pk).update(owner=None)
    perform(lead, "accept", actor=Actor.of(world.alice))
    assert recipients(kind="lead.accepted") == {world.maria.email, world.nils.email}


def test_the_partner_that_lost_a_record_is_told_though_it_may_not_see_it(world, assign):
    lead = assign()
    perform(lead, "recall", actor=Actor.of(world.maria))
    assert recipients(kind="lead.recalled") == {world.alice.email, world.bob.email}


def test_the_next_partner_is_not_told_of_the_one_before(world, assign):
    lead = assign()
    lead = perform(lead, "recall", actor=Actor.of(world.maria))
    assign(lead, world.contoso)
    assert set(Alert.objects.filter(recipient=world.carol).values_list("kind", flat=True)) == {
        "lead.assigned"
    }


def test_imports_raise_no_alerts(world, assign):
    make_lead("assigned", world.northwind)
    assert not Alert.objects.exists()


def test_numbers_have_no_gaps_and_each_event_comes_once(world, assign):
    leads = [make_lead() for _ in range(10)]
    answers = perform_many(
        Lead,
        [lead.pk for lead in leads],
        "assign",
        actor=Actor.of(world.maria),
        inputs={"partner": str(world.northwind.pk)},
    )
    assert all(answer.ok for answer in answers)
    for user in (world.alice, world.bob):
        alerts = Alert.objects.filter(recipient=user).order_by("seq")
        assert [one.seq for one in alerts] == list(range(1, 11))
        assert len({one.event for one in alerts}) == 10
        assert AlertCounter.objects.get(user=user).seq == 10


def test_many_in_one_unit_cost_no_more_statements_than_one(world, assign):
    def statements(count: int) -> int:
        leads = [make_lead() for _ in range(count)]
        with CaptureQueriesContext(connection) as queries, unit_of_work():
            for lead in leads:
                assign(lead)
        return sum("alerts_" in query["sql"] for query in queries.captured_queries)

    assert statements(1) == statements(20)


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gaps_under_concurrent_writers(world, assign):
    """Eight threads assign to two partners; each user's numbers are 1..n, in the order of the commits."""
    leads = [make_lead() for _ in range(48)]
    partners = [world.northwind, world.contoso]
    problems: list[BaseException] = []

    def work(mine: list[Lead], number: int) -> None:
        try:
            for lead in mine:
                assign(lead, partners[number % 2])
        except BaseException as error:
            problems.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(leads[n::8], n)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    for user, expected in ((world.alice, 24), (world.bob, 24), (world.carol, 24)):
        seqs = list(Alert.objects.filter(recipient=user).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, expected + 1))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_units_with_the_same_recipients_do_not_lock_each_other_out(world):
    """Both tell Maria and Nils, in opposite order: without a fixed order of recipients that deadlocks."""
    rounds = 15
    leads = [
        [make_lead("assigned", world.northwind, owner=owner) for _ in range(rounds) for owner in owners]
        for owners in ((world.maria, world.nils), (world.nils, world.maria))
    ]
    problems: list[BaseException] = []
    barrier = threading.Barrier(2)

    def work(mine: list[Lead]) -> None:
        try:
            for first, second in zip(mine[::2], mine[1::2], strict=True):
                barrier.wait(20)
                with unit_of_work():
                    for lead in (first, second):
                        perform(lead, "decline", actor=Actor.of(world.alice), inputs={"reason": "capacity"})
        except BaseException as error:
            problems.append(error)
            barrier.abort()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(mine,)) for mine in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    for user in (world.maria, world.nils):
        seqs = list(Alert.objects.filter(recipient=user).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, 2 * rounds + 1))
