"""Reads of alerts that are no list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from prm.alerts.models import Alert, AlertCounter
from prm.alerts.readers import rights_mark
from prm.alerts.words import render
from prm.modules.read import BadQuery

PAGE = 100


def after(user: Any, seq: int, limit: int = PAGE) -> list[dict[str, Any]]:
    """The user's alerts after number `seq`, oldest first."""
    return render(list(Alert.objects.filter(recipient=user, seq__gt=seq).order_by("seq")[:limit]), user)


def latest(user: Any, limit: int = 50, before: int | None = None) -> list[dict[str, Any]]:
    """Alerts of the user, newest first; below number `before` where it is given."""
    alerts = Alert.objects.filter(recipient=user).order_by("-seq")
    if before is not None:
        alerts = alerts.filter(seq__lt=before)
    return render(list(alerts[:limit]), user)


def unread(user: Any) -> int:
    """How many alerts the user has not seen."""
    return Alert.objects.filter(recipient=user, seen_at=None).count()


def bell(user: Any) -> dict[str, Any]:
    """What the page's bell shows: unread alerts and the last number, in one query; and for which rights."""
    if not getattr(user, "is_authenticated", False):
        return {"unread": 0, "seq": 0, "rights": ""}
    unseen = (
        Alert.objects.filter(recipient=OuterRef("pk"), seen_at=None)
        .order_by()
        .values("recipient")
        .annotate(number=Count("pk"))
        .values("number")
    )
    row = AlertCounter.objects.filter(pk=user.pk).annotate(unread=Coalesce(Subquery(unseen), 0))
    found = row.values_list("unread", "seq").first()
    unread, seq = found or (0, 0)
    # Seen with somebody else's eyes, a page does not follow the rights of its reader.
    mark = "" if getattr(user, "policy", None) else rights_mark(user)
    return {"unread": unread, "seq": seq, "rights": mark}


def list_params(params: Mapping[str, str]) -> dict[str, str]:
    """The query parameters of the generic list, where `after=7` means the numbers from 8 on, in order."""
    given = dict(params)
    last = given.pop("after", None)
    if last is None:
        return given
    if not (last.isascii() and last.isdigit() and len(last) < 19):
        raise BadQuery({"after": [_("Give the number of an alert.")]})
    given["seq__gte"] = str(int(last) + 1)
    given.setdefault("ordering", "seq")
    return given
