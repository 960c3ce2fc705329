"""How a document comes into force: what must hold for it, and what is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.access.bounds import exceeds, joined
from prm.access.checking import Errors, check
from prm.access.document import Document, apply, document_of, file_id, keep_version, latest, normal
from prm.access.models import Portal, PortalVersion
from prm.access.policy import compile_document
from prm.access.rights import PORTALS, Rights, manages_portals, may, rights_for
from prm.modules import registry
from prm.modules.registry import Module
from prm.portals.models import PortalDraft
from workflows.actor import Actor
from workflows.conditions import comparisons
from workflows.errors import Denied, InvalidInput, Stale
from workflows.machine import Context

#: The portal that somebody who runs the installation always has, and what it always holds.
ADMINISTRATOR = "administrator"
DRAFTS = "portal-drafts"
_KEPT = {PORTALS: {"view", "edit"}, DRAFTS: {"view", "edit", "submit", "publish"}}


def demand_manager(actor: Actor, portal: Portal | None = None) -> None:
    """Raises Denied where somebody else than a holder of *Manage portals* acts, or one of other portals."""
    if not actor.is_person:
        return
    if not manages_portals(actor.user):
        raise Denied
    if portal is not None and not may(actor.user, registry.get(PORTALS), "edit", portal):
        raise Denied


def demand_fit(
    actor: Actor, portal: Portal, document: Any, *, keeping: bool = True, logos: Collection[str] = ()
) -> Document:
    """The document with all its keys, if the actor may make the portal so. Raises InvalidInput by path.

    Nobody grants what they do not hold. keeping: what the portal has already may stay. logos: ids of pictures
    that it may have as its logo, beside those that it has or had.
    """
    errors: Errors = check(document, registry, portal, {*_logos(portal), *logos})
    if not errors:
        document = normal(document)
        errors = {**_beyond(actor, portal, document, keeping), **_locked_out(portal, document)}
    if errors:
        raise InvalidInput(errors)
    whole: Document = document
    return whole


def _logos(portal: Portal) -> set[str]:
    """Ids of the pictures that were uploaded as the logo of this portal, for any of its drafts."""
    kept = (PortalVersion.objects.filter(portal=portal), PortalDraft.objects.filter(portal=portal))
    found = {one for rows in kept for one in rows.values_list("logo_id", flat=True).distinct()}
    return {str(one) for one in {portal.logo_id, *found} if one}


def _beyond(actor: Actor, portal: Portal, document: Document, keeping: bool) -> Errors:
    if not actor.is_person:
        return {}
    wanted = compile_document(portal.key, portal.staff, document)
    held = rights_for(actor.user).policy
    if keeping:
        held = joined(held, compile_document(portal.key, portal.staff, document_of(portal)))
    errors = _unreadable(actor, portal, document, keeping)
    for one in exceeds(held, wanted):
        errors.setdefault(one.path, []).append(one.text)
    return errors


def _unreadable(actor: Actor, portal: Portal, document: Document, keeping: bool) -> Errors:
    """Conditions on what the actor may not read, at any step of their way: who is left would tell of it."""
    rights = rights_for(actor.user)
    live = document_of(portal) if keeping else None
    errors: Errors = {}
    for path, key, where in _conditions(document):
        held = rights.policy.grants.get(key)
        kept = [one.where for one in held.scopes] if held else []
        kept += [one for _path, module, one in _conditions(live or {}) if module == key]
        known = [one for each in kept if each is not None for one in comparisons(each)]
        module = registry.get(key)
        if any(one not in known and not _reads(rights, module, one["field"]) for one in comparisons(where)):
            errors[path] = [_("This asks for a field that you may not read yourself.")]
    return errors


def _conditions(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(place, module, condition) of all that decides on records."""
    if document.get("converts") is not None:
        yield "converts", "leads", document["converts"]
    for key, grant in document.get("grants", {}).items():
        for number, scope in enumerate(grant["scopes"]):
            if scope["where"] is not None:
                yield f"grants.{key}.scopes.{number}.where", key, scope["where"]


def _reads(rights: Rights, module: Module, path: str) -> bool:
    here: Any = module.model
    for part in path.split("."):
        known = None if part == "pk" else registry.for_model(here)
        shown = next((one for one in known.fields if one.path == part), None) if known else None
        if known and shown and shown.name not in rights.readable(known):
            return False
        here = None if part == "pk" else here._meta.get_field(part).related_model
    return True


def _locked_out(portal: Portal, document: Document) -> Errors:
    """Administrators keep what they need to change portals: nobody else could give it back to them."""
    if portal.key != ADMINISTRATOR:
        return {}
    grants = document["grants"]
    return {
        f"grants.{module}": [_("Administrators must be able to manage portals.")]
        for module, verbs in _KEPT.items()
        if not verbs <= _everywhere(grants.get(module), verbs)
    }


def _everywhere(grant: Mapping[str, Any] | None, verbs: set[str]) -> set[str]:
    """Those of `verbs` that the grant allows on every record and to everybody."""
    key = compile_document("", True, {"grants": {"m": grant}}).grants["m"] if grant else None
    scopes = [one for one in (key.scopes if key else ()) if one.where is None and not one.admins_only]
    return {verb for verb in verbs if any(one.allows(verb) for one in scopes)}


def current(portal: Portal) -> PortalVersion:
    """The version in force; written down now where a portal has none yet."""
    return latest(portal) or keep_version(portal)


def is_behind(draft: PortalDraft) -> bool:
    """Whether another version has come into force since the draft was made."""
    return current(draft.portal).number != draft.base


def put_in_force(actor: Actor, portal: Portal, document: Any, note: str = "") -> PortalVersion:
    """Makes the portal what the document says and keeps that as a version, in the caller's unit of work."""
    apply(portal, demand_fit(actor, portal, document))
    return keep_version(portal, by=actor.user, note=note)


def publish_draft(draft: PortalDraft, ctx: Context) -> None:
    """The body of the transition `publish`."""
    portal = Portal.objects.select_for_update().get(pk=draft.portal_id)
    if current(portal).number != draft.base:
        raise Stale(_("Another version has been published in the meantime. Bring the draft up to date."))
    note = str(ctx.inputs.get("note") or draft.note)
    draft.published_as = put_in_force(ctx.actor, portal, draft.document, note).number


def rebase_draft(draft: PortalDraft, ctx: Context) -> None:
    """The body of the transition `rebase`: what the draft changes stays, all else is as in force."""
    portal = Portal.objects.select_for_update().get(pk=draft.portal_id)
    now = current(portal)
    base = PortalVersion.objects.get(portal=portal, number=draft.base)
    document = merged(normal(base.document), normal(draft.document), normal(now.document))
    draft.document = demand_fit(ctx.actor, portal, document)
    draft.base, draft.title, draft.logo_id = now.number, document["title"], file_id(document)


def merged(base: Document, ours: Document, theirs: Document) -> Document:
    """`theirs` with what `ours` changed of `base`: each setting, and each module's grant, as a whole."""

    def pick(old: Any, mine: Any, other: Any) -> Any:
        return other if mine == old else mine

    whole = {name: pick(base[name], ours[name], theirs[name]) for name in theirs}
    grants = {
        module: pick(*(one["grants"].get(module) for one in (base, ours, theirs)))
        for module in sorted({*base["grants"], *ours["grants"], *theirs["grants"]})
    }
    return whole | {"grants": {module: grant for module, grant in grants.items() if grant is not None}}
