"""The tokens of calendar feeds: made, found, ended."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from prm.calendar.models import Feed
from prm.people.models import User
from prm.people.tokens import new_token, token_hash
from prm.vendor.looks import public_url

#: How exact `used_at` is.
COARSE = timedelta(minutes=10)


def fresh_feed(user: User) -> str:
    """Replaces the user's feed by one with a new token, which is returned."""
    token = new_token()
    with transaction.atomic():
        Feed.objects.filter(user=user).delete()
        Feed.objects.create(user=user, token_hash=token_hash(token), password_mark=_mark(user))
    return token


def address(token: str) -> str:
    """Where a program reads the calendar of this token."""
    return public_url(reverse("calendar-feed", args=[token]))


def find(token: str) -> Feed | None:
    """The feed of this token, whose user is active and has the same password still; else None."""
    feed = (
        Feed.objects.filter(token_hash=token_hash(token))
        .select_related("user__portal", "user__contact")
        .first()
    )
    if feed is None or not feed.user.is_active:
        return None
    if not constant_time_compare(feed.password_mark, _mark(feed.user)):
        return None
    now = timezone.now()
    if feed.used_at is None or now - feed.used_at > COARSE:
        Feed.objects.filter(pk=feed.pk).update(used_at=now)
    return feed


def _mark(user: User) -> str:
    return str(user.get_session_auth_hash())[:64]
