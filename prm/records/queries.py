from datetime import datetime
from typing import TypeVar

from django.db.models import Case, IntegerField, Model, Q, QuerySet, When

from prm.access.rights import may, rights_for, visible
from prm.modules import registry
from prm.modules.registry import Module
from prm.people.models import User
from prm.records.models import Activity, File, Note, OnRecord

Row = TypeVar("Row", bound=OnRecord)


def notes(user: User, module: Module, obj: Model) -> QuerySet[Note]:
    """The notes on a record that the user may read, oldest first."""
    return _on_record(Note, user, module, obj).select_related("author").order_by("id")


def files(user: User, module: Module, obj: Model) -> QuerySet[File]:
    """The files on a record that the user may read, oldest first, without those that were removed."""
    rows = _on_record(File, user, module, obj).filter(removed_at=None)
    return rows.select_related("author", "stored").order_by("id")


def files_ever(user: User, module: Module, obj: Model) -> QuerySet[File]:
    """All files that were ever on a record, removed ones too, as far as the user may know."""
    return _on_record(File, user, module, obj).select_related("author", "removed_by").order_by("id")


def activities(user: User, module: Module, obj: Model) -> QuerySet[Activity]:
    """The activities on a record that the user may see: open ones first, by when they are due."""
    undone_first = Case(When(done_at=None, then=0), default=1, output_field=IntegerField())
    rows = _on_record(Activity, user, module, obj).select_related("assignee", "author")
    return rows.order_by(undone_first, "due_at", "id")


def due_activities(user: User, *, until: datetime | None = None) -> QuerySet[Activity]:
    """Open activities of the user's own, and unassigned ones they wrote, on records they may still see."""
    mine = Q(assignee=user) | Q(assignee=None, author=user)
    rows = Activity.objects.filter(mine, done_at=None) & readable(Activity, user)
    if until is not None:
        rows = rows.filter(due_at__lte=until)
    reachable = Q(pk__in=[])
    for subject in rows.order_by().values_list("subject", flat=True).distinct():
        module = registry.for_subject(subject)
        if module is not None:
            reachable |= Q(subject=subject, object_id__in=visible(user, module).order_by().values("pk"))
    return rows.filter(reachable).order_by("due_at", "id")


def readable(model: type[Row], user: User) -> QuerySet[Row]:
    """Rows that the user may read, given that they may see the record.

    The vendor's people read all; others what was written while the record was their company's.
    """
    rows: QuerySet[Row] = model._default_manager.all()
    if rights_for(user).policy.staff:
        return rows
    if user.company_id is None:
        return rows.none()
    return rows.filter(party_id=user.company_id, internal=False)


def _on_record(model: type[Row], user: User, module: Module, obj: Model) -> QuerySet[Row]:
    rows = readable(model, user)
    if not may(user, module, "view", obj):
        return rows.none()
    return rows.filter(subject=module.subject, object_id=obj.pk)
