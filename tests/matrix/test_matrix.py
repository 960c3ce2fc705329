"""G5: what is offered and what is enforced are one; and both are what was written down by hand."""

from __future__ import annotations

from typing import Any

import pytest

from prm.modules import registry
from tests.matrix import cells, doors
from tests.matrix.expected import CONTRACT, EXPECTED, PEOPLE, ROLES
from tests.matrix.judge import faults
from workflows.machine import Machine, machines

pytestmark = pytest.mark.django_db

KEYS = {cells.key_of(machine): machine for machine in machines()}


@pytest.mark.parametrize("key", KEYS)
def test_offered_enforced_and_expected_agree(world: Any, key: str) -> None:
    tried = [cell for case in cells.cases({key}) for cell in cells.tries(world, case)]
    assert [fault for cell in tried for fault in faults(cell)] == []
    assert len(tried) >= len(KEYS[key].states) * len(KEYS[key].transitions) * len(ROLES)


@pytest.mark.parametrize("key", ["gadgets", "opportunities"])
def test_the_api_says_and_does_the_same(world: Any, key: str) -> None:
    """Two of the machines; G5 tries them all."""
    tried = [cell for case in cells.cases({key}) for cell in doors.tries(world, case)]
    assert [fault for cell in tried for fault in faults(cell)] == []
    assert len(tried) >= len(KEYS[key].states) * len(KEYS[key].transitions) * (len(PEOPLE) + 1)


@pytest.mark.parametrize("key", sorted(CONTRACT))
def test_the_machine_is_the_contracts(key: str) -> None:
    machine = Machine.of(registry.get(key).model)
    found = {
        transition.name: (set(transition.sources), set(transition.targets))
        for transition in machine.transitions
    }
    # Handing over keeps the state; the contract allows more transitions, not other ones.
    found.pop("hand_over", None)
    assert found == {name: (set(a.split()), set(b.split())) for name, (a, b) in CONTRACT[key].items()}
    assert set(machine.states) == set(EXPECTED[key])


def test_a_module_that_was_only_added_is_tried(world: Any) -> None:
    """The newcomer's module brings its folder and nothing else; the matrix finds it by itself."""
    tried = [cell for case in cells.cases({"gadgets"}) for cell in cells.tries(world, case)]
    assert {(cell.case.state, cell.transition, cell.role) for cell in tried if cell.outcome == "done"} >= {
        ("draft", "lend", "administrator"),
        ("lent", "take_back", "administrator"),
        ("lent", "take_back", "timer"),
    }
