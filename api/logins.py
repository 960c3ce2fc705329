"""The logins behind open sockets, looked at again and again: many at once, and never from memory.

A socket outlives many requests, and the session or token that opened it may not. What is kept of a login is
what it takes to ask the database whether it is still good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from api.models import Token
from prm.alerts.revocation import session_model


@dataclass
class Login:
    """What a socket was opened with: the key of a session, or the digest of a token."""

    session: str = ""
    digest: str = ""
    #: Once it has been found good: whose it is.
    user_id: UUID | None = None


def by_session(key: str) -> Login:
    """The login of a session cookie."""
    return Login(session=key)


def by_token(raw: str) -> Login:
    """The login of an API token."""
    return Login(digest=hashlib.sha256(raw.encode()).hexdigest())


def identify(logins: Sequence[Login]) -> list[Any]:
    """The user behind each login, None where it has ended: session gone or expired, password changed, token
    revoked, user deactivated. At most three queries."""
    now = timezone.now()
    sessions = _sessions({one.session for one in logins if one.session}, now)
    digests = {one.digest for one in logins if one.digest}
    tokens = (
        dict(Token.objects.filter(digest__in=digests, expires_at__gt=now).values_list("digest", "user_id"))
        if digests
        else {}
    )
    claimed = [sessions.get(one.session) if one.session else (tokens.get(one.digest), None) for one in logins]
    ids = {claim[0] for claim in claimed if claim and claim[0]}
    users = (
        {user.pk: user for user in get_user_model().objects.filter(pk__in=ids, is_active=True)} if ids else {}
    )
    found = []
    for login, claim in zip(logins, claimed, strict=True):
        user = users.get(claim[0]) if claim and claim[0] else None
        if user is not None and claim and claim[1] is not None and not _same_password(user, claim[1]):
            user = None
        # A session that has changed hands is another login.
        if user is not None and login.user_id not in (None, user.pk):
            user = None
        if user is not None:
            login.user_id = user.pk
        found.append(user)
    return found


def _sessions(keys: set[str], now: Any) -> dict[str, tuple[UUID | None, str | None]]:
    if not keys:
        return {}
    found: dict[str, tuple[UUID | None, str | None]] = {}
    for row in session_model().objects.filter(session_key__in=keys, expire_date__gt=now):
        data = row.get_decoded()
        if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
            continue
        try:
            found[row.session_key] = (UUID(data[SESSION_KEY]), data.get(HASH_SESSION_KEY, ""))
        except (KeyError, ValueError):
            continue
    return found


def _same_password(user: Any, stamp: str) -> bool:
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(stamp, one) for one in hashes)
