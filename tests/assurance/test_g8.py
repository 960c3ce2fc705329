"""What G8 believes of a machine that is busy: nothing but what `/livez` has shown, and not for ever."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assurance import g8

FAST, LATE = 0.01, 1.4
IDLE, BUSY = 0.02, 0.8


@pytest.mark.parametrize(
    ("attempts", "repeated", "wrong"),
    [
        ([(FAST, IDLE)], 0, 0),
        ([(FAST, BUSY)], 0, 0),
        ([(LATE, IDLE), (FAST, IDLE)], 0, 1),
        ([(LATE, BUSY), (FAST, IDLE)], 1, 0),
        ([(LATE, BUSY), (LATE, IDLE)], 1, 1),
        ([(LATE, BUSY)] * (g8.REPEATS + 2), g8.REPEATS, 1),
    ],
)
async def test_only_what_is_late_on_a_busy_machine_is_tried_again(monkeypatch, attempts, repeated, wrong):
    waiting = iter(attempts)

    async def measured(place: Any, way: str, tally: g8.Tally) -> None:
        seconds, alive = next(waiting)
        tally.seconds[way].append(seconds)
        tally.livez.append(alive)
        tally.refused += 1

    async def at_once(seconds: float) -> None:
        """Waits for nothing."""

    monkeypatch.setattr(g8, "_revoked", measured)
    monkeypatch.setattr(g8.asyncio, "sleep", at_once)
    tally = g8.Tally()
    await g8.revoked(None, "logout", tally)  # type: ignore[arg-type]
    assert (tally.repeated, len(tally.wrong)) == (repeated, wrong)
    assert tally.refused == 1


async def test_a_request_that_is_still_granted_is_believed_at_once(monkeypatch):
    async def measured(place: Any, way: str, tally: g8.Tally) -> None:
        tally.seconds[way].append(LATE)
        tally.livez.append(BUSY)
        tally.wrong.append("a request was still granted")

    monkeypatch.setattr(g8, "_revoked", measured)
    tally = g8.Tally()
    await g8.revoked(None, "logout", tally)  # type: ignore[arg-type]
    assert tally.repeated == 0
    assert "logout: a request was still granted" in tally.wrong
