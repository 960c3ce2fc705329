"""What administrators do with portals, beside the transitions of a draft."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from prm.access.document import changed, document_of, file_id, keep_version, normal
from prm.access.models import Portal, PortalVersion
from prm.access.rights import rights_for
from prm.portals.models import PortalDraft
from prm.portals.publishing import current, demand_fit, demand_manager, put_in_force
from prm.portals.templates import template_document, template_of
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, Reason, Refused, Stale, WrongState
from workflows.locking import lock
from workflows.perform import record_creation, record_update, unit_of_work

OPEN = (PortalDraft.State.DRAFT, PortalDraft.State.IN_REVIEW)


def new_portal(
    actor: Actor, title: str, audience: str = "other", template: str = "blank", copy_of: Portal | None = None
) -> Portal:
    """Makes a portal that grants nothing yet, with a draft of what the template or the other portal grants.

    It is for the vendor's own people where the template or the other portal is; only one of them makes such a
    portal. Raises Denied, InvalidInput.
    """
    # What another portal is like is told to those who manage it.
    demand_manager(actor, copy_of)
    begin = template_of(template)
    staff = copy_of.staff if copy_of else begin.staff
    if staff and actor.is_person and not rights_for(actor.user).policy.staff:
        raise Denied
    if audience == Portal.Audience.EMPLOYEE and not staff:
        text = _("A portal for employees begins with “Employees” or with a copy of one of theirs.")
        raise InvalidInput({"audience": [text]})
    document = document_of(copy_of) if copy_of else template_document(begin)
    # A host name is one portal's alone.
    document |= {"title": title.strip(), "audience": audience, "host": ""}
    portal = Portal(title=document["title"], audience=audience, staff=staff)
    portal.seated = document["seated"]
    with unit_of_work():
        document = demand_fit(actor, portal, document, keeping=False, logos=[document["logo"]])
        _save_with_key(portal)
        record_creation(portal, actor)
        keep_version(portal, by=actor.user)
        _make_draft(actor, portal, document)
    return portal


def _save_with_key(portal: Portal) -> None:
    stem = slugify(portal.title)[:32].strip("-") or "portal"
    for key in (stem, *(f"{stem}-{number}" for number in range(2, 100)), f"portal-{uuid4().hex[:12]}"):
        if Portal.objects.filter(key=key).exists():
            continue
        portal.key = key
        try:
            with transaction.atomic():
                portal.save(force_insert=True)
            return
        except IntegrityError:
            # Somebody was faster by a moment.
            continue
    raise Refused([Reason("no_key", _("No key is left for this title."))])


def open_draft(portal: Portal) -> PortalDraft | None:
    """The draft that waits for somebody, where there is one."""
    return PortalDraft.objects.filter(portal=portal, state__in=OPEN).first()


def _locked(portal: Portal, expected_version: int | None) -> Portal:
    """The portal's row until the transaction ends. Raises Stale where it is not the version that was seen."""
    locked = Portal.objects.select_for_update().get(pk=portal.pk)
    if expected_version is not None and locked.version != expected_version:
        raise Stale
    return locked


def draft_of(actor: Actor, portal: Portal, expected_version: int | None = None) -> PortalDraft:
    """The portal's open draft, made of what is in force where there is none.

    expected_version, here and below: the portal's `version` that was seen. Raises Denied, Stale.
    """
    demand_manager(actor, portal)
    with unit_of_work():
        locked = _locked(portal, expected_version)
        return open_draft(locked) or _make_draft(actor, locked, document_of(locked))


def draft_from(actor: Actor, portal: Portal, number: int, expected_version: int | None = None) -> PortalDraft:
    """A draft that puts an older version in force again once it is published.

    Raises Denied, Stale, NotFound (no such version), Refused (another draft is open, or the portal is
    archived), InvalidInput (it does not fit what is there today, or grants what the actor does not hold).
    """
    demand_manager(actor, portal)
    with unit_of_work():
        locked = _locked(portal, expected_version)
        former = PortalVersion.objects.filter(portal=locked, number=number).first()
        if former is None:
            raise NotFound
        if locked.archived:
            raise Refused([Reason("portal_archived", _("This portal is archived."))])
        if open_draft(locked) is not None:
            # Nobody's unpublished work is written over.
            raise Refused([Reason("draft_open", _("Publish or discard the open draft first."))])
        document = demand_fit(actor, locked, former.document)
        note = _("As in version %(number)s") % {"number": number}
        return _make_draft(actor, locked, document, note)


def _make_draft(actor: Actor, portal: Portal, document: dict[str, Any], note: str = "") -> PortalDraft:
    draft = PortalDraft.objects.create(
        portal=portal,
        note=note,
        title=document["title"],
        document=document,
        base=current(portal).number,
        logo_id=file_id(document),
        made_by=actor.user if actor.is_person else None,
    )
    record_creation(draft, actor)
    return draft


def save_draft(
    actor: Actor, draft: PortalDraft, document: Any, expected_version: int, uploaded: str = ""
) -> PortalDraft:
    """Writes the document into the draft and returns the draft as saved.

    expected_version: the draft's `version` that the change was made on. uploaded: id of a picture that was
    sent along as the logo. Raises NotFound, Denied, Stale, WrongState (it is in review or done),
    InvalidInput with errors by path of the document.
    """
    demand_manager(actor, draft.portal)
    with unit_of_work():
        found = lock(PortalDraft, draft.pk)
        if found is None:
            raise NotFound
        if found.version != expected_version:
            raise Stale
        if found.state != PortalDraft.State.DRAFT:
            raise WrongState(_("Only a draft can be changed that is not in review."))
        wanted = demand_fit(actor, found.portal, document, logos=[uploaded])
        if wanted != normal(found.document):
            found.document, found.title, found.logo_id = wanted, wanted["title"], file_id(wanted)
            found.version += 1
            found.save(update_fields=["document", "title", "logo", "version", "updated_at"])
            record_update(found, actor, {"document"})
    return found


def undo(actor: Actor, portal: Portal, expected_version: int | None = None) -> PortalVersion:
    """Puts the version before the present one in force again, as a version of its own; returns that.

    Raises Denied, Stale, Refused (there is none before), InvalidInput (it does not fit what is there today,
    or grants what the actor does not hold).
    """
    demand_manager(actor, portal)
    with unit_of_work():
        locked = _locked(portal, expected_version)
        if locked.archived:
            raise Refused([Reason("portal_archived", _("This portal is archived."))])
        now = current(locked)
        former = (
            PortalVersion.objects.filter(portal=locked, number__lt=now.number).order_by("-number").first()
        )
        if former is None:
            raise Refused([Reason("no_former", _("There is no version before this one."))])
        note = _("Undone: as in version %(number)s") % {"number": former.number}
        version = put_in_force(actor, locked, former.document, note)
        record_update(locked, actor, {"document"})
    return version


def archive(actor: Actor, portal: Portal, expected_version: int | None = None) -> Portal:
    """Ends the portal: its users have no rights from now on.

    Raises Denied, Stale, Refused (a built-in one).
    """
    return _set_archived(actor, portal, True, expected_version)


def unarchive(actor: Actor, portal: Portal, expected_version: int | None = None) -> Portal:
    """Takes the portal out of the archive: it grants again what it granted before. Raises Denied, Stale,
    InvalidInput (it grants what the actor does not hold)."""
    return _set_archived(actor, portal, False, expected_version)


def _set_archived(actor: Actor, portal: Portal, archived: bool, expected_version: int | None) -> Portal:
    demand_manager(actor, portal)
    with unit_of_work():
        locked = _locked(portal, expected_version)
        if archived and locked.built_in:
            raise Refused([Reason("built_in", _("A built-in portal cannot be archived."))])
        if locked.archived != archived:
            if not archived:
                # It comes into force again, and so by somebody who holds it.
                demand_fit(actor, locked, document_of(locked), keeping=False)
            locked.archived, locked.revision = archived, uuid4()
            locked.version += 1
            locked.save(update_fields=["archived", "revision", "version", "updated_at"])
            record_update(locked, actor, {"archived"})
            changed.send(sender=Portal, portals=[locked.pk])
    return locked
