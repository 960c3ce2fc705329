"""G16: whoever asks with an address is not told whether it is known, in body or in time.

Login (page and API), password reset, invitations (single, and many at once), the public form and the start of
a registration are asked with addresses that have a login and with ones that have none, by turns. Alike are:
status, headers and body; the passwords that are hashed and the queries that are made, which no noise of the
machine disturbs; and the time, of which a busy machine says little, so only a difference that no chance makes
(of the ranks of all pairs) and that is large enough to be read off is counted.
"""

from __future__ import annotations

import json
import math
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from django.contrib.auth.hashers import BasePasswordHasher
from django.core.cache import caches
from django.db import connection, reset_queries, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from api.views import login as api_login
from prm.config import login as page_login
from prm.people.models import Invitation, User
from prm.webforms import submitting
from prm.webforms.building import build
from tests.assurance import Fault, Figure
from tests.assurance.g9 import silent
from tests.cast import World, build_world
from tests.factories import make_user
from tests.hashers import CheapArgon2
from workflows.actor import Actor
from workflows.errors import InvalidInput

#: A difference of time counts where it is so many deviations beyond chance, and so large a part of the whole.
DEVIATIONS, PART = 4.5, 0.15
#: Questions that warm up what is kept, and are not counted.
FIRST = 2

Ask = Callable[[str, int], Any]


@dataclass
class Seen:
    """What answers of one kind of address were like."""

    answers: list[tuple[str, int, int]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def run(size: int) -> Figure:
    """Asks about `size` times, half of them with addresses that are known."""
    wrong: list[str] = []
    details: list[str] = []
    with silent(), transaction.atomic(), mock.patch.object(submitting, "FASTEST", 0):
        world = build_world()
        asks = doors(world)
        pairs = max(FIRST + 3, size // (2 * len(asks)))
        known = [
            make_user(f"known{number}@elsewhere.example", "partner", world.contoso).email
            for number in range(pairs)
        ]
        for name, ask in asks.items():
            seen = {True: Seen(), False: Seen()}
            for number in range(pairs):
                # By turns, and each of the two first as often: a machine that slows down slows both.
                for is_known in (True, False) if number % 2 else (False, True):
                    address = known[number] if is_known else f"somebody{number}@elsewhere.example"
                    one = observe(ask, address, 2 * number + is_known, seen[is_known])
                    if number >= FIRST:
                        seen[is_known].answers.append(one)
            wrong += [f"{name}: {fault}" for fault in differences(seen[True], seen[False])]
            medians = [1000 * statistics.median(seen[which].seconds[FIRST:]) for which in (True, False)]
            details.append(f"{name}: {medians[0]:.1f} ms known, {medians[1]:.1f} ms unknown")
        transaction.set_rollback(True)
    tried = 2 * pairs * len(asks)
    what = "differences between known and unknown addresses"
    return Figure(len(wrong), tried, what, "answers", least=min(size, tried), details=details + wrong)


def observe(ask: Ask, address: str, number: int, seen: Seen) -> tuple[str, int, int]:
    """One answer, without what is of its own; the passwords hashed and the queries made for it."""
    caches["default"].clear()
    # The log keeps some thousands of queries; full, it would show none of what comes.
    reset_queries()
    hashed = 0
    encode = CheapArgon2.encode

    def counted(self: BasePasswordHasher, *given: Any, **more: Any) -> Any:
        nonlocal hashed
        hashed += 1
        return encode(self, *given, **more)

    verify = CheapArgon2.verify

    def verified(self: BasePasswordHasher, *given: Any, **more: Any) -> Any:
        nonlocal hashed
        hashed += 1
        return verify(self, *given, **more)

    with (
        transaction.atomic(),
        mock.patch.object(CheapArgon2, "encode", counted),
        mock.patch.object(CheapArgon2, "verify", verified),
        CaptureQueriesContext(connection) as queries,
    ):
        start = time.perf_counter()
        answer = ask(address, number)
        seen.seconds.append(time.perf_counter() - start)
        transaction.set_rollback(True)
    headers = " ".join(f"{name}: {text}" for name, text in answer.headers.items() if name not in OWN_HEADERS)
    text = f"{answer.status_code} {headers} {answer.content.decode()}"
    # Another value in the place of the address is as long or longer; sizes follow from it.
    for said in (address, address.partition("@")[0]):
        text = text.replace(said, "ADDRESS")
    return OWN.sub("·", text), hashed, len(queries)


OWN_HEADERS = (
    "Set-Cookie",
    "Content-Length",
    "Content-Security-Policy",
    "Date",
    "ETag",
    "Expires",
    "Last-Modified",
    "X-Request-ID",
)
OWN = re.compile(
    r'nonce="[^"]*"|\b[A-Za-z0-9]{64}\b|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
    r'|\d{4}-\d\d-\d\dT[\d:.]+Z|"version": ?"[^"]*"|name="token" value="[^"]*"'
)


def differences(known: Seen, unknown: Seen) -> list[str]:
    """What tells the two apart."""
    found = []
    for at, what in enumerate(("body", "passwords hashed", "queries")):
        one = {answer[at] for answer in known.answers}
        other = {answer[at] for answer in unknown.answers}
        if one != other:
            shown = (one, other) if at else _first(min(one), min(other))
            found.append(f"the {what} differ: {shown}"[:400])
    deviations, part = told_apart(known.seconds[FIRST:], unknown.seconds[FIRST:])
    if abs(deviations) > DEVIATIONS and abs(part) > PART:
        found.append(f"the time tells: {deviations:.1f} deviations, {part:.0%}")
    return found


def told_apart(known: list[float], unknown: list[float]) -> tuple[float, float]:
    """By how many deviations the ranks differ from chance (Mann-Whitney), and the medians by which part."""
    ranked = sorted([(second, True) for second in known] + [(second, False) for second in unknown])
    ranks = sum(rank for rank, (_second, is_known) in enumerate(ranked, 1) if is_known)
    n, m = len(known), len(unknown)
    middle = n * (n + m + 1) / 2
    deviation = math.sqrt(n * m * (n + m + 1) / 12)
    one, other = statistics.median(known), statistics.median(unknown)
    return (ranks - middle) / deviation, (one - other) / other


def _first(one: str, other: str) -> str:
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"…{one[max(0, at - 80) : at + 80]} and …{other[max(0, at - 80) : at + 80]}"


# --- where an address is asked for ----------------------------------------------------------------------


def doors(world: World) -> dict[str, Ask]:
    """Every place that takes an address of somebody who need not be the one who asks."""
    alice, maria, anybody = Client(), Client(), Client()
    alice.force_login(world.alice)
    maria.force_login(world.maria)
    build(
        Actor.of(User.objects.get(pk=world.admin.pk)),
        {
            "title": "Contact us",
            "slug": "contact",
            "module": "leads",
            "field_names": "topic\ncompany_name\nemail",
            "fixed_values": "",
            "origins": "",
            "active": True,
            "confirm": True,
        },
    )

    def address_of(number: int) -> dict[str, Any]:
        """Another machine each time, so that no limit of one is met."""
        return {"REMOTE_ADDR": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}

    def sign_in(email: str, number: int) -> Any:
        given = {"login": email, "password": "not-the-password-1"}
        return Client().post("/account/login/", given, **address_of(number))

    def token(email: str, number: int) -> Any:
        body = json.dumps({"email": email, "password": "not-the-password-1"})
        return Client().post(
            "/api/v1/auth/token/", body, content_type="application/json", **address_of(number)
        )

    def reset(email: str, number: int) -> Any:
        return Client().post("/account/password/reset/", {"email": email}, **address_of(number))

    def invite(email: str, number: int) -> Any:
        body = json.dumps({"email": email, "name": "Somebody", "is_admin": False})
        return alice.post("/api/v1/invitations/", body, content_type="application/json")

    def invite_many(email: str, number: int) -> Any:
        lines = f"email,name\n{email},Somebody\nanother@elsewhere.example,Another"
        return alice.post("/invite-many/", {"lines": lines, "do": "send"})

    def invite_for_others(email: str, number: int) -> Any:
        body = json.dumps(
            {
                "email": email,
                "name": "Somebody",
                "portal": str(world.alice.portal_id),
                "company": str(world.northwind.pk),
            }
        )
        return maria.post("/api/v1/invitations/", body, content_type="application/json")

    def form(email: str, number: int) -> Any:
        page = anybody.get("/f/contact/").content.decode()
        found = re.search(r'name="token" value="([^"]+)"', page)
        given = {"topic": "Routers", "company_name": "Litware", "email": email}
        token = found[1] if found else ""
        return anybody.post("/f/contact/", {**given, "token": token}, **address_of(number))

    def register(email: str, number: int) -> Any:
        return Client().post("/register/email/", {"email": email}, **address_of(number))

    return {
        "login": sign_in,
        "login of the API": token,
        "password reset": reset,
        "invitation": invite,
        "invitation by the vendor": invite_for_others,
        "many invitations": invite_many,
        "public form": form,
        "registration": register,
    }


# --- faults -------------------------------------------------------------------------------------------


@contextmanager
def unknown_names_cost_nothing() -> Iterator[None]:
    """Who is not there need not have a password compared."""
    right = api_login.authenticate

    def wrong(http: Any, email: str = "", **more: Any) -> Any:
        return right(http, email=email, **more) if User.objects.filter(email=email).exists() else None

    with mock.patch.object(api_login, "authenticate", wrong):
        yield


@contextmanager
def reset_says_so() -> Iterator[None]:
    """A helpful message where the address has no login."""
    from django import forms

    def wrong(form: Any) -> str:
        email = str(form.cleaned_data["email"])
        if not User.objects.filter(email=email).exists():
            raise forms.ValidationError("There is no such login.")
        return email

    with mock.patch.object(page_login.ResetPasswordForm, "clean_email", wrong):
        yield


@contextmanager
def invitation_looks_first() -> Iterator[None]:
    """Somebody who has a login is not to be invited again."""
    right = Invitation.clean

    def wrong(invitation: Invitation) -> None:
        right(invitation)
        if User.objects.filter(email=invitation.email).exists():
            raise InvalidInput({"email": ["This person has a login."]})

    with mock.patch.object(Invitation, "clean", wrong):
        yield


@contextmanager
def reset_takes_its_time() -> Iterator[None]:
    """The mail is made while whoever asks is waiting."""
    right = page_login.ResetPasswordForm.save

    def wrong(form: Any, *given: Any, **more: Any) -> Any:
        if form.cleaned_data["email"].startswith("known"):
            time.sleep(0.05)
        return right(form, *given, **more)

    with mock.patch.object(page_login.ResetPasswordForm, "save", wrong):
        yield


def _fault(plant: Callable[[], AbstractContextManager[None]], size: int = 112) -> Fault:
    return Fault(plant, size)


FAULTS = {
    "no password is hashed for unknown names": _fault(unknown_names_cost_nothing),
    "a reset says that nobody is there": _fault(reset_says_so),
    "an invitation says that there is a login": _fault(invitation_looks_first),
    "a reset is slower where there is somebody": _fault(reset_takes_its_time, 400),
}
