"""G9: whatever is sent to the API, as whomever, it answers as it is described and never with 5xx.

Schemathesis makes the requests of the description, right and wrong ones, and holds each answer against it.
Ids that it invents would only ever find nothing, so most are exchanged for ids of records that exist. Each
request runs in a transaction that is undone, so that no deletion empties the world for the ones after it.
"""

from __future__ import annotations

import itertools
import logging
import random
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from unittest import mock

import hypothesis
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.core.failures import AcceptedNegativeData, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.transport.serialization import Binary

from api import body, problems, tokens
from api.openapi import document
from api.views import base, records
from prm.catalog.models import ExchangeRate, PriceBook, PriceBookAudience, PriceBookEntry, TaxRate
from prm.files import fetching, previews
from prm.files.store import store
from prm.modules import registry, render
from prm.modules.registry import all_modules
from prm.quotes.models import Quote
from prm.records.files import attach
from prm.records.models import File
from tests.assurance import Fault, Figure, noticed
from tests.cast import World, build_world
from tests.factories import make_lead, make_opportunity, make_quote
from tests.files import making
from workflows.actor import Actor
from workflows.errors import WorkflowError

ROLES = ("administrator", "channel manager", "partner", "customer", "employee", "anonymous")
#: A right request may find its record in another state, stale, or refused by a guard.
RIGHTLY_REFUSED = ["412", "422"]
#: Edge cases and random ones of one operation, before the next has its turn.
EDGES, RANDOM = 10, 8
#: What the cases of one role may take on a machine that has other things to do.
SECONDS = 120


@dataclass
class Tally:
    """What came of the cases of one role. failures: the kind and the operation, with one example."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        self.cases += other.cases
        self.statuses += other.statuses
        self.failures |= other.failures


@contextmanager
def one_connection() -> Iterator[None]:
    """Keeps the requests from closing the connection that their transaction is undone on."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


class Undone:
    """The application, with every change undone when the answer is there."""

    def __init__(self) -> None:
        self.application = WSGIHandler()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with transaction.atomic():
            response = self.application(environ, start_response)
            body = list(response)
            transaction.set_rollback(True)
        response.close()
        return body


class Fuzzer:
    """Sends the cases of the description as one user."""

    def __init__(self, schema: Any, user: Any, ids: dict[str, list[str]], seed: int) -> None:
        self.random = random.Random(seed)
        self.ids, self.every = ids, [pk for found in ids.values() for pk in found]
        files = File.objects.filter(object_id__in=self.every).values_list("object_id", "pk")
        self.filed = [(str(record), str(pk)) for record, pk in files]
        self.tally = Tally()
        # In process nobody unpacks what the server has compressed.
        self.headers = {"Accept-Encoding": "identity"}
        if user:
            self.headers["Authorization"] = f"Token {tokens.issue(user)[0]}"
        self.schema = schema
        self.schema.config.headers = self.headers
        self.operations = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]

    def run(self, size: int, only: Callable[[Any], bool] = lambda operation: True) -> Tally:
        """Goes round the operations until so many cases were sent, however long that takes within reason."""
        chosen = [one for one in self.operations if only(one)]
        end = time.monotonic() + max(SECONDS, size / 10)
        while True:
            self.random.shuffle(chosen)
            for operation in chosen:
                for case in self.cases(operation):
                    self.send(case)
                    if noticed(self.tally.failures):
                        return self.tally
                if self.tally.cases >= size or time.monotonic() > end:
                    return self.tally

    def cases(self, operation: Any) -> Iterator[Any]:
        """Some of the edge cases of an operation, and some at random, right or wrong ones."""
        edges = self.schema.iter_coverage_cases(
            operation,
            generation_modes=list(GenerationMode),
            generation_config=self.schema.config.generation,
        )
        chosen = (case for case in edges if self.random.random() < 0.5)
        yield from itertools.islice(chosen, EDGES)
        yield from self.drawn(operation, self.random.choice(list(GenerationMode)))

    def drawn(self, operation: Any, mode: GenerationMode) -> list[Any]:
        """Random cases; none where the operation takes nothing that could be right or wrong."""
        found: list[Any] = []

        @hypothesis.seed(self.random.getrandbits(32))
        @hypothesis.settings(
            max_examples=RANDOM,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(operation.as_strategy(generation_mode=mode))
        def collect(case: Any) -> None:
            found.append(case)

        try:
            collect()
        except hypothesis.errors.Unsatisfiable:
            return []
        return found

    def send(self, case: Any) -> None:
        """Sends one case and notes what is wrong with the answer."""
        self.ground(case)
        response = case.call(headers=self.headers)
        self.tally.cases += 1
        self.tally.statuses[response.status_code] += 1
        try:
            case.validate_response(response, headers=self.headers)
        except FailureGroup as group:
            for failure in group.exceptions:
                if isinstance(failure, RejectedPositiveData) and _not_theirs(response):
                    continue
                if isinstance(failure, AcceptedNegativeData) and _is_right_form(case.body):
                    continue
                key = (type(failure).__name__, case.operation.label)
                sent = {"path": case.path_parameters, "query": case.query, "body": case.body}
                told = f"{failure}\n{sent!r:.600}\n{response.status_code} {response.content[:400]!r}"
                self.tally.failures.setdefault(key, told)

    def ground(self, case: Any) -> None:
        """Puts ids that exist in place of most that are made up, and takes cursors out, which are opaque."""
        module = case.operation.path.split("/")[1]
        known = self.ids.get(module) or self.every
        if _is_id((case.path_parameters or {}).get("id")) and self.random.random() < 0.9:
            case.path_parameters["id"] = self.random.choice(known)
        both = [(case.path_parameters or {}).get(name) for name in ("id", "file")]
        if self.filed and all(map(_is_id, both)) and self.random.random() < 0.7:
            case.path_parameters["id"], case.path_parameters["file"] = self.random.choice(self.filed)
        positive = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
        if positive and case.query:
            case.query.pop("cursor", None)
        if positive and case.headers and self.random.random() < 0.7:
            case.headers.pop("If-Match", None)
        if positive and isinstance(case.body, dict):
            case.body = self.grounded(case.body, known)

    def grounded(self, value: Any, known: list[str]) -> Any:
        """A body with real ids: of the module in `ids`, of anything elsewhere."""
        if isinstance(value, dict):
            return {
                name: self.random.sample(known, min(len(known), len(one)))
                if name == "ids" and isinstance(one, list)
                else self.grounded(one, known)
                for name, one in value.items()
            }
        return self.random.choice(self.every) if _is_id(value) and self.random.random() < 0.8 else value


def _not_theirs(response: Any) -> bool:
    """Whether a list was refused for a field that is not this caller's; the description is for all."""
    if response.status_code != 400:
        return False
    texts = [text for found in response.json().get("errors", {}).values() for text in found]
    return bool(texts) and all(text.endswith("it is not yours to use.") for text in texts)


def _is_right_form(body: Any) -> bool:
    """Whether a body is a form with a file after all: its bytes pass for no text where it is judged."""
    if not isinstance(body, dict) or not isinstance(body.get("file"), Binary):
        return False
    return body.keys() <= {"file", "internal"} and body.get("internal", "true") in ("true", "false")


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 36 and value.count("-") == 4


def populate() -> World:
    """The cast, and records in every state that the factories know."""
    world = build_world()
    for partner in (world.northwind, world.contoso):
        for state in ("assigned", "accepted", "contacted", "qualified", "converted", "disqualified"):
            make_lead(state, partner)
        for state in ("distributed", "managed", "won", "lost"):
            make_opportunity(state, partner)
    for state in ("new", "pooled"):
        make_lead(state)
    make_opportunity("draft")
    _price(world)
    for state in Quote.State.values:
        for deal in (world.northwind_opportunity, world.contoso_opportunity):
            make_quote(state, deal)
    for key, record in (("leads", world.northwind_lead), ("accounts", world.fabrikam)):
        for name in ("offer.pdf", "photo.jpg", "notes.txt"):
            stored = store(BytesIO(making.right_ones()[name]), name)
            previews.render(str(stored.pk))
            attach(Actor.of(world.alice), registry.get(key), record, stored)
    return world


def _price(world: World) -> None:
    """A price book for everybody and one for Gold, and what sums rest on."""
    for name, audience in (("Everyone", "everyone"), ("Gold", "tiers")):
        book = PriceBook.objects.create(name=name, audience=audience, currency="USD")
        PriceBookEntry.objects.create(book=book, product=world.product, price=1100)
    PriceBookAudience.objects.create(book=book, tier="gold")
    ExchangeRate.objects.create(from_currency="EUR", to_currency="USD", rate="1.1")
    TaxRate.objects.create(country="DE", percent=19)


def user_of(world: World, role: str) -> Any:
    """Whom of the cast a role stands for."""
    named = {
        "administrator": world.admin,
        "channel manager": world.maria,
        "partner": world.alice,
        "customer": world.dana,
        "employee": world.erin,
    }
    return named.get(role)


def existing() -> dict[str, list[str]]:
    """Ids of some records of every module."""
    return {
        module.key: [str(pk) for pk in module.rows().values_list("pk", flat=True)[:40]]
        for module in all_modules()
    }


def described() -> Any:
    """The description, as schemathesis tests it."""
    schema = schemathesis.openapi.from_dict(document())
    schema.app = Undone()
    checks = schema.config.checks
    accepted, rejected = checks.positive_data_acceptance, checks.negative_data_rejection
    accepted.expected_statuses = [*accepted.expected_statuses, *RIGHTLY_REFUSED]
    rejected.expected_statuses = [*rejected.expected_statuses, "412"]
    # That no text may hold NUL is said once for all and tested by itself.
    schema.config.generation.allow_x00 = False
    return schema


def fuzz(
    roles: Iterable[str], size: int, seed: int = 9, only: Callable[[Any], bool] = lambda operation: True
) -> dict[str, Tally]:
    """The tally of each role, after so many cases each; the database is left as it was found."""
    tallies = {}
    # Made-up addresses are asked of nobody.
    nowhere = mock.patch.object(fetching, "resolve", side_effect=OSError)
    with nowhere, warnings.catch_warnings(), silent(), one_connection(), transaction.atomic():
        warnings.simplefilter("ignore")
        world = populate()
        ids, schema = existing(), described()
        for number, role in enumerate(roles):
            tallies[role] = Fuzzer(schema, user_of(world, role), ids, seed + number).run(size, only)
            if noticed(tallies[role].failures):
                break
        transaction.set_rollback(True)
    return tallies


@contextmanager
def silent() -> Iterator[None]:
    """Thousands of refused requests need not be logged."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def run(size: int) -> Figure:
    """`size` cases for each role."""
    tallies = fuzz(ROLES, size)
    total, details = Tally(), []
    for role, tally in tallies.items():
        statuses = ", ".join(f"{status}: {number}" for status, number in sorted(tally.statuses.items()))
        details.append(f"{role}: {tally.cases:,} cases ({statuses})")
        details += [f"{kind} of {label}: {told}" for (kind, label), told in tally.failures.items()]
        total.add(tally)
    bad = sum(len(tally.failures) for tally in tallies.values())
    what, least = "answers of 5xx or unlike the description", len(ROLES) * size // 2
    return Figure(bad, total.cases, what, "cases", least=least, details=details)


# --- planted faults


def _told_otherwise(change: Callable[[dict[str, Any]], None]) -> AbstractContextManager[Any]:
    """Lists and records whose rows went through `change`."""
    right = render.to_json

    def wrong(module: Any, row: dict[str, Any]) -> dict[str, Any]:
        told = right(module, row)
        change(told)
        return told

    stack = ExitStack()
    for view in (base, records):
        stack.enter_context(mock.patch.object(view, "to_json", wrong))
    return stack


def _fail_on_a_field(row: dict[str, Any]) -> None:
    if row.get("created_at"):
        raise RuntimeError("planted")


def _one_more_field(row: dict[str, Any]) -> None:
    row["internal_rating"] = 5


def _version_as_number(row: dict[str, Any]) -> None:
    row["version"] = 1


def _unknown_fields_pass() -> AbstractContextManager[Any]:
    return mock.patch.object(body, "conform", return_value=None)


def _another_status() -> AbstractContextManager[Any]:
    return mock.patch.object(problems, "ENGINE", ((WorkflowError, 418, "Teapot"),))


FAULTS = {
    "5xx on one field of a record": Fault(lambda: _told_otherwise(_fail_on_a_field)),
    "a field that is not described": Fault(lambda: _told_otherwise(_one_more_field)),
    "a text told as a number": Fault(lambda: _told_otherwise(_version_as_number)),
    "bodies of any form taken": Fault(_unknown_fields_pass),
    "a status that is not described": Fault(_another_status),
}
