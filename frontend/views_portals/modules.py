"""Which modules a portal has, and the scopes of one: which records, which actions, which fields."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from frontend.views_portals import scopes
from frontend.views_portals.desk import Desk, desk, excess_text, granted_or_404, module_or_404
from frontend.views_portals.pressing import moved, numbers, pressed
from frontend.views_portals.rows import drawn
from frontend.views_portals.scopes import ScopeForm
from frontend.views_portals.words import LEVELS, scope_facts
from prm.access.document import BLANK_GRANT
from prm.access.rights import may
from prm.modules import registry
from prm.modules.registry import Module

#: A portal has no more scopes of a module than somebody can still understand.
MOST_SCOPES = 20


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def modules(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every module: granted or not, and what its scopes are. POST grants a module or takes it away."""
    at = desk(request, pk)
    if request.method == "POST":
        verb, about = pressed(request.POST)
        module = module_or_404(about[0] if about else "")
        change = {"grant": _granting, "take": _taking}.get(verb)
        if change is None:
            raise Http404
        if at.save(change(module)):
            if verb == "grant":
                return redirect("portal-scope-new", pk=pk, key=module.key)
            messages.success(
                request, _("%(module)s: taken away in the draft.") % {"module": module.label_plural}
            )
            return redirect(request.path)
    granted, other = [], []
    for module in sorted(registry.all_modules(), key=lambda one: str(one.label_plural).casefold()):
        grant = at.grant(module.key)
        if grant is None:
            other.append(module)
        else:
            facts = [scope_facts(module, scope) for scope in grant["scopes"]]
            granted.append({"module": module, "scopes": facts, "changed": _changed(at, module.key)})
    return at.page("modules", "modules", {"granted": granted, "other": other})


def _changed(at: Desk, key: str) -> bool:
    return at.draft is not None and at.live["grants"].get(key) != at.grant(key)


def _granting(module: Module) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["grants"].setdefault(module.key, copy.deepcopy(dict(BLANK_GRANT)))

    return change


def _taking(module: Module) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["grants"].pop(module.key, None)

    return change


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def module(request: HttpRequest, pk: UUID, key: str) -> HttpResponse:
    """The scopes of a module in their order. POST moves one, copies it or takes it away."""
    at = desk(request, pk)
    described, grant = granted_or_404(at, key)
    if request.method == "POST":
        verb, about = pressed(request.POST)
        named = numbers(about)
        if not named or not 0 <= named[0] < len(grant["scopes"]):
            raise Http404
        if at.save(_rearranging(key, verb, named)):
            messages.success(request, _("Saved in the draft."))
            return redirect(request.path)
    facts = [scope_facts(described, scope) for scope in grant["scopes"]]
    excess: dict[str, list[str]] = {}
    for one in at.excess(at.document):
        if one.module == key:
            excess.setdefault(one.scope, []).append(excess_text(one))
    context = {
        "module": described,
        "scopes": facts,
        "excess": excess,
        "most": len(facts) >= MOST_SCOPES,
        # Who asks sees the module themselves; what nobody enters is not asked about.
        "explained": may(request.user, described, "view") and may(request.user, described, "create"),
    }
    return at.page("module", "rights", context)


def _rearranging(key: str, verb: str, named: list[int]) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        kept = document["grants"][key]["scopes"]
        if verb == "scope-move" and len(named) == 2:
            moved(kept, *named)
        elif verb == "scope-remove":
            del kept[named[0]]
        elif verb == "scope-copy" and len(kept) < MOST_SCOPES:
            again = copy.deepcopy(kept[named[0]])
            again["name"] = _("%(name)s, copy") % {"name": again["name"]}
            kept.insert(named[0] + 1, again)
        else:
            raise Http404

    return change


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def scope(request: HttpRequest, pk: UUID, key: str, number: int) -> HttpResponse:
    """One scope of a module."""
    at = desk(request, pk)
    described, grant = granted_or_404(at, key)
    known = grant["scopes"][number] if number < len(grant["scopes"]) else None
    if known is None and request.method != "POST":
        raise Http404
    return _scope(at, described, number, known)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_scope(request: HttpRequest, pk: UUID, key: str) -> HttpResponse:
    """A further scope of a module."""
    at = desk(request, pk)
    described, _grant = granted_or_404(at, key)
    return _scope(at, described, None, None)


def _scope(at: Desk, module: Module, number: int | None, known: dict[str, Any] | None) -> HttpResponse:
    request = at.request
    if request.method != "POST":
        form = scopes.of_scope(known, module) if known else scopes.blank(module)
        return _shown(at, form, number)
    form = scopes.of_post(request.POST, module, known)
    verb, about = pressed(request.POST)
    if verb == "row-add":
        form.rows.add()
        return _shown(at, form, number)
    if verb == "row-remove":
        form.rows.rows = [row for row in form.rows.rows if str(row.at) not in about]
        return _shown(at, form, number)
    if verb == "level" and about and about[0] in LEVELS:
        for line in form.fields[1:]:
            if about[0] != "write" or line.writable:
                line.level, line.states = about[0], {}
        return _shown(at, form, number)
    wanted = form.scope()
    if wanted is None:
        at.status = 422
        return _shown(at, form, number)
    names = [
        one["name"] for at_, one in enumerate(at.document["grants"][module.key]["scopes"]) if at_ != number
    ]
    if wanted["name"] in names:
        form.say("id-name", _("Another scope of this module has this name."))
        at.status = 422
        return _shown(at, form, number)

    def change(document: dict[str, Any]) -> None:
        kept = document["grants"][module.key]["scopes"]
        if number is None or number >= len(kept):
            kept.append(wanted)
        else:
            kept[number] = wanted

    saved = at.save(
        change,
        place=_place,
        concerns=lambda excess: excess.module == module.key and excess.scope == wanted["name"],
    )
    if saved:
        messages.success(request, _("Saved in the draft."))
        return redirect("portal-module", pk=at.portal.pk, key=module.key)
    for anchor, text in at.errors.items():
        form.say(anchor, text)
    return _shown(at, form, number)


def _place(path: str) -> str:
    """The part of the form that an error of the document belongs to."""
    parts = path.split(".")
    return {
        "name": "id-name",
        "where": "id-reach",
        "actions": "id-actions",
        "fields": "id-fields",
        "admins_only": "id-admins",
    }.get(parts[4] if len(parts) > 4 else "", "")


def _shown(at: Desk, form: ScopeForm, number: int | None) -> HttpResponse:
    at.errors = {**at.errors, **form.errors}
    context = {
        "module": form.module,
        "form": form,
        "number": number,
        "errors": at.errors,
        "levels": [(level, str(LEVELS[level])) for level in scopes.CHOICES],
        "row_url": reverse("portal-condition", args=[at.portal.pk, form.module.key]),
        **drawn(at.request.user, form.module, form.rows),
    }
    return at.page("scope", "rights", context)
