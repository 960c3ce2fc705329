"""Leads from a file: unowned ones wait for a channel manager, those on offer for their partner."""

from collections.abc import Mapping
from typing import Any

from prm.leads.models import Lead
from workflows.errors import InvalidInput

UNHELD = (Lead.State.NEW, Lead.State.POOLED, Lead.State.DISQUALIFIED)


def begin(lead: Lead, values: Mapping[str, Any]) -> None:
    """Completes a new record for the state that the file gives it. Raises InvalidInput where they differ."""
    if (lead.partner is None) != (lead.state in UNHELD) and lead.state != Lead.State.DISQUALIFIED:
        needs = "needs a partner" if lead.partner is None else "has no partner"
        raise InvalidInput({"partner": [f"A lead that is {Lead.State(lead.state).value} {needs}."]})
    lead.source = values.get("source") or Lead.Source.IMPORT
    if lead.partner is not None and lead.owner is None:
        lead.owner = lead.partner.channel_manager
