"""What happens to opportunities besides their transitions."""

from __future__ import annotations

from django.utils.translation import gettext

from prm.opportunities.models import Opportunity
from prm.opportunities.offers import check_owner, first_offer, is_new, return_open_offers, start
from prm.opportunities.workflow import Stage
from prm.partners.models import Partner
from workflows.actor import Actor
from workflows.errors import InvalidInput
from workflows.ports import Event


def follow(event: Event) -> None:
    """A partner that leaves gives its open offers back; a record that begins on offer has a row for it."""
    if isinstance(event.obj, Partner) and event.name in ("partner.suspended", "partner.terminated"):
        return_open_offers(Opportunity, Opportunity.State.DISTRIBUTED, event.obj)
    elif (
        isinstance(event.obj, Opportunity)
        and is_new(event)
        and event.to_state == Opportunity.State.DISTRIBUTED
    ):
        first_offer(event.obj)


def prepare(opportunity: Opportunity, actor: Actor) -> None:
    """Whose a new opportunity is follows from who enters it, never from what was sent."""
    if start(opportunity, actor, held=Opportunity.State.MANAGED):
        opportunity.source = Opportunity.Source.PARTNER
        opportunity.stage = opportunity.stage or Stage.QUALIFICATION
    else:
        opportunity.source = Opportunity.Source.VENDOR


def check(opportunity: Opportunity, changed: set[str]) -> None:
    """Raises InvalidInput where the fields contradict each other."""
    check_owner(opportunity, changed)
    managed = opportunity.state == Opportunity.State.MANAGED
    if "stage" in changed and managed and not opportunity.stage:
        raise InvalidInput({"stage": [gettext("A managed opportunity is in one of the stages.")]})
    if "stage" in changed and not managed and opportunity.stage:
        raise InvalidInput({"stage": [gettext("Only a managed opportunity has a stage.")]})
    account, contact = opportunity.account, opportunity.contact
    if account is None or contact is None or not changed & {"account", "contact"}:
        return
    if contact.company_id != account.pk:
        raise InvalidInput({"contact": [gettext("This person does not belong to the account.")]})
