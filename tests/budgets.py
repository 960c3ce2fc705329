"""What pages and jobs may cost, and how it is counted in Chromium: bytes, shifts, seconds, presses.

For the harness G20 and for the tests of whole days. Bytes and presses are the same on any machine; seconds
are not, so for these there is a goal, which is reported, and a limit, which fails.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

#: Of a first view, with nothing in the cache: bytes over the wire in all, and of its scripts.
FIRST_VIEW, SCRIPTS = 120_000, 40_000
#: Largest paint, answer to a press or a key (seconds) and shift of the layout: what is aimed at.
GOALS = {"lcp": 1.2, "inp": 0.1, "cls": 0.02}
#: What is still called good; whatever is slower than that fails on a slow machine, too.
LIMITS = {"lcp": 2.5, "inp": 0.2, "cls": 0.02}
#: A telephone on slow 4G: bytes a second down and up, milliseconds of delay, how much slower it computes.
SLOW_4G = {"downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8, "latency": 150}
SLOW_CPU = 4
#: So many times the limit is a machine given that others keep busy.
BUSIEST = 4.0

PROBE = """(() => {
  const seen = (window.seen = { lcp: 0, cls: 0, inp: 0 });
  const watch = (type, take, more) => new PerformanceObserver((list) => list.getEntries().forEach(take))
    .observe({ type, buffered: true, ...more });
  watch("largest-contentful-paint", (one) => { seen.lcp = one.startTime / 1000; });
  watch("layout-shift", (one) => { if (!one.hadRecentInput) seen.cls += one.value; });
  watch("event", (one) => { if (one.interactionId) seen.inp = Math.max(seen.inp, one.duration / 1000); },
    { durationThreshold: 16 });
  addEventListener("pointerdown", (event) => { if (event.isTrusted) window.countPress(); }, true);
})()"""


def sharing() -> float:
    """How many share a core with this process at the moment: the time that a piece of work takes over what it
    computes. 1 on a quiet machine; more than `BUSIEST` is no excuse."""
    wall, work = time.monotonic(), time.process_time()
    while time.process_time() - work < 0.05:
        pass
    return min(max(1.0, (time.monotonic() - wall) / (time.process_time() - work)), BUSIEST)


@dataclass
class View:
    """What the first view of a page has cost. Seconds, bytes."""

    total: int
    scripts: int
    lcp: float
    cls: float
    inp: float = 0

    def heavy(self) -> list[str]:
        """What is over its budget on any machine."""
        return [
            f"{what} {value:,} > {most:,}"
            for what, value, most in (
                ("bytes", self.total, FIRST_VIEW),
                ("bytes of scripts", self.scripts, SCRIPTS),
                ("shift", round(self.cls, 3), LIMITS["cls"]),
            )
            if value > most
        ]


@dataclass
class Cost:
    """What a job has cost: presses of a finger or a mouse, and seconds until its effect was seen.

    parts: (seconds, at most) of what is worth telling apart.
    """

    presses: int = 0
    seconds: float = 0
    parts: dict[str, tuple[float, float]] = field(default_factory=dict)


class Watched:
    """A page whose transfers, shifts and presses are counted, by default on a slow telephone and line."""

    def __init__(self, page: Page, slow: bool = True) -> None:
        self.page = page
        self.presses = 0
        self._sizes: dict[str, int] = {}
        self._kinds: dict[str, str] = {}
        page.expose_binding("countPress", self._press)
        page.add_init_script(PROBE)
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self._session.on("Network.responseReceived", self._kind)
        self._session.on("Network.loadingFinished", self._size)
        if slow:
            self._session.send("Network.emulateNetworkConditions", {"offline": False, **SLOW_4G})
            self._session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})

    def _press(self, _source: Any) -> None:
        self.presses += 1

    def _kind(self, event: dict[str, Any]) -> None:
        self._kinds[event["requestId"]] = event["type"]

    def _size(self, event: dict[str, Any]) -> None:
        self._sizes[event["requestId"]] = int(event["encodedDataLength"])

    def visit(self, address: str) -> View:
        """Opens a page with nothing in the cache, until it asks for nothing more."""
        self._session.send("Network.clearBrowserCache")
        self._sizes.clear()
        self._kinds.clear()
        answer = self.page.goto(address, wait_until="networkidle")
        assert answer is not None and answer.ok, f"{address} answered {answer and answer.status}"
        # The largest paint is reported with the frame after it, which a slow machine may still owe.
        for _turn in range(40):
            self.page.wait_for_timeout(250)
            if self.page.evaluate("window.seen.lcp"):
                break
        # What that frame has pushed away is reported with the one after it.
        self.page.wait_for_timeout(250)
        seen = self.page.evaluate("window.seen")
        assert seen["lcp"], f"{address} showed nothing"
        scripts = sum(size for key, size in self._sizes.items() if self._kinds.get(key) == "Script")
        return View(sum(self._sizes.values()), scripts, seen["lcp"], seen["cls"])

    def answer(self) -> float:
        """Seconds that the slowest answer to a press or a key has taken on this page."""
        # Timings are reported with the frame after the one that they are of.
        self.page.wait_for_timeout(250)
        return float(self.page.evaluate("window.seen.inp"))

    @contextmanager
    def job(self) -> Iterator[Cost]:
        """Counts a job: what is done inside, until what it waits for is seen."""
        cost, before, start = Cost(), self.presses, time.monotonic()
        yield cost
        cost.seconds = time.monotonic() - start
        cost.presses += self.presses - before
