"""G2: G1 catches every fault of authorisation that is planted for it (`planted_access`).

The same as `G1 --planted`, as a figure. Its own fault is a judge who sees nothing: then all go unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from tests.assurance import Fault, Figure, g1


def run(size: int) -> Figure:
    """Plants each fault in turn, and asks at most `size` tuples of what it concerns."""
    unnoticed = []
    for sentence, fault in g1.FAULTS.items():
        with fault.plant():
            if g1.run(size).holds:
                unnoticed.append(f"unnoticed: {sentence}")
    what = "planted faults of authorisation unnoticed"
    return Figure(len(unnoticed), len(g1.FAULTS), what, "of them", least=30, details=unnoticed)


@contextmanager
def judge_asleep() -> Iterator[None]:
    """Whatever is answered is found to be right."""
    with mock.patch.object(g1, "ask", return_value=(g1.Counter({"list": 1}), [])):
        yield


FAULTS = {"a judge who sees nothing": Fault(judge_asleep)}
