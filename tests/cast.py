"""The named people and companies that tests tell their stories with."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.utils import timezone
from djmoney.money import Money

from prm.accounts.models import Account
from prm.catalog.models import Product
from prm.leads.models import Lead
from prm.opportunities.models import Opportunity
from prm.partners.models import Agreement, Partner, Territory
from prm.people.models import User
from tests.copying import Copied
from tests.factories import (
    PASSWORD,
    make_account,
    make_agreement,
    make_lead,
    make_opportunity,
    make_partner,
    make_user,
)
from workflows.perform import unit_of_work

__all__ = ["PASSWORD", "World", "build_world", "world"]


@dataclass(frozen=True)
class World:
    """Northwind and Contoso are rivals; Fabrikam is a customer of Northwind, Tailspin one of Contoso."""

    admin: User
    maria: User
    nils: User
    erin: User
    alice: User
    bob: User
    carol: User
    dana: User
    northwind: Partner
    contoso: Partner
    territory: Territory
    elsewhere: Territory
    agreement: Agreement
    product: Product
    fabrikam: Account
    tailspin: Account
    new_lead: Lead
    northwind_lead: Lead
    contoso_lead: Lead
    northwind_opportunity: Opportunity
    contoso_opportunity: Opportunity
    password: str = PASSWORD


def build_world() -> World:
    """The cast in an empty database, in one transaction."""
    with unit_of_work():
        return _build()


def _build() -> World:
    admin = make_user(
        "admin@vendor.example", "administrator", name="Ada Admin", is_staff=True, is_superuser=True
    )
    maria = make_user("maria@vendor.example", "channel_manager", name="Maria Marin")
    nils = make_user("nils@vendor.example", "channel_manager", name="Nils Nyman")
    erin = make_user("erin@vendor.example", "employee", name="Erin Ek")
    territory = Territory.objects.create(name="Central Europe", regions=["EMEA"], segments=["SMB"])
    elsewhere = Territory.objects.create(name="North America", regions=["AMER"], segments=["Enterprise"])
    agreement = make_agreement("2026-1")
    product = Product.objects.create(
        name="Router X1", code="RX1", series="Routers", list_price=Money("1200.00", "USD")
    )
    northwind = make_partner(
        name="Northwind Systems",
        website="https://northwind.example",
        tax_id="DE811907980",
        region="EMEA",
        tier="gold",
        territory=territory,
        channel_manager=maria,
        agreement=agreement,
        agreement_accepted_at=timezone.now(),
    )
    contoso = make_partner(
        name="Contoso Partners",
        website="https://contoso.example",
        country="US",
        region="AMER",
        tier="silver",
        territory=elsewhere,
        channel_manager=nils,
    )
    alice = make_user("alice@northwind.example", "partner", northwind, name="Alice Adler", is_admin=True)
    bob = make_user("bob@northwind.example", "partner", northwind, name="Bob Brandt")
    carol = make_user("carol@contoso.example", "partner", contoso, name="Carol Cohen", is_admin=True)
    fabrikam = make_account(
        northwind, name="Fabrikam", website="https://fabrikam.example", region="EMEA", country="DE"
    )
    tailspin = make_account(
        contoso, name="Tailspin Toys", website="https://tailspin.example", region="AMER", country="US"
    )
    dana = make_user("dana@fabrikam.example", "customer", fabrikam, name="Dana Diaz")
    return World(
        admin=admin,
        maria=maria,
        nils=nils,
        erin=erin,
        alice=alice,
        bob=bob,
        carol=carol,
        dana=dana,
        northwind=northwind,
        contoso=contoso,
        territory=territory,
        elsewhere=elsewhere,
        agreement=agreement,
        product=product,
        fabrikam=fabrikam,
        tailspin=tailspin,
        new_lead=make_lead("new"),
        northwind_lead=make_lead("accepted", northwind),
        contoso_lead=make_lead("accepted", contoso),
        northwind_opportunity=make_opportunity("managed", northwind, account=fabrikam),
        contoso_opportunity=make_opportunity("managed", contoso, account=tailspin),
    )


copied_world = Copied(build_world)


@pytest.fixture
def world(db: None) -> World:
    return copied_world()
