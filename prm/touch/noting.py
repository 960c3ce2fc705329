"""`note`: what somebody does becomes a line of the touch log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from prm.touch.chain import Note
from prm.touch.keeping import keeper
from prm.touch.models import Door, Kind

#: The request that is being answered, for those who note an action and were not given it.
current: ContextVar[HttpRequest | None] = ContextVar("touch_request", default=None)

#: Whether what people change now is left out (see `unnoted`).
left_out: ContextVar[bool] = ContextVar("touch_left_out", default=False)


@contextmanager
def unnoted() -> Iterator[None]:
    """What is done in people's names within is no line of the log: they did not do it, and not now."""
    token = left_out.set(True)
    try:
        yield
    finally:
        left_out.reset(token)


#: Kinds that are written before the answer leaves: what was taken out of the portal is known to have been.
AT_ONCE = frozenset({Kind.EXPORT, Kind.DOWNLOAD})


def real_and_viewed(user: Any) -> tuple[Any, Any]:
    """Who sits at the screen, and in whose place they look (None: their own)."""
    viewer = getattr(user, "viewed_by", None)
    return (user, None) if viewer is None else (viewer, user)


def door_of(request: HttpRequest | None) -> str:
    """By which way the request came."""
    if request is None:
        return Door.OTHER
    return Door.API if request.path.startswith("/api/") else Door.PAGE


def note(
    source: Any,
    kind: str,
    module: str = "",
    record: UUID | None = None,
    *,
    verb: str = "",
    user: Any = None,
    door: str = "",
    email: str = "",
    at_once: bool | None = None,
) -> None:
    """Notes that somebody has done something.

    source: the request, or the user where there is none. user: who, where the request does not say. email:
    typed at a sign-in that failed. at_once: written before this returns (exports and downloads are); raises
    DatabaseError where it cannot be.
    """
    if not settings.TOUCH_LOG:
        return
    request = source if isinstance(source, HttpRequest) else current.get()
    if user is None:
        user = getattr(source, "user", None) if isinstance(source, HttpRequest) else source
    made = _made(request, user, kind, module, record, verb, door, email)
    if kind in AT_ONCE if at_once is None else at_once:
        keeper.write(made)
    else:
        keeper.put(made)


def _made(
    request: HttpRequest | None,
    user: Any,
    kind: str,
    module: str,
    record: UUID | None,
    verb: str,
    door: str,
    email: str,
) -> Note:
    known = user is not None and user.is_authenticated
    real, viewed = real_and_viewed(user) if known else (None, None)
    portal = user.portal if known else None
    made_up = bool(viewed is not None and getattr(viewed, "made_up", False))
    return Note(
        at=timezone.now(),
        kind=kind,
        door=door or door_of(request),
        user=real.pk if real is not None else None,
        as_user=viewed.pk if viewed is not None and not made_up else None,
        made_up=made_up,
        portal=portal.key if portal is not None else "",
        module=module,
        record=record,
        verb=verb,
        address=request.META.get("REMOTE_ADDR", "") if request is not None else "",
        request=getattr(request, "request_id", "") if request is not None else "",
        email=email.strip().lower(),
    )
