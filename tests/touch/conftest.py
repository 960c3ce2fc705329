from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from prm.touch.keeping import keeper
from prm.touch.models import TouchEntry

Lines = Callable[[], list[TouchEntry]]


@pytest.fixture
def lines(db) -> Iterator[Lines]:
    """What the log has after all that was noted in this test."""
    keeper.clear()

    def written() -> list[TouchEntry]:
        keeper.flush()
        return list(TouchEntry.objects.order_by("seq"))

    yield written
    keeper.clear()
