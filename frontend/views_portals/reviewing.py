"""What a draft changes and means, publishing it, and the versions before."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from frontend.requests import actor, explain
from frontend.views_portals.desk import Desk, desk, excess_text, portal_or_404, seen
from frontend.views_portals.pressing import whole
from frontend.views_portals.words import diff, module_of
from prm.access.models import PortalVersion
from prm.modules.versions import opaque_version, version_matches
from prm.portals import actions
from prm.portals.impact import impact
from workflows.errors import NotFound, Stale, WorkflowError
from workflows.perform import available, perform

#: Versions on one page; older ones are on the next.
VERSIONS = 20
DONE = {
    "submit": gettext_lazy("The draft is in review."),
    "return_to_draft": gettext_lazy("The draft can be changed again."),
    "publish": gettext_lazy("Published: it is in force for every user of the portal now."),
    "discard": gettext_lazy("The draft is discarded."),
    "rebase": gettext_lazy("The draft is up to date: its changes now stand upon what is in force."),
}


@never_cache
@require_safe
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The changes of the draft in words, what they mean on today's data, and what can be done with it."""
    return _review(desk(request, pk))


def _review(at: Desk) -> HttpResponse:
    context: dict[str, Any] = {"parts": at.changes, "options": [], "impact": None, "excess": []}
    if at.draft is not None:
        if at.changes:
            if at.request.GET.get("impact") == "1":
                # Counting takes its time: the page stands first, and asks for this.
                context["impact"] = impact(at.portal, at.document)
            context["excess"] = _excess(at)
        context["options"] = [
            {"option": one, "note": "note" in one.inputs}
            for one in available(at.draft, actor(at.request))
            if one.in_state and (one.enabled or one.name != "rebase")
        ]
    return at.page("review", "review", context)


def _excess(at: Desk) -> list[dict[str, str]]:
    """What of the draft its reader does not hold, each with the place where it can be changed."""
    found: dict[str, dict[str, Any]] = {}
    for one in at.excess(at.document):
        if at.live["grants"].get(one.module) == at.grant(one.module):
            continue
        module = module_of(one.module)
        number = one.path.split(".")[3]
        line = found.setdefault(
            f"{one.module}.{number}",
            {
                "title": f"{module.label_plural if module else one.module}: {one.scope}",
                "url": reverse("portal-scope", args=[at.portal.pk, one.module, int(number)]),
                "texts": [],
            },
        )
        line["texts"].append(excess_text(one))
    return list(found.values())


@require_POST
def act(request: HttpRequest, pk: UUID, name: str) -> HttpResponse:
    """Does one transition of the draft: submit, return, publish, discard."""
    at = desk(request, pk)
    if at.draft is None:
        raise Http404
    inputs = {"note": request.POST["note"]} if request.POST.get("note") else {}
    try:
        if not version_matches(at.draft, request.POST.get("version", "")):
            raise Stale(_("Somebody has changed the draft. Look at the changes again, then decide."))
        perform(at.draft, name, actor=actor(request), inputs=inputs, expected_version=at.draft.version)
    except Stale:
        at.say(
            "", _("Somebody has changed the draft in the meantime. Look at the changes again, then decide.")
        )
        at.status = 412
        return _review(at)
    except WorkflowError as error:
        at.say("", explain(error))
        at.status = 422
        return _review(at)
    messages.success(request, str(DONE.get(name, _("Done."))))
    return redirect("portal-versions" if name == "publish" else "portal-review", pk=pk)


@never_cache
@require_safe
def versions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every version of the portal, newest first, with what it changed."""
    at = desk(request, pk)
    before = whole(request.GET.get("before", ""))
    kept = PortalVersion.objects.filter(portal=at.portal).order_by("-number")
    if before is not None:
        kept = kept.filter(number__lt=before)
    found = list(kept[: VERSIONS + 1])
    shown = []
    for place, one in enumerate(found[:VERSIONS]):
        older = found[place + 1].document if place + 1 < len(found) else None
        parts = diff(older, one.document) if older is not None else []
        shown.append({"version": one, "parts": parts, "first": older is None})
    newest = before is None
    context = {
        "versions": shown,
        "portal_version": opaque_version(at.portal),
        "newest": newest,
        "undoable": newest and len(found) > 1 and not at.portal.archived,
        "draftable": at.draft is None and not at.portal.archived,
        "older": found[VERSIONS - 1].number if len(found) > VERSIONS else None,
    }
    return at.page("versions", "versions", context)


@require_POST
def redraft(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    """Makes a draft of an older version, to be looked at and published like any other."""
    portal = portal_or_404(request, pk)
    try:
        actions.draft_from(actor(request), portal, number)
    except NotFound as error:
        raise Http404 from error
    except WorkflowError as error:
        messages.error(request, explain(error))
        return redirect("portal-versions", pk=pk)
    messages.success(request, _("The draft is as in version %(number)s.") % {"number": number})
    return redirect("portal-review", pk=pk)


@require_POST
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Publishes the version before the present one again."""
    portal = portal_or_404(request, pk)
    try:
        actions.undo(actor(request), portal, seen(request, portal))
    except WorkflowError as error:
        messages.error(request, explain(error))
    else:
        messages.success(request, _("Undone: the version before is in force again."))
    return redirect("portal-versions", pk=pk)
