"""Issuing, finding and revoking tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from api.models import Token
from prm.alerts import hub

#: Marks a token as ours, so that scanners of leaked secrets can know it.
MARK = "prm_"
#: How exact `last_used` is.
COARSE = timedelta(minutes=10)


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()


def issue(user: Any) -> tuple[str, Token]:
    """Makes a token; the first of the pair is shown once and kept nowhere."""
    raw = MARK + secrets.token_urlsafe(32)
    now = timezone.now()
    token = Token.objects.create(
        digest=_digest(raw),
        prefix=raw[: len(MARK) + 6],
        user=user,
        expires_at=now + timedelta(days=getattr(settings, "API_TOKEN_DAYS", 90)),
        last_used=now,
    )
    Token.objects.filter(user=user, expires_at__lte=now).delete()
    return raw, token


def find(raw: str) -> Token | None:
    """The live token of an active user, with its user, portal and contact: one query."""
    if not raw.startswith(MARK) or not raw.isascii() or len(raw) > 100:
        return None
    now = timezone.now()
    token = (
        Token.objects.select_related("user", "user__portal", "user__contact")
        .filter(digest=_digest(raw), expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token is not None and (token.last_used is None or now - token.last_used > COARSE):
        Token.objects.filter(pk=token.pk).update(last_used=now)
    return token


def revoke(token: Token) -> None:
    """Ends the token at once, and every socket that was opened with a login of its user."""
    with transaction.atomic():
        token.delete()
        hub.revoke([token.user_id])


@transaction.atomic
def end_all(user: Any, **_: Any) -> None:
    """Ends every token of a user whose password was changed: whoever knew the old one may hold them."""
    Token.objects.filter(user=user).delete()
    hub.revoke([user.pk])
