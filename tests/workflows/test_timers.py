"""A state that waits has a way out, once, and no failing one holds up the others."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from tests.workflows.app.models import Parcel
from workflows import timers
from workflows.models import Timer, TransitionRecord
from workflows.perform import perform

pytestmark = pytest.mark.django_db


def test_a_state_that_waits_sets_its_timer_and_the_next_takes_it_away(make, ann):
    parcel = perform(make(patience=5), "send", actor=ann, inputs={"depot": "North"})
    timer = Timer.objects.get()
    assert (timer.subject, timer.object_id, timer.transition) == ("parcels.parcel", parcel.pk, "give_up")
    assert timer.due_at == parcel.due_at == parcel.state_since + timedelta(days=5)
    done = perform(parcel, "deliver", actor=ann)
    assert done.due_at is None
    assert not Timer.objects.exists()


def test_a_record_may_begin_in_a_state_that_waits(make):
    parcel = make("sent")
    assert Timer.objects.get().due_at == parcel.due_at


def test_a_record_of_unlimited_patience_has_no_timer(make, monkeypatch):
    from dataclasses import replace

    unlimited = replace(Parcel.waits["sent"], after=lambda parcel: None)
    monkeypatch.setitem(timers.Machine.of(Parcel).waits, "sent", unlimited)
    assert make("sent").due_at is None
    assert not Timer.objects.exists()


def test_what_is_due_happens_and_what_is_not_does_not(make, events):
    late, early = make("sent", patience=1), make("sent", patience=9)
    assert timers.run_due(timezone.now() + timedelta(days=2)) == 1
    assert Parcel.objects.get(pk=late.pk).state == "lost"
    assert Parcel.objects.get(pk=early.pk).state == "sent"
    assert [event.name for event in events] == ["parcel.lost"]
    assert TransitionRecord.objects.get(transition="give_up").actor_kind == "timer"
    assert Timer.objects.get().object_id == early.pk
    assert timers.run_due(timezone.now() + timedelta(days=2)) == 0


def test_one_that_fails_is_tried_again_later_and_holds_up_nobody(make):
    cursed, fine = make("sent", label="cursed", patience=1), make("sent", patience=2)
    now = timezone.now() + timedelta(days=3)
    assert timers.run_due(now) == 1
    assert Parcel.objects.get(pk=fine.pk).state == "lost"
    timer = Timer.objects.get()
    assert (timer.object_id, timer.attempts, timer.last_error) == (
        cursed.pk,
        1,
        "RuntimeError: the clerk has fainted",
    )
    assert timer.lease_until == now + timedelta(seconds=10)
    assert timers.run_due(now) == 0, "not before its pause is over"
    assert timers.run_due(now + timedelta(seconds=11)) == 0
    assert Timer.objects.get().attempts == 2
    assert Timer.objects.get().lease_until == now + timedelta(seconds=11 + 20)
    Parcel.objects.filter(pk=cursed.pk).update(label="")
    assert timers.run_due(now + timedelta(minutes=2)) == 1
    assert Parcel.objects.get(pk=cursed.pk).state == "lost"


def test_a_timer_without_its_record_or_in_another_state_is_void(make):
    gone, moved = make("sent", patience=1), make("packed")
    Parcel.objects.filter(pk=gone.pk).delete()
    Timer.objects.create(
        subject="parcels.parcel", object_id=moved.pk, transition="give_up", due_at=timezone.now()
    )
    assert timers.run_due(timezone.now() + timedelta(days=2)) == 0
    assert not Timer.objects.exists()


def test_a_leased_timer_is_left_alone_until_the_lease_is_over(make):
    make("sent", patience=1)
    now = timezone.now() + timedelta(days=2)
    assert len(timers._claim(now)) == 1
    assert timers.run_due(now) == 0, "another worker is at it"
    assert timers.run_due(now + timers.LEASE + timedelta(seconds=1)) == 1, "and has died"


def test_a_worker_that_slept_over_its_lease_does_nothing(make):
    make("sent", patience=1)
    now = timezone.now() + timedelta(days=2)
    (slept,) = timers._claim(now)
    later = now + timers.LEASE + timedelta(seconds=1)
    (other,) = timers._claim(later)
    assert timers._fire(slept, now) == 0
    assert Parcel.objects.get().state == "sent"
    assert timers._fire(other, later) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_one_effect(make):
    parcels = [make("sent", patience=1) for _each in range(12)]
    now, counts, errors = timezone.now() + timedelta(days=2), [], []

    def work():
        try:
            counts.append(timers.run_due(now))
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _each in range(6)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert errors == []
    assert sum(counts) == 12
    assert TransitionRecord.objects.filter(transition="give_up").count() == 12
    assert {each.version for each in Parcel.objects.filter(pk__in=[one.pk for one in parcels])} == {2}
