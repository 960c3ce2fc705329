"""What somebody would have seen of today's records with the grants of an earlier day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from frontend.cells import title_of
from frontend.forms import reference_select
from frontend.requests import object_or_404
from frontend.views_portals.desk import desk
from prm.modules import registry
from prm.modules.read import list_page
from prm.modules.registry import Module
from prm.portals.travel import rights_on, version_on
from workflows.inputs import Input

#: Records that are named of each module.
EXAMPLES = 5


@dataclass(frozen=True)
class Sight:
    """What somebody sees of one module: of today's records, with the grants of then and of now."""

    module: Module
    then: int
    now: int
    fields_then: int
    fields_now: int
    titles: list[str]


@never_cache
@require_safe
def travel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a user would have seen of today's records with the grants of an earlier day."""
    at = desk(request, pk)
    who, text = request.GET.get("user", ""), request.GET.get("day", "")
    day = _day(text)
    field = reference_select(Input(kind="reference", module="users", label=_("User")), request.user, who)
    field.attrs.update({"id": "id-user"})
    context: dict[str, Any] = {
        "user_field": field.render("user", who),
        "day": text or timezone.localdate().isoformat(),
        "today": timezone.localdate().isoformat(),
        "errors": at.errors,
    }
    if who or text:
        if not who:
            at.say("id-user", _("Choose a user."))
        if day is None:
            at.say("id-day", _("Choose a day that is not in the future."))
        if not at.errors and day is not None:
            person = object_or_404(request.user, registry.get("users"), who)
            context |= {
                "person": person,
                "when": day,
                "version": version_on(person, day),
                "sights": _sights(person, day, request.user),
            }
        else:
            at.status = 422
    return at.page("travel", "travel", context)


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and day <= timezone.localdate() else None


def _sights(person: Any, day: date, asker: Any) -> list[Sight]:
    """What is seen of each module, as far as the asker may read it, too."""
    then, now = (rights_on(person, when, asker) for when in (day, timezone.localdate()))
    found = []
    for module in registry.all_modules():
        if not then.grants(module.key) and not now.grants(module.key):
            continue
        titles: list[str] = []
        if then.grants(module.key):
            page = list_page(then.user, module, {}, limit=EXAMPLES, fields=[module.title])
            titles = [title_of(module, row) for row in page.rows]
        found.append(
            Sight(
                module,
                then.visible(module).count(),
                now.visible(module).count(),
                len(then.readable(module)),
                len(now.readable(module)),
                titles,
            )
        )
    return found
