"""Home: what waits for me, until when, and how it stands; different for each kind of user."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from frontend.beside import BEGUN_ELSEWHERE
from frontend.cells import cell, title_of
from frontend.listing import Listing
from frontend.reporting import drawn
from frontend.views_jobs import approvals, common, distribute, first_steps, library, offers, work
from prm.access import channel
from prm.access.rights import visible
from prm.modules import registry
from prm.modules.read import MAX_COUNT
from prm.modules.registry import Module, Row
from prm.partners import actions, queries
from prm.reports.sales import amount
from prm.reports.words import NOTHING
from workflows.errors import WorkflowError

#: A home page shows the beginning of each list; the page of the job shows the rest.
SHOWN = 6
#: Where there are many lists: the newest rows of each, and so many buttons to begin something.
NEWEST, BEGUN = 4, 3


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The page of the user's portal."""
    greeting = {"greeting": _greeting(request.user), "today": timezone.localdate()}
    if channel.manages(request.user):
        return render(request, "frontend/jobs/home_manager.html", {**greeting, **_manager(request.user)})
    if offers.sells(request.user):
        return render(request, "frontend/jobs/home_partner.html", {**greeting, **_partner(request.user)})
    return render(request, "frontend/jobs/home_other.html", {**greeting, **_other(request.user)})


def _greeting(user: Any) -> str:
    hour = timezone.localtime().hour
    names = {"name": user.get_short_name()}
    if hour < 12:
        return _("Good morning, %(name)s") % names
    return (_("Good afternoon, %(name)s") if hour < 18 else _("Good evening, %(name)s")) % names


def _partner(user: Any) -> dict[str, Any]:
    partner = visible(user, registry.get("partners")).filter(pk=user.company_id).first()
    onboarding = partner if partner is not None and partner.state == "onboarding" else None
    late = work.late(user, SHOWN)
    context = offers.offer_context(user)
    return {
        **context,
        "more_offers": max(0, len(context["offers"]) - SHOWN),
        "offers": context["offers"][:SHOWN],
        "offer_count": len(context["offers"]),
        "partner": partner,
        "steps": list(queries.onboarding_steps(user, onboarding)) if onboarding else [],
        "tasks": common.tasks(user, timezone.now() + timedelta(days=7), SHOWN),
        "late": late.rows,
        "late_count": late.count,
        "leads": work.accepted(user, SHOWN),
        **_figures(user),
        "news": library.news(user),
        "begin": [
            registry.get(key) for key in ("leads", "opportunities") if common.granted(user, key, "create")
        ],
    }


def _manager(user: Any) -> dict[str, Any]:
    queue = approvals.waiting(user)
    quotes = approvals.quotes_waiting(user)
    parts = work.offers_out(user, SHOWN).values()
    out = common.by_due(row for one in parts for row in one.rows)
    expiring = work.expiring(user, timezone.now() + timedelta(days=1))
    unassigned = distribute.unassigned(user)
    return {
        "queue": queue[:SHOWN],
        "queue_count": len(queue) + len(quotes),
        "quotes": quotes[:SHOWN],
        "expiring": out[: min(expiring, SHOWN) or SHOWN],
        "expiring_count": expiring,
        "out_count": sum(one.count for one in parts),
        "unassigned": unassigned[:SHOWN],
        "unassigned_count": len(unassigned),
        "unassigned_full": len(unassigned) >= distribute.LISTED,
        "partners": _partners(user),
        "covering": [one for one in user.covers_for.all() if one.away_on(timezone.localdate())],
        "tasks": common.tasks(user, timezone.now() + timedelta(days=7), SHOWN),
        **_figures(user),
        "system": _system(user) if common.portal(user) == "administrator" else [],
        "first_steps": first_steps.left(user),
    }


def _figures(user: Any) -> dict[str, Any]:
    """How selling goes, in two pictures and three numbers, as far as the user may see it."""
    pipeline, won = drawn(user, "pipeline"), drawn(user, "won")
    month_ago = timezone.localdate() - timedelta(days=30)
    recent = drawn(user, "won", {"from": month_ago.isoformat()})
    return {
        "pipeline": pipeline,
        "won": won,
        "totals": {
            "open_count": pipeline.table.count("number") if pipeline else 0,
            "open_amount": amount(pipeline.table, "amount")
            if pipeline and pipeline.table.filled
            else NOTHING,
            "won_recent": recent.table.count("number") if recent else 0,
        },
    }


def _partners(user: Any) -> list[Row]:
    """The partners that the user looks after, then those of whom the user covers for."""
    managers = [user, *(one for one in user.covers_for.all() if one.away_on(timezone.localdate()))]
    shown = ("name", "territory", "state")
    found: list[Row] = []
    for manager in managers:
        for row in common.rows(user, "partners", shown, limit=SHOWN + 1, channel_manager=str(manager.pk)):
            found.append({**row, "covered": manager if manager != user else None})
    return found[: SHOWN + 2]


def _system(user: Any) -> list[dict[str, Any]]:
    """How much there is of everything that the user may see."""
    modules = ("partners", "users", "leads", "opportunities", "accounts")
    return [
        {"module": registry.get(key), "count": visible(user, registry.get(key)).count()}
        for key in modules
        if common.granted(user, key)
    ]


def _other(user: Any) -> dict[str, Any]:
    """For everybody else, be it customers, franchise owners, parents or employees: the lists that they have,
    each with how much there is and its newest rows; what they may begin; and what they have to do."""
    lists = [
        _list(user, module)
        for module in sorted(registry.all_modules(), key=lambda one: not one.board)
        if module.nav and module.key != "alerts" and common.granted(user, module.key)
    ]
    begin = [
        one["module"]
        for one in lists
        if one["module"].key not in BEGUN_ELSEWHERE and common.granted(user, one["module"].key, "create")
    ]
    return {
        "lists": lists,
        "begin": begin[:BEGUN],
        "tasks": common.tasks(user, timezone.now() + timedelta(days=7), SHOWN),
        "news": library.news(user),
    }


def _list(user: Any, module: Module) -> dict[str, Any]:
    listing = Listing(user, module, QueryDict(), reverse("module-list", args=[module.key]))
    second = next((name for name in listing.column_names[1:] if name not in ("state", "due_at")), "")
    newest = common.rows(user, module.key, {module.title, "state", second} - {""}, limit=NEWEST)
    return {
        "module": module,
        "count": visible(user, module)[:MAX_COUNT].count() if len(newest) == NEWEST else len(newest),
        "rows": [
            {
                "id": row["id"],
                "title": title_of(module, row),
                "state": row.get("state") if module.machine else None,
                "second": cell(module, second, row.get(second)) if second else "",
            }
            for row in newest
        ],
    }


@require_POST
def step(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Tick a step of the onboarding checklist, or take the tick away."""
    user: Any = request.user
    partner = visible(user, registry.get("partners")).filter(pk=user.company_id).first()
    if partner is None:
        raise Http404
    found = get_object_or_404(queries.onboarding_steps(user, partner), pk=pk)
    act = actions.complete_step if request.POST.get("done") == "1" else actions.reopen_step
    try:
        act(common.actor(request), found)
    except WorkflowError as error:
        common.say(request, False, common.explain(error))
    return redirect("home")
