"""What tells of itself: changes of records, signing in and out, looking in somebody's place."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.http import HttpRequest

from prm.access import viewing
from prm.modules import registry
from prm.touch.models import Door, Kind
from prm.touch.noting import current, left_out, note
from workflows import ports
from workflows.ports import Event

ENDINGS = {"created": Kind.CREATE, "updated": Kind.UPDATE, "deleted": Kind.DELETE}


def connect() -> None:
    """Called once, when the app is ready."""
    ports.subscribe(on_change)
    user_logged_in.connect(on_login, dispatch_uid="prm.touch")
    user_logged_out.connect(on_logout, dispatch_uid="prm.touch")
    user_login_failed.connect(on_failure, dispatch_uid="prm.touch")
    viewing.began.connect(on_view_as, dispatch_uid="prm.touch")
    viewing.ended.connect(on_view_as_end, dispatch_uid="prm.touch")


def on_change(event: Event) -> None:
    """What people change, once it is committed. Timers, imports and the system have the history."""
    if not event.actor.is_person or left_out.get():
        return
    request, user, record = current.get(), event.actor.user, event.obj.pk
    module = registry.for_model(type(event.obj))
    key = module.key if module else ""
    ending = event.name.rpartition(".")[2]
    kind = Kind.TRANSITION if event.transition else ENDINGS.get(ending, Kind.ACTION)
    verb = event.transition or (ending if kind == Kind.ACTION else "")
    door = Door.LINK if event.actor.kind == "link" else ""

    if request is not None:
        request.touched = True  # type: ignore[attr-defined]

    def told() -> None:
        note(request or user, kind, key, record, verb=verb, user=user, door=door)

    transaction.on_commit(told)


def on_login(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    note(request or user, Kind.SIGN_IN, user=user)


def on_logout(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    if user is not None:
        note(request or user, Kind.SIGN_OUT, user=user)


def on_failure(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kw: Any
) -> None:
    """Who is known by the typed name is found when the line is written; the name itself is not kept."""
    typed = credentials.get("email") or credentials.get("username") or credentials.get("login") or ""
    note(request or None, Kind.SIGN_IN_FAILED, user=_Nobody, email=str(typed))


class _Nobody:
    """Whoever it was has not signed in."""

    is_authenticated = False


def on_view_as(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    note(request, Kind.VIEW_AS, user=user)


def on_view_as_end(sender: Any, request: HttpRequest, user: Any, reason: str, **kwargs: Any) -> None:
    note(request, Kind.VIEW_AS_END, user=user, verb=reason)
