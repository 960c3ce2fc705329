"""Records in the state that a test begins with, made dully: no randomness, every default spelled out here."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from djmoney.money import Money

from prm.access.models import Portal
from prm.accounts.models import Account
from prm.leads.models import Lead
from prm.library.models import Document
from prm.opportunities.models import Opportunity
from prm.opportunities.offers import Assignment
from prm.opportunities.workflow import Stage
from prm.partners.models import Agreement, Partner, Registration
from prm.people.models import Contact, Invitation, User
from prm.quotes.models import Quote, QuoteLine
from prm.quotes.pricing import work_out
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


# --- quotes ---------------------------------------------------------------------------------------------


def make_quote(state: str = "draft", opportunity: Any = None, lines: Any = None, **fields: Any) -> Quote:
    """A quote as an import would bring it, of a managed opportunity, with its lines and their sums.

    lines: dicts of the columns of a line; without them, three routers at 1,200 USD each.
    """
    number = next(_number)
    deal = opportunity or make_opportunity("managed", fields.pop("partner"))
    values = {
        "title": f"Quote {number}",
        "opportunity": deal,
        "partner": deal.partner,
        "account": deal.account,
        "contact": deal.contact,
        "owner": deal.partner.channel_manager,
        "sent_at": timezone.now() if state in ("sent", "accepted", "declined", "ordered") else None,
    }
    quote = Quote(**{**values, **fields})
    for name in ("net", "discount", "tax", "total"):
        setattr(quote, name, Money(0, quote.currency))
    made = [
        QuoteLine(quote=quote, position=at, **{"name": f"Line {at}", "unit_price": None, **line})
        for at, line in enumerate(lines if lines is not None else [ROUTERS], 1)
    ]
    work_out(quote, made)
    with unit_of_work():
        quote.begin(state)
        quote.save(force_insert=True)
        QuoteLine.objects.bulk_create(made)
        record_creation(quote, Actor.importer())
    return Quote.objects.get(pk=quote.pk)


#: A line of what costs as much as it says.
ROUTERS = {"name": "Router", "quantity": 3, "unit_price": Decimal(1200)}


# --- people, partners and their customers ----------------------------------------------------------------

#: What the cast and every made user signs in with.
PASSWORD = "demo-portal-2026"


def make_user(
    email: str, portal: str, company: Any = None, *, name: str = "", is_admin: bool = False, **fields: Any
) -> User:
    """A login; with a company, through a contact of it."""
    name = name or email.partition("@")[0].title()
    contact = None
    if company is not None:
        contact = Contact.objects.create(company_id=company.pk, name=name, email=email, is_admin=is_admin)
    return User.objects.create_user(
        email, PASSWORD, name=name, portal=Portal.objects.get(key=portal), contact=contact, **fields
    )


def make_partner(state: str = "active", *, steps_done: bool = True, **fields: Any) -> Partner:
    """A partner as an import would bring it; with its checklist done, so that it can be activated."""
    number = next(_number)
    values = {
        "name": f"Partner {number}",
        "website": f"https://partner{number}.example",
        "country": "DE",
        "closed_at": timezone.now() if state in ("suspended", "terminated") else None,
    }
    partner = Partner(**{**values, **fields})
    with unit_of_work():
        partner.begin(state)
        partner.save()
        record_creation(partner, Actor.importer())
        if steps_done:
            partner.onboarding_steps.update(done_at=timezone.now())
    return Partner.objects.get(pk=partner.pk)


def make_registration(state: str = "submitted", **fields: Any) -> Registration:
    """An application that nothing is missing from: answered, confirmed, agreed to."""
    number = next(_number)
    values = {
        "company_name": f"Applicant {number}",
        "website": f"https://applicant{number}.example",
        "country": "FR",
        "partner_type": "reseller",
        "contact_name": f"Person {number}",
        "contact_email": f"person@applicant{number}.example",
        "token_hash": f"browser-{number}",
        "mail_token_hash": f"mail-{number}",
        "token_expires_at": timezone.now() + timedelta(days=30),
        "email_confirmed_at": timezone.now(),
        "agreement_accepted_at": timezone.now(),
        "submitted_at": None if state == "draft" else timezone.now(),
    }
    registration = Registration(**{**values, **fields})
    with unit_of_work():
        registration.begin(state)
        registration.save()
        record_creation(registration, Actor.importer())
    return Registration.objects.get(pk=registration.pk)


def make_invitation(state: str = "pending", company: Any = None, **fields: Any) -> Invitation:
    """An invitation whose mail nobody kept: its token is not known."""
    number = next(_number)
    values = {
        "email": f"invited{number}@elsewhere.example",
        "company_id": company.pk if company else None,
        "token_hash": f"invitation-{number}",
        "expires_at": timezone.now() + timedelta(days=7),
    }
    if "portal" not in fields:
        values["portal"] = Portal.objects.get(key="partner" if company else "employee")
    invitation = Invitation(**{**values, **fields})
    with unit_of_work():
        invitation.begin(state)
        invitation.save()
        record_creation(invitation, Actor.importer())
    return Invitation.objects.get(pk=invitation.pk)


def make_document(state: str = "draft", **fields: Any) -> Document:
    """A document with something to read, for all partners."""
    values = {"title": f"Document {next(_number)}", "body": "Read me.", "audience": "partners"}
    if state == "published":
        values["published_at"] = timezone.now()
    if state == "scheduled":
        values["published_from"] = timezone.now() + timedelta(days=2)
    document = Document(**{**values, **fields})
    with unit_of_work():
        document.begin(state)
        document.save()
        record_creation(document, Actor.importer())
    return Document.objects.get(pk=document.pk)


def make_account(partner: Any = None, **fields: Any) -> Account:
    account = Account(**{"name": f"Customer {next(_number)}", "partner": partner, **fields})
    account.save()
    return account


def make_contact(company: Any, **fields: Any) -> Contact:
    number = next(_number)
    values = {"name": f"Person {number}", "email": f"person{number}@customer.example"}
    return Contact.objects.create(company_id=company.pk, **{**values, **fields})


def make_agreement(number: str = "1", **fields: Any) -> Agreement:
    values = {"title": "Partner agreement", "text": "Be good partners.", "published_at": timezone.now()}
    return Agreement.objects.create(number=number, **{**values, **fields})
