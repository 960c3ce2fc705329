"""Runs the benchmarks by name, or all of them."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

Work = Callable[[], object]


def ratio(one: Work, other: Work, rounds: int = 60) -> tuple[float, float, float]:
    """Milliseconds of both (medians) and how many times as fast `one` is as `other`, measured in turn."""
    times: tuple[list[float], list[float]] = ([], [])
    for work in (one, other):
        work()
    for _ in range(rounds):
        for kept, work in zip(times, (one, other), strict=True):
            start = time.perf_counter()
            work()
            kept.append((time.perf_counter() - start) * 1000)
    first, second = statistics.median(times[0]), statistics.median(times[1])
    return first, second, statistics.median(b / a for a, b in zip(*times, strict=True))


def main() -> int:
    import django

    django.setup()
    from tests.bench.cases import BENCHMARKS, prepare
    from tests.databases import own_database

    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--rows", type=int, default=20_000, help="leads in the database")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    with own_database("bench"):
        bench = prepare(options.rows)
        print(f"{'benchmark':<12} {'ours ms':>9} {'beside ms':>10} {'ratio':>7}  beside")
        for name in options.names or BENCHMARKS:
            ours, beside, what = BENCHMARKS[name](bench)
            first, second, times = ratio(ours, beside)
            print(f"{name:<12} {first:>9.2f} {second:>10.2f} {times:>7.2f}  {what}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
