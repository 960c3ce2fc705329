"""View as: the portal as somebody else sees it, read-only and never beyond one's own rights.

The session of the real user remembers in whose place they look. For each request the viewed user is loaded
anew and takes the place of `request.user`, with a policy of what both may see. A session that looks in
somebody's place changes nothing: what is not a plain question is refused, and so is a statement that writes.
Tokens and sockets stay the real user's.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from prm.access.bounds import both
from prm.access.models import Portal
from prm.access.policy import policy_of
from prm.access.rights import manages_portals, rights_for
from workflows.ids import uuid7

#: Sent with the request and `user`: the viewed one, who has `viewed_by`.
began = Signal()
#: The same, with `reason`: "stopped", "expired", "gone" or "not_allowed".
ended = Signal()

#: Where the session keeps it, and after how many seconds it ends.
KEY, LASTS = "view_as", 30 * 60

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
STOP = "view-as-stop"

#: What is the viewed person's alone, by the names of routes, by their beginnings, and by module.
OWN = frozenset(
    {
        "alerts",
        "alerts-after",
        "alert-toast",
        "api:alerts-seen",
        "api:calendar-link",
        "calendar-link",
        "me",
        "my-data",
    }
)
OWN_BEGINNINGS = (
    "account_",
    "mfa_",
    "usersessions_",
    "socialaccount_",
    "openid_connect_",
    "privacy",
    "settings",
    "setup",
    "view-as",
)
OWN_MODULES = frozenset({"alerts"})


class Refused(PermissionDenied):
    """Not while looking in somebody's place. `title` and the text are for people."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(text)
        self.title = title


@dataclass(frozen=True)
class Viewing:
    """Who looks (`real`), in whose place (`viewed`), and until when (seconds since the epoch)."""

    real: Any
    viewed: Any
    until: float

    @property
    def minutes(self) -> int:
        """How many minutes are left, at least one."""
        return max(1, round((self.until - time.time()) / 60))


def may_view_as(user: Any) -> bool:
    """Whether the user may look in the place of others: the vendor's people who manage portals."""
    return manages_portals(user) and rights_for(user).policy.staff


def is_viewed(user: Any) -> bool:
    """Whether somebody else looks in this user's place: then nothing may be noted about the user."""
    return getattr(user, "viewed_by", None) is not None


def begin(request: HttpRequest, **whom: Any) -> Viewing:
    """From the next request on the session looks in somebody's place.

    whom: user (id); or portal (id), with company (id or None) and admin, for one who is made up.
    Raises Refused.
    """
    real: Any = request.user
    since = time.time()
    kept: dict[str, Any] = {
        name: str(value) if isinstance(value, UUID) else value for name, value in whom.items()
    }
    kept |= {"by": str(real.pk), "since": since, "id": str(uuid7())}
    viewed = None if is_viewed(real) or not may_view_as(real) else _load(kept, real)
    if viewed is None or viewed.pk == real.pk:
        raise Refused(_("Not possible"), _("This user cannot be looked at as."))
    request.session[KEY] = kept
    began.send(sender=Viewing, request=request, user=viewed)
    return Viewing(real, viewed, since + LASTS)


def stop(request: HttpRequest, reason: str = "stopped") -> Any:
    """The session looks with its own eyes again; who was looked at, or None."""
    kept = request.session.pop(KEY, None)
    viewing: Viewing | None = getattr(request, "viewing", None)
    viewed = viewing.viewed if viewing else None
    if kept is not None:
        ended.send(sender=Viewing, request=request, user=viewed or request.user, reason=reason)
    return viewed


def _load(kept: dict[str, Any], real: Any) -> Any:
    """The viewed user as `request.user`, cut to what the real one may see; None where there is none now."""
    users = get_user_model()
    if kept.get("user"):
        viewed: Any = users._default_manager.filter(pk=kept["user"], is_active=True).first()
    else:
        viewed = _made_up(users, kept)
    if viewed is None or viewed.portal is None or viewed.portal.archived:
        return None
    viewed.viewed_by = real
    viewed.policy = both(rights_for(real).policy, policy_of(viewed.portal))
    return viewed


def _made_up(users: Any, kept: dict[str, Any]) -> Any:
    """Somebody of this portal who does not exist; never saved."""
    portal = Portal.objects.filter(pk=kept["portal"]).first() if kept.get("portal") else None
    if portal is None:
        return None
    contacts: Any = users._meta.get_field("contact").related_model
    own = UUID(kept["id"])
    contact = contacts(pk=own, company_id=kept.get("company"), is_admin=bool(kept.get("admin")))
    if contact.company_id is not None:
        contact.company_id = UUID(str(contact.company_id))
    made = users(pk=own, name=_("Made-up user"), portal=portal, contact=contact, is_active=True)
    made.made_up = True
    return made


def _by_token(request: HttpRequest) -> bool:
    """A request that a token speaks for, so that the session does not count."""
    scheme = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[0]
    return request.path.startswith("/api/") and scheme.lower() == "token"


class ViewAs:
    """Puts the viewed user in the place of the real one, where the session says so. Behind the login."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        kept = self.kept(request)
        if kept is None:
            return self.get_response(request)
        real: Any = request.user
        reason, viewed = self.looked(kept, real)
        request.viewing_over = reason  # type: ignore[attr-defined]
        if viewed is None:
            stop(request, reason)
            messages.info(request, _("You see the portal with your own eyes again."))
            return self.get_response(request)
        request.viewing = Viewing(real, viewed, kept["since"] + LASTS)  # type: ignore[attr-defined]
        request.user = viewed
        with connection.execute_wrapper(_only_reading):
            return self.get_response(request)

    @staticmethod
    def kept(request: HttpRequest) -> dict[str, Any] | None:
        """What the session has on it, for who is signed in by it."""
        if _by_token(request) or not request.user.is_authenticated:
            return None
        kept: dict[str, Any] | None = request.session.get(KEY)
        return kept

    @staticmethod
    def looked(kept: dict[str, Any], real: Any) -> tuple[str, Any]:
        """Why it has ended, and nobody; or nothing, and the viewed user."""
        if time.time() > kept["since"] + LASTS:
            return "expired", None
        if kept["by"] != str(real.pk) or not may_view_as(real):
            return "not_allowed", None
        viewed = _load(kept, real)
        return ("", viewed) if viewed is not None else ("gone", None)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        if getattr(request, "viewing_over", "") and request.method not in SAFE:
            # The page that this was sent from had shown somebody else's portal.
            text = _("Looking as somebody else has ended. Nothing was changed; load the page again.")
            raise Refused(_("Nothing was changed"), text)
        viewing: Viewing | None = getattr(request, "viewing", None)
        match = request.resolver_match
        name = (match.view_name if match else "") or ""
        if viewing is None or name == STOP:
            return
        if request.method not in SAFE:
            text = _("You are looking as %(name)s, and can only look. Stop viewing to do something yourself.")
            raise Refused(_("You are only looking"), text % {"name": viewing.viewed})
        module = kwargs.get("key") or kwargs.get("module")
        if name in OWN or name.startswith(OWN_BEGINNINGS) or module in OWN_MODULES:
            text = _("This page is for %(name)s alone, so you are not shown it. Stop viewing to see yours.")
            raise Refused(_("Not shown while you look as somebody else"), text % {"name": viewing.viewed})


#: What a statement that changes nothing begins with, and what a WITH may hide.
READING = ("SELECT", "EXPLAIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "SHOW", "PRAGMA", "DECLARE")
WRITING = re.compile(r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\b", re.IGNORECASE)


def _only_reading(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    """What a page would note about its reader by the way is refused, whatever page it is."""
    text = str(sql).lstrip(" \n(")
    begins = text[:12].upper()
    if not begins.startswith(READING) and (not begins.startswith("WITH") or WRITING.search(text)):
        raise Refused(
            _("You are only looking"),
            _("This page would change something, so it is not shown while you look as somebody else."),
        )
    return execute(sql, params, many, context)
