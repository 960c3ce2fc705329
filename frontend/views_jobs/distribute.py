"""From unassigned leads and draft opportunities to partners: choose records, see who fits and why, assign."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from frontend.views_jobs import common
from prm.access.rights import visible
from prm.distribution import actions, queries
from prm.modules import registry
from prm.modules.registry import Row

#: module → (verb that offers it, states in which nobody has it)
UNASSIGNED = {"leads": ("assign", "new,pooled"), "opportunities": ("distribute", "draft")}
#: A partner's ranking beyond this is no help any more.
RANKED = 12


#: One page of the list: as many as anyone assigns in one go.
LISTED = 50


def unassigned(user: Any, limit: int = LISTED) -> list[Row]:
    """What waits for a partner, oldest first."""
    shown = ("topic", "region", "size", "product", "amount", "state", "created_at")
    found = [
        row
        for module, (verb, states) in UNASSIGNED.items()
        if common.granted(user, module, verb)
        for row in common.rows(user, module, shown, limit=limit, state__in=states, ordering="created_at")
    ]
    return sorted(found, key=lambda row: row["created_at"])


def distributes(user: Any) -> bool:
    """Whether the user hands records out to partners."""
    return any(common.has_job(user, module, verb) for module, (verb, _states) in UNASSIGNED.items())


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _ids(values: list[str]) -> dict[str, list[UUID]]:
    """What was picked, as `leads:<id>` and `opportunities:<id>`, by module; what is neither is left out."""
    ids: dict[str, list[UUID]] = defaultdict(list)
    for value in values:
        module, _colon, text = value.partition(":")
        pk = _uuid(text)
        if module in UNASSIGNED and pk is not None:
            ids[module].append(pk)
    return ids


def _chosen(user: Any, values: list[str]) -> list[Any]:
    """The picked records, as far as the user may offer them and nobody has them."""
    chosen: list[Any] = []
    for module, pks in _ids(values).items():
        verb, states = UNASSIGNED[module]
        rows = visible(user, registry.get(module), verb).filter(pk__in=pks, state__in=states.split(","))
        for record in rows.order_by("created_at"):
            record.job_key = f"{module}:{record.pk}"
            chosen.append(record)
    return chosen


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def distribute(request: HttpRequest) -> HttpResponse:
    """The list; with records chosen, the partners that fit them; on POST, the offer."""
    if not distributes(request.user):
        raise Http404
    if request.method == "POST":
        return _assign(request)
    chosen = _chosen(request.user, request.GET.getlist("pick"))
    if not chosen:
        context = {"rows": unassigned(request.user), "nothing_chosen": "find" in request.GET}
        return render(request, "frontend/jobs/distribute.html", context)
    fits = queries.fits(chosen, request.user)[:RANKED]
    return render(request, "frontend/jobs/distribute_fits.html", {"chosen": chosen, "fits": fits})


def _assign(request: HttpRequest) -> HttpResponse:
    """Offers each record by itself: one that is refused does not hold the others up."""
    ids = _ids(request.POST.getlist("pick"))
    partner_id = _uuid(request.POST.get("partner", ""))
    if not ids or partner_id is None:
        return redirect("distribute")
    reason = request.POST.get(f"reason-{partner_id}", "").strip()[:500]
    actor = common.actor(request)
    results = []
    for module, pks in ids.items():
        seen = visible(request.user, registry.get(module)).filter(pk__in=pks)
        titles = {str(row.pk): str(row) for row in seen}
        for answer in actions.distribute(actor, module, pks, partner_id, reason):
            results.append(
                {
                    "module": module,
                    "id": answer.id,
                    "title": titles.get(answer.id, ""),
                    "ok": answer.ok,
                    "error": common.explain(answer.error) if answer.error else "",
                }
            )
    done = sum(1 for result in results if result["ok"])
    partner = visible(request.user, registry.get("partners")).filter(pk=partner_id).first()
    if done == len(results):
        text = ngettext("%(n)d record offered to %(partner)s.", "%(n)d records offered to %(partner)s.", done)
        common.say(request, True, text % {"n": done, "partner": partner})
        return redirect("distribute")
    failed = [result for result in results if not result["ok"]]
    context = {"results": results, "done": done, "failed": failed, "partner": partner}
    return render(request, "frontend/jobs/distribute_done.html", context, status=200 if done else 422)
