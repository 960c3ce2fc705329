"""What the job pages share: loading a record as the user may see it, acting on it, and saying how it went."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from prm.access.policy import policy_of
from prm.access.rights import Rights, may, visible
from prm.access.viewing import is_viewed
from prm.modules import registry
from prm.modules.read import BadQuery, list_page
from prm.modules.registry import Row
from prm.modules.versions import version_matches
from prm.records.queries import due_activities
from workflows.actor import Actor
from workflows.errors import InvalidInput, NotFound, Refused, Stale, WorkflowError
from workflows.inputs import Input
from workflows.perform import perform


def portal(user: Any) -> str:
    """The key of the user's portal, "" for one without."""
    return getattr(getattr(user, "portal", None), "key", "")


def actor(request: HttpRequest) -> Actor:
    """The signed-in user as the one who acts, with the id of the request for the history."""
    return Actor.of(request.user, request_id=getattr(request, "request_id", ""))


def granted(user: Any, module: str, verb: str = "view") -> bool:
    """Whether the user may do this to some record of the module."""
    return may(user, registry.get(module), verb)


def has_job(user: Any, module: str, verb: str) -> bool:
    """Whether the page of this job is the user's; also for who looks in their place, and can do nothing."""
    if granted(user, module, verb):
        return True
    own = Rights(user, policy_of(user.portal)) if is_viewed(user) else None
    return own is not None and own.may(registry.get(module), verb) and granted(user, module)


def require(request: HttpRequest, module: str, verb: str) -> None:
    """What is not granted does not exist, so a page for it is a 404, too."""
    if not granted(request.user, module, verb):
        raise Http404


def load(user: Any, module: str, pk: Any) -> models.Model:
    """One record out of those that the user may see, otherwise 404."""
    try:
        return visible(user, registry.get(module)).get(pk=pk)
    except ObjectDoesNotExist as error:
        raise Http404 from error


def rows(
    user: Any, module: str, fields: Collection[str] | None = None, limit: int = 50, **params: str
) -> list[Row]:
    """The first rows of a list that the user may see; none where the module is not granted, or where
    they may not read what it is asked by.

    fields: those that the page shows, as far as the module has them; None gives all that may be read.
    Each row says in `module` where it belongs, so that lists of several modules can be one.
    """
    described = registry.get(module)
    if not may(user, described, "view"):
        return []
    try:
        found = list_page(user, described, params, limit=limit, fields=fields).rows
    except BadQuery:
        return []
    return [{**row, "module": module} for row in found]


def posted(request: HttpRequest) -> Any:
    """What a form was sent with; None where the page is only shown: an empty form is also sent."""
    return request.POST if request.method == "POST" else None


def files(request: HttpRequest) -> Any:
    """What a form was sent with beside its words; None where the page is only shown."""
    return request.FILES if request.method == "POST" else None


def inputs_posted(request: HttpRequest, inputs: Mapping[str, Input]) -> dict[str, Any]:
    """Those of the declared inputs that the form sent; `perform` says what is wrong with them."""
    return {name: request.POST[name] for name in inputs if request.POST.get(name)}


def perform_posted(request: HttpRequest, module: str, pk: Any, name: str) -> Any:
    """Do one transition on what the page showed: the version that it sent must still be the record's."""
    record: Any = load(request.user, module, pk)
    if not version_matches(record, request.POST.get("version", "")):
        raise Stale
    inputs = inputs_posted(request, inputs_of(module, name))
    return perform(record, name, actor=actor(request), inputs=inputs, expected_version=record.version)


def inputs_of(module: str, name: str) -> Mapping[str, Input]:
    """The inputs that a transition of the module declares."""
    machine = registry.get(module).machine
    found = machine.get(name) if machine else None
    if found is None:
        raise Http404
    return found.inputs


def explain(error: WorkflowError) -> str:
    """One sentence for people: guards speak for themselves, the rest gets a plain word."""
    if isinstance(error, Refused):
        return " ".join(str(reason.message) for reason in error.reasons)
    if isinstance(error, InvalidInput):
        return " ".join(str(text) for texts in error.errors.values() for text in texts)
    if isinstance(error, Stale):
        return _("Someone changed this in the meantime. Look at it again, then decide.")
    if isinstance(error, NotFound):
        return _("This is no longer yours to act on.")
    return str(error.message)


def back(request: HttpRequest, fallback: str) -> HttpResponse:
    """Return to the page the form came from, but never to another site."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return redirect(target)
    return redirect(fallback)


def say(request: HttpRequest, ok: bool, text: str) -> None:
    """Leave a message for the next page."""
    (messages.success if ok else messages.error)(request, text)


@dataclass(frozen=True)
class Part:
    """The first rows of a list. count: of all that fit; more: where the rest is, "" where these are all."""

    rows: list[Row]
    count: int = 0
    more: str = ""


def part(user: Any, module: str, fields: Collection[str], limit: int, params: Mapping[str, str]) -> Part:
    """As `rows`, and how many there are beyond them. Raises BadQuery."""
    described = registry.get(module)
    if not may(user, described, "view"):
        return Part([])
    # Counted whether it is cut or not: a page asks the database as often for many rows as for few.
    page = list_page(user, described, {**params, "count": "1"}, limit=limit, fields=fields)
    found = [{**row, "module": module} for row in page.rows]
    more = f"{reverse('module-list', args=[module])}?{urlencode(params)}" if page.next else ""
    return Part(found, page.count or 0, more)


def count(user: Any, module: str, params: Mapping[str, str]) -> int:
    """How many rows of a list fit. Raises BadQuery."""
    described = registry.get(module)
    if not may(user, described, "view"):
        return 0
    return list_page(user, described, {**params, "count": "1"}, limit=1, fields=()).count or 0


def tasks(user: Any, until: datetime, limit: int) -> Part:
    """The user's open calls, meetings and tasks that are due by then, each with where it belongs.

    limit: so many of them; the calendar has the rest.
    """
    due = due_activities(user, until=until)
    found = []
    for activity in due[:limit]:
        module = registry.for_subject(activity.subject)
        assert module is not None
        found.append(
            {
                "id": activity.pk,
                "title": activity.title,
                "late": bool(activity.due_at and activity.due_at < timezone.now()),
                "kind": activity.get_kind_display(),
                "due_at": activity.due_at,
                "on": module.label,
                "url": reverse("record", args=(module.key, activity.object_id)),
            }
        )
    count = due.count()
    return Part(found, count, f"{reverse('calendar')}?show=activities" if count > len(found) else "")


def by_due(found: Iterable[Row]) -> list[Row]:
    """Sorted by deadline, what has none last."""
    return sorted(found, key=lambda row: (row.get("due_at") is None, row.get("due_at")))
