"""Notes and activities on a record of any module. Whoever may comment on it may write; no state changes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.access.rights import may, rights_for
from prm.modules.registry import Module
from prm.people.models import User
from prm.records.models import Activity, Note
from prm.records.queries import readable
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound
from workflows.inputs import Input, clean
from workflows.perform import unit_of_work

LONGEST = 20_000
#: The texts of a note and of an activity.
NOTE = {"body": Input(kind="longtext", max_length=LONGEST)}
ACTIVITY = {
    "title": Input(kind="text", max_length=200),
    "body": Input(kind="longtext", required=False, max_length=LONGEST),
}
#: What is said to somebody who sees the record and may do no more.
REFUSED = {
    "comment": gettext_lazy("You may read this record, but write nothing on it."),
    "attach": gettext_lazy("You may read this record, but add no files to it and remove none."),
}
#: Beyond these a moment has no local time in every zone.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def add_note(actor: Actor, module: Module, obj: Model, *, body: str, internal: bool = False) -> Note:
    """Writes a note. internal: for the vendor's people only. Raises NotFound, Denied, InvalidInput."""
    check_may_write(actor, module, obj, "comment")
    note = Note(**texts(NOTE, {"body": body}), author=actor.user, **place(actor, module, obj, internal))
    note.save(force_insert=True)
    return note


def add_activity(
    actor: Actor,
    module: Module,
    obj: Model,
    *,
    kind: str,
    title: str,
    due_at: datetime | None = None,
    body: str = "",
    assignee: User | None = None,
    internal: bool = False,
) -> Activity:
    """Plans a call, a meeting or a task; it is the actor's own unless a colleague is named.

    Raises NotFound, Denied, InvalidInput.
    """
    check_may_write(actor, module, obj, "comment")
    errors = {}
    if kind not in Activity.Kind.values:
        errors["kind"] = [_("Choose a call, a meeting or a task.")]
    if due_at is not None and not EARLIEST <= due_at <= LATEST:
        errors["due_at"] = [_("This date is too far away.")]
    if assignee is not None and not _may_assign(actor.user, assignee):
        errors["assignee"] = [_("There is no such record.")]
    if errors:
        raise InvalidInput(errors)
    activity = Activity(
        kind=kind,
        **texts(ACTIVITY, {"title": title, "body": body}),
        due_at=due_at,
        assignee=assignee or actor.user,
        author=actor.user,
        **place(actor, module, obj, internal),
    )
    activity.save(force_insert=True)
    return activity


def complete_activity(actor: Actor, module: Module, obj: Model, activity_id: UUID | str) -> Activity:
    """Marks it as done; twice is as good as once. Raises NotFound, Denied (another's, without commenting)."""
    check_may_write(actor, module, obj)
    with unit_of_work():
        try:
            activity = (
                readable(Activity, actor.user)
                .select_for_update()
                .get(pk=activity_id, subject=module.subject, object_id=obj.pk)
            )
        except (Activity.DoesNotExist, ValidationError) as error:
            raise NotFound from error
        if activity.assignee_id != actor.user.pk:
            # What is one's own to do is one's own to have done.
            check_may_write(actor, module, obj, "comment")
        if activity.done_at is None:
            activity.done_at = timezone.now()
            activity.version += 1
            activity.save(update_fields=["done_at", "version", "updated_at"])
    return activity


def check_may_write(actor: Actor, module: Module, obj: Model, verb: str = "view") -> None:
    """Whether the actor sees the record, and may do `verb` with it. Raises NotFound, Denied."""
    if not may(actor.user, module, "view", obj):
        raise NotFound
    if not may(actor.user, module, verb, obj):
        raise Denied(REFUSED.get(verb))


def _may_assign(user: User, assignee: User) -> bool:
    """A colleague: of the own company, or one of the vendor's people for another of them."""
    if not assignee.is_active:
        return False
    if rights_for(user).policy.staff:
        return rights_for(assignee).policy.staff
    return user.company_id is not None and assignee.company_id == user.company_id


def place(actor: Actor, module: Module, obj: Model, internal: bool) -> dict[str, Any]:
    """Where it belongs. What somebody outside writes is their own company's, and never internal."""
    staff = rights_for(actor.user).policy.staff
    return {
        "subject": module.subject,
        "object_id": obj.pk,
        "party_id": getattr(obj, "party_id", None) if staff else actor.user.company_id,
        "internal": internal and staff,
    }


def texts(inputs: Mapping[str, Input], given: Mapping[str, str]) -> dict[str, str]:
    """The texts without what is blank around them. Raises InvalidInput, which says of each what is wrong."""
    return {name: text or "" for name, text in clean(inputs, given, lambda _module, _pk: None).items()}
