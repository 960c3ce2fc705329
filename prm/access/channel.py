"""Who looks after partners: what a portal of the vendor's own people grants says so, not which one it is.

That is asked in the database, too (who is told of a record that nobody owns, whose names partners may read),
so it stands in a column of the portal, which follows each change of its grants. Administrators could do the
same work, and are not meant by it: they run the installation.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from prm.access.models import Portal, Scope
from prm.access.specs import allows

ADMINISTRATOR = "administrator"

#: One of these makes it somebody's work: (module, transition).
WORK = (
    ("registrations", "approve"),
    ("partners", "activate"),
    ("leads", "assign"),
    ("opportunities", "distribute"),
)

#: Of users: those who look after partners; and those who may, which administrators do as well.
LOOKING_AFTER = Q(portal__channel=True, portal__archived=False)
MANAGING = LOOKING_AFTER | Q(portal__key=ADMINISTRATOR)


def mark(portals: QuerySet[Portal]) -> None:
    """Writes down which of these portals look after partners; called after their grants have changed."""
    staff = portals.filter(staff=True).exclude(key=ADMINISTRATOR)
    scopes = Scope.objects.using(portals.db).filter(
        grant__portal__in=staff.values("pk"), grant__module__in={module for module, _verb in WORK}
    )
    working = {
        portal
        for portal, module, actions in scopes.values_list("grant__portal_id", "grant__module", "actions")
        if any(module == where and allows(actions, verb) for where, verb in WORK)
    }
    portals.filter(pk__in=working, channel=False).update(channel=True)
    portals.filter(channel=True).exclude(pk__in=working).update(channel=False)


def looks_after(user: Any) -> bool:
    """Whether the user looks after partners: what they enter is theirs, and of reports they get their own."""
    portal = getattr(user, "portal", None)
    return portal is not None and portal.channel and not portal.archived


def manages(user: Any) -> bool:
    """Whether the pages of those who look after partners are for the user; administrators have them, too."""
    portal = getattr(user, "portal", None)
    return looks_after(user) or (portal is not None and portal.key == ADMINISTRATOR)
