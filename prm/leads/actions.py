"""What happens to leads besides their transitions."""

from __future__ import annotations

from prm.leads.models import Lead
from prm.opportunities.offers import check_owner, first_offer, is_new, return_open_offers, start
from prm.partners.models import Partner
from workflows.actor import Actor
from workflows.ports import Event


def follow(event: Event) -> None:
    """A partner that leaves gives its open offers back; a record that begins on offer has a row for it."""
    if isinstance(event.obj, Partner) and event.name in ("partner.suspended", "partner.terminated"):
        return_open_offers(Lead, Lead.State.ASSIGNED, event.obj)
    elif isinstance(event.obj, Lead) and is_new(event) and event.to_state == Lead.State.ASSIGNED:
        first_offer(event.obj)


def prepare(lead: Lead, actor: Actor) -> None:
    """Whose a new lead is follows from who enters it, never from what was sent."""
    if start(lead, actor, held=Lead.State.ACCEPTED):
        lead.source = Lead.Source.PARTNER


def check(lead: Lead, changed: set[str]) -> None:
    """Raises InvalidInput where the fields contradict each other."""
    check_owner(lead, changed)
