"""Saved views: what one keeps of a list, and what others share."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from prm.access.rights import rights_for
from prm.modules.registry import Module
from prm.views.models import DefaultView, SavedView
from workflows.errors import InvalidInput, NotFound

#: What an address carries that belongs to the moment and not to the view.
MOMENTARY = frozenset({"cursor", "part", "view", "next", "count"})
LONGEST_QUERY, MOST = 2000, 50


def seen_by(user: Any, module: Module) -> QuerySet[SavedView]:
    """The user's own views of the module and those that are shared with them."""
    rights = rights_for(user)
    if not rights.scopes(module.key, "view"):
        return SavedView.objects.none()
    shared = Q(owner=user)
    if user.company_id is not None:
        shared |= Q(shared=SavedView.Shared.COMPANY, company_id=user.company_id)
    if rights.policy.staff:
        shared |= Q(shared=SavedView.Shared.PORTAL, portal_id=user.portal_id)
    return SavedView.objects.filter(shared, module=module.key).select_related("owner").order_by("created_at")


def audiences(user: Any) -> list[tuple[str, str]]:
    """With whom the user may share a view. Nobody shares with another company."""
    given = [SavedView.Shared.NOBODY]
    if user.company_id is not None:
        given.append(SavedView.Shared.COMPANY)
    if rights_for(user).policy.staff:
        given.append(SavedView.Shared.PORTAL)
    return [(str(one.value), str(one.label)) for one in given]


def state_of(query: str) -> str:
    """The part of an address that a view keeps, in a form that compares."""
    pairs = [(name, value) for name, value in parse_qsl(query) if name not in MOMENTARY]
    return urlencode(pairs)


def save(
    user: Any, module: Module, *, name: str, query: str, kind: str, shared: str, view: SavedView | None = None
) -> SavedView:
    """Makes a view, or changes one's own. Raises NotFound, InvalidInput."""
    if not rights_for(user).scopes(module.key, "view"):
        raise NotFound
    if view is not None and view.owner_id != user.pk:
        raise NotFound
    kept, text, errors = state_of(query), name.strip(), {}
    if not text or len(text) > 60 or not text.isprintable():
        errors["name"] = [_("Give a name of up to 60 characters.")]
    if len(kept) > LONGEST_QUERY or "\x00" in kept:
        errors["query"] = [_("These are too many filters for a view.")]
    if shared not in dict(audiences(user)):
        errors["shared"] = [_("Choose who sees it.")]
    if kind not in SavedView.Kind.values:
        errors["kind"] = [_("Choose a list, a board or cards.")]
    if view is None and SavedView.objects.filter(owner=user, module=module.key).count() >= MOST:
        errors["name"] = [_("You have %(most)s views here; delete one first.") % {"most": MOST}]
    if errors:
        raise InvalidInput(errors)
    view = view or SavedView(owner=user, module=module.key)
    view.name, view.query, view.kind, view.shared = text, kept, kind, shared
    view.company_id, view.portal_id = user.company_id, user.portal_id
    view.save()
    return view


def delete(user: Any, view: SavedView) -> None:
    """Deletes one's own view, for everybody it was shared with. Raises NotFound."""
    if view.owner_id != user.pk:
        raise NotFound
    view.delete()


def default_of(user: Any, module: Module) -> SavedView | None:
    """The view that the user's list opens in, as long as it is theirs to see."""
    chosen = DefaultView.objects.filter(user=user, module=module.key).values("view")
    return seen_by(user, module).filter(pk__in=chosen).first()


@transaction.atomic
def set_default(user: Any, module: Module, view: SavedView | None) -> None:
    """Has the user's list of the module open in `view`; None: as everybody's does."""
    if view is None:
        DefaultView.objects.filter(user=user, module=module.key).delete()
    else:
        DefaultView.objects.update_or_create(user=user, module=module.key, defaults={"view": view})
