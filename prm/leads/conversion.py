"""A qualified lead becomes an account, a contact and an opportunity, all of the partner that holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from prm.accounts.models import Account
from prm.leads.inviting import invite
from prm.opportunities.models import Opportunity
from prm.opportunities.workflow import Stage
from prm.people.matching import company_domain, name_key
from prm.people.models import Contact
from workflows.machine import Context, guard
from workflows.perform import record_creation

if TYPE_CHECKING:
    from prm.leads.models import Lead


def matching_accounts(lead: Lead) -> list[Account]:
    """Accounts of the lead's own partner that look like the lead's company, and nobody else's."""
    if lead.partner_id is None:
        return []
    domain, key = company_domain("", lead.email), name_key(lead.company_name)
    own = Account.objects.filter(partner_id=lead.partner_id).order_by("name", "id")
    found = {
        account.pk: account
        for field, value in (("domain", domain), ("name_key", key))
        if value
        for account in own.filter(**{field: value})[:5]
    }
    return list(found.values())


@guard("account_not_known", needs_inputs=True)
def account_not_known(obj: Lead, ctx: Context) -> str | None:
    if ctx.inputs.get("account") or ctx.inputs.get("new_account"):
        return None
    known = matching_accounts(obj)
    if not known:
        return None
    return gettext(
        "%(account)s is one of your accounts already: choose it, or say that this is another company."
    ) % {"account": known[0].name}


@guard("account_of_partner", needs_inputs=True)
def account_of_partner(obj: Lead, ctx: Context) -> str | None:
    account = ctx.inputs.get("account")
    if account is None or account.partner_id == obj.partner_id:
        return None
    return gettext("%(account)s is not an account of the partner that holds this lead.") % {
        "account": account.name
    }


def convert_lead(lead: Lead, ctx: Context) -> Opportunity:
    """Makes what is missing and connects it. The opportunity starts managed: the partner works it already."""
    account = ctx.inputs.get("account") or _new_account(lead, ctx)
    contact = _contact(lead, account, ctx)
    opportunity = Opportunity(
        topic=ctx.inputs.get("topic") or lead.topic,
        need=lead.need,
        size=lead.size,
        region=lead.region,
        product=lead.product,
        account=account,
        contact=contact,
        partner=lead.partner,
        assignee=lead.assignee,
        owner=lead.owner,
        amount=ctx.inputs.get("amount") or lead.amount,
        expected_close=ctx.inputs.get("expected_close") or lead.expected_close,
        source=Opportunity.Source.LEAD,
        origin_lead_id=lead.pk,
        stage=Stage.QUALIFICATION,
        state=Opportunity.State.MANAGED,
    )
    opportunity.save()
    # A name of its own: the lead's event tells of it, and one alert is enough.
    record_creation(opportunity, ctx.actor, event="converted")
    lead.account, lead.contact_person, lead.opportunity = account, contact, opportunity
    if (said := invite(lead, contact, ctx)) and ctx.record is not None:
        ctx.record.reason = said
    return opportunity


def _new_account(lead: Lead, ctx: Context) -> Account:
    account = Account(
        name=lead.company_name or lead.contact_name or lead.topic,
        domain=company_domain("", lead.email),
        phone=lead.phone if lead.company_name else "",
        street=lead.street,
        city=lead.city,
        region=lead.region,
        country=lead.country,
        partner=lead.partner,
    )
    account.save()
    record_creation(account, ctx.actor)
    return account


def _contact(lead: Lead, account: Account, ctx: Context) -> Contact | None:
    """The person of the lead at the account: the known one with that mailbox, or a new one."""
    if not (lead.contact_name or lead.email):
        return None
    known: Any = (
        Contact.objects.filter(company_id=account.pk, email__iexact=lead.email) if lead.email else None
    )
    contact: Contact | None = known.order_by("id").first() if known is not None else None
    if contact is None:
        contact = Contact(
            company_id=account.pk, name=lead.contact_name or lead.email, email=lead.email, phone=lead.phone
        )
        contact.save()
        record_creation(contact, ctx.actor)
    return contact
