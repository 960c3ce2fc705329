"""What is being worked: a partner's leads and opportunities; the vendor's deadlines and pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from frontend.listing import Listing
from frontend.reporting import drawn, whose
from frontend.views_jobs import common
from frontend.views_jobs.offers import ON_OFFER
from prm.access import channel
from prm.access.rights import readable_fields
from prm.modules import registry
from prm.modules.read import BadQuery, aggregate
from prm.modules.registry import Row
from prm.modules.texts import short_money
from prm.opportunities.models import Opportunity
from prm.opportunities.workflow import Stage

LEADS_WORKED = "accepted,contacted,qualified"
#: Rows of a table, cards of a lane, and tasks beside the deadlines; the rest is behind a link to all of it.
MOST, CARDS, TASKS = 200, 50, 50
#: The reports on the page of the pipeline.
PICTURES = ("pipeline", "won", "acceptance-time", "territory-load")
#: Where the board ends.
ENDS = [(state.value, state.label) for state in (Opportunity.State.WON, Opportunity.State.LOST)]

#: What is shown of a lead and of an opportunity that is being worked.
LEAD = ("topic", "company_name", "contact_name", "phone", "state", "assignee")
MANAGED = (
    "topic", "customer", "account", "stage", "probability", "amount", "expected_close", "next_step",
    "assignee",
)  # fmt: skip

#: What both lists can be narrowed by, beside words and whose they are.
NARROWED = ("product", "region")
#: What should close first stands on top.
SOONEST = "expected_close"
OPEN = {"state": Opportunity.State.MANAGED.value}


@never_cache
@require_safe
def managed(request: HttpRequest) -> HttpResponse:
    """What the partner works on, as a list or as a board by stage, narrowed by what stands in the URL."""
    user: Any = request.user
    if not common.has_job(user, "opportunities", "win"):
        raise Http404
    listing = _listing(request)
    narrowed = {
        name: value
        for name, value in listing.params.items()
        if name == "search" or name in listing.filter_form.fields
    }
    may_choose = "assignee" in _both(user)
    mine = may_choose and request.GET.get("mine") == "1"
    if mine:
        narrowed["assignee"] = str(user.pk)
    board = request.GET.get("view") == "board" and {"stage", "state"} <= listing.readable
    context: dict[str, Any] = {
        "listing": listing,
        "view": "board" if board else "list",
        "mine": mine,
        "may_choose": may_choose,
        "today": timezone.localdate(),
        "stages": Stage.choices,
        "new_lead": common.granted(user, "leads", "create"),
        "new_opportunity": common.granted(user, "opportunities", "create"),
        "cleared": listing.url(**dict.fromkeys((*listing.filter_form.fields, "search", "mine"))),
    }
    status = 200
    try:
        found = _board(user, narrowed) if board else _tables(user, narrowed, listing)
    except BadQuery:
        status, found = 400, {"wrong": True}
    else:
        context["active"] = listing.active()
    return render(request, "frontend/jobs/managed.html", {**context, **found}, status=status)


def _both(user: Any) -> set[str]:
    """What may be read of opportunities, and where leads are shown, too, of them as well."""
    known = readable_fields(user, registry.get("opportunities"))
    return known & readable_fields(user, registry.get("leads")) if common.granted(user, "leads") else known


def _listing(request: HttpRequest) -> Listing:
    known = _both(request.user)
    filters = tuple(name for name in NARROWED if name in known)
    module = registry.get("opportunities")
    return Listing(request.user, module, request.GET, request.path, filters=filters, ordering=SOONEST)


def _ordered(user: Any, params: Mapping[str, str], ordering: str = "") -> dict[str, str]:
    """`params` with the order that was asked for, or that of the page where its field may be read."""
    soonest = SOONEST if SOONEST in readable_fields(user, registry.get("opportunities")) else ""
    chosen = ordering or soonest
    return {**params, **({"ordering": chosen} if chosen else {})}


def _leads(user: Any, narrowed: Mapping[str, str], limit: int) -> common.Part:
    """Leads that were accepted and are not yet converted."""
    if "state" not in readable_fields(user, registry.get("leads")):
        return common.Part([])
    return common.part(user, "leads", LEAD, limit, {"state__in": LEADS_WORKED, **narrowed})


def _tables(user: Any, narrowed: Mapping[str, str], listing: Listing) -> dict[str, Any]:
    params = _ordered(user, {**OPEN, **narrowed}, listing.params.get("ordering", ""))
    leads = _leads(user, narrowed, MOST)
    opportunities = common.part(user, "opportunities", MANAGED, MOST, params)
    return {
        "leads": leads,
        "opportunities": opportunities,
        "empty": not leads.rows and not opportunities.rows,
        "heads": listing.heads(("amount", SOONEST)),
    }


def _board(user: Any, narrowed: Mapping[str, str]) -> dict[str, Any]:
    """Lanes by stage. How many there are and what they come to is asked of all, not of the cards shown."""
    module = registry.get("opportunities")
    params = {**OPEN, **narrowed}
    money = "amount" if "amount" in readable_fields(user, module) else None
    totals = aggregate(user, module, params, "stage", money)
    columns = []
    for stage in Stage:
        own = [one for one in totals if one["key"] == stage.value]
        asked = _ordered(user, {**params, "stage": stage.value})
        sums = {one["currency"]: one["sum"] for one in own if one.get("sum") and one.get("currency")}
        columns.append(
            {
                "stage": stage.value,
                "title": stage.label,
                "part": common.part(user, "opportunities", MANAGED, CARDS, asked),
                "count": sum(one["count"] for one in own),
                "sums": [short_money(total, currency) for currency, total in sorted(sums.items())],
            }
        )
    leads = _leads(user, narrowed, CARDS)
    return {
        "leads": leads,
        "empty": not leads.rows and not totals,
        "columns": columns,
        "ends": ENDS,
        "lanes": [*Stage.choices, *ENDS],
        "shown": len(Stage) + len(ENDS) + bool(leads.rows),
    }


def late(user: Any, limit: int) -> common.Part:
    """Open opportunities that should have closed before today, the longest ago first."""
    if not {"state", SOONEST} <= readable_fields(user, registry.get("opportunities")):
        return common.Part([])
    yesterday = timezone.localdate() - timedelta(days=1)
    params = {**OPEN, f"{SOONEST}__lte": yesterday.isoformat(), "ordering": SOONEST}
    return common.part(user, "opportunities", MANAGED, limit, params)


def accepted(user: Any, limit: int) -> list[Row]:
    """Leads that were accepted and nobody has called yet."""
    return common.rows(user, "leads", LEAD, limit=limit, state="accepted")


def _out(user: Any) -> list[tuple[str, str]]:
    """Modules of which the user may see what is on offer and until when, with the state that says so."""
    return [
        (module, state)
        for module, state in ON_OFFER.items()
        if {"state", "due_at"} <= readable_fields(user, registry.get(module))
    ]


def offers_out(user: Any, limit: int = MOST) -> dict[str, common.Part]:
    """What is on offer to partners, by module, what expires first on top."""
    shown = ("topic", "partner", "owner", "due_at")
    return {
        module: common.part(user, module, shown, limit, {"state": state, "ordering": "due_at"})
        for module, state in _out(user)
    }


def expiring(user: Any, until: datetime) -> int:
    """How many offers to partners expire by then."""
    return sum(
        common.count(user, module, {"state": state, "due_at__lte": until.isoformat()})
        for module, state in _out(user)
    )


@never_cache
@require_safe
def deadlines(request: HttpRequest) -> HttpResponse:
    """What runs out: offers by time left, and applications and tasks that wait."""
    if not channel.manages(request.user):
        raise Http404
    now = timezone.now()
    parts = offers_out(request.user)
    offers = common.by_due(row for one in parts.values() for row in one.rows)
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
        "cut": [(registry.get(key), one) for key, one in parts.items() if one.more],
        "tasks": common.tasks(request.user, now + timedelta(days=7), TASKS),
    }
    return render(request, "frontend/jobs/deadlines.html", context)


@never_cache
@require_safe
def pipeline(request: HttpRequest) -> HttpResponse:
    """Four pictures that people would rather look at than lists, each with its table."""
    if not channel.manages(request.user):
        raise Http404
    manager = request.GET.get("channel_manager")
    params = {"channel_manager": manager} if manager else {}
    try:
        cards = [card for key in PICTURES if (card := drawn(request.user, key, params))]
    except BadQuery as error:
        raise Http404 from error
    context = {"whose": whose(request), "cards": cards, "lead": cards[0].table.headline if cards else ""}
    return render(request, "frontend/jobs/pipeline.html", context)
