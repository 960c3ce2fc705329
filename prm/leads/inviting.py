"""Who comes of a converted lead is invited into a portal: one that was chosen by hand, or one by rule.

The rule is part of the portal's settings, a condition on the lead. Converting never fails for it: where
nobody can be invited, the history says why.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from prm.access.models import Portal
from prm.access.rights import rights_for
from prm.modules import registry
from prm.people.actions import new_invitation
from prm.people.models import Company, Contact, Invitation, User
from prm.people.seats import NoSeats
from workflows.conditions import ConditionError, matches
from workflows.machine import Context, guard
from workflows.units import unit_of_work

if TYPE_CHECKING:
    from prm.leads.models import Lead

log = logging.getLogger(__name__)


def portal_by_rule(lead: Lead) -> Portal | None:
    """The first portal in use, by title, whose condition holds for the lead."""
    candidates = Portal.objects.filter(archived=False, staff=False).exclude(converts=None)
    for portal in candidates.order_by("title", "pk"):
        rule: Any = portal.converts
        try:
            if matches(rule, lead, {}):
                return portal
        except ConditionError as error:
            # Checked as it was published; what it names may have gone since.
            log.warning("the portal %s converts no leads: %s", portal.key, error)
    return None


@guard("portal_to_invite_into", needs_inputs=True)
def portal_to_invite_into(obj: Lead, ctx: Context) -> str | None:
    """By hand, a portal is chosen by those who may invite into it."""
    portal = ctx.inputs.get("portal")
    if portal is None:
        return None
    if portal.staff:
        return gettext("This portal is for the vendor's own people.")
    if portal.archived:
        return gettext("This portal is archived.")
    if ctx.actor.is_person:
        account = ctx.inputs.get("account")
        wanted = Invitation(portal=portal, company_id=account.pk if account else None)
        rights, module = rights_for(ctx.actor.user), registry.get("invitations")
        if not rights.matching(module, wanted, "create"):
            return gettext("You cannot invite into this portal.")
    return None


def invite(lead: Lead, contact: Contact | None, ctx: Context) -> str:
    """Invites the contact of a lead that is just converted; says what became of it, "" for no portal."""
    portal = ctx.inputs.get("portal")
    if portal is None:
        portal = None if ctx.inputs.get("no_invitation") else portal_by_rule(lead)
    if portal is None:
        return ""
    facts: dict[str, Any] = {"portal": portal.title}
    if contact is None or not contact.email:
        return gettext("Nobody was invited into “%(portal)s”: the contact has no email address.") % facts
    company: Company | None = contact.company
    if User.objects.filter(contact=contact).exists():
        return gettext("The contact was not invited into “%(portal)s”, having a login already.") % facts
    if company is None or company.closed_at is not None:
        return gettext("Nobody was invited into “%(portal)s”: the access of the company has ended.") % facts
    try:
        with unit_of_work():
            new_invitation(ctx.actor, contact=contact, portal=portal, is_admin=False, company=company)
    except NoSeats:
        return gettext("Nobody was invited into “%(portal)s”: all seats are in use.") % facts
    return gettext("The contact was invited into “%(portal)s”.") % facts
