"""What the steps of the editor share: the portal, its open draft, saving a step, and who may."""

from __future__ import annotations

import copy
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from frontend.requests import STATUS, actor, explain, status_of
from frontend.views_portals.words import Part, action_words, diff, module_of
from prm.access.bounds import Excess, exceeds, joined
from prm.access.document import document_of, normal
from prm.access.models import Portal
from prm.access.policy import compile_document
from prm.access.rights import PORTALS, manages_portals, rights_for, visible
from prm.modules import registry
from prm.modules.registry import Module
from prm.modules.versions import opaque_version, seal_version, version_matches
from prm.portals import actions
from prm.portals.models import PortalDraft
from workflows.errors import InvalidInput, Stale, WorkflowError


def manager_or_404(request: HttpRequest) -> None:
    """Whoever does not manage portals finds no such page."""
    if not manages_portals(request.user):
        raise Http404


def portal_or_404(request: HttpRequest, pk: UUID) -> Portal:
    """The portal, for who manages it."""
    manager_or_404(request)
    return get_object_or_404(visible(request.user, registry.get(PORTALS), "edit"), pk=pk)


def seen(request: HttpRequest, portal: Portal) -> int:
    """The portal's version, where it is still the one that the form was made of. Raises Stale."""
    if not version_matches(portal, request.POST.get("version", "")):
        raise Stale
    return portal.version


@dataclass
class Desk:
    """One portal on the desk of an administrator.

    document: the draft's, or the portal's own as long as there is no draft. uploaded: id of a logo that came
    with this request. errors: of a step that was not saved, texts by the id of the element that they belong
    to.
    """

    request: HttpRequest
    portal: Portal
    draft: PortalDraft | None
    document: dict[str, Any]
    uploaded: str = ""
    errors: dict[str, str] = made(default_factory=dict)
    stale: bool = False
    status: int = 200

    @cached_property
    def live(self) -> dict[str, Any]:
        """The document that is in force."""
        return document_of(self.portal)

    @cached_property
    def changes(self) -> list[Part]:
        """What the draft changes, in words."""
        return diff(self.live, self.document) if self.draft else []

    @property
    def count(self) -> int:
        """How many changes wait to be published."""
        return sum(len(part.changes) for part in self.changes)

    @property
    def in_review(self) -> bool:
        """Whether somebody looks at the draft now, so that nobody may change it."""
        return self.draft is not None and self.draft.state == "in_review"

    @property
    def locked(self) -> str:
        """Why nothing can be saved now; "" where it can."""
        if self.portal.archived:
            return _("This portal is archived. Take it out of the archive to change it.")
        if self.in_review:
            return _("The draft is in review. Return it to go on changing it.")
        return ""

    @property
    def version(self) -> str:
        """What a form says that it was made from: this very state of the draft."""
        if self.draft:
            return opaque_version(self.draft)
        return seal_version(self.portal.pk, self.portal.version)

    @property
    def summary(self) -> list[tuple[str, str]]:
        """All that is wrong, as links to where it is."""
        return list(self.errors.items())

    def grant(self, key: str) -> dict[str, Any] | None:
        """The draft's grant on a module."""
        found: dict[str, Any] | None = self.document["grants"].get(key)
        return found

    def save(
        self,
        change: Callable[[dict[str, Any]], None],
        place: Callable[[str], str] = lambda path: "",
        concerns: Callable[[Excess], bool] = lambda excess: False,
    ) -> bool:
        """Writes one step into the draft; where it is refused, `errors` says why and nothing is lost.

        change(document): makes the step's part of a copy of the document. place: the element that a path of
        the document belongs to, "" for none. concerns: whether an excess over the editor's own rights is of
        this step.
        """
        sent = self.request.POST.get("version", "")
        if not hmac.compare_digest(sent.encode(), self.version.encode()):
            self.stale, self.status = True, STATUS["stale"]
            return False
        if self.locked:
            self.errors[""], self.status = self.locked, STATUS["refused"]
            return False
        wanted = copy.deepcopy(self.document)
        change(wanted)
        # What is left of a module that is not there any more would stand in the way of every other change.
        wanted["grants"] = {key: grant for key, grant in wanted["grants"].items() if module_of(key)}
        if wanted == self.document:
            return True
        for excess in self.excess(wanted):
            if concerns(excess):
                self.say(place(excess.path), excess_text(excess))
        if self.errors:
            self.status = STATUS["refused"]
            return False
        try:
            draft = self.draft or actions.draft_of(actor(self.request), self.portal)
            self.draft = actions.save_draft(actor(self.request), draft, wanted, draft.version, self.uploaded)
        except Stale:
            self.stale, self.status = True, STATUS["stale"]
        except InvalidInput as error:
            self.status = status_of(error)
            for path, texts in error.errors.items():
                self.say(place(path), " ".join(texts))
        except WorkflowError as error:
            self.status = status_of(error)
            self.say("", explain(error))
        else:
            self.document = normal(wanted)
            return True
        return False

    def say(self, anchor: str, text: str) -> None:
        """Something is wrong there."""
        known = self.errors.get(anchor)
        self.errors[anchor] = f"{known} {text}" if known and text not in known else text

    def excess(self, document: Mapping[str, Any]) -> list[Excess]:
        """What a document would grant beyond the rights of whoever edits it; what the portal has may stay."""
        present, wanted = (
            compile_document(self.portal.key, self.portal.staff, one) for one in (self.live, document)
        )
        return exceeds(joined(rights_for(self.request.user).policy, present), wanted)

    def page(self, template: str, tab: str, context: Mapping[str, Any]) -> HttpResponse:
        """One page of the editor."""
        shared = {"desk": self, "portal": self.portal, "draft": self.draft, "tab": tab}
        shared["title"] = self.document["title"] or self.portal.title
        return render(
            self.request, f"frontend/portals/{template}.html", {**shared, **context}, status=self.status
        )


def excess_text(excess: Excess) -> str:
    """In one sentence, in the words of the pages: what the editor does not hold."""
    module = module_of(excess.module)
    kind, _space, name = excess.what.partition(" ")
    if module is None or kind == "rows":
        return _("You do not see these records yourself, so you cannot grant them.")
    if kind == "action":
        said = _("You may not do this yourself, so you cannot grant it: %(what)s.")
        return said % {"what": ", ".join(action_words(module, [name]))}
    label = str(module.by_name[name].label) if name in module.by_name else _("all other fields")
    said = _("You do not have this field to that extent yourself, so you cannot grant it: %(what)s.")
    return said % {"what": label}


def desk(request: HttpRequest, pk: UUID) -> Desk:
    """The portal with its draft; 404 for whoever does not manage portals."""
    portal = portal_or_404(request, pk)
    draft = actions.open_draft(portal)
    return Desk(request, portal, draft, normal(draft.document) if draft else document_of(portal))


def module_or_404(key: str) -> Module:
    """The module that a page is about."""
    module = module_of(key)
    if module is None:
        raise Http404
    return module


def granted_or_404(desk: Desk, key: str) -> tuple[Module, dict[str, Any]]:
    """The module and the draft's grant on it."""
    module, grant = module_or_404(key), desk.grant(key)
    if grant is None:
        raise Http404
    return module, grant
