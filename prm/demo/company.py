"""The demo company's people, partners, products and customers."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

from django.contrib.auth.hashers import make_password

from prm.access.models import Portal
from prm.accounts.models import Account
from prm.catalog.models import Product
from prm.demo import catalogue, vendor, words
from prm.partners.models import Agreement, Partner, Territory
from prm.partners.onboarding import add_steps
from prm.people.models import Contact, User
from workflows.actor import Actor
from workflows.perform import perform, record_creation

COUNTRY_REGION = {"US": "AMER", "CA": "AMER", "SG": "APAC", "AU": "APAC"}


@dataclass
class Company:
    """What has been made so far, for the steps that build on it."""

    seed: random.Random
    users: dict[str, User] = field(default_factory=dict)
    portals: dict[str, Portal] = field(default_factory=dict)
    territories: list[Territory] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    partners: list[Partner] = field(default_factory=list)
    colleagues: dict[str, list[User]] = field(default_factory=dict)
    accounts: dict[str, list[Account]] = field(default_factory=dict)
    agreement: Agreement | None = None
    hashed: str = ""

    def person(self) -> str:
        """A name that nobody else of the demo bears by design."""
        return f"{self.seed.choice(words.FIRST_NAMES)} {self.seed.choice(words.LAST_NAMES)}"

    def customer(self) -> str:
        """The name of a customer company."""
        return f"{self.seed.choice(words.COMPANY_HEADS)} {self.seed.choice(words.COMPANY_TAILS)}"

    def active(self) -> list[Partner]:
        """Partners that may be offered something."""
        return [partner for partner in self.partners if partner.state == Partner.State.ACTIVE]


def found(seed: random.Random, start: dt.datetime) -> Company:
    """The vendor, its catalogue and its partners as they were a year ago."""
    company = Company(seed=seed, hashed=make_password(words.PASSWORD))
    vendor.fill()
    company.portals = {portal.key: portal for portal in Portal.objects.all()}
    company.agreement = Agreement.objects.create(
        number="2026.1", title="Partner agreement", text=words.AGREEMENT, published_at=start
    )
    company.territories = [
        _territory(name, regions, segments) for name, regions, segments in words.TERRITORIES
    ]
    company.products = catalogue.products(words.PRODUCTS)
    catalogue.prices(company.products, start)
    for email, name, portal, firm, *_ in words.CAST:
        if not firm:
            _user(company, email, name, portal)
    company.users["maria"].cover = company.users["nils"]
    company.users["maria"].save(update_fields=["cover"])
    for row in words.PARTNERS:
        _partner(company, row, start)
    return company


def _territory(name: str, regions: list[str], segments: list[str]) -> Territory:
    territory = Territory(name=name)
    territory.regions, territory.segments = regions, segments
    territory.save(force_insert=True)
    return territory


def _user(company: Company, email: str, name: str, portal: str, contact: Contact | None = None) -> User:
    user = User(
        email=email, name=name, portal=company.portals[portal], contact=contact, password=company.hashed
    )
    user.is_superuser = portal == "administrator"
    user.save(force_insert=True)
    company.users[email.split("@")[0]] = user
    return user


def _partner(
    company: Company, row: tuple[str, str, str, str, str, str, int, str, str], start: dt.datetime
) -> None:
    name, domain, country, city, tier, kind, territory, manager, state = row
    partner = Partner(
        name=name,
        website=f"https://{domain}",
        country=country,
        city=city,
        street=f"{company.seed.randint(2, 90)} {company.seed.choice(words.STREETS)}",
        postal_code=str(company.seed.randint(10000, 99999)),
        phone=f"+1212555{company.seed.randint(1000, 9999)}",
        region=COUNTRY_REGION.get(country, "EMEA"),
        tier=tier,
        partner_type=kind,
        territory=company.territories[territory],
        channel_manager=company.users[manager],
        agreement=company.agreement,
        agreement_accepted_at=start,
    )
    if state == "onboarding":
        # Founded by the approval of its registration.
        return
    partner.save(force_insert=True)
    record_creation(partner, Actor.of(company.users["admin"]))
    add_steps(partner, now=start)
    partner.onboarding_steps.update(done_at=start)
    partner = perform(partner, "activate", actor=Actor.of(company.users[manager]))
    company.partners.append(partner)
    people = [
        (email, person, title, admin) for email, person, _, firm, title, admin in words.CAST if firm == name
    ]
    while len(people) < 2:
        person = company.person()
        first = person.split()[0].lower()
        title = "Managing director" if not people else "Account manager"
        people.append((f"{first}{len(people) or ''}@{domain}", person, title, not people))
    company.colleagues[name] = [
        _user(
            company,
            email,
            person,
            "partner",
            Contact.objects.create(
                company=partner, name=person, email=email, job_title=title, is_admin=admin
            ),
        )
        for email, person, title, admin in people
    ]
    company.accounts[name] = [
        _account(company, partner, number) for number in range(company.seed.randint(3, 6))
    ]
    if name == "Northwind Systems":
        _fabrikam(company, partner)


def _account(company: Company, partner: Partner, number: int) -> Account:
    name = company.customer()
    slug = name.lower().replace(" ", "-")
    account = Account(
        name=name,
        domain=f"{slug}-{str(partner.country).lower()}{number}.example",
        partner=partner,
        country=partner.country,
        city=partner.city,
        region=partner.region,
        industry=company.seed.choice(words.INDUSTRIES),
        employees=company.seed.choice((45, 120, 260, 430, 900, 2100)),
    )
    account.save(force_insert=True)
    record_creation(account, Actor.of(company.users["admin"]))
    person = company.person()
    Contact.objects.create(
        company=account,
        name=person,
        email=f"{person.split()[0].lower()}@{account.domain}",
        job_title=company.seed.choice(("Head of IT", "Operations manager", "Purchasing")),
    )
    return account


def _fabrikam(company: Company, partner: Partner) -> None:
    account = Account(
        name="Fabrikam", domain="fabrikam.example", partner=partner, country="FR", city="Grenoble",
        region="EMEA", industry="Manufacturing", employees=640, website="https://fabrikam.example",
    )  # fmt: skip
    account.save(force_insert=True)
    record_creation(account, Actor.of(company.users["admin"]))
    contact = Contact.objects.create(
        company=account,
        name="Dana Weiss",
        email="dana@fabrikam.example",
        job_title="Head of IT",
        is_admin=True,
    )
    _user(company, contact.email, contact.name, "customer", contact)
    company.accounts[partner.name].insert(0, account)
