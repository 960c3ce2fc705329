"""What is found comes best first, as far as its reader may tell: the same on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from frontend.forms import reference_options
from prm.modules import registry
from prm.modules.paging import Cursor
from prm.modules.read import BadQuery, list_page
from prm.search import find
from tests.browsing import LOGIN_BACKEND
from tests.factories import make_account, make_lead

pytestmark = pytest.mark.django_db


def ranked(user: Any, text: str, key: str = "leads", **params: str) -> list[str]:
    """Titles of what is found, in its order."""
    module = registry.get(key)
    rows = list_page(user, module, {"search": text, **params}, limit=200, fields=[module.title]).rows
    return [str(row[module.title]) for row in rows]


@pytest.fixture
def leads(world: Any) -> Callable[..., Any]:
    """`leads(topic, **fields)` makes one that Northwind works on."""
    return lambda topic, **more: make_lead(
        "accepted", world.northwind, **{"company_name": "Nobody", "need": "", "topic": topic, **more}
    )


def test_a_title_before_the_rest_and_a_word_before_its_beginning(world: Any, leads: Any) -> None:
    for topic, more in (
        ("A whole word in the title: router", {}),
        ("Another whole one: Router", {}),
        ("A beginning there, a whole one elsewhere: routers", {"need": "router", "company_name": "Router"}),
        ("A beginning in the title: routers", {}),
        ("A whole word elsewhere", {"company_name": "Router Ltd"}),
        ("A beginning elsewhere", {"company_name": "Routers Ltd"}),
        ("Another beginning elsewhere", {"city": "Routerville"}),
    ):
        leads(topic, **more)
    for user in (world.maria, world.alice):
        assert ranked(user, "ROUTER") == [
            "Another whole one: Router",
            "A whole word in the title: router",
            "A beginning there, a whole one elsewhere: routers",
            "A beginning in the title: routers",
            "A whole word elsewhere",
            "Another beginning elsewhere",
            "A beginning elsewhere",
        ]


def test_each_word_counts(world: Any, leads: Any) -> None:
    leads("Router and switch")
    leads("Router for them", company_name="Switch Ltd")
    leads("Nothing of it", company_name="Router Switch")
    leads("Routers and switches")
    for user in (world.maria, world.alice):
        assert ranked(user, "router switch") == [
            "Router and switch",
            "Router for them",
            "Routers and switches",
            "Nothing of it",
        ]


def test_who_sorts_has_it_sorted(world: Any, leads: Any) -> None:
    leads("Router")
    leads("Elsewhere", company_name="Router")
    assert ranked(world.alice, "router", ordering="-created_at") == ["Elsewhere", "Router"]
    assert ranked(world.alice, "router", ordering="created_at") == ["Router", "Elsewhere"]


def test_pages_follow_the_order_there_and_back(world: Any, leads: Any) -> None:
    for number in range(4):
        leads(f"Router {number}")
        leads(f"Elsewhere {number}", company_name="Router")
    module, whole = registry.get("leads"), ranked(world.alice, "router")
    assert whole[:4] == [f"Router {number}" for number in (3, 2, 1, 0)]
    pages, params = [], {"search": "router"}
    while True:
        page = list_page(world.alice, module, params, limit=3, fields=["topic"])
        assert all(set(row) == {"id", "version", "topic"} for row in page.rows)
        pages.append([row["topic"] for row in page.rows])
        if page.next is None:
            break
        params = page.next
    assert [title for one in pages for title in one] == whole
    for wanted in reversed(pages[:-1]):
        page = list_page(world.alice, module, page.previous, limit=3, fields=["topic"])
        assert [row["topic"] for row in page.rows] == wanted
    assert page.previous is None


def test_a_cursor_of_another_order_is_refused(world: Any, leads: Any) -> None:
    for number in range(3):
        leads(f"Router {number}")
    module = registry.get("leads")
    other = list_page(world.alice, module, {"search": "router", "ordering": "created_at"}, limit=1).next
    assert other is not None
    with pytest.raises(BadQuery):
        list_page(world.alice, module, {"search": "router", "cursor": other["cursor"]})
    made_up = Cursor(None, UUID(int=0), backwards=False).encode()
    assert list_page(world.alice, module, {"search": "router", "cursor": made_up}).rows == []


def test_what_is_hidden_has_no_say_in_the_order(world: Any) -> None:
    """A lead on offer hides its customer: where that stands, the order is the same."""
    offered = [
        make_lead("assigned", world.northwind, topic="Routers", company_name="Nobody") for _each in range(2)
    ]
    pooled = make_lead("pooled", topic="Routers", company_name="Nobody")
    make_lead("accepted", world.northwind, topic="Routers", company_name="Nobody")

    def told(user: Any) -> list[Any]:
        return [row["id"] for row in list_page(user, registry.get("leads"), {"search": "router"}).rows]

    before = told(world.alice)
    assert len(before) == 4
    for one in (offered[0], pooled):
        one.company_name = one.city = one.contact_name = "Router"
        one.save()
    assert told(world.alice) == before
    # Whoever reads it has them in front.
    assert set(told(world.maria)[:2]) == {offered[0].pk, pooled.pk}


def test_of_very_many_the_list_keeps_its_own_order(world: Any, leads: Any, monkeypatch: Any) -> None:
    leads("Router")
    for number in range(3):
        leads(f"Elsewhere {number}", company_name="Router")
    monkeypatch.setattr(find, "COMMON", 3)
    for user in (world.maria, world.alice):
        assert ranked(user, "router") == ["Elsewhere 2", "Elsewhere 1", "Elsewhere 0", "Router"]
        assert ranked(user, "router elsewhere") == ["Elsewhere 2", "Elsewhere 1", "Elsewhere 0"]
        page = list_page(user, registry.get("leads"), {"search": "router"}, limit=3)
        assert page.next is not None
        assert len(list_page(user, registry.get("leads"), page.next, limit=3).rows) == 1


def test_ranking_costs_no_more_the_more_there_is(world: Any, leads: Any, monkeypatch: Any) -> None:
    def asked(user: Any) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            list_page(user, registry.get("leads"), {"search": "router"}, limit=5)
        return [one["sql"] for one in queries]

    leads("Router")
    # The last time there are more than are sorted by how they fit, and it costs no more either.
    monkeypatch.setattr(find, "COMMON", 18)
    for user in (world.maria, world.alice):
        asked(user)
        few = asked(user)
        for number in range(12):
            leads(f"Router {number}")
        many = asked(user)
        assert len(many) == len(few)
        # As many as are looked through, and no more than that, leave the database.
        assert any(f"LIMIT {find.COMMON + 1}" in sql for sql in many)


def test_the_finder_and_choices_have_the_best_first(world: Any, leads: Any) -> None:
    leads("Zebra")
    leads("Elsewhere", company_name="Zebra")
    make_account(world.northwind, name="Another Zebra")
    make_account(world.northwind, name="Zebrastripes")
    client = Client()
    client.force_login(world.alice, backend=LOGIN_BACKEND)
    groups = {one["key"]: one["hits"] for one in client.get("/search/?q=zebra").context["groups"]}
    assert "Zebra" in groups["leads"][0]["title"] and "Elsewhere" in groups["leads"][1]["title"]
    accounts = registry.get("accounts")
    assert [title for _id, title in reference_options(world.alice, accounts, "zebra", 10)] == [
        "Another Zebra",
        "Zebrastripes",
    ]
    first = [title for _id, title in reference_options(world.alice, accounts, "", 10)]
    assert first == sorted(first)
    listed = client.get("/leads/?search=zebra").content.decode()
    assert listed.index(">Zebra<") < listed.index(">Elsewhere<")
    assert "aria-sort" not in listed
