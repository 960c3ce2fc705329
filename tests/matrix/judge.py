"""What is wrong with a cell: said to itself twice in different words, or other than what was written down."""

from __future__ import annotations

from tests.matrix.cells import Cell
from tests.matrix.expected import EXCEPT, EXPECTED


def expected(cell: Cell) -> bool | None:
    """Whether the table lets it happen; None where the module is in no table."""
    table = EXPECTED.get(cell.case.module)
    if table is None:
        return None
    refused = EXCEPT.get((cell.case.module, cell.case.name), {}).get(cell.role, set())
    return cell.transition in table[cell.case.state][cell.role] - refused


def faults(cell: Cell) -> list[str]:
    """One line for each thing that is wrong; none for a good cell."""
    found = []
    if not cell.agrees:
        found.append(f"disagrees: {cell} {' '.join(cell.reasons)}".rstrip())
    if expected(cell) not in (None, cell.outcome == "done"):
        found.append(f"not as written: {cell} {' '.join(cell.reasons)}".rstrip())
    return found
