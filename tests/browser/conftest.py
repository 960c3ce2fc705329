"""Pages are waited for as long as a busy machine may need: how fast they are is measured elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

#: Playwright's own, in milliseconds, and ours.
USUAL, PATIENT = 5_000, 20_000


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    expect.set_options(timeout=PATIENT)
    yield
    expect.set_options(timeout=USUAL)
