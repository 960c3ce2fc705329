"""Amounts at every door: one list of currencies, with the coins that each has, and nothing lost of them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from djmoney.money import Money

from prm.imports.mapping import FileMapping
from prm.imports.reach import Reach
from prm.imports.table import Line
from prm.imports.values import Values
from prm.leads.models import Lead
from prm.modules import registry
from prm.opportunities.models import Opportunity
from tests.api.conftest import as_  # noqa: F401
from tests.factories import make_lead, make_quote
from tests.frontend.conftest import as_user, parse  # noqa: F401
from workflows.actor import Actor
from workflows.perform import perform

pytestmark = pytest.mark.django_db

UNKNOWN = "This currency is not known."


@pytest.mark.parametrize(
    ("amount", "code", "said"),
    [
        ("12", "XXX", UNKNOWN),
        ("12", "DEM", UNKNOWN),
        ("1.5", "JPY", "Ensure that there are no more than 0 decimal places."),
        ("1.234", "AED", "Ensure that there are no more than 2 decimal places."),
    ],
)
def test_each_door_refuses_the_same(
    world: Any,
    as_: Any,  # noqa: F811
    as_user: Any,  # noqa: F811
    amount: str,
    code: str,
    said: str,
) -> None:
    before = Lead.objects.count()
    body = {"topic": "x", "company_name": "Berg AG", "amount": {"amount": amount, "currency": code}}
    status, problem = as_(world.alice).post("leads/", body)
    assert (status, problem["errors"]) == (422, {"amount": [said]})
    sent = {"topic": "x", "company_name": "Berg AG", "amount_amount": amount, "amount_currency": code}
    page = as_user(world.alice).post("/leads/new/", sent)
    assert (page.status_code, said in page.content.decode()) == (422, True)
    values = Values(
        Reach(registry.get("leads"), None), FileMapping(columns={"amount": "sum"}, currency=code), ""
    )
    with pytest.raises(ValidationError) as refused:
        values._money(registry.get("leads").field("amount"), amount, Line(1, {"sum": amount}))
    assert refused.value.messages == [said]
    assert Lead.objects.count() == before


def test_dinars_keep_their_thousandths(world: Any, as_: Any, as_user: Any, parse: Any) -> None:  # noqa: F811
    sent = {"topic": "x", "company_name": "Berg", "amount_amount": "1250.125", "amount_currency": "KWD"}
    assert as_user(world.alice).post("/leads/new/", sent).status_code == 302
    lead = Lead.objects.get(topic="x")
    assert lead.amount == Money(Decimal("1250.125"), "KWD")
    assert as_(world.alice).get(f"leads/{lead.pk}/")[1]["amount"] == {"amount": "1250.125", "currency": "KWD"}
    page = parse(as_user(world.alice).get(f"/leads/{lead.pk}/edit/"))
    assert page.one("input", name="amount_amount")["value"] == "1250.125"


def test_a_deal_is_won_with_all_that_was_accepted(world: Any) -> None:
    line = {"name": "Lamp", "quantity": Decimal(1), "unit_price": Decimal("99.875")}
    quote = make_quote("accepted", partner=world.northwind, currency="KWD", lines=[line])
    deal = quote.opportunity
    given = Opportunity.objects.get(pk=deal.pk).suggested("win")["amount"]
    assert given == Money(Decimal("99.875"), "KWD")
    inputs = {"amount": {"amount": str(given.amount), "currency": "KWD"}}
    won = perform(deal, "win", actor=Actor.of(world.alice), inputs=inputs)
    assert Opportunity.objects.get(pk=won.pk).amount == given


def test_a_form_names_the_currency_that_is_kept(world: Any, as_user: Any) -> None:  # noqa: F811
    """What operators have taken out of the list since is shown, and not changed into another by saving."""
    lead = make_lead("accepted", world.northwind, amount=Money(12, "ZMW"))
    page = as_user(world.alice).get(f"/leads/{lead.pk}/edit/").content.decode()
    assert re.search(r'<option value="ZMW" selected', page)
