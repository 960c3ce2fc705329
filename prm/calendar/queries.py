"""What stands in a user's calendar: activities, and the dates that records themselves have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.access import asked
from prm.access.rights import readable_fields, rights_for, visible
from prm.modules import registry
from prm.modules.naming import names
from prm.modules.read import get_rows, list_page
from prm.modules.registry import Dated, Module, Row
from prm.people.models import User
from prm.records.models import Activity
from prm.records.queries import readable

#: Dates of one kind in one answer.
MOST = 200
#: So many times as many rows are looked at for them, where those of colleagues are among them.
PAGES = 10
MINE, TEAM = "mine", "team"


@dataclass(frozen=True)
class Entry:
    """One line of a calendar. `at` is None where only the day counts; `day` is in the reader's time zone.

    activity: None where it is a date of the record itself; who: the name of somebody else who is to do it,
    where the reader may know it. module, object_id: where it leads.
    """

    day: date
    at: datetime | None
    title: str
    label: str
    on: str
    module: Module
    object_id: UUID
    field: str = ""
    activity: Activity | None = None
    who: str = ""

    @property
    def done(self) -> bool:
        return self.activity is not None and self.activity.done_at is not None

    @property
    def overdue(self) -> bool:
        if self.done:
            return False
        return self.at < timezone.now() if self.at else self.day < timezone.localdate()


def assignable(user: User) -> QuerySet[User]:
    """Whom the user may give an activity to: active colleagues that the user may know of, and oneself."""
    users = visible(user, registry.get("users")).filter(is_active=True)
    if rights_for(user).policy.staff:
        return users.filter(portal__staff=True)
    return users.filter(contact__company_id=user.company_id) if user.company_id else users.filter(pk=user.pk)


def may_see_team(user: User) -> bool:
    """Whether there is a calendar of the company for this user: for its admins."""
    return user.is_portal_admin and user.company_id is not None


def own(user: User) -> QuerySet[Activity]:
    """Activities that the user may change: given to them or written by them; for the admins of a company also
    those of their colleagues. Only on records that they may see still."""
    mine = Q(assignee=user) | Q(author=user)
    if may_see_team(user):
        mine |= Q(assignee__contact__company_id=user.company_id)
    rows = readable(Activity, user).filter(mine)
    return _on_visible(user, rows).select_related("assignee", "author")


def activities(user: User, whose: str = MINE) -> QuerySet[Activity]:
    """Activities with a time in the calendar that was asked for."""
    mine = Q(assignee=user) | Q(assignee=None, author=user)
    if whose == TEAM and may_see_team(user):
        mine |= Q(assignee__contact__company_id=user.company_id)
    return _on_visible(user, readable(Activity, user).filter(mine)).select_related("assignee")


def _on_visible(user: User, rows: QuerySet[Activity]) -> QuerySet[Activity]:
    asked.note()
    reachable = Q(pk__in=[])
    for subject in rows.order_by().values_list("subject", flat=True).distinct():
        module = registry.for_subject(subject)
        if module is not None:
            reachable |= Q(subject=subject, object_id__in=visible(user, module).order_by().values("pk"))
    return rows.filter(reachable)


def entries(
    user: User,
    since: date,
    until: date,
    whose: str = MINE,
    *,
    late: bool = False,
    leaving: bool = False,
) -> list[Entry]:
    """All that stands in the calendar from `since` to `until`, that day included, in order.

    late: also activities that were due before and are not done. leaving: for a file that leaves the portal;
    of records it tells what may be exported, and activities are people's own plans.
    """
    begin, end = _start(since), _start(until + timedelta(days=1))
    when = Q(due_at__gte=begin, due_at__lt=end)
    if late:
        when |= Q(due_at__lt=begin, done_at=None)
    planned = list(activities(user, whose).filter(when).order_by("due_at", "id")[: 5 * MOST])
    reader = rights_for(user).only("export").user if leaving else user
    found = [*_planned(reader, planned), *dates(reader, since, until, whose)]
    return sorted(found, key=lambda one: (one.day, one.at is not None, one.at or begin, one.title))


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _planned(user: User, rows: Iterable[Activity]) -> list[Entry]:
    wanted: dict[str, set[UUID]] = defaultdict(set)
    rows = list(rows)
    for one in rows:
        wanted[one.subject].add(one.object_id)
    titles: dict[tuple[str, UUID], str] = {}
    for subject, ids in wanted.items():
        module = registry.for_subject(subject)
        assert module is not None
        for pk, row in get_rows(user, module, ids, fields=[module.title]).items():
            titles[subject, pk] = str(row.get(module.title) or "")
    named = names(user, (one.assignee_id for one in rows))
    found = []
    for one in rows:
        module = registry.for_subject(one.subject)
        assert module is not None and one.due_at is not None
        found.append(
            Entry(
                day=timezone.localtime(one.due_at).date(),
                at=one.due_at,
                title=one.title,
                label=str(one.get_kind_display()),
                # One's own record only says that it belongs to no other.
                on="" if one.object_id == user.pk else titles.get((one.subject, one.object_id), ""),
                module=module,
                object_id=one.object_id,
                activity=one,
                who=named.of(one.assignee) if one.assignee_id != user.pk else "",
            )
        )
    return found


def dates(user: User, since: date, until: date, whose: str = MINE) -> list[Entry]:
    """Dates of records that the modules declare: offers that end, deals that should close …

    Mine are, for the vendor's people, those of records that they own; for others, all of their company's
    that are not a colleague's.
    """
    found: list[Entry] = []
    for module in registry.all_modules():
        if not rights_for(user).scopes(module.key, "view"):
            continue
        known = readable_fields(user, module)
        for one in module.dates:
            if one.field in known and {"state", module.title} <= known:
                found += _dates_of(user, module, one, since, until, whose)
    return found


def _dates_of(user: User, module: Module, one: Dated, since: date, until: date, whose: str) -> list[Entry]:
    timed = module.field(one.field).kind == "datetime"
    params = {"state__in": ",".join(one.states), "ordering": one.field}
    params[f"{one.field}__gte"] = _start(since).isoformat() if timed else since.isoformat()
    params[f"{one.field}__lte"] = (
        (_start(until + timedelta(days=1)) - timedelta(seconds=1)).isoformat() if timed else until.isoformat()
    )
    staff = rights_for(user).policy.staff
    if staff and whose == MINE and "owner" in module.filters and "owner" in readable_fields(user, module):
        params["owner"] = str(user.pk)
    shown = {module.title, one.field, *({"assignee"} & module.by_name.keys())}
    found: list[Entry] = []
    for row in _some(user, module, params, shown):
        if not staff and whose == MINE and _of_another(row.get("assignee"), user):
            continue
        value = row[one.field]
        if value is None:
            continue
        found.append(
            Entry(
                day=timezone.localtime(value).date() if timed else value,
                at=value if timed else None,
                title=str(row.get(module.title) or module.label),
                label=str(one.label),
                on=str(module.label),
                module=module,
                object_id=row["id"],
                field=one.field,
            )
        )
        if len(found) == MOST:
            # Before the next page is asked for.
            break
    return found


def _some(user: User, module: Module, params: dict[str, str], shown: set[str]) -> Iterator[Row]:
    """The rows of a list, a page at a time: those of colleagues are left out behind it."""
    for _page in range(PAGES):
        page = list_page(user, module, params, limit=MOST, fields=shown)
        yield from page.rows
        if page.next is None:
            return
        params = page.next


def _of_another(assignee: Any, user: User) -> bool:
    return isinstance(assignee, dict) and str(assignee["id"]) != str(user.pk)


def remind_words(minutes: int) -> str:
    """How long before, in words."""
    return {
        0: _("At the time"),
        5: _("5 minutes before"),
        15: _("15 minutes before"),
        30: _("30 minutes before"),
        60: _("1 hour before"),
        120: _("2 hours before"),
        1440: _("1 day before"),
        2880: _("2 days before"),
    }[minutes]
