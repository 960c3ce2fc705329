"""The figures of one process and of the shared database, as Prometheus reads them."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from django.apps import apps
from django.db import DatabaseError
from django.db.models import Count
from django.http import HttpRequest, HttpResponseBase

from prm.touch.keeping import keeper

STARTED = time.time()
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_lock = threading.Lock()
_requests: Counter[tuple[str, int]] = Counter()
_buckets: Counter[float] = Counter()
_seconds = 0.0


def observe(method: str, status: int, seconds: float) -> None:
    global _seconds
    with _lock:
        _requests[method, status] += 1
        _seconds += seconds
        _buckets[next((limit for limit in BUCKETS if seconds <= limit), float("inf"))] += 1


class Measure:
    """Counts each answer and its time; a few microseconds, no label that a client can invent."""

    METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in self.METHODS else "OTHER"
        observe(str(method), response.status_code, time.perf_counter() - begun)
        return response


def render() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    with _lock:
        requests, buckets, seconds = dict(_requests), dict(_buckets), _seconds
    yield "# HELP prm_requests_total Answers of this process."
    yield "# TYPE prm_requests_total counter"
    for (method, status), number in sorted(requests.items()):
        yield f'prm_requests_total{{method="{method}",status="{status}"}} {number}'
    yield "# HELP prm_request_seconds Time to an answer in this process."
    yield "# TYPE prm_request_seconds histogram"
    running = 0
    for limit in BUCKETS:
        running += buckets.get(limit, 0)
        yield f'prm_request_seconds_bucket{{le="{limit}"}} {running}'
    total = running + buckets.get(float("inf"), 0)
    yield f'prm_request_seconds_bucket{{le="+Inf"}} {total}'
    yield f"prm_request_seconds_sum {seconds:.6f}"
    yield f"prm_request_seconds_count {total}"
    yield from _gauge("prm_process_start_time_seconds", "When this process began.", STARTED)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    yield from _gauge("prm_process_cpu_seconds", "Processor time used.", usage.ru_utime + usage.ru_stime)
    yield from _gauge("prm_process_peak_memory_bytes", "Largest memory so far.", usage.ru_maxrss * 1024)
    yield from _gauge("prm_process_threads", "Threads of this process.", threading.active_count())
    yield from _gauge("prm_process_id", "Which process answered.", os.getpid())
    yield from _touches()
    yield from _database()


def _touches() -> Iterator[str]:
    """The touch log of this process: what waits, and what was dropped while the database was away."""
    yield from _gauge("prm_touch_waiting", "Lines of the touch log not written yet.", len(keeper.notes))
    for name, text, number in (
        ("prm_touch_written_total", "Lines of the touch log that this process wrote.", keeper.written),
        ("prm_touch_dropped_total", "Lines of the touch log that found the queue full.", keeper.dropped),
    ):
        yield f"# HELP {name} {text}"
        yield f"# TYPE {name} counter"
        yield f"{name} {number}"


def _database() -> Iterator[str]:
    """What waits: jobs, timers and deliveries. Failing here would hide the rest, so a fault is a figure."""
    from workflows.jobs import heartbeat_age
    from workflows.models import Timer

    try:
        age = heartbeat_age()
        waiting = apps.get_model("django_q", "OrmQ").objects.count()
        timers = dict(Timer.objects.values_list("subject").annotate(number=Count("pk")))
    except DatabaseError:
        yield from _gauge("prm_database_up", "Whether the database answered.", 0)
        return
    yield from _gauge("prm_database_up", "Whether the database answered.", 1)
    yield from _gauge("prm_jobs_waiting", "Jobs that nobody has taken yet.", waiting)
    if age is not None:
        yield from _gauge("prm_worker_heartbeat_age_seconds", "Since a worker was last seen.", age)
    yield "# HELP prm_timers Deadlines that run, by module."
    yield "# TYPE prm_timers gauge"
    for subject, number in sorted(timers.items()):
        yield f'prm_timers{{subject="{subject}"}} {number}'


def _gauge(name: str, text: str, value: float) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"
    yield f"{name} {value:g}" if abs(value) < 1e6 else f"{name} {value:.3f}"
