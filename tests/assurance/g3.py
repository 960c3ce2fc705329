"""G3: what is refused changes nothing.

Every address that writes is asked by people who may not, through API and pages: records that are not there
for them, verbs that they do not have, fields that are not theirs to set, transitions that the contract does
not give them. The rows of all tables are hashed before and after.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from unittest import mock

from django.apps import apps
from django.db import connection
from django.test import Client

from api.views import base
from prm.leads.models import Lead
from prm.modules import actions, policy, registry
from tests.assurance import Fault, Figure
from tests.assurance.access_probes import API
from tests.assurance.access_world import AccessWorld, Person
from tests.assurance.expected_access import INNER, Rec, may, shown, writes
from tests.assurance.g1 import world_of
from tests.assurance.g9 import silent
from tests.assurance.planted_access import found_without_asking
from tests.matrix.expected import EXPECTED
from workflows.locking import lock

#: What a request may leave behind whatever it is answered: that it came, and whose browser it was.
LEFT_BEHIND = ("touch.", "sessions.", "usersessions.", "axes.", "django_q.", "contenttypes.")
#: How many requests lie between two looks at the tables.
BATCH = 500
SHOWN = 12

Ask = tuple[str, str, Any]


def run(size: int) -> Figure:
    """Sends `size` requests that must be refused."""
    with silent():
        world = world_of(1)
        # Sessions are read and written by the first request of a client.
        for person in world.people.values():
            person.client.get("/me/")
        tried: Counter[str] = Counter()
        wrong: list[str] = []
        before = hashes()
        asked = refusals(world, random.Random(size))
        while batch := list(itertools.islice(asked, min(BATCH, size - tried.total()))):
            for person, (method, path, body) in batch:
                status = send(person.client, method, path, body)
                tried["API" if path.startswith(API) else "pages"] += 1
                # A page may answer with the form again, or say of each record why not.
                if status < 400 and path.startswith(API):
                    wrong.append(f"{person.who.name}: {method} {path} {body} is answered with {status}")
            after = hashes()
            for table in before.keys() | after.keys():
                rows = len(before[table].symmetric_difference(after[table]))
                if rows:
                    wrong += [f"{table}: {rows} rows are others"] * rows
            before = after
    details = [f"{name}: {count:,}" for name, count in sorted(tried.items())] + wrong[:SHOWN]
    return Figure(len(wrong), tried.total(), "rows changed", "refused requests", least=size, details=details)


def send(client: Client, method: str, path: str, body: Any) -> int:
    """The status of the answer."""
    if path.startswith(API):
        text = None if body is None else json.dumps(body)
        answer = client.generic(method, path, text or "", content_type="application/json")
        if answer.status_code == 200 and body and "ids" in body:
            # Many at once are answered each; the one that went through would be among them.
            return min(int(each["status"]) for each in answer.json()["results"])
    else:
        answer = client.post(path, body or {})
    return int(answer.status_code)


def hashes() -> dict[str, set[bytes]]:
    """What each row of each table is, as a hash."""
    found: dict[str, set[bytes]] = {}
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.label_lower.startswith(LEFT_BEHIND) or model._meta.db_table not in there:
                continue
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
            rows = cursor.fetchall()
            found[model._meta.label] = {hashlib.md5(repr(row).encode()).digest() for row in rows}
    return found


# --- what must be refused -------------------------------------------------------------------------------


def refusals(world: AccessWorld, rng: random.Random) -> Iterator[tuple[Person, Ask]]:
    """Requests without end, each by somebody who may not."""
    people = list(world.people.values())
    recs = [rec for rec in world.recs.values() if rec.module != "alerts"]
    while True:
        person, rec = rng.choice(people), rng.choice(recs)
        if asked := list(refused(world, person, rec, rng)):
            yield person, rng.choice(asked)


def refused(world: AccessWorld, person: Person, rec: Rec, rng: random.Random) -> Iterator[Ask]:
    """What the user may not do to this record, and to its module."""
    module, who = registry.get(rec.module), person.who
    one, page = f"{API}/{rec.module}/{rec.id}/", f"/{rec.module}/{rec.id}/"
    there = shown(who, rec) is not None
    names = [field.name for field in module.fields if field.edit and not field.hidden]
    theirs = writes(who, rec)
    body = {name: value(world, rec, name) for name in names if name not in theirs}
    if body:
        yield "PATCH", one, body
        yield "PATCH", one, {name: body[name] for name in rng.sample(sorted(body), 1)}
    if not may(who, rec, "edit"):
        yield "POST", f"{page}edit/", body
        yield "POST", f"/{rec.module}/change/", {"ids": rec.id, **body}
        yield "POST", f"{API}/{rec.module}/bulk/", {"ids": [rec.id], "values": body}
    if not may(who, rec, "delete"):
        yield "DELETE", one, None
        yield "POST", f"{page}delete/", {}
    if not any(may(who, other, "create") for other in world.by_module[rec.module]):
        given = {name: thing for name, thing in rec.values.items() if name not in INNER.get(rec.module, ())}
        yield "POST", f"{API}/{rec.module}/", {name: plain(thing) for name, thing in given.items()}
        yield "POST", f"/{rec.module}/new/", body
    if not there:
        yield "POST", f"{one}notes/", {"body": "A note"}
        yield "POST", f"{one}activities/", {"kind": "task", "title": "Something"}
        yield "POST", f"{one}uploads/", {"name": "a.txt", "size": 4}
        yield "POST", f"{page}notes/", {"body": "A note"}
        yield "POST", f"{page}activities/", {"kind": "task", "title": "Something"}
        yield "POST", f"{page}move/", {"to": rec.values.get("state") or "x"}
        if rec.module == "quotes":
            yield "PUT", f"{one}lines/", {"lines": []}
            yield "POST", f"/quotes/{rec.id}/build/", {}
    table = EXPECTED.get(rec.module, {}).get(rec.values.get("state") or "", {})
    for name in impossible(module, table.get(role(world, person, rec), set()), there):
        yield "POST", f"{one}transitions/{name}/", {}
        yield "POST", f"{API}/{rec.module}/transitions/{name}/", {"ids": [rec.id], "inputs": {}}
        yield "POST", f"{page}do/{name}/", {}


def impossible(module: Any, possible: set[str], there: bool) -> list[str]:
    """Transitions that the contract does not let the user do in this state; all, if they do not see it."""
    names = [one.name for one in module.machine.transitions] if module.machine else []
    if not there:
        return names
    return [name for name in names if module.key in EXPECTED and name not in possible]


def role(world: AccessWorld, person: Person, rec: Rec) -> str:
    """What the table of transitions calls the user, in front of this record."""
    who = person.who
    if who.role != "partner":
        return who.role
    if rec.values.get("partner") != who.company and rec.values.get("state") != "pooled":
        return "rival"
    return "partner_admin" if who.is_admin else "partner_user"


def value(world: AccessWorld, rec: Rec, name: str) -> Any:
    """Something that the field would take: what another record has there."""
    others = (one.values[name] for one in world.by_module[rec.module] if one.id != rec.id)
    return plain(next((one for one in others if one not in (None, "")), "x"))


def plain(thing: Any) -> Any:
    """The value as JSON has it; what is computed is nothing that could be sent."""
    return thing if isinstance(thing, (str, int, bool, dict, list, type(None))) else "x"


# --- faults -------------------------------------------------------------------------------------------


@contextmanager
def changed_before_asking() -> Iterator[None]:
    """A change locks the record by its id; that it is to be asked for was left to the view."""

    def locked(rights: Any, module: Any, pk: Any, verb: str, version: Any) -> Any:
        return lock(module.model, pk)

    every = {
        "form_fields": lambda user, module, obj=None: {one.name: one for one in module.fields if one.edit}
    }
    with ExitStack() as stack:
        stack.enter_context(found_without_asking())
        stack.enter_context(mock.patch.object(actions, "_locked", locked))
        stack.enter_context(mock.patch.object(actions, "form_fields", every["form_fields"]))
        yield


def transitions_for_everybody() -> AbstractContextManager[Any]:
    """A transition asks whether the record is visible, and not whether it may be done."""
    return mock.patch.object(policy.PortalPolicy, "may", return_value=True)


@contextmanager
def refusals_are_counted() -> Iterator[None]:
    """What was refused is noted at the record, so that it seems to have changed."""
    right: Callable[..., Any] = base.ApiView.handle_exception

    def wrong(view: Any, error: Exception) -> Any:
        Lead.objects.filter(pk=view.kwargs.get("id")).update(version=99)
        return right(view, error)

    with mock.patch.object(base.ApiView, "handle_exception", wrong):
        yield


def _restored(plant: Callable[[], AbstractContextManager[Any]]) -> Callable[[], AbstractContextManager[Any]]:
    """What the fault lets through is undone, for the faults after it."""

    @contextmanager
    def around() -> Iterator[None]:
        from django.db import transaction

        world_of(1)
        with transaction.atomic():
            with plant():
                yield
            transaction.set_rollback(True)

    return around


FAULTS = {
    "a change that is asked for by the view alone": Fault(_restored(changed_before_asking), size=BATCH),
    "a transition that only asks whether one sees the record": Fault(
        _restored(transitions_for_everybody), size=2 * BATCH
    ),
    "a refusal that leaves a mark": Fault(_restored(refusals_are_counted), size=2 * BATCH),
}
