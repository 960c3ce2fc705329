"""Records in the state that a test begins with, made dully: no randomness, every default spelled out here."""

from __future__ import annotations

import itertools
from typing import Any

from djmoney.money import Money

from prm.leads.models import Lead
from prm.opportunities.models import Opportunity
from prm.opportunities.offers import Assignment
from prm.opportunities.workflow import Stage
from workflows.actor import Actor
from workflows.perform import record_creation, unit_of_work

_number = itertools.count(1)

# --- leads and opportunities ----------------------------------------------------------------------------

#: States in which a partner has accepted what it was offered.
HELD = {"accepted", "contacted", "qualified", "converted", "managed", "won"}


def make_lead(state: str = "new", partner: Any = None, **fields: Any) -> Lead:
    """A lead as an import would bring it; on offer or held, with its assignment."""
    number = next(_number)
    values = {
        "topic": f"Lead {number}",
        "need": "Replace ageing equipment",
        "size": "50 seats",
        "region": "EMEA",
        "country": "DE",
        "company_name": f"Customer {number}",
        "contact_name": f"Person {number}",
        "email": f"person{number}@customer{number}.example",
        "phone": "+4930123456",
        "street": f"Main street {number}",
        "city": "Berlin",
        "partner": partner,
        "owner": partner.channel_manager if partner else None,
    }
    return _make(Lead(**{**values, **fields}), state)


def make_opportunity(state: str = "draft", partner: Any = None, **fields: Any) -> Opportunity:
    """An opportunity as an import would bring it; on offer or held, with its assignment."""
    number = next(_number)
    values = {
        "topic": f"Opportunity {number}",
        "need": "Replace ageing equipment",
        "size": "50 seats",
        "region": "EMEA",
        "amount": Money(5000, "USD"),
        "partner": partner,
        "owner": partner.channel_manager if partner else None,
        "stage": Stage.QUALIFICATION if state == "managed" else "",
    }
    return _make(Opportunity(**{**values, **fields}), state)


def _make(record: Any, state: str) -> Any:
    with unit_of_work():
        record.begin(state)
        record.save()
        record_creation(record, Actor.importer())
        if record.partner and state in HELD:
            record.assignments.create(
                partner=record.partner,
                topic=record.topic,
                state=Assignment.State.ACCEPTED,
                offered_at=record.created_at,
                decided_at=record.created_at,
            )
    return type(record).objects.get(pk=record.pk)
