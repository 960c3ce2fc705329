"""The runner believes no harness that has not caught its faults."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tests.assurance import HARNESSES, SQLITE, Fault, Figure
from tests.assurance.__main__ import _planted, _total

planted: list[str] = []


@contextmanager
def leak() -> Iterator[None]:
    planted.append("leak")
    yield
    planted.clear()


@contextmanager
def nothing() -> Iterator[None]:
    yield


def run(size: int) -> Figure:
    return Figure(len(planted), size, "leaks", "tries", least=5)


def plant(**faults: Fault) -> dict[str, object]:
    module = SimpleNamespace(run=run, FAULTS=faults)
    return _planted(Namespace(name="G0", shape=SQLITE), module, 10)


@pytest.mark.parametrize(
    ("figure", "holds"),
    [(Figure(0, 5, "leaks", "tries", least=5), True), (Figure(1, 5, "leaks", "tries"), False)],
)
def test_a_figure_holds_where_nothing_is_bad(figure, holds):
    assert figure.holds is holds


def test_a_figure_of_too_few_tries_falls_short():
    figure = Figure(0, 4, "leaks", "tries", least=5)
    assert not figure.holds
    assert str(figure) == "0 leaks in 4 tries (fewer than 5)"


def test_a_fault_is_noticed_and_one_that_is_not_fails():
    assert plant(leak=Fault(leak)) == {"noticed": 1, "sown": 1, "holds": True}
    assert plant(leak=Fault(leak), nothing=Fault(nothing)) == {"noticed": 1, "sown": 2, "holds": False}


def test_faults_of_other_databases_are_left_out_and_none_at_all_is_no_proof():
    assert plant(leak=Fault(leak, shapes=("postgresql",))) == {"noticed": 0, "sown": 0, "holds": False}


def test_the_total_adds_the_databases():
    report = {"bad": 0, "tried": 1_000, "what": "leaks", "unit": "tries"}
    assert (
        _total([report, report], False, ["sqlite", "postgresql"])
        == "0 leaks in 2,000 tries (sqlite, postgresql)"
    )


def test_every_harness_is_there():
    from importlib.util import find_spec

    assert [name for name, harness in HARNESSES.items() if find_spec(harness.module) is None] == []
