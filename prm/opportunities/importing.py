"""Opportunities from a file: those on offer begin to wait, those that a partner works are managed."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from prm.opportunities.models import Opportunity
from prm.opportunities.workflow import Stage
from workflows.errors import InvalidInput


def begin(opportunity: Opportunity, values: Mapping[str, Any]) -> None:
    """Completes a new record for the state that the file gives it. Raises InvalidInput without a partner."""
    state = opportunity.State(opportunity.state)
    if state != opportunity.State.DRAFT and opportunity.partner is None:
        raise InvalidInput({"partner": [f"An opportunity that is {state.value} needs a partner."]})
    opportunity.source = opportunity.Source.IMPORT
    if opportunity.partner is not None and opportunity.owner is None:
        opportunity.owner = opportunity.partner.channel_manager
    if state == opportunity.State.MANAGED:
        opportunity.stage = opportunity.stage or Stage.QUALIFICATION
    if state == opportunity.State.WON:
        opportunity.won_at = opportunity.won_at or timezone.now()
        opportunity.lost_at = None
    if state == opportunity.State.LOST:
        opportunity.lost_at = opportunity.lost_at or timezone.now()
        opportunity.won_at = None
