"""What only portals have: how they begin, change and end, a draft's document, what it would mean today, and
what was seen on another day."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from rest_framework.request import Request

from api import shapes
from api.shapes import Schema
from api.views.base import ModuleView, Told, answer, page_of, record_answer
from prm.access.models import Portal, PortalVersion
from prm.access.rights import PORTALS, manages_portals, may, visible
from prm.modules import registry, versions
from prm.modules.read import BadQuery
from prm.modules.registry import Module
from prm.modules.render import plain, to_json
from prm.portals import actions
from prm.portals.impact import impact
from prm.portals.models import PortalDraft
from prm.portals.templates import TEMPLATES
from prm.portals.travel import sight_on
from workflows.errors import InvalidInput
from workflows.inputs import Input, clean

#: The document itself is checked by its own rules, which say where in it something is wrong.
DOCUMENT: Schema = {"type": "object", "additionalProperties": True}
NEW = {
    "title": Input(kind="text", label="Title", max_length=80),
    "audience": Input(
        kind="choice", label="Audience", choices=tuple(Portal.Audience.choices), required=False
    ),
    "template": Input(
        kind="choice",
        label="What to begin with; blank where nothing is said",
        choices=tuple((one.key, one.title) for one in TEMPLATES),
        required=False,
    ),
    "copy_of": Input(
        kind="reference", module=PORTALS, label="A portal to copy in place of a template", required=False
    ),
}


class PortalsView(ModuleView):
    """A view that is there for holders of *Manage portals* alone."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not manages_portals(self.user):
            raise Http404

    def portal(self, id: UUID | str) -> Portal:
        """The portal, if the asker manages it."""
        found: Portal | None = self.managed().filter(pk=id).first()
        if found is None:
            raise Http404
        return found

    def managed(self) -> Any:
        """The portals that the asker manages, as a query."""
        return visible(self.user, registry.get(PORTALS), "edit")


class NewPortalView(PortalsView):
    """`/portals/new/`: a portal that grants nothing yet, with a draft of what it begins with."""

    def post(self, request: Request, module: str) -> HttpResponse:
        data = self.data(shapes.inputs(NEW))

        def effect() -> Told:
            given = clean(NEW, data, lambda _key, pk: self.managed().filter(pk=pk).first())
            if given["copy_of"] and given["template"]:
                raise InvalidInput({"template": ["Either a template or a portal to copy."]})
            made = actions.new_portal(
                self.actor,
                given["title"],
                given["audience"] or Portal.Audience.OTHER,
                given["template"] or TEMPLATES[0].key,
                given["copy_of"],
            )
            return self.told(made.pk, 201)

        told = self.once(data, effect, self.still)
        if told.data is None:
            return record_answer(told)
        place = reverse("api:record", args=(PORTALS, told.data["id"]))
        return record_answer(told, {"Location": request._request.build_absolute_uri(place)})


class OpenDraftView(PortalsView):
    """`/portals/{id}/draft/`: the open draft, made of what is in force where there is none."""

    def post(self, request: Request, module: str, id: UUID) -> HttpResponse:
        data = self.data(shapes.inputs({}))
        portal = self.portal(id)
        seen = self.seen(portal)
        return record_answer(
            self.once(data, lambda: self.told(actions.draft_of(self.actor, portal, seen).pk), self.still)
        )


class ArchiveView(PortalsView):
    """`/portals/{id}/archive/` and `…/unarchive/`: it ends, or grants again what it did."""

    archived = True

    def post(self, request: Request, module: str, id: UUID) -> HttpResponse:
        data = self.data(shapes.inputs({}))
        portal = self.portal(id)
        seen = self.seen(portal)
        act = actions.archive if self.archived else actions.unarchive
        return record_answer(self.once(data, lambda: self.told(act(self.actor, portal, seen).pk), self.still))


class UndoView(PortalsView):
    """`/portals/{id}/undo/`: the version before the present one is in force again."""

    def post(self, request: Request, module: str, id: UUID) -> HttpResponse:
        data = self.data(shapes.inputs({}))
        portal = self.portal(id)
        seen = self.seen(portal)
        told = self.once(
            data, lambda: Told(200, version_json(actions.undo(self.actor, portal, seen))), lambda told: told
        )
        return answer(told.data, told.status)


class VersionsView(PortalsView):
    """`/portals/{id}/versions/`: what the portal was, newest first."""

    parameters = frozenset({"limit", "cursor"})

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        kept = PortalVersion.objects.filter(portal=self.portal(id)).defer("document")
        page, following = page_of(request._request, kept)
        return answer({"results": [version_json(one) for one in page], "next": following})


class VersionView(PortalsView):
    """`/portals/{id}/versions/{number}/`: the document of a version."""

    def get(self, request: Request, module: str, id: UUID, number: int) -> HttpResponse:
        found = PortalVersion.objects.filter(portal=self.portal(id), number=number).first()
        if found is None:
            raise Http404
        return answer(found.document)


class VersionDraftView(PortalsView):
    """`/portals/{id}/versions/{number}/draft/`: a draft of it, which puts it in force again."""

    def post(self, request: Request, module: str, id: UUID, number: int) -> HttpResponse:
        data = self.data(shapes.inputs({}))
        portal = self.portal(id)
        seen = self.seen(portal)

        def effect() -> Told:
            return self.told(actions.draft_from(self.actor, portal, number, seen).pk)

        return record_answer(self.once(data, effect, self.still))


def version_json(version: PortalVersion) -> dict[str, Any]:
    """A version as it is told to who manages the portal; its document has a path of its own."""
    told: dict[str, Any] = plain(
        {"number": version.number, "at": version.at, "by": version.by_name, "note": version.note}
    )
    return told


class DraftView(PortalsView):
    """A view of the draft of a portal that the asker manages, as its pages are."""

    def draft(self, id: UUID) -> PortalDraft:
        found = self.find(id)
        assert isinstance(found, PortalDraft)
        if not may(self.user, registry.get(PORTALS), "edit", found.portal):
            raise Http404
        return found


class DocumentView(DraftView):
    """`/portal-drafts/{id}/document/`: the portal as the draft would make it."""

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        return self.told_document(self.draft(id))

    def put(self, request: Request, module: str, id: UUID) -> HttpResponse:
        document = self.data(DOCUMENT)
        draft = self.draft(id)
        self.matched(draft)
        return self.told_document(actions.save_draft(self.actor, draft, document, draft.version))

    def told_document(self, draft: PortalDraft) -> HttpResponse:
        return answer(draft.document, headers={"ETag": f'"{versions.opaque_version(draft)}"'})


class ImpactView(DraftView):
    """`/portal-drafts/{id}/impact/`: what the draft would mean on today's data."""

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        draft = self.draft(id)
        return answer(plain(impact(draft.portal, draft.document).data()))


class TravelView(PortalsView):
    """`/users/{id}/travel/?day=&module=`: what a user's grants of a day would show of today's records."""

    parameters: ClassVar[frozenset[str] | None] = frozenset({"day", "module"})

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        user = self.find(id)
        http = request._request
        day, shown = _day(http.GET.get("day", "")), _module(http.GET.get("module", ""))
        errors = {
            **({} if day else {"day": ["A day that is not in the future, as 2026-11-01."]}),
            **({} if shown else {"module": ["There is no such module."]}),
        }
        if errors or day is None or shown is None:
            raise BadQuery(errors)
        sight = asdict(sight_on(user, day, shown, self.user))
        return answer({**sight, "rows": [to_json(shown, row) for row in sight["rows"]]})


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and day <= timezone.localdate() else None


def _module(key: str) -> Module | None:
    try:
        return registry.get(key)
    except LookupError:
        return None
