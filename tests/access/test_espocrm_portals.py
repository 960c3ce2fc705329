"""Equivalence with the published behaviour of EspoCRM's portals, and where this one is stricter.

A portal role of EspoCRM gives each kind of record a level for each action: all, account (records linked to
the account of the portal user's contact), contact (linked to that contact), own (the user's), no. The facts
below are said in our words and tried with portals made of documents; docs/assurance.md lists the differences.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from prm.access.document import BLANK, apply
from prm.access.models import Portal
from prm.opportunities.models import Opportunity
from prm.people.models import User
from tests.factories import make_contact, make_opportunity

pytestmark = pytest.mark.django_db

LEVELS: dict[str, Any] = {
    "all": None,
    "account": {"field": "account", "op": "is", "value": "$user.company"},
    "contact": {"field": "contact", "op": "is", "value": "$user.contact"},
    "own": {"field": "assignee", "op": "is", "value": "$user.id"},
}
READ = {"*": "read"}


def scope(level: str, *actions: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": level,
        "where": LEVELS[level],
        "actions": ["view", *actions],
        "fields": READ if fields is None else fields,
        "admins_only": False,
    }


def signed_in(user: Any, **scopes: list[dict[str, Any]]) -> Client:
    """The user in a portal with these scopes on these modules, and a client for them."""
    grants = {
        key: {"views": ["list"], "columns": [], "canvas": {}, "layouts": [], "related": None, "scopes": some}
        for key, some in scopes.items()
    }
    portal, _made = Portal.objects.get_or_create(key="as-espo", defaults={"title": "As in EspoCRM"})
    apply(portal, {**BLANK, "title": "As in EspoCRM", "grants": grants})
    User.objects.filter(pk=user.pk).update(portal=portal)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


@pytest.fixture
def deals(world: Any) -> dict[str, Opportunity]:
    """One of Dana's own, one of her contact, one of her account, and one of nobody she knows."""
    fabrikam, dana = world.fabrikam, world.dana
    other = make_contact(fabrikam)
    found = {
        "own": make_opportunity("managed", world.contoso, account=world.tailspin, assignee=dana),
        "contact": make_opportunity("managed", world.contoso, account=world.tailspin, contact=dana.contact),
        "account": make_opportunity("managed", world.northwind, account=fabrikam, contact=other),
        "foreign": make_opportunity("managed", world.contoso, account=world.tailspin),
    }
    world.northwind_opportunity.delete()
    world.contoso_opportunity.delete()
    return found


def listed(client: Client, query: str = "") -> set[str]:
    answer = client.get(f"/api/v1/opportunities/?limit=200{query}")
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


def patch(client: Client, deal: Opportunity, **data: Any) -> int:
    body = json.dumps(data)
    path = f"/api/v1/opportunities/{deal.pk}/"
    return client.patch(path, body, content_type="application/json").status_code


# --- as there -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["own", "contact", "account"])
def test_a_level_reaches_what_is_linked_that_way_and_nothing_else(world: Any, deals: Any, level: str) -> None:
    client = signed_in(world.dana, opportunities=[scope(level)])
    assert listed(client) == {str(deals[level].pk)}


def test_all_reaches_everything_and_no_level_nothing(world: Any, deals: Any) -> None:
    everything = signed_in(world.dana, opportunities=[scope("all")])
    assert listed(everything) == {str(one.pk) for one in deals.values()}
    nothing = signed_in(world.dana)
    assert nothing.get("/api/v1/opportunities/").status_code == 404


@pytest.mark.parametrize("level", LEVELS)
def test_lists_equal_records(world: Any, deals: Any, level: str) -> None:
    """What a list shows can be opened, and what it does not show cannot."""
    client = signed_in(world.dana, opportunities=[scope(level)])
    opened = {
        str(one.pk)
        for one in deals.values()
        if client.get(f"/api/v1/opportunities/{one.pk}/").status_code == 200
    }
    assert opened == listed(client)


def test_each_action_has_a_level_of_its_own(world: Any, deals: Any) -> None:
    """Read what is the account's, edit what is one's own."""
    write = {**READ, "topic": "write"}
    client = signed_in(world.dana, opportunities=[scope("account"), scope("own", "edit", fields=write)])
    assert listed(client) == {str(deals["account"].pk), str(deals["own"].pk)}
    assert patch(client, deals["own"], topic="Changed") == 200
    assert patch(client, deals["account"], topic="Changed") == 403


@pytest.mark.parametrize("query", ["&amount__gte=1", "&ordering=amount", "&source=vendor"])
def test_a_filter_or_order_by_a_forbidden_field_is_an_error(world: Any, deals: Any, query: str) -> None:
    fields = {**READ, "amount": "hidden", "source": "hidden"}
    client = signed_in(world.dana, opportunities=[scope("account", fields=fields)])
    assert client.get(f"/api/v1/opportunities/?{query[1:]}").status_code == 400
    client = signed_in(world.dana, opportunities=[scope("account")])
    assert client.get(f"/api/v1/opportunities/?{query[1:]}").status_code == 200


def test_a_forbidden_field_cannot_be_set(world: Any, deals: Any) -> None:
    client = signed_in(
        world.dana, opportunities=[scope("account", "edit", fields={**READ, "topic": "write"})]
    )
    assert patch(client, deals["account"], topic="Changed") == 200
    assert patch(client, deals["account"], next_step="Changed") == 422
    assert Opportunity.objects.get(pk=deals["account"].pk).next_step == ""


def test_linking_a_foreign_record_is_refused(world: Any, deals: Any) -> None:
    """The record may be edited and the field set; what it is set to has to be visible, too."""
    write = {**READ, "contact": "write"}
    colleagues = {
        "name": "colleagues",
        "where": {"field": "company", "op": "is", "value": "$user.company"},
        "actions": ["view"],
        "fields": READ,
        "admins_only": False,
    }
    client = signed_in(
        world.dana, opportunities=[scope("account", "edit", fields=write)], contacts=[colleagues]
    )
    foreign, ours = make_contact(world.tailspin), make_contact(world.fabrikam)
    assert patch(client, deals["account"], contact=str(foreign.pk)) == 422
    assert Opportunity.objects.get(pk=deals["account"].pk).contact != foreign
    assert patch(client, deals["account"], contact=str(ours.pk)) == 200


# --- stricter -------------------------------------------------------------------------------------------


def test_stricter_fields_are_hidden_unless_they_are_named(world: Any, deals: Any) -> None:
    """There a role that says nothing of a field shows it."""
    client = signed_in(world.dana, opportunities=[scope("account", fields={"topic": "read"})])
    row = client.get(f"/api/v1/opportunities/{deals['account'].pk}/").json()
    assert {name for name, value in row.items() if value is not None} == {"id", "version", "topic"}


def test_stricter_scopes_carry_their_own_fields(world: Any, deals: Any) -> None:
    """There the fields of a role hold for every record that any of its levels reaches."""
    client = signed_in(
        world.dana,
        opportunities=[
            scope("account", fields={"topic": "read", "amount": "read"}),
            scope("contact", fields={"topic": "read"}),
        ],
    )
    rows = {row["id"]: row for row in client.get("/api/v1/opportunities/").json()["results"]}
    assert rows[str(deals["account"].pk)]["amount"] is not None
    assert rows[str(deals["contact"].pk)]["amount"] is None
    found = listed(client, "&amount__gte=1")
    assert found == {str(deals["account"].pk)}


def test_stricter_a_foreign_record_is_not_there(world: Any, deals: Any) -> None:
    """There it is forbidden, which says that it exists."""
    client = signed_in(world.dana, opportunities=[scope("account")])
    foreign = client.get(f"/api/v1/opportunities/{deals['foreign'].pk}/")
    nowhere = client.get(f"/api/v1/opportunities/{world.fabrikam.pk}/")
    assert (foreign.status_code, nowhere.status_code) == (404, 404)
    assert patch(client, deals["foreign"], topic="Changed") == 404


def test_stricter_a_link_names_only_what_one_may_see(world: Any, deals: Any) -> None:
    """There the name of a linked record is shown with the record that links to it."""
    client = signed_in(world.dana, opportunities=[scope("account")])
    row = client.get(f"/api/v1/opportunities/{deals['account'].pk}/").json()
    assert row["partner"] is None and row["contact"] is None


def test_stricter_a_field_may_depend_on_the_state(world: Any, deals: Any) -> None:
    """There a field of a role is shown or hidden, whatever the record has come to."""
    fields = {**READ, "amount": {"*": "hidden", "managed": "read"}}
    client = signed_in(world.dana, opportunities=[scope("account", fields=fields)])
    won = make_opportunity("won", world.northwind, account=world.fabrikam)
    rows = {row["id"]: row["amount"] for row in client.get("/api/v1/opportunities/").json()["results"]}
    assert rows[str(deals["account"].pk)] is not None
    assert rows[str(won.pk)] is None
