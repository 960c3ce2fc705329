"""What pages show of reports: the cards, whose partners, and the lists behind the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from frontend.charts import Chart, draw
from prm.access import channel
from prm.reports import registry
from prm.reports.making import ALL, run
from prm.reports.registry import Report
from prm.reports.table import Table
from workflows.errors import NotFound


@dataclass(frozen=True)
class Drawn:
    """A report with its picture. chart: None where there is nothing to see yet."""

    table: Table
    chart: Chart | None

    @property
    def report(self) -> Report:
        return self.table.report


def drawn(user: Any, key: str, params: Mapping[str, str] | None = None) -> Drawn | None:
    """One report as a card shows it; None where it is not the user's to have. Raises BadQuery."""
    try:
        table = run(user, registry.get(key), params or {})
    except NotFound:
        return None
    return Drawn(table, draw(table, small=True))


def address(request: HttpRequest, **changes: str | None) -> str:
    """This page with some parameters changed."""
    params = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            params.pop(name, None)
        else:
            params[name] = value
    return f"{request.path}?{params.urlencode()}" if params else request.path


def whose(request: HttpRequest) -> list[tuple[str, str, bool]]:
    """Whose partners, for who looks after some: (text, address, whether it is in force)."""
    if not channel.manages(request.user):
        return []
    own = str(request.user.pk)
    usual = own if channel.looks_after(request.user) else ALL
    chosen = request.GET.get("channel_manager") or usual
    return [
        (text, address(request, channel_manager=value), value == chosen)
        for text, value in ((_("All partners"), ALL), (_("My partners"), own))
    ]
