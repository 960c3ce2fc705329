"""Time travel: what the grants of an earlier day would show a user of today's records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from prm.access.bounds import both
from prm.access.models import Portal, PortalVersion
from prm.access.policy import NOTHING, Policy, compile_document
from prm.access.rights import Rights, carrying, rights_for
from prm.modules.read import list_page
from prm.modules.registry import Module, Row
from prm.people.models import PortalStay
from workflows.models import TransitionRecord

#: Rows of an answer.
FIRST = 10


@dataclass(frozen=True)
class Sight:
    """What would be seen of a module. portal, version: what was in force; empty where nothing was.

    fields: names of those that are shown on some record; rows: the first ones.
    """

    portal: str
    version: int | None
    count: int
    fields: list[str]
    rows: list[Row]


def rights_on(user: Any, day: date, asker: Any = None) -> Rights:
    """The user's rights at the end of that day: the portal and its version of then, over today's records.

    Company and Admin flag are those of today. asker: who looks; then it is no more than they may read
    themselves, and nothing can be done under it.
    """
    policy = policy_on(user, day)
    return _under(user, policy if asker is None else both(rights_for(asker).policy, policy))


def sight_on(user: Any, day: date, module: Module, asker: Any) -> Sight:
    """What the user would have seen of the module, as far as the asker may read it."""
    version = version_on(user, day)
    rights = rights_on(user, day, asker)
    portal = version.portal.title if version else ""
    found = version.number if version else None
    if not rights.scopes(module.key, "view"):
        return Sight(portal, found, 0, [], [])
    page = list_page(rights.user, module, {"limit": str(FIRST), "count": "1"})
    readable = rights.readable(module)
    names = [field.name for field in module.fields if field.name in readable]
    return Sight(portal, found, page.count or 0, names, page.rows)


def policy_on(user: Any, day: date) -> Policy:
    """The policy that the user's portal of that day had at its end."""
    version = version_on(user, day)
    return _compiled(version.pk) if version else NOTHING


def version_on(user: Any, day: date) -> PortalVersion | None:
    """The version in force for the user at the end of that day; None where the user had no rights."""
    moment = _end_of(day)
    portal = _portal_at(user, moment)
    if portal is None or _was_archived(portal, moment):
        return None
    return (
        PortalVersion.objects.filter(portal=portal, at__lte=moment)
        .select_related("portal")
        .order_by("-number")
        .first()
    )


def _end_of(day: date) -> datetime:
    following = datetime.combine(day + timedelta(days=1), time.min)
    return min(timezone.make_aware(following) - timedelta(microseconds=1), timezone.now())


def _portal_at(user: Any, moment: datetime) -> Portal | None:
    """The portal that the user was in; where no stay was kept of that time, the first one that was."""
    if user.date_joined > moment:
        return None
    stays = PortalStay.objects.filter(user=user).select_related("portal").order_by("since")
    there = stays.filter(Q(until=None) | Q(until__gt=moment), since__lte=moment).last()
    if there is not None:
        return there.portal
    first = stays.first()
    if first is None:
        return user.portal if isinstance(user.portal, Portal) else None
    return first.portal if first.since > moment else None


def _was_archived(portal: Portal, moment: datetime) -> bool:
    """Whether the portal was in the archive: the history has a line for each way in and out of it."""
    lines = TransitionRecord.objects.filter(
        subject=Portal._meta.label_lower, object_id=portal.pk, transition="update", at__lte=moment
    )
    turns = [one for one in lines.values_list("inputs", flat=True) if "archived" in one.get("changed", ())]
    return len(turns) % 2 == 1


@lru_cache(maxsize=200)
def _compiled(pk: UUID) -> Policy:
    """A version never changes, so what was made of it stays right."""
    version = PortalVersion.objects.select_related("portal").get(pk=pk)
    return compile_document(version.portal.key, version.portal.staff, version.document)


def _under(user: Any, policy: Policy) -> Rights:
    """Rights of the user as they were, though the login may have ended since."""
    other = carrying(user, policy)
    other.is_active = True
    return rights_for(other)
