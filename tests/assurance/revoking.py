"""Every way in which somebody's right is taken away, by the requests that take it."""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.test import Client

from api.tokens import issue
from prm.access.document import apply, document_of, keep_version
from prm.access.models import Portal
from prm.alerts import hub, recording
from prm.alerts.models import Alert
from prm.people.models import User
from prm.portals.actions import draft_of, save_draft
from tests.browsing import LOGIN_BACKEND, PATIENT
from tests.cast import PASSWORD, World
from tests.factories import make_lead, make_partner, make_user
from tests.sockets.servers import Server
from workflows.actor import Actor
from workflows.perform import perform

#: What whoever holds a right opens with it, by API and as a page.
API, PAGE = "/api/v1/leads/", "/leads/?view=none"

_number = itertools.count(1)


@dataclass(frozen=True)
class Key:
    """What a user comes in with: a token, or the key of a session."""

    token: str = ""
    session: str = ""


@dataclass(frozen=True)
class Place:
    """The application, and its people. Rights are taken `here`, and asked for and listened to `there`."""

    here: Server
    there: Server
    cast: World
    admin: Key

    def post(self, path: str, body: Any, method: str = "POST") -> None:
        """What the administrator takes a right with."""
        done(send(self.here, method, f"/api/v1/{path}", self.admin, body))


@dataclass
class Held:
    """A right of somebody, and how it is taken.

    keys: each opens a socket and asks. ends: the login ends; else it may do something else from then on.
    path: what is asked with the right, instead of API or PAGE, where it is another one than to see leads.
    told: what is in an answer to whoever still has the right.
    """

    user: User
    keys: list[Key]
    take: Callable[[], None]
    ends: bool = True
    path: str = ""
    told: str = ""
    listens: bool = True

    def granted(self, server: Server, key: Key) -> bool:
        """Whether the right is there, by a request."""
        status, body = send(server, "GET", self.path or (API if key.token else PAGE), key)
        return status == 200 and self.told in body


def send(server: Server, method: str, path: str, key: Key, body: Any = None) -> tuple[int, str]:
    """One request, whose redirection is not followed: JSON with a token, a form with a session."""
    headers = {"Content-Type": "application/json", "Authorization": f"Token {key.token}"}
    sent = None if body is None else json.dumps(body)
    if key.session:
        secret = "a" * 32
        cookies = {settings.SESSION_COOKIE_NAME: key.session, settings.CSRF_COOKIE_NAME: secret}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        }
        sent = None if body is None else urlencode({**body, "csrfmiddlewaretoken": secret})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENT)
    try:
        connection.request(method, path, sent, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def done(answer: tuple[int, str]) -> None:
    """Raises where what takes the right was not done: then nothing is measured."""
    status, body = answer
    if status not in (200, 204, 302):
        raise RuntimeError(f"the right was not taken: {status} {body[:400]}")


# --- who has something to lose


def somebody(place: Place, portal: str = "partner", company: Any = None, *, is_admin: bool = False) -> User:
    email = f"holder{next(_number)}@northwind.example"
    return make_user(email, portal, company or place.cast.northwind, is_admin=is_admin)


def by_token(user: User) -> Key:
    return Key(token=issue(user)[0])


def by_session(user: User) -> Key:
    client = Client()
    client.force_login(user, backend=LOGIN_BACKEND)
    return Key(session=client.cookies[settings.SESSION_COOKIE_NAME].value)


def both(user: User) -> list[Key]:
    return [by_token(user), by_session(user)]


@dataclass
class Versions:
    """A portal of its own: a copy of the partners', with and without leads."""

    portal: Portal = field(default_factory=lambda: _portal("Copied"))

    def __post_init__(self) -> None:
        given = {"host": "", "title": self.portal.title}
        self.full = document_of(Portal.objects.get(key="partner")) | given
        # A module that tests add, and the served application has not.
        self.full["grants"].pop("gadgets")
        grants = {key: grant for key, grant in self.full["grants"].items() if key != "leads"}
        self.less = self.full | {"grants": grants, "converts": None}

    def put(self, *documents: dict[str, Any]) -> Portal:
        """Has these in force one after the other; the last stays."""
        for document in documents:
            apply(self.portal, document)
            keep_version(self.portal)
        return self.portal


def _portal(title: str) -> Portal:
    number = next(_number)
    return Portal.objects.create(key=f"own-{number}", title=f"{title} {number}", audience="partner")


# --- the ways


def token_deleted(place: Place) -> Held:
    user = somebody(place)
    key = by_token(user)
    return Held(user, [key], lambda: done(send(place.here, "DELETE", "/api/v1/auth/token/", key)))


def logout(place: Place) -> Held:
    user = somebody(place)
    key = by_session(user)
    return Held(user, [key], lambda: done(send(place.here, "POST", "/account/logout/", key, {})))


def password_changed(place: Place) -> Held:
    user = somebody(place)
    stays = by_session(user)
    new = "another-long-phrase-2026"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    return Held(
        user, both(user), lambda: done(send(place.here, "POST", "/account/password/change/", stays, form))
    )


def deactivated(place: Place) -> Held:
    user = somebody(place)
    return Held(user, both(user), lambda: place.post(f"users/{user.pk}/", {"is_active": False}, "PATCH"))


def suspended(place: Place) -> Held:
    partner = make_partner(channel_manager=place.cast.maria)
    user = somebody(place, company=partner)
    path = f"partners/{partner.pk}/transitions/suspend/"
    return Held(user, both(user), lambda: place.post(path, {"reason": "late"}))


def moved(place: Place) -> Held:
    user, empty = somebody(place), _portal("Empty")
    body = {"ids": [str(user.pk)], "portal": str(empty.pk)}
    return Held(user, both(user), lambda: place.post("users/move/", body), ends=False)


def admin_flag_taken(place: Place) -> Held:
    user = somebody(place, is_admin=True)
    path = f"contacts/{user.contact_id}/"
    return Held(
        user,
        [by_token(user)],
        lambda: place.post(path, {"is_admin": False}, "PATCH"),
        ends=False,
        path="/api/v1/invitations/",
    )


def draft_published(place: Place) -> Held:
    versions, admin = Versions(), Actor.of(place.cast.admin)
    portal = versions.put(versions.full)
    draft = draft_of(admin, portal)
    draft = perform(save_draft(admin, draft, versions.less, draft.version), "submit", actor=admin)
    user = somebody(place, portal.key)
    path = f"portal-drafts/{draft.pk}/transitions/publish/"
    return Held(user, both(user), lambda: place.post(path, {}), ends=False)


def undone(place: Place) -> Held:
    versions = Versions()
    portal = versions.put(versions.less, versions.full)
    user = somebody(place, portal.key)
    return Held(user, both(user), lambda: place.post(f"portals/{portal.pk}/undo/", {}), ends=False)


def archived(place: Place) -> Held:
    versions = Versions()
    portal = versions.put(versions.full)
    user = somebody(place, portal.key)
    return Held(user, both(user), lambda: place.post(f"portals/{portal.pk}/archive/", {}), ends=False)


def viewing_stopped(place: Place) -> Held:
    """Whose sockets stay their own all the while."""
    admin, viewed = place.cast.admin, somebody(place)
    key = by_session(admin)
    done(send(place.here, "POST", "/view-as/", key, {"user": str(viewed.pk)}))
    return Held(
        admin,
        [key],
        lambda: done(send(place.here, "POST", "/view-as/stop/", key, {})),
        path="/api/v1/me/",
        told=viewed.email,
        listens=False,
    )


WAYS: dict[str, Callable[[Place], Held]] = {
    "token deleted": token_deleted,
    "logout": logout,
    "password changed": password_changed,
    "user deactivated": deactivated,
    "partner suspended": suspended,
    "moved to another portal": moved,
    "Admin flag taken": admin_flag_taken,
    "draft published": draft_published,
    "change of a portal undone": undone,
    "portal archived": archived,
    "viewing stopped": viewing_stopped,
}


def announce(place: Place, user: User, topic: str) -> None:
    """An alert of a lead of the user's company, past all that asks whether it still concerns the user."""
    lead = make_lead("accepted", place.cast.northwind, topic=topic)
    alert = Alert(recipient=user, event=uuid4(), kind="lead.assigned", module="leads", object_id=lead.pk)
    with transaction.atomic():
        numbers = recording._number([alert])
        Alert.objects.bulk_create([alert])
        transaction.on_commit(lambda: hub.nudge(numbers))
