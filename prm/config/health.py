"""Is it alive, may it take requests, and how does it do: for a load balancer and for Prometheus."""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from prm.config import metrics as figures


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} not applied" if missing else ""


def _cache() -> str:
    cache.set("readyz", time.time(), 30)
    return "" if cache.get("readyz") else "down"


def _worker() -> str:
    from workflows.jobs import heartbeat_age

    age = heartbeat_age()
    if age is None:
        return "has never run"
    return "" if age < 60 else f"last seen {int(age)} s ago"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "cache": _cache,
    "worker": _worker,
}


#: Nothing fails without it, so a server is not taken out of service for it.
DISPENSABLE = {"cache"}


@require_safe
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked, or a slow database would have it restarted."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Each part by name; what is wrong with it only to those who may read the figures."""
    open_book = _may_read_figures(request)
    answer: dict[str, str] = {}
    for name, check in CHECKS.items():
        try:
            wrong = check()
        except Exception as error:  # each part has its own kinds of errors; any of them means not ready
            wrong = f"{type(error).__name__}: {error}"
        answer[name] = "ok" if not wrong else (wrong if open_book else "failing")
    healthy = all(state == "ok" for name, state in answer.items() if name not in DISPENSABLE)
    return JsonResponse({"ready": healthy, "checks": answer}, status=200 if healthy else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_read_figures(request):
        raise Http404
    return HttpResponse(figures.render(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read_figures(request: HttpRequest) -> bool:
    """This machine itself (and not a proxy on it speaking for somebody), or the holder of METRICS_TOKEN."""
    given = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return True
    try:
        local = ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        local = False
    return local and not request.META.get("prm.forwarded", False)
