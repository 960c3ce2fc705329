"""Leads and opportunities on offer to a partner: see why, accept with one click, decline with a reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from frontend.views_jobs import common
from prm.access.rights import rights_for
from prm.alerts import links
from prm.modules import registry
from prm.modules.read import get_row
from prm.modules.registry import Row
from workflows.errors import WorkflowError

#: module → the state in which its records are on offer
ON_OFFER = {"leads": "assigned", "opportunities": "distributed"}
ACTS = ("accept", "decline", "claim")


#: What the card of an offer shows.
CARD = ("topic", "need", "size", "region", "product", "amount", "offer_reason", "due_at", "state")


def sells(user: Any) -> bool:
    """Whether records are offered to the user's company: what is granted says so, not the portal's name."""
    if rights_for(user).policy.staff:
        return False
    return any(common.has_job(user, module, "accept") for module in ON_OFFER)


def on_offer(user: Any, limit: int = 100) -> list[Row]:
    """Everything that waits for the partner's answer, what ends first on top."""
    found = [
        row
        for module, state in ON_OFFER.items()
        if common.has_job(user, module, "accept")
        for row in common.rows(user, module, CARD, limit=limit, state=state)
    ]
    return common.by_due(found)


def decline_choices(module: str) -> list[tuple[str, Any]]:
    """The reasons a partner may give with one tap."""
    return common.inputs_of(module, "decline")["reason"].options()


def offer_context(user: Any) -> dict[str, Any]:
    """What the cards of offers need on any page."""
    return {
        "offers": on_offer(user),
        "reasons": {module: decline_choices(module) for module in ON_OFFER},
    }


@never_cache
@require_safe
def offered(request: HttpRequest) -> HttpResponse:
    """All offers, and the pool that anyone entitled may claim from."""
    if not any(common.has_job(request.user, module, "accept") for module in ON_OFFER):
        raise Http404
    may_claim = common.granted(request.user, "leads", "claim")
    pool = common.rows(request.user, "leads", CARD, state="pooled") if may_claim else []
    return render(request, "frontend/jobs/offered.html", {**offer_context(request.user), "pool": pool})


@require_POST
def act(request: HttpRequest, module: str, pk: UUID, name: str) -> HttpResponse:
    """Accept, decline or claim; answers with the one card that changed, or without scripts with a page."""
    if module not in ON_OFFER or name not in ACTS:
        raise Http404
    before = get_row(request.user, registry.get(module), pk)
    if before is None:
        return _gone(request)
    try:
        common.perform_posted(request, module, pk, name)
    except WorkflowError as error:
        return _refused(request, module, pk, common.explain(error))
    if request.htmx:  # type: ignore[attr-defined]
        row = get_row(request.user, registry.get(module), pk)
        context = {"row": row, "before": before, "module": module, "name": name}
        answer = render(request, "frontend/jobs/_offer_done.html", context)
        # Whatever else on the page still offers it, a toast for one, may go.
        return trigger_client_event(answer, "prm:acted", {"object": str(pk)})
    topic = {"topic": before["topic"]}
    if name == "decline":
        common.say(request, True, _("You declined “%(topic)s”. Thank you for saying so.") % topic)
        return common.back(request, "offered")
    common.say(request, True, _("“%(topic)s” is yours now. Here is whom to call.") % topic)
    return redirect("record", module, pk)


def _refused(request: HttpRequest, module: str, pk: UUID, text: str) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        common.say(request, False, text)
        return common.back(request, "offered")
    row = get_row(request.user, registry.get(module), pk)
    if row is None:
        return _gone(request)
    still = row["state"] in (*ON_OFFER.values(), "pooled")
    context = {
        "row": {**row, "module": module},
        "error": text,
        "reasons": {key: decline_choices(key) for key in ON_OFFER},
    }
    template = "_offer" if still else "_offer_gone"
    return render(request, f"frontend/jobs/{template}.html", context)


def _gone(request: HttpRequest) -> HttpResponse:
    text = _("This offer is over: it expired, was taken back, or a colleague answered it.")
    if not request.htmx:  # type: ignore[attr-defined]
        common.say(request, False, text)
        return common.back(request, "offered")
    return render(request, "frontend/jobs/_offer_gone.html", {"error": text})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def offer_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link of an offer's mail: opening shows the offer, one button accepts it, without a login."""
    link = links.look_up(token)
    error = ""
    if request.method == "POST" and link is not None and link.status == "open":
        try:
            record = links.use(token, request_id=getattr(request, "request_id", ""))
        except WorkflowError as refused:
            error = common.explain(refused)
            link = links.look_up(token)
        else:
            row = get_row(link.user, registry.get(link.module), record.pk)
            done = {"row": row, "record_url": reverse("record", args=(link.module, record.pk))}
            return render(request, "frontend/jobs/offer_link_done.html", done)
    row = links.row(link) if link is not None and link.status == "open" else None
    option = links.option(link) if row and link else None
    context = {"link": link, "row": row, "option": option, "error": error}
    return render(request, "frontend/jobs/offer_link.html", context, status=200 if row else 404)
