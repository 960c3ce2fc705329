"""The same request twice has its effect once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.workflows.app.models import Depot
from workflows.errors import KeyReused, WrongState
from workflows.idempotency import KEPT, Stored, once, purge
from workflows.models import IdempotencyKey, TransitionRecord
from workflows.perform import perform

pytestmark = pytest.mark.django_db


def ask(key="k", body="hash", principal="user:1", path="/depots/", status=201):
    def effect() -> Stored:
        Depot.objects.create(name=key)
        return Stored(status, b'{"a": 1}', "application/json", {"ETag": "x"})

    return once(principal, "POST", path, key, body, effect)


def test_the_second_gets_the_answer_of_the_first():
    first, second = ask(), ask()
    assert (first.status, first.body, first.headers, first.replayed) == (
        201,
        b'{"a": 1}',
        {"ETag": "x"},
        False,
    )
    assert (second.status, second.body, second.headers, second.replayed) == (
        201,
        b'{"a": 1}',
        {"ETag": "x"},
        True,
    )
    assert second.content_type == "application/json"
    assert Depot.objects.count() == 1


def test_another_body_is_an_error():
    ask()
    with pytest.raises(KeyReused):
        ask(body="other")


@pytest.mark.parametrize("other", [{"principal": "user:2"}, {"path": "/crates/"}, {"key": "l"}])
def test_keys_of_others_and_elsewhere_are_other_keys(other):
    ask()
    ask(**other)
    assert Depot.objects.count() == 2


def test_only_success_is_kept():
    ask(status=409)
    assert ask(status=201).replayed is False


def test_a_failure_takes_its_key_along():
    def fail():
        raise WrongState

    with pytest.raises(WrongState):
        once("user:1", "POST", "/depots/", "k", "hash", fail)
    assert ask().replayed is False


def test_it_is_forgotten_after_a_day():
    ask()
    assert timedelta(hours=24) == KEPT
    IdempotencyKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ask(body="other").replayed is False
    assert Depot.objects.count() == 2
    assert IdempotencyKey.objects.count() == 1
    IdempotencyKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert purge() == 1


def test_a_transition_with_a_key_happens_once(make, ann, events):
    parcel = make("sent")
    first = perform(parcel, "relabel", actor=ann, inputs={"label": "x"}, idempotency_key="k")
    second = perform(parcel, "relabel", actor=ann, inputs={"label": "x"}, idempotency_key="k")
    assert (first.version, second.version, len(events)) == (2, 2, 1)
    with pytest.raises(KeyReused):
        perform(parcel, "relabel", actor=ann, inputs={"label": "y"}, idempotency_key="k")
    assert perform(parcel, "relabel", actor=ann, inputs={"label": "y"}, idempotency_key="l").version == 3
    assert TransitionRecord.objects.filter(object_id=parcel.pk, transition="relabel").count() == 2


def test_a_refused_transition_keeps_no_key(make, ann):
    parcel = make("packed")
    with pytest.raises(WrongState):
        perform(parcel, "deliver", actor=ann, idempotency_key="k")
    assert not IdempotencyKey.objects.exists()
