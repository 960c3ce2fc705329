"""Home: what waits for me, until when, and how it stands; different for each kind of user."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from frontend.views_jobs import approvals, common, distribute, figures, offers, work
from prm.access.rights import visible
from prm.modules import registry
from prm.modules.registry import Row
from prm.partners import actions, queries
from workflows.errors import WorkflowError

#: A home page shows the beginning of each list; the page of the job shows the rest.
SHOWN = 6


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The page of the user's portal."""
    kind = common.portal(request.user)
    greeting = {"greeting": _greeting(request.user), "today": timezone.localdate()}
    if common.is_manager(request.user):
        return render(request, "frontend/jobs/home_manager.html", {**greeting, **_manager(request.user)})
    if kind == "partner":
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
    opportunities = work.managed_rows(user)
    today = timezone.localdate()
    late = [row for row in opportunities if row.get("expected_close") and row["expected_close"] < today]
    context = offers.offer_context(user)
    return {
        **context,
        "more_offers": max(0, len(context["offers"]) - SHOWN),
        "offers": context["offers"][:SHOWN],
        "offer_count": len(context["offers"]),
        "partner": partner,
        "steps": list(queries.onboarding_steps(user, onboarding)) if onboarding else [],
        "tasks": common.tasks(user, until=timezone.now() + timedelta(days=7))[:SHOWN],
        "late": late[:SHOWN],
        "late_count": len(late),
        "leads": [row for row in work.leads_worked(user, limit=50) if row["state"] == "accepted"][:SHOWN],
        "totals": figures.totals(user),
        "pipeline": figures.pipeline(user),
        "won": figures.won_by_month(user),
    }


def _manager(user: Any) -> dict[str, Any]:
    queue = approvals.waiting(user)
    out = work.offers_out(user)
    soon = timezone.now() + timedelta(days=1)
    expiring = [row for row in out if row["due_at"] <= soon]
    unassigned = distribute.unassigned(user)
    return {
        "queue": queue[:SHOWN],
        "queue_count": len(queue),
        "expiring": (expiring or out)[:SHOWN],
        "expiring_count": len(expiring),
        "out_count": len(out),
        "unassigned": unassigned[:SHOWN],
        "unassigned_count": len(unassigned),
        "unassigned_full": len(unassigned) >= distribute.LISTED,
        "partners": _partners(user),
        "covering": [one for one in user.covers_for.all() if one.away_on(timezone.localdate())],
        "tasks": common.tasks(user, until=timezone.now() + timedelta(days=7))[:SHOWN],
        "totals": figures.totals(user),
        "pipeline": figures.pipeline(user),
        "won": figures.won_by_month(user),
        "system": _system(user) if common.portal(user) == "administrator" else [],
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
    """For customers and employees: the lists that they have, each with its newest rows."""
    lists = []
    for module in registry.all_modules():
        if module.nav and module.key != "alerts" and common.granted(user, module.key):
            newest = common.rows(user, module.key, (module.title, "state"), limit=4)
            titled = [{**row, "title": row.get(module.title)} for row in newest]
            lists.append({"module": module, "rows": titled})
    return {"lists": lists, "tasks": common.tasks(user, until=timezone.now() + timedelta(days=7))[:SHOWN]}


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
