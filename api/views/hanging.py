"""What hangs on a record: its history, notes, activities, and why somebody may or may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from api import shapes
from api.views.base import ApiView, ModuleView, Told, answer, page_of
from prm.access.explain import Change, Explanation
from prm.calendar import actions as calendar
from prm.calendar.queries import activities as planned
from prm.calendar.queries import assignable, own
from prm.modules import registry, versions
from prm.modules.explaining import CREATE, explained, person, verbs
from prm.modules.history import history_rows
from prm.modules.naming import Names, names
from prm.modules.read import BadQuery
from prm.modules.render import plain
from prm.records import actions, queries
from prm.records.models import Activity, Note
from workflows.errors import InvalidInput
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
    """`…/explain/?verb=&field=&user=`: which rule lets somebody do something here, or keeps them from it.

    Of a record, or of the module itself, where it is about making a new one. Who manages portals asks about
    any user and is told all of it, others about themselves.
    """

    parameters = frozenset({"verb", "field", "user"})

    def get(self, request: Request, module: str, id: UUID | None = None) -> HttpResponse:
        obj, given = self.find(id) if id else None, request._request.GET
        known = verbs(self.module) if id else (CREATE,)
        verb, name, pk = given.get("verb", ""), given.get("field", ""), given.get("user", "")
        if verb not in known:
            raise BadQuery({"verb": [f"One of {', '.join(known)}."]})
        try:
            user = person(self.user, pk) if pk else self.user
        except LookupError:
            raise InvalidInput({"user": ["There is no such user."]}) from None
        try:
            why = explained(self.user, user, self.module, verb, obj, name)
        except LookupError:
            raise InvalidInput({"field": ["There is no such field to do this with."]}) from None
        return answer(explanation(why, user))


def explanation(why: Explanation, user: Any) -> dict[str, Any]:
    """An answer as JSON; the lists are empty for who may not be told them."""
    told: dict[str, Any] = plain(
        {
            "verb": why.verb,
            "field": why.field,
            "user": user.pk,
            "allowed": why.allowed,
            "code": why.code,
            "rule": why.rule,
            "text": why.text,
            "would_need": why.would_need,
            "scope": why.scope,
            "reasons": list(why.reasons),
            "checks": [
                {
                    "scope": one.scope,
                    "field": one.field,
                    "op": one.op,
                    "needs": one.needs,
                    "found": one.found,
                    "text": one.text,
                }
                for one in why.checks
            ],
            "changes": [change_json(one) for one in why.changes],
            "others": [change_json(one) for one in why.others],
        }
    )
    return told


def change_json(change: Change) -> dict[str, Any]:
    """One change that would turn an answer."""
    return {"kind": change.kind, "text": change.text, "details": dict(change.details)}


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
    "assignee": Input(kind="reference", module="users", label="A colleague, or the caller", required=False),
    "remind": Input(
        kind="choice",
        label="Reminder, in minutes before it is due",
        choices=tuple((str(minutes), str(minutes)) for minutes in calendar.REMINDERS),
        required=False,
    ),
    "internal": Input(kind="boolean", label="Only for the vendor's staff", required=False),
}
#: What may be changed of one. Whose eyes it is for stays as it was written.
CHANGE = {
    **{name: one for name, one in ACTIVITY.items() if name != "internal"},
    "done": Input(kind="boolean", label="Done", required=False),
}


def note_json(note: Note, named: Names) -> dict[str, Any]:
    """A note as it is returned. named: whom the caller may be told of."""
    told: dict[str, Any] = plain(
        {
            "id": note.pk,
            "body": note.body,
            "author": named.of(note.author) or None,
            "internal": note.internal,
            "created_at": note.created_at,
        }
    )
    return told


def notes_json(user: Any, notes: Sequence[Note]) -> list[dict[str, Any]]:
    """Notes as they are returned to this user."""
    named = names(user, (one.author_id for one in notes))
    return [note_json(one, named) for one in notes]


def activity_json(activity: Activity, named: Names) -> dict[str, Any]:
    """An activity as it is returned. named: whom the caller may be told of."""
    told: dict[str, Any] = plain(
        {
            "id": activity.pk,
            "version": versions.opaque_version(activity),
            "kind": activity.kind,
            "title": activity.title,
            "body": activity.body,
            "due_at": activity.due_at,
            "done_at": activity.done_at,
            "assignee": named.of(activity.assignee) or None,
            "author": named.of(activity.author) or None,
            "internal": activity.internal,
            "created_at": activity.created_at,
        }
    )
    return told


def activities_json(user: Any, activities: Sequence[Activity]) -> list[dict[str, Any]]:
    """Activities as they are returned to this user."""
    named = names(user, (pk for one in activities for pk in (one.assignee_id, one.author_id)))
    return [activity_json(one, named) for one in activities]


class NotesView(ModuleView):
    """`…/notes/`: what was written on the record."""

    parameters = PAGES

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        notes = queries.notes(self.user, self.module, self.find(id)).select_related("author")
        page, following = page_of(request._request, notes)
        return answer({"results": notes_json(self.user, page), "next": following})

    def post(self, request: Request, module: str, id: UUID) -> HttpResponse:
        data = self.data(shapes.inputs(NOTE))
        obj = self.find(id)

        def effect() -> Told:
            given = clean(NOTE, data, no_references)
            note = actions.add_note(
                self.actor, self.module, obj, body=given["body"], internal=bool(given.get("internal"))
            )
            return Told(201, *notes_json(self.user, [note]))

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
        return answer({"results": activities_json(self.user, page), "next": following})

    def post(self, request: Request, module: str, id: UUID) -> HttpResponse:
        data = self.data(shapes.inputs(ACTIVITY))
        obj = self.find(id)

        def effect() -> Told:
            given = clean(ACTIVITY, data, self.colleague)
            made = calendar.plan(
                self.actor,
                self.module,
                obj,
                kind=given["kind"],
                title=given["title"],
                due_at=given.get("due_at"),
                body=given.get("body") or "",
                assignee=given.get("assignee"),
                remind=int(given["remind"]) if given.get("remind") else None,
                internal=bool(given.get("internal")),
            )
            return Told(201, *activities_json(self.user, [made]))

        told = self.once(data, effect, self.activity_still(obj))
        return answer(told.data, told.status)

    def colleague(self, module: str, pk: str) -> Any:
        """Whom an activity may be given to."""
        return assignable(self.user).filter(pk=pk).first()

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
            done = actions.complete_activity(self.actor, self.module, obj, activity)
            return Told(200, *activities_json(self.user, [done]))

        told = self.once(data, effect, self.activity_still(obj))
        return answer(told.data, told.status)


class ActivityView(ActivitiesView):
    """`…/activities/{activity}/`: one that the caller may change.

    Those are the caller's own, and for the admins of a company also those of their colleagues.
    """

    parameters = frozenset()
    http_method_names = ("get", "patch", "delete", "options")

    def get(self, request: Request, module: str, id: UUID, activity: UUID) -> HttpResponse:  # type: ignore[override]
        return self.told_activity(self.theirs(id, activity))

    def patch(self, request: Request, module: str, id: UUID, activity: UUID) -> HttpResponse:
        data = self.data(shapes.an_object(CHANGE.items(), partial=True))
        found = self.theirs(id, activity)
        given = clean({name: CHANGE[name] for name in data}, data, self.colleague)
        if "body" in given:
            given["body"] = given["body"] or ""
        if "assignee" in given:
            given["assignee"] = given["assignee"] or self.user
        if "remind" in given:
            given["remind"] = int(given["remind"]) if given["remind"] else None
        return self.told_activity(calendar.change(self.actor, found.pk, given, self.seen(found)))

    def delete(self, request: Request, module: str, id: UUID, activity: UUID) -> HttpResponse:
        found = self.theirs(id, activity)
        calendar.remove(self.actor, found.pk, self.seen(found))
        return HttpResponse(status=204)

    def theirs(self, pk: UUID, activity: UUID) -> Activity:
        """The activity, if it is on this record and the caller may change it."""
        obj = self.find(pk)
        on_it = own(self.user).filter(subject=self.module.subject, object_id=obj.pk)
        found: Activity | None = on_it.filter(pk=activity).first()
        if found is None:
            raise Http404
        return found

    def told_activity(self, activity: Activity) -> HttpResponse:
        (told,) = activities_json(self.user, [activity])
        return answer(told, headers={"ETag": f'"{told["version"]}"'})


class MyActivitiesView(ApiView):
    """`/activities/`: the caller's own calls, meetings and tasks, on all records that they may see."""

    parameters = PAGES

    def get(self, request: Request) -> HttpResponse:
        page, following = page_of(request._request, planned(self.user).select_related("author"))
        told = activities_json(self.user, page)
        results = [{**one, "on": on_json(activity)} for one, activity in zip(told, page, strict=True)]
        return answer({"results": results, "next": following})


def on_json(activity: Activity) -> dict[str, str]:
    """The record that an activity is on."""
    module = registry.for_subject(activity.subject)
    assert module is not None
    return {"module": module.key, "id": str(activity.object_id)}


def no_references(module: str, pk: str) -> None:
    """Notes and activities refer to nothing."""
