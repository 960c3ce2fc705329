"""The details on the page of a record."""

from __future__ import annotations

from typing import Any

import pytest

from frontend.recording import sections
from prm.modules import registry
from prm.modules.read import get_row
from tests.factories import make_account, make_contact, make_opportunity

pytestmark = pytest.mark.django_db


def facts(user: Any, record: Any) -> dict[str, str]:
    module = registry.get("opportunities")
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


def test_number_has_its_unit(world):
    mine = make_opportunity("managed", world.northwind)
    assert facts(world.alice, mine)["Probability"].endswith("\N{NO-BREAK SPACE}%</span>")
