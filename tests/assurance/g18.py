"""G18: a page or an endpoint costs the same number of queries at 10 rows and at 10,000.

Every GET route of pages and API is asked, as each kind of user (in a sample: as one of them), in front of few
and of many rows of all that grows: records, what hangs on one of them, alerts, history.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock
from uuid import UUID

from django.db import connection, models, reset_queries, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from api.views import hanging
from prm.accounts.models import Account
from prm.alerts.models import Alert
from prm.files.models import StoredFile
from prm.modules.naming import Names
from prm.modules.reader import Shape
from prm.modules.registry import all_modules
from prm.people.models import Company, User
from prm.quotes.models import Quote
from prm.records.models import Activity, File, Note
from prm.reports.registry import all_reports
from tests.assurance import Fault, Figure, noticed
from tests.assurance.g9 import silent
from tests.cast import World, build_world
from tests.factories import make_contact, make_lead, make_opportunity, make_quote, make_registration
from workflows.ids import uuid7
from workflows.models import TransitionRecord

FEW = 10
#: How far the rows grow for a planted fault, which one reader of the leads is enough to meet.
PLANTED = 60
#: From this size on each address is asked for by everybody; a sample takes the users in turn.
WHOLE = 10_000
#: Routes that are not for people who are signed in, show no rows, or belong to a library.
LEFT_OUT = (
    "account/",
    "register",
    "invite/",
    "offer/",
    "api/v1/docs/",
    "metrics",
    "livez",
    "readyz",
    "admin/",
)
_number = itertools.count(1)


def copies(like: models.Model, number: int, /, **each: Callable[[int], Any]) -> None:
    """`number` rows like `like`, but for the fields in `each`, which get a number of their own."""
    model = type(like)
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    values = {name: getattr(like, name) for name in names}
    rows = (
        model(pk=uuid7(), **{**values, **{name: make(next(_number)) for name, make in each.items()}})
        for _ in range(number)
    )
    while batch := list(itertools.islice(rows, 500)):
        model._default_manager.bulk_create(batch)


def companies(number: int, like: Account) -> None:
    """Accounts like `like`; rows of two tables cannot be made in bulk, so the second half is saved raw."""
    names = [field.attname for field in Company._meta.concrete_fields if not field.primary_key]
    values = {name: getattr(like, name) for name in names}
    made = [Company(pk=uuid7(), **{**values, "name": f"Customer {next(_number)}"}) for _ in range(number)]
    Company.objects.bulk_create(made, batch_size=500)
    for company in made:
        own = {field.attname: getattr(like, field.attname) for field in Account._meta.local_concrete_fields}
        account = Account(**{**own, "company_ptr_id": company.pk})
        account.save_base(raw=True, force_insert=True)


class Rows:
    """What grows: one row of each kind, and more like it."""

    def __init__(self, world: World) -> None:
        self.world = world
        lead, party = world.northwind_lead, world.northwind.pk
        hangs = {"subject": lead._meta.label_lower, "object_id": lead.pk, "party_id": party}
        self.plain: list[tuple[models.Model, dict[str, Callable[[int], Any]]]] = [
            (one, {"number": str} if isinstance(one, Quote) else {})
            for one in (
                make_lead("new"),
                make_lead("pooled"),
                make_lead("assigned", world.northwind),
                make_lead("accepted", world.northwind, account_id=world.fabrikam.pk),
                make_opportunity("draft"),
                make_opportunity("distributed", world.northwind),
                make_opportunity("managed", world.northwind, account=world.fabrikam),
                make_opportunity("won", world.northwind, account=world.fabrikam),
                make_quote("pending_approval", world.northwind_opportunity),
                make_quote("sent", world.northwind_opportunity),
                make_contact(world.fabrikam),
                make_contact(world.northwind),
                lead.assignments.create(
                    partner=world.northwind, topic=lead.topic, state="declined", offered_at=lead.created_at
                ),
                Note.objects.create(body="Called", author=world.bob, **hangs),
                Activity.objects.create(
                    kind="task", title="Visit", author=world.bob, assignee=world.bob, **hangs
                ),
                self.file(hangs),
                TransitionRecord.objects.filter(object_id=lead.pk).get(),
            )
        ]
        registration = make_registration("submitted", channel_manager=world.maria)
        self.plain.append((registration, {"token_hash": str, "mail_token_hash": lambda at: f"mail {at}"}))
        self.plain.append((world.product, {"name": "Product {}".format, "code": str}))
        for user in (world.maria, world.alice):
            alert = Alert.objects.create(
                recipient=user,
                seq=10**6,
                event=uuid7(),
                kind="lead.assigned",
                module="leads",
                object_id=lead.pk,
            )
            self.plain.append((alert, {"seq": lambda at: 10**6 + at, "event": lambda at: uuid7()}))

    def file(self, hangs: dict[str, Any]) -> File:
        """A file on the lead."""
        stored = StoredFile.objects.create(key="g18", name="a.txt", media_type="text/plain", size=4)
        return File.objects.create(stored=stored, name=stored.name, author=self.world.bob, **hangs)

    def more(self, number: int) -> None:
        """`number` more rows of each kind."""
        for like, each in self.plain:
            copies(like, number, **each)
        companies(number, self.world.fabrikam)


def routes(patterns: Iterable[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """The routes of the site as text, "<slug:key>/<uuid:pk>/" and so on."""
    for one in patterns:
        route = prefix + str(one.pattern).lstrip("^")
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, route)
        else:
            yield route


def addresses(world: World) -> list[str]:
    """Every address that may be looked at: of each module its list, and of one record what hangs on it."""
    records = {
        "leads": world.northwind_lead.pk,
        "opportunities": world.northwind_opportunity.pk,
        "accounts": world.fabrikam.pk,
        "partners": world.northwind.pk,
        "contacts": world.bob.contact_id,
        "products": world.product.pk,
    }
    found = []
    for route in dict.fromkeys(routes(get_resolver().url_patterns)):
        if route.startswith(LEFT_OUT) or "(" in route or "token" in route:
            continue
        keyed = route.replace("<slug:key>", "<slug:module>").replace("<uuid:pk>", "<uuid:id>")
        if "<slug:module>" not in keyed:
            found.append(keyed)
            continue
        for module in all_modules():
            filled = keyed.replace("<slug:module>", module.key)
            if "<uuid:id>" in filled:
                pk: UUID | None = records.get(module.key)
                if pk is None:
                    continue
                filled = filled.replace("<uuid:id>", str(pk))
            names = [one.name for one in module.machine.transitions] if module.machine else []
            for name in names if "name>" in filled else [""]:
                found.append(filled.replace("<slug:name>", name).replace("<str:name>", name))
    with_query = [_asked(one) for one in found]
    lists = [f"api/v1/{module.key}/?limit=200&count=1&search=e" for module in all_modules()]
    lists += [
        "search/?q=customer",
        "leads/?search=lead",
        "alerts/?after=1",
        "api/v1/alerts/?after=1&limit=200",
    ]
    counted = [f"{door}reports/{one.key}/" for one in all_reports() for door in ("", "api/v1/")]
    return [f"/{one}" for one in [*with_query, *lists, *counted] if "<" not in one]


def _asked(route: str) -> str:
    """What explains something is asked a question: of a record, or of a module, what is not there yet."""
    if not route.endswith("explain/"):
        return route
    of_module = route.count("/") == "api/v1/leads/explain/".count("/")
    return f"{route}?verb={'create' if of_module else 'edit'}"


def queries(client: Client, path: str) -> tuple[int, int]:
    """Status and number of queries of a visit."""
    # The log keeps some thousands; full, it would show none of what comes.
    reset_queries()
    with CaptureQueriesContext(connection) as caught:
        response = client.get(path)
    return response.status_code, len(caught)


def visits(
    clients: Mapping[str, Client], paths: Iterable[str], *, by_everybody: bool
) -> Iterator[tuple[str, str]]:
    """Who asks for which address: all who have it, or the first in turn who does.

    That first visit fills what is kept between requests; what is not there for a user is not counted.
    """
    turns = deque(clients)
    for path in paths:
        for who in turns:
            if clients[who].get(path).status_code == 200:
                yield who, path
                if not by_everybody:
                    break
        turns.rotate(-1)


def run(size: int) -> Figure:
    """Counts at `FEW` rows of each kind and at `size`."""
    with silent(), transaction.atomic():
        world = build_world()
        rows = Rows(world)
        clients = {}
        everybody = (world.admin, world.maria, world.alice, world.dana, world.erin)
        for user in everybody if size > PLANTED else (world.maria,):
            clients[user.email] = Client()
            clients[user.email].force_login(user)
        rows.more(FEW - 1)
        paths = [path for path in addresses(world) if size > PLANTED or "/leads/" in path]
        asked = list(visits(clients, paths, by_everybody=size >= WHOLE))
        few = {(who, path): queries(clients[who], path) for who, path in asked}
        rows.more(size - FEW)
        many, grown = {}, []
        for who, path in asked:
            many[who, path] = queries(clients[who], path)
            grown += [(who, path)] if many[who, path] != few[who, path] else []
            if noticed(grown):
                break
        transaction.set_rollback(True)
    details = [f"{who} {path}: (status, queries) {few[who, path]} → {many[who, path]}" for who, path in grown]
    api = sum(path.startswith("/api/") for _, path in asked)
    dearest = max(asked, key=lambda key: few[key][1])
    details.append(
        f"{api} answers of the API and {len(asked) - api} pages; at most {few[dearest][1]} queries"
    )
    details.append(f"the dearest: {dearest[1]} as {dearest[0]}")
    what = f"whose queries differ between {FEW} and {size:,} rows"
    return Figure(
        len(grown),
        len(asked),
        what,
        "pages and endpoints",
        least=200 if size > PLANTED else 1,
        details=details,
    )


# --- planted faults


def _ask_for_each_row() -> AbstractContextManager[Any]:
    """Every list and record asks something more for each of its rows."""
    right = Shape.rows

    def wrong(self: Shape, fetched: Iterable[tuple[Any, ...]], user: Any) -> Any:
        rows = right(self, fetched, user)
        for _ in rows:
            Company.objects.exists()
        return rows

    return mock.patch.object(Shape, "rows", wrong)


def _ask_for_each_note() -> AbstractContextManager[Any]:
    """The notes of a record look their authors up one by one."""
    right = hanging.note_json

    def wrong(note: Note, named: Names) -> dict[str, Any]:
        note.author = User.objects.get(pk=str(note.author_id))
        return right(note, named)

    return mock.patch.object(hanging, "note_json", wrong)


FAULTS = {
    "a query for each row": Fault(_ask_for_each_row, size=PLANTED),
    "a query for each note": Fault(_ask_for_each_note, size=PLANTED),
}
