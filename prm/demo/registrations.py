"""Applications in every state: one waiting for approval looks very much like a partner that exists."""

from __future__ import annotations

import datetime as dt

from prm.demo.clock import Clock
from prm.demo.company import Company
from prm.demo.words import REGISTRATIONS
from prm.demo.work import DAY
from prm.partners import actions
from prm.partners.models import Partner, Registration
from prm.partners.onboarding import AGREEMENT, PROFILE
from workflows.actor import Actor
from workflows.perform import perform


def add(company: Company, clock: Clock, today: dt.datetime) -> None:
    """One application for each row of `REGISTRATIONS`, brought as far as the row says."""
    maria, nils = Actor.of(company.users["maria"]), Actor.of(company.users["nils"])
    for number, row in enumerate(REGISTRATIONS):
        clock.set(today - (9 - number) * DAY if row[-1] != "approved" else today - 20 * DAY)
        registration = _application(company, row)
        clock.set(clock.now + DAY / 3)
        match row[-1]:
            case "under_review":
                perform(registration, "start_review", actor=maria)
            case "returned":
                question = "Which warehouses do you deliver from, and do you hold stock yourself?"
                perform(registration, "return_for_information", actor=maria, inputs={"question": question})
            case "rejected":
                perform(registration, "reject", actor=nils, inputs={"reason": "no_fit"})
            case "approved":
                territory = str(company.territories[1].pk)
                perform(
                    registration,
                    "approve",
                    actor=maria,
                    inputs={"tier": "registered", "territory": territory},
                )
                partner = Partner.objects.get(name=row[0])
                partner.onboarding_steps.filter(key__in=[AGREEMENT, PROFILE]).update(done_at=clock.now)
            case "withdrawn":
                actions.withdraw(registration)


def _application(company: Company, row: tuple[str, str, str, str, str, str]) -> Registration:
    name, person, email, country, kind, fate = row
    registration, _token = actions.start_registration(email=email)
    answers = {
        "company_name": name,
        "website": f"https://{email.split('@')[1]}",
        "country": country,
        "region": "AMER" if country in ("US", "MX") else "EMEA",
        "contact_name": person,
        "partner_type": kind,
        "motivation": "Our customers ask for these products, and we install what we sell.",
    }
    if fate == "draft":
        return actions.save_answers(registration, {"company_name": name, "country": country})
    registration = actions.save_answers(registration, answers)
    registration.email_confirmed_at = registration.created_at
    registration.save(update_fields=["email_confirmed_at"])
    if company.agreement:
        registration = actions.accept_agreement(registration, company.agreement)
    return actions.submit(registration)
