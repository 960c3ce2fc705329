"""Alerts: the list is the truth, the toast a hint."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from frontend.requests import actor, is_htmx
from prm.access.rights import may, visible
from prm.alerts.actions import mark_seen
from prm.alerts.queries import after, bell, latest
from prm.modules import registry
from prm.modules.versions import opaque_version
from workflows.perform import available

PAGE = 40


def _allowed(request: HttpRequest) -> None:
    """Alerts are a module like others; without a grant on it there is no inbox."""
    if not may(request.user, registry.get("alerts"), "view"):
        raise Http404


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """The user's alerts, newest first."""
    _allowed(request)
    found = latest(request.user, limit=PAGE + 1, before=_number(request.GET.get("before")))
    rows = [{**one, "moment": dt.datetime.fromisoformat(one["at"])} for one in found[:PAGE]]
    older = "?" + urlencode({"before": rows[-1]["seq"]}) if len(found) > PAGE else ""
    context = {"title": _("Inbox"), "alerts": rows, "older": older, "first": "before" not in request.GET}
    return render(request, "frontend/alerts.html", context)


@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """Marks all alerts up to a number as seen."""
    _allowed(request)
    seq = _number(request.POST.get("seq"))
    if seq is None:
        return HttpResponse(status=400)
    left = mark_seen(request.user, seq)
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"unread": left})
    if is_htmx(request):
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    return redirect("alerts")


@require_safe
def newer(request: HttpRequest) -> HttpResponse:
    """Alerts after a number: what alerts.js asks for while it has no socket."""
    _allowed(request)
    seq = _number(request.GET.get("after")) or 0
    return JsonResponse({"alerts": after(request.user, seq, limit=50), **bell(request.user)})


@require_safe
def toast(request: HttpRequest, seq: int) -> HttpResponse:
    """One alert as a toast, with what can be done about it in one click."""
    _allowed(request)
    found = next(iter(after(request.user, seq - 1, limit=1)), None)
    if found is None or found["seq"] != seq:
        raise Http404
    return render(request, "frontend/parts/toast.html", {"alert": found, **_actions(request, found)})


def _actions(request: HttpRequest, alert: dict[str, Any]) -> dict[str, Any]:
    """The transitions that belong into a toast: possible now, and the main ones first."""
    target = alert.get("object") or {}
    try:
        module = registry.get(target.get("module", ""))
    except LookupError:
        return {"options": []}
    obj = visible(request.user, module).filter(pk=target.get("id")).first() if module.machine else None
    if obj is None:
        return {"options": []}
    offered = [one for one in available(obj, actor(request)) if one.enabled]
    main = [one for one in offered if one.tone == "primary"] + [
        one for one in offered if one.name == "decline"
    ]
    return {
        "options": main[:2],
        "module": module,
        "obj": obj,
        "version": opaque_version(obj),
        "next": reverse("home"),
    }
