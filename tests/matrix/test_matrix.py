"""G5: what is offered and what is enforced are one; and both are what was written down by hand."""

from __future__ import annotations

from typing import Any

import pytest

from prm.modules import registry
from tests.matrix.cells import Cell, cases, tries
from tests.matrix.expected import CONTRACT, EXCEPT, EXPECTED, ROLES
from workflows.machine import Machine, machines

pytestmark = pytest.mark.django_db


def keys() -> list[str]:
    found = [(registry.for_model(machine.model), machine.label) for machine in machines()]
    return [module.key if module else label for module, label in found]


def expected(cell: Cell) -> bool | None:
    """Whether the table lets it happen; None where the module is in no table."""
    table = EXPECTED.get(cell.case.module)
    if table is None:
        return None
    refused = EXCEPT.get((cell.case.module, cell.case.name), {}).get(cell.role, set())
    return cell.transition in table[cell.case.state][cell.role] - refused


@pytest.mark.parametrize("key", keys())
def test_offered_enforced_and_expected_agree(world: Any, key: str) -> None:
    wrong, count = [], 0
    for case in cases({key}):
        for cell in tries(world, case):
            count += 1
            if not cell.agrees:
                wrong.append(f"disagrees: {cell} {cell.reasons}")
            if expected(cell) not in (None, cell.outcome == "done"):
                wrong.append(f"not as written: {cell} {cell.reasons}")
    assert wrong == []
    machine = next(machine for machine, name in zip(machines(), keys(), strict=True) if name == key)
    assert count >= len(machine.states) * len(machine.transitions) * len(ROLES)


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
