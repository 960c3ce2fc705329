"""Who is told of an event: the audiences that a module's `notify` names, made into users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone

from prm.access.channel import ADMINISTRATOR, LOOKING_AFTER, looks_after
from prm.partners.models import Partner, regions_served
from workflows.models import TransitionRecord

PREVIOUS = "previous_partner_users"
AUDIENCES = frozenset(
    {
        "partner_users",
        "partner_admins",
        "assignee",
        "channel_manager",
        "partner_manager",
        "distributors",
        "approvers",
        "readers",
        PREVIOUS,
    }
)


@dataclass
class Wanted:
    """Whom one event concerns, as ids taken when it happened: the record may change again before the end."""

    audiences: tuple[str, ...]
    party: UUID | None
    previous_party: UUID | None
    assignee: UUID | None
    owner: UUID | None
    region: str = ""
    readers: set[UUID] = field(default_factory=set)
    #: Who may hand the record out: its owner, and whose partners serve its region.
    distributors: set[UUID] = field(default_factory=set)
    #: Users who are told; and those of them told as users of the partner that has just lost the record.
    users: set[UUID] = field(default_factory=set)
    parting: set[UUID] = field(default_factory=set)

    @classmethod
    def of(cls, audiences: tuple[str, ...], obj: Any, record: TransitionRecord | None) -> Wanted:
        """The ids that the audiences of this event need, read from the record as it now stands."""
        party = getattr(obj, "party_id", None)
        if "partner_manager" in audiences:
            # Who manages the channel, but only of what a partner has: not each record that nobody has yet.
            manager = ("channel_manager",) if party else ()
            audiences = tuple(one for one in audiences if one != "partner_manager") + manager
        if party:
            # There is nothing to hand out any more.
            audiences = tuple(one for one in audiences if one != "distributors")
        # The record itself knows for whom it is meant.
        readers = set(obj.readers().values_list("pk", flat=True)) if "readers" in audiences else set()
        owner = getattr(obj, "owner_id", None) or getattr(obj, "channel_manager_id", None)
        return cls(
            audiences=audiences,
            party=party,
            previous_party=_previous_party(obj, record) if PREVIOUS in audiences else None,
            assignee=getattr(obj, "assignee_id", None),
            owner=owner,
            region=getattr(obj, "region", ""),
            readers=readers,
        )


def _previous_party(obj: Any, record: TransitionRecord | None) -> UUID | None:
    """The company that lost the record in this event: history still counts the event as its own."""
    if record is None or record.party_id == getattr(obj, "party_id", None):
        return None
    return record.party_id


def resolve(wanted: Iterable[Wanted]) -> dict[UUID, Any]:
    """Fills in the users of all `wanted` at once, and returns the active ones by their id.

    A constant number of queries, however many events there are.
    """
    todo = list(wanted)
    managers = _managers_of_partners(todo)
    serving = _managers_by_region(todo)
    approvers_needed = False
    companies: set[UUID] = set()
    people: set[UUID] = set()
    for one in todo:
        if {"partner_users", "partner_admins"} & set(one.audiences) and one.party:
            companies.add(one.party)
        if one.previous_party:
            companies.add(one.previous_party)
        people |= one.readers
        if "assignee" in one.audiences and one.assignee:
            people.add(one.assignee)
        if "channel_manager" in one.audiences:
            one.owner = one.owner or managers.get(one.party)
            if one.owner:
                people.add(one.owner)
        if "distributors" in one.audiences:
            one.distributors = serving[one.region] | ({one.owner} if one.owner else set())
            people |= one.distributors
            approvers_needed = approvers_needed or not one.distributors
        if "approvers" in one.audiences or ("channel_manager" in one.audiences and not one.owner):
            approvers_needed = True

    which = Q(pk__in=people) | Q(contact__company_id__in=companies)
    if approvers_needed:
        which |= LOOKING_AFTER
    users = {user.pk: user for user in get_user_model().objects.filter(which, is_active=True)}
    if approvers_needed and not _looking_after(users):
        # A portal that has no channel managers yet: what nobody owns falls to the administrators.
        admins = get_user_model().objects.filter(portal__key=ADMINISTRATOR, is_active=True)
        users |= {user.pk: user for user in admins}
    _add_covers(users)

    for one in todo:
        _choose(one, users)
    return users


def _managers_of_partners(todo: list[Wanted]) -> dict[UUID | None, UUID]:
    unowned = {
        one.party for one in todo if "channel_manager" in one.audiences and not one.owner and one.party
    }
    if not unowned:
        return {}
    rows = Partner.objects.filter(pk__in=unowned, channel_manager__is_active=True)
    return dict(rows.values_list("pk", "channel_manager_id"))


def _managers_by_region(todo: list[Wanted]) -> dict[str, set[UUID]]:
    """By region, the channel managers of active partners that serve it; empty where nobody asks."""
    found: dict[str, set[UUID]] = defaultdict(set)
    wanted = {one.region for one in todo if "distributors" in one.audiences and one.region}
    if wanted:
        partners = Partner.objects.filter(
            state=Partner.State.ACTIVE, channel_manager__is_active=True, channel_manager__portal__staff=True
        )
        # What says which regions a partner serves is of few kinds, however many partners there are.
        kinds = partners.order_by().values_list("channel_manager_id", "territory__region_names", "region")
        for manager, names, region in kinds.distinct():
            for one in wanted & regions_served(names, region):
                found[one].add(manager)
    return found


def _looking_after(users: dict[UUID, Any]) -> set[UUID]:
    return {user.pk for user in users.values() if looks_after(user)}


def _add_covers(users: dict[UUID, Any]) -> None:
    today = timezone.localdate()
    missing = {
        user.cover_id for user in users.values() if user.cover_id and user.away_on(today)
    } - users.keys()
    if missing:
        for user in get_user_model().objects.filter(pk__in=missing, is_active=True):
            users[user.pk] = user


def _choose(one: Wanted, users: dict[UUID, Any]) -> None:
    staff: set[UUID] = set()
    # Who looks after what nobody owns.
    unowned = _looking_after(users) or {
        user.pk for user in users.values() if user.portal and user.portal.key == ADMINISTRATOR
    }
    for audience in one.audiences:
        if audience in ("partner_users", "partner_admins") and one.party:
            one.users |= {
                user.pk
                for user in users.values()
                if user.company_id == one.party and (audience == "partner_users" or user.is_portal_admin)
            }
        elif audience == "assignee" and one.assignee:
            one.users.add(one.assignee)
        elif audience == "readers":
            one.users |= one.readers
        elif audience == "channel_manager" and one.owner:
            staff.add(one.owner)
        elif audience in ("channel_manager", "approvers"):
            staff |= unowned
        elif audience == "distributors":
            staff |= one.distributors or unowned
        elif audience == PREVIOUS and one.previous_party:
            one.parting |= {user.pk for user in users.values() if user.company_id == one.previous_party}
    today = timezone.localdate()
    staff |= {
        users[pk].cover_id for pk in staff if pk in users and users[pk].cover_id and users[pk].away_on(today)
    }
    one.users |= staff
    one.users &= users.keys()
    one.parting -= one.users
