"""Ways from a record's page into pages made for a job, beside what follows from its description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from prm.access.rights import administers, may
from prm.access.viewing import may_view_as
from prm.modules import registry
from prm.modules.registry import Module


@dataclass(frozen=True)
class Way:
    """A button. post: it makes something, so it is no link; reason: why it is not possible now."""

    title: str
    icon: str
    url: str
    post: bool = False
    reason: str = ""


def _of_opportunity(user: Any, deal: Any) -> list[Way]:
    if not may(user, registry.get("quotes"), "create"):
        return []
    reason = "" if deal.state == "managed" else _("Only a managed opportunity gets a quote.")
    return [Way(_("New quote"), "receipt-text", reverse("quote-start", args=[deal.pk]), True, reason)]


def _of_quote(user: Any, quote: Any) -> list[Way]:
    return [Way(_("PDF"), "file-text", reverse("quote-pdf", args=[quote.pk]))]


def _of_portal(user: Any, portal: Any) -> list[Way]:
    if not may_view_as(user):
        return []
    return [Way(_("View as"), "eye", f"{reverse('view-as')}?portal={portal.pk}")]


def _of_user(user: Any, somebody: Any) -> list[Way]:
    found = _of_person("users")(user, somebody)
    if may_view_as(user) and somebody.pk != user.pk:
        reason = "" if somebody.is_active and somebody.portal_id else _("Who has no access sees nothing.")
        found.append(Way(_("View as"), "eye", f"{reverse('view-as')}?user={somebody.pk}", True, reason))
    return found


def _of_person(module: str) -> Callable[[Any, Any], list[Way]]:
    def ways(user: Any, somebody: Any) -> list[Way]:
        if not administers(user):
            return []
        url = reverse("privacy-person", args=[module, somebody.pk])
        return [Way(_("Personal data"), "fingerprint", url)]

    return ways


_WAYS: dict[str, Callable[[Any, Any], list[Way]]] = {
    "opportunities": _of_opportunity,
    "quotes": _of_quote,
    "contacts": _of_person("contacts"),
    "users": _of_user,
    "portals": _of_portal,
}

#: Modules whose records are begun from another record's page.
BEGUN_ELSEWHERE = frozenset({"quotes"})


def ways(user: Any, module: Module, obj: Any) -> list[Way]:
    """The buttons of this record."""
    of = _WAYS.get(module.key)
    return of(user, obj) if of else []


def edit_url(module: Module, obj: Any) -> str:
    """Where the record is changed, mostly the form that follows from its description; "" where it stands."""
    if module.key == "quotes":
        return reverse("quote-build", args=[obj.pk]) if obj.state == "draft" else ""
    if module.key == "web-forms":
        return reverse("web-form-build", args=[obj.pk])
    return reverse("record-edit", args=[module.key, obj.pk])
