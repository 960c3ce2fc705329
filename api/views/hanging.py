"""What hangs on a record: its history, notes, activities, and why somebody may or may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from api import shapes
from api.views.base import ModuleView, Told, answer, page_of
from prm.access import rights
from prm.modules.history import history_rows
from prm.modules.read import BadQuery
from prm.modules.registry import Module
from prm.modules.render import plain
from prm.records import actions, queries
from prm.records.models import Activity, Note
from workflows.inputs import Input, clean

PAGES = frozenset({"limit", "cursor"})
HISTORY = (
    "id",
    "transition",
    "title",
    "from_state",
    "to_state",
    "actor_kind",
    "actor",
    "inputs",
    "reason",
    "at",
)


class HistoryView(ModuleView):
    """`…/history/`: what happened to the record, oldest first, as far as the caller may know."""

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        rows = history_rows(self.user, self.module, self.find(id))
        return answer({"results": [entry(row) for row in rows]})


def entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """One record of the history as JSON."""
    told: dict[str, Any] = plain({name: row[name] for name in HISTORY if name not in ("actor", "actor_kind")})
    told["actor"] = {"kind": row["actor_kind"], "name": row["actor"]}
    return told


class ExplainView(ModuleView):
    """`…/explain/?verb=`: which rule lets the caller do something here, or keeps them from it."""

    parameters = frozenset({"verb"})

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        obj = self.find(id)
        verb = request._request.GET.get("verb", "")
        if verb not in verbs(self.module):
            raise BadQuery({"verb": [f"One of {', '.join(verbs(self.module))}."]})
        why = rights.explain(self.user, self.module, verb, obj)
        return answer(
            {
                "verb": verb,
                "allowed": why.allowed,
                "rule": why.rule,
                "text": why.text,
                "would_need": why.would_need,
            }
        )


def verbs(module: Module) -> tuple[str, ...]:
    """What may be asked about a record of the module: the plain verbs and the transitions of people."""
    machine = module.machine
    named = tuple(one.name for one in machine.transitions if "user" in one.by) if machine else ()
    return ("view", "edit", "delete", *named)


NOTE = {
    "body": Input(kind="longtext", label="Note", max_length=20_000),
    "internal": Input(kind="boolean", label="Only for the vendor's staff", required=False),
}
ACTIVITY = {
    "kind": Input(
        kind="choice",
        label="Kind",
        choices=(("call", "Call"), ("meeting", "Meeting"), ("task", "Task")),
    ),
    "title": Input(kind="text", label="Title", max_length=200),
    "due_at": Input(kind="datetime", label="Due", required=False),
    "body": Input(kind="longtext", label="Details", max_length=20_000, required=False),
    "internal": Input(kind="boolean", label="Only for the vendor's staff", required=False),
}


def note_json(note: Note) -> dict[str, Any]:
    """A note as it is returned."""
    told: dict[str, Any] = plain(
        {
            "id": note.pk,
            "body": note.body,
            "author": note.author.get_full_name() if note.author else None,
            "internal": note.internal,
            "created_at": note.created_at,
        }
    )
    return told


def activity_json(activity: Activity) -> dict[str, Any]:
    """An activity as it is returned."""
    told: dict[str, Any] = plain(
        {
            "id": activity.pk,
            "kind": activity.kind,
            "title": activity.title,
            "body": activity.body,
            "due_at": activity.due_at,
            "done_at": activity.done_at,
            "assignee": activity.assignee.get_full_name() if activity.assignee else None,
            "author": activity.author.get_full_name() if activity.author else None,
            "internal": activity.internal,
            "created_at": activity.created_at,
        }
    )
    return told


class NotesView(ModuleView):
    """`…/notes/`: what was written on the record."""

    parameters = PAGES

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        notes = queries.notes(self.user, self.module, self.find(id)).select_related("author")
        page, following = page_of(request._request, notes)
        return answer({"results": [note_json(note) for note in page], "next": following})

    def post(self, request: Request, module: str, id: UUID) -> HttpResponse:
        data = self.data(shapes.inputs(NOTE))
        obj = self.find(id)

        def effect() -> Told:
            given = clean(NOTE, data, no_references)
            note = actions.add_note(
                self.actor, self.module, obj, body=given["body"], internal=bool(given.get("internal"))
            )
            return Told(201, note_json(note))

        def replayed(told: Told) -> Told:
            if not queries.notes(self.user, self.module, obj).filter(pk=told.data["id"]).exists():
                raise Http404
            return told

        told = self.once(data, effect, replayed)
        return answer(told.data, told.status)


class ActivitiesView(ModuleView):
    """`…/activities/`: calls, meetings and tasks on the record."""

    parameters = PAGES

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        activities = queries.activities(self.user, self.module, self.find(id))
        page, following = page_of(request._request, activities.select_related("author", "assignee"))
        return answer({"results": [activity_json(one) for one in page], "next": following})

    def post(self, request: Request, module: str, id: UUID) -> HttpResponse:
        data = self.data(shapes.inputs(ACTIVITY))
        obj = self.find(id)

        def effect() -> Told:
            given = clean(ACTIVITY, data, no_references)
            made = actions.add_activity(
                self.actor,
                self.module,
                obj,
                kind=given["kind"],
                title=given["title"],
                due_at=given.get("due_at"),
                body=given.get("body") or "",
                internal=bool(given.get("internal")),
            )
            return Told(201, activity_json(made))

        told = self.once(data, effect, self.activity_still(obj))
        return answer(told.data, told.status)

    def activity_still(self, obj: Any) -> Callable[[Told], Told]:
        """Gives a told activity only to those who still see it."""

        def replayed(told: Told) -> Told:
            if not queries.activities(self.user, self.module, obj).filter(pk=told.data["id"]).exists():
                raise Http404
            return told

        return replayed


class ActivityDoneView(ActivitiesView):
    """`…/activities/{activity}/complete/`: it has been done."""

    parameters = frozenset()
    http_method_names = ("post", "options")

    def post(self, request: Request, module: str, id: UUID, activity: UUID) -> HttpResponse:  # type: ignore[override]
        data = self.data(shapes.inputs({}))
        obj = self.find(id)

        def effect() -> Told:
            return Told(200, activity_json(actions.complete_activity(self.actor, self.module, obj, activity)))

        told = self.once(data, effect, self.activity_still(obj))
        return answer(told.data, told.status)


def no_references(module: str, pk: str) -> None:
    """Notes and activities refer to nothing."""
