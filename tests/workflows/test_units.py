"""What is deferred to the end of a unit of work, and what is forgotten."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests.workflows.app.models import Depot
from workflows.units import at_end, gather, unit_of_work

pytestmark = pytest.mark.django_db


def test_it_runs_once_at_the_outermost_end_inside_the_transaction():
    said = []
    with unit_of_work():
        with unit_of_work():
            at_end("a", lambda: said.append(transaction.get_connection().in_atomic_block))
        at_end("a", lambda: said.append("never"))
        assert said == []
    assert said == [True]


def test_the_first_one_is_handed_back():
    def first() -> None: ...

    with unit_of_work():
        assert at_end("a", first) is first
        with unit_of_work():
            assert at_end("a", lambda: None) is first


def test_what_runs_at_the_end_may_defer_more():
    said = []

    def again():
        said.append("first")
        with unit_of_work():
            at_end("b", lambda: said.append("second"))

    with unit_of_work():
        at_end("a", again)
    assert said == ["first", "second"]


def test_a_nested_unit_that_fails_defers_nothing():
    said = []

    @unit_of_work()
    def fail():
        Depot.objects.create(name="gone")
        gather("items", 2, said.append)
        at_end("a", lambda: said.append("never"))
        raise RuntimeError

    with unit_of_work():
        gather("items", 1, said.append)
        with pytest.raises(RuntimeError):
            fail()
        with unit_of_work():
            gather("items", 3, said.append)
    assert said == [[1, 3]]
    assert not Depot.objects.exists()


def test_what_fails_at_the_end_undoes_all():
    def fail():
        raise RuntimeError

    @unit_of_work()
    def work():
        Depot.objects.create(name="gone")
        at_end("a", fail)

    with pytest.raises(RuntimeError):
        work()
    assert not Depot.objects.exists()
    with unit_of_work():
        at_end("a", lambda: None)


def test_outside_there_is_no_end():
    with pytest.raises(RuntimeError):
        at_end("a", lambda: None)
    with pytest.raises(RuntimeError):
        gather("a", 1, print)
