"""The details on the page of a record."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from frontend.recording import sections
from prm.access.models import Scope
from prm.access.policy import touch
from prm.modules import registry
from prm.modules.read import get_row
from tests.factories import make_account, make_contact, make_lead, make_opportunity, make_quote

pytestmark = pytest.mark.django_db


def facts(user: Any, record: Any) -> dict[str, str]:
    module = registry.for_model(type(record))
    assert module is not None
    row = get_row(user, module, record.pk)
    assert row is not None
    found = [fact for block in sections(user, module, record, row) for fact in block.facts]
    return {fact["label"]: fact["html"] for fact in found}


def test_customer_is_named_once(world):
    account = make_account(world.northwind, name="Tailored Ltd", phone="+4930555666")
    contact = make_contact(account, name="Quinn", phone="+4930555777")
    mine = make_opportunity("managed", world.northwind, account=account, contact=contact)
    shown = facts(world.alice, mine)
    assert "Tailored Ltd" in shown["Account"]
    assert "Quinn" in shown["Contact"]
    assert not {"Customer", "Contact name", "Contact email", "Contact phone"} & shown.keys()


def test_customer_of_another_is_told_without_its_record(world):
    account = make_account(world.contoso, name="Tailored Ltd")
    contact = make_contact(account, name="Quinn", phone="+4930555777")
    mine = make_opportunity("managed", world.northwind, account=account, contact=contact)
    shown = facts(world.alice, mine)
    assert (shown["Customer"], shown["Contact name"]) == ("Tailored Ltd", "Quinn")
    assert not shown["Account"]
    assert "+4930555777" in shown["Contact phone"]


def place(**parts: str) -> dict[str, str]:
    known = {
        "street": "Hauptstr. 5",
        "postal_code": "80331",
        "city": "München",
        "region": "EMEA",
        "country": "DE",
    }
    return {**known, **parts}


def written(text: str) -> str:
    return f'<span class="prewrap" dir="auto">{text}</span>'


def test_an_address_is_one_block_as_its_country_writes_it(world):
    account = make_account(world.northwind, **place())
    shown = facts(world.alice, account)
    assert shown["Address"] == written("Hauptstr. 5\n80331 München\nGermany")
    assert not {"Street", "Postal code", "City", "Country"} & shown.keys()
    # Where it is sold and not where the post goes.
    assert shown["Region"] == "EMEA"
    at_home = make_account(
        world.northwind,
        **place(street="1 Main St", postal_code="94105", city="San Francisco", region="California"),
    )
    type(at_home).objects.filter(pk=at_home.pk).update(country="US")
    at_home.refresh_from_db()
    shown = facts(world.alice, at_home)
    assert shown["Address"] == written("1 Main St\nSan Francisco, CA 94105\nUnited States")
    assert "Region" not in shown
    alone = make_account(
        world.northwind, **dict.fromkeys(("street", "postal_code", "region"), ""), city="", country="DE"
    )
    assert facts(world.alice, alone)["Country"] == "Germany"
    with translation.override("de"):
        assert facts(world.alice, account)["Adresse"] == written("Hauptstr. 5\n80331 München\nDeutschland")


def test_an_address_has_the_parts_that_its_reader_may_see(world, as_user):
    account = make_account(world.northwind, **place())
    for scope in Scope.objects.filter(grant__portal__key="partner", grant__module="accounts"):
        scope.fields = {**scope.fields, "street": "hidden", "country": "hidden"}
        scope.save()
        touch(scope.grant.portal)
    alice = type(world.alice).objects.get(pk=world.alice.pk)
    assert facts(alice, account)["Address"] == written("80331 München")
    assert "Hauptstr" not in as_user(world.alice).get(f"/accounts/{account.pk}/").content.decode()
    assert "Hauptstr" in facts(world.maria, account)["Address"]


def test_the_address_of_a_lead_is_shown_with_its_customer(world):
    given = {"street": "Hauptstr. 5", "city": "München", "country": "DE"}
    lead = make_lead("assigned", world.northwind, **given)
    assert "Address" not in facts(world.alice, lead)
    assert facts(world.alice, lead)["Country"] == "Germany"
    held = make_lead("accepted", world.northwind, **given)
    assert facts(world.alice, held)["Address"] == written("Hauptstr. 5\nMünchen")
    assert facts(world.alice, held)["Country"] == "Germany"


def test_number_has_its_unit(world):
    mine = make_opportunity("managed", world.northwind)
    assert facts(world.alice, mine)["Probability"].endswith("\N{NO-BREAK SPACE}%</span>")


def test_what_waits_for_nobody_here_says_what_is_possible(world, as_user):
    quote = make_quote("sent", world.northwind_opportunity)
    page = as_user(world.dana).get(f"/quotes/{quote.pk}/")
    assert page.context["next"]["title"] == "Possible now: Accept"
    declined = make_quote("declined", world.northwind_opportunity)
    page = as_user(world.dana).get(f"/quotes/{declined.pk}/")
    assert page.context["next"]["title"] == "Nothing to do"
