"""A file that was made in the background is given out only under the rights by which it was made."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from prm.access import policy
from prm.access.models import Scope
from prm.access.policy import touch
from prm.imports import exporting
from prm.imports.models import Export
from prm.modules import kept, registry
from prm.people.models import User
from tests.browsing import LOGIN_BACKEND
from workflows.actor import Actor
from workflows.jobs import run_pending

NOT_GIVEN = "What you may read or export has changed since this file was made"


@pytest.fixture
def bob(world: Any) -> Client:
    client = Client()
    client.force_login(world.bob, backend=LOGIN_BACKEND)
    return client


def made_for(user: Any, names: list[str], key: str = "leads", **params: str) -> Export:
    """A finished export of these columns."""
    made = exporting.ask(Actor.of(user), registry.get(key), params, names, "csv")
    run_pending()
    made.refresh_from_db()
    assert made.state == "ready"
    return made


def given(client: Client, made: Export) -> int:
    """The status of the answer to who fetches the file; a refusal says why, and so does its page."""
    answer = client.get(reverse("export-file", args=[made.pk]))
    page = client.get(reverse("export-one", args=[made.pk])).content.decode()
    refused = answer.status_code == 403
    assert (NOT_GIVEN in page) is refused
    assert (reverse("export-file", args=[made.pk]) in page) is not refused
    assert not refused or NOT_GIVEN in answer.content.decode()
    return int(answer.status_code)


def change(key: str, make: Callable[[Scope], None], portal: str = "partner") -> None:
    """Changes every scope of the grant, as an administrator would."""
    for scope in Scope.objects.filter(grant__portal__key=portal, grant__module=key):
        make(scope)
        scope.save()
        touch(scope.grant.portal)


def only_accepted(scope: Scope) -> None:
    scope.where = {"all": [scope.where, {"field": "state", "op": "is", "value": "accepted"}]}


def test_rows_that_are_no_longer_the_makers_do_not_leave(world: Any, bob: Client) -> None:
    before = {one.pk: one.where for one in Scope.objects.filter(grant__module="leads")}
    made = made_for(world.bob, ["topic"])
    assert given(bob, made) == 200
    change("leads", only_accepted)
    assert given(bob, made) == 403
    # What is put back counts again, though the portal is another revision by then.
    change("leads", lambda scope: setattr(scope, "where", before[scope.pk]))
    assert given(bob, made) == 200


def test_with_another_company_it_is_another_list(world: Any, bob: Client) -> None:
    made = made_for(world.bob, ["topic"])
    contact = world.bob.contact
    contact.company = world.contoso
    contact.save()
    assert given(bob, made) == 403


def test_a_right_to_be_an_admin_counts_where_it_decides(world: Any) -> None:
    client = Client()
    client.force_login(world.alice, backend=LOGIN_BACKEND)
    made = made_for(world.alice, ["name"], "contacts")
    leads = made_for(world.alice, ["topic"])
    contact = world.alice.contact
    contact.is_admin = False
    contact.save()
    # A scope for admins alone reaches contacts, and none reaches leads.
    assert (given(client, made), given(client, leads)) == (403, 200)


def test_what_says_nothing_of_these_rows_and_columns_refuses_nothing(world: Any, bob: Client) -> None:
    made = made_for(world.bob, ["topic", "partner"])

    def hide(scope: Scope) -> None:
        scope.fields = {**scope.fields, "region": "hidden"}

    def no_writing(scope: Scope) -> None:
        scope.fields = {name: "read" if level == "write" else level for name, level in scope.fields.items()}
        scope.actions = [one for one in scope.actions if one not in ("edit", "comment")]
        scope.name = f"{scope.name}, renamed"

    change("leads", hide)
    change("leads", no_writing)
    change("quotes", only_accepted)
    change("leads", only_accepted, portal="customer")
    assert given(bob, made) == 200
    # As after a restart: nothing is kept, and all of it is compiled anew.
    kept._kept.clear()
    policy._compiled.clear()
    policy.narrowed.cache_clear()
    assert given(bob, made) == 200


def test_what_rows_are_found_by_counts_as_much_as_a_column(world: Any, bob: Client) -> None:
    made = [
        made_for(world.bob, ["topic"]),
        made_for(world.bob, ["topic"], region__in="EMEA,APAC"),
        made_for(world.bob, ["topic"], search="router"),
    ]
    change("leads", lambda scope: setattr(scope, "fields", {**scope.fields, "region": "hidden"}))
    assert [given(bob, one) for one in made] == [200, 403, 200]
    change("leads", lambda scope: setattr(scope, "fields", {**scope.fields, "need": "hidden"}))
    assert [given(bob, one) for one in made] == [200, 403, 403]


def test_a_reference_counts_with_what_it_refers_to(world: Any, bob: Client) -> None:
    made = [
        made_for(world.bob, ["topic"], "opportunities"),
        made_for(world.bob, ["topic", "account"], "opportunities"),
    ]
    change("accounts", lambda scope: setattr(scope, "fields", {**scope.fields, "phone": "hidden"}))
    assert [given(bob, one) for one in made] == [200, 200]
    change("accounts", lambda scope: setattr(scope, "fields", {**scope.fields, "name": "hidden"}))
    assert [given(bob, one) for one in made] == [200, 403]


def test_what_is_computed_counts_with_all_that_it_may_be_made_of(world: Any, bob: Client) -> None:
    made = [made_for(world.bob, names, "quotes") for names in (["reference"], ["reference", "line_count"])]
    change("quote-lines", lambda scope: setattr(scope, "actions", ["view"]))
    assert [given(bob, one) for one in made] == [200, 403]


def test_who_is_seen_by_nobody_any_more_gets_nothing(world: Any, bob: Client) -> None:
    made = made_for(world.bob, ["topic"])
    User.objects.filter(pk=world.bob.pk).update(portal=None)
    assert bob.get(reverse("export-file", args=[made.pk])).status_code == 404


MARK = """
import django
django.setup()
from types import SimpleNamespace
from prm.access.fingerprint import fingerprint
from prm.access.policy import compile_document
from prm.access.rights import Rights
from prm.modules import registry
scopes = [
    {"name": "ours", "where": {"field": "partner", "op": "is", "value": "$user.company"}, "actions": ["view"],
     "fields": {"*": "read", "topic": {"new": "hidden", "*": "write"}}, "admins_only": False},
    {"name": "all", "where": None, "actions": ["view", "edit"], "fields": {"topic": "read"},
     "admins_only": False},
]
policy = compile_document("partner", False, {"grants": {"leads": {"scopes": scopes}}})
user = SimpleNamespace(is_authenticated=True, is_active=True, pk=1, company_id="a", contact_id=2,
                       is_portal_admin=False, policy=None)
leads = registry.get("leads")
print(fingerprint(Rights(user, policy), [(leads, [one.name for one in leads.fields])]))
"""


@pytest.mark.once
def test_the_mark_is_the_same_in_every_process() -> None:
    told = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        root = Path(__file__).parents[2]
        ran = subprocess.run(
            [sys.executable, "-c", MARK],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=root,
        )
        told.add(ran.stdout.strip())
    assert len(told) == 1
    assert len(told.pop()) == 64
