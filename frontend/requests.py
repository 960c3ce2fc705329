"""What the generic views share: finding what the user may see, who acts, where to go afterwards."""

from __future__ import annotations

import json
from typing import Any, TypedDict

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from prm.access.rights import may, visible
from prm.modules import registry
from prm.modules.registry import Module
from prm.views.models import Undo
from workflows.actor import Actor
from workflows.errors import InvalidInput, NotFound, Refused, WorkflowError


class Way(TypedDict):
    """A transition that leads back: where it is asked for, and what it is called."""

    url: str
    title: str


#: The answer of a page to each error of the engine.
STATUS = {"not_found": 404, "denied": 403, "wrong_state": 409, "stale": 412, "refused": 422, "invalid": 422}


def module_or_404(user: Any, key: str, verb: str = "view") -> Module:
    """The module, if the user's portal grants `verb` on it: what is not granted does not exist."""
    try:
        module = registry.get(key)
    except LookupError as error:
        raise Http404 from error
    if not may(user, module, verb):
        raise Http404
    return module


def object_or_404(user: Any, module: Module, pk: Any) -> Any:
    """One record that the user may see."""
    try:
        return visible(user, module).get(pk=pk)
    except (ObjectDoesNotExist, ValidationError) as error:
        raise Http404 from error


def actor(request: HttpRequest) -> Actor:
    """The signed-in user as the one who acts, with the id of the request for the history."""
    return Actor.of(request.user, request_id=getattr(request, "request_id", ""))


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def next_url(request: HttpRequest, fallback: str) -> str:
    """Where the form wants to return to, never another site."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if target.isprintable() and url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    ):
        return target
    return fallback


def record_url(module: Module, pk: Any) -> str:
    """The page of a record."""
    return reverse("record", args=[module.key, pk])


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Leave for another page, also out of a dialog."""
    if is_htmx(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return redirect(url)


def done(
    request: HttpRequest, url: str, text: str, undo: Undo | None = None, back: Way | None = None
) -> HttpResponse:
    """An action went well: say so, and go on; a page that asked for an event stays where it is.

    undo: what takes it back at once; back: the transition that leads back, which may still ask something.
    """
    way = {"undo": reverse("undo", args=[undo.pk])} if undo else {"back": back} if back else {}
    if is_htmx(request) and request.POST.get("then") == "event":
        response = HttpResponse(status=204)
        toast = {"tone": "good", "title": text, **way}
        response["HX-Trigger"] = json.dumps({"prm:toast": toast, "prm:done": {}})
        return response
    # What the toast needs besides its text travels with the message.
    messages.success(request, text, extra_tags=json.dumps(way) if way else "")
    return go(request, url)


def explain(error: WorkflowError) -> str:
    """An error of the engine in one sentence: guards speak for themselves."""
    if isinstance(error, Refused):
        return " ".join(reason.message for reason in error.reasons)
    if isinstance(error, InvalidInput):
        return " ".join(text for texts in error.errors.values() for text in texts)
    if isinstance(error, NotFound):
        return _("It is no longer there, or no longer yours.")
    return error.message


def status_of(error: WorkflowError) -> int:
    """The HTTP status of an error of the engine."""
    return STATUS.get(error.code, 422)
