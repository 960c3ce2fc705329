"""What is being worked: a partner's leads and opportunities; the vendor's deadlines and pipeline."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from frontend.views_jobs import common, figures
from frontend.views_jobs.offers import ON_OFFER
from prm.modules.registry import Row
from prm.opportunities.models import Opportunity
from prm.opportunities.workflow import Stage

LEADS_WORKED = "accepted,contacted,qualified"
MOST = 200
#: Where the board ends.
ENDS = [(state.value, state.label) for state in (Opportunity.State.WON, Opportunity.State.LOST)]


#: What is shown of an opportunity that is being worked.
MANAGED = (
    "topic", "customer", "account", "stage", "probability", "amount", "expected_close", "next_step",
    "assignee",
)  # fmt: skip


def leads_worked(user: Any, limit: int = MOST) -> list[Row]:
    """Leads that were accepted and are not yet converted."""
    shown = ("topic", "company_name", "contact_name", "phone", "state", "assignee")
    return common.rows(user, "leads", shown, limit=limit, state__in=LEADS_WORKED)


def managed_rows(user: Any, limit: int = MOST) -> list[Row]:
    """Open opportunities, what should close first on top."""
    return common.rows(
        user, "opportunities", MANAGED, limit=limit, state="managed", ordering="expected_close"
    )


@never_cache
@require_safe
def managed(request: HttpRequest) -> HttpResponse:
    """What the partner works on, as a list or as a board by stage."""
    if not common.granted(request.user, "opportunities", "win"):
        raise Http404
    opportunities = managed_rows(request.user)
    mine = request.GET.get("mine") == "1"
    leads = leads_worked(request.user)
    if mine:
        opportunities = [row for row in opportunities if _assigned_to(row, request.user)]
        leads = [row for row in leads if _assigned_to(row, request.user)]
    context = {
        "leads": leads,
        "opportunities": opportunities,
        "columns": [
            {
                "stage": stage.value,
                "title": stage.label,
                "rows": [row for row in opportunities if row.get("stage") == stage.value],
                "sums": _sums(row for row in opportunities if row.get("stage") == stage.value),
            }
            for stage in Stage
        ],
        "stages": Stage.choices,
        "ends": ENDS,
        "lanes": [*Stage.choices, *ENDS],
        "view": "board" if request.GET.get("view") == "board" else "list",
        "mine": mine,
        "today": timezone.localdate(),
        "full": len(opportunities) == MOST,
    }
    return render(request, "frontend/jobs/managed.html", context)


def _assigned_to(row: Row, user: Any) -> bool:
    assignee = row.get("assignee")
    return assignee is not None and bool(assignee["id"] == user.pk)


def _sums(found: Any) -> list[str]:
    """The amounts of some rows, each currency by itself."""
    totals: dict[str, Any] = {}
    for row in found:
        if row.get("amount"):
            currency = row["amount"]["currency"]
            totals[currency] = totals.get(currency, 0) + row["amount"]["amount"]
    return [figures.short_amount(total, currency) for currency, total in sorted(totals.items())]


def offers_out(user: Any, limit: int = MOST) -> list[Row]:
    """Everything that is on offer to partners, what expires first on top."""
    shown = ("topic", "partner", "owner", "due_at")
    found = [
        row
        for module, state in ON_OFFER.items()
        for row in common.rows(user, module, shown, limit=limit, state=state, ordering="due_at")
    ]
    return common.by_due(found)


@never_cache
@require_safe
def deadlines(request: HttpRequest) -> HttpResponse:
    """What runs out: offers by time left, and applications and tasks that wait."""
    if not common.is_manager(request.user):
        raise Http404
    now = timezone.now()
    offers = offers_out(request.user)
    groups = [
        {
            "title": _("Within a day"),
            "rows": [row for row in offers if row["due_at"] <= now + timedelta(days=1)],
        },
        {
            "title": _("Within three days"),
            "rows": [
                row for row in offers if now + timedelta(days=1) < row["due_at"] <= now + timedelta(days=3)
            ],
        },
        {"title": _("Later"), "rows": [row for row in offers if row["due_at"] > now + timedelta(days=3)]},
    ]
    context = {
        "groups": groups,
        "offers": offers,
        "tasks": common.tasks(request.user, until=now + timedelta(days=7)),
    }
    return render(request, "frontend/jobs/deadlines.html", context)


@never_cache
@require_safe
def pipeline(request: HttpRequest) -> HttpResponse:
    """Four pictures that people would rather look at than lists, each with its table."""
    if not common.is_manager(request.user):
        raise Http404
    mine = request.GET.get("mine") == "1"
    manager = request.user if mine else None
    context = {
        "mine": mine,
        "totals": figures.totals(request.user, manager),
        "charts": [
            figures.pipeline(request.user, manager),
            figures.won_by_month(request.user, manager),
            figures.acceptance_time(request.user, manager),
            figures.territory_load(request.user, manager),
        ],
    }
    return render(request, "frontend/jobs/pipeline.html", context)
