import pytest

from prm.access.rights import visible
from prm.modules import registry
from prm.modules.actions import create, update
from prm.modules.read import get_row, list_page
from prm.people.models import Contact
from tests.factories import make_account, make_contact
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound


@pytest.fixture
def accounts():
    return registry.get("accounts")


@pytest.fixture
def contacts():
    return registry.get("contacts")


def test_a_partners_new_account_is_its_own(world, accounts):
    account = create(
        Actor.of(world.bob), accounts, {"name": "Litware Inc", "website": "https://litware.example"}
    )
    assert (account.partner_id, account.party_id) == (world.northwind.pk, world.northwind.pk)
    assert (account.name_key, account.domain) == ("litware", "litware.example")
    with pytest.raises(InvalidInput) as invalid:
        create(Actor.of(world.bob), accounts, {"name": "Litware", "partner": str(world.contoso.pk)})
    assert list(invalid.value.errors) == ["partner"]


def test_an_account_cannot_be_given_away_or_hung_below_a_foreign_one(world, accounts):
    with pytest.raises(InvalidInput) as invalid:
        update(Actor.of(world.bob), accounts, world.fabrikam.pk, {"partner": str(world.contoso.pk)})
    assert list(invalid.value.errors) == ["partner"]
    with pytest.raises(InvalidInput) as invalid:
        update(Actor.of(world.bob), accounts, world.fabrikam.pk, {"parent": str(world.tailspin.pk)})
    assert list(invalid.value.errors) == ["parent"]


def test_who_sees_which_accounts(world, accounts):
    make_account(None, name="Vendor's own")
    seen = {
        name: sorted(row["name"] for row in list_page(getattr(world, name), accounts, {}).rows)
        for name in ("maria", "alice", "carol", "dana")
    }
    assert seen == {
        "maria": ["Fabrikam", "Tailspin Toys", "Vendor's own"],
        "alice": ["Fabrikam"],
        "carol": ["Tailspin Toys"],
        "dana": ["Fabrikam"],
    }
    with pytest.raises(NotFound):
        list_page(world.erin, accounts, {})
    assert get_row(world.alice, accounts, world.tailspin.pk) is None


def test_a_customer_reads_its_account_without_what_the_partner_noted(world, accounts):
    row = get_row(world.dana, accounts, world.fabrikam.pk)
    assert {"tax_id", "annual_revenue", "employees", "partner", "region"} & set(row) == set()
    with pytest.raises(Denied):
        update(Actor.of(world.dana), accounts, world.fabrikam.pk, {"name": "Fabrikam 2"})
    with pytest.raises(NotFound):
        update(Actor.of(world.dana), accounts, world.tailspin.pk, {"name": "X"})


def test_a_duplicate_warning_knows_the_own_accounts_only(world, accounts):
    def warned(user, **values):
        return {each["id"]: each["why"] for each in accounts.duplicates(user, values)}

    same = {"name": "FABRIKAM, Inc.", "website": "https://www.fabrikam.example"}
    assert warned(world.bob, **same) == {
        str(world.fabrikam.pk): ["Same domain", "Same name apart from spelling and legal form"]
    }
    assert warned(world.carol, **same) == {}
    assert list(warned(world.maria, **same)) == [str(world.fabrikam.pk)]
    assert warned(world.bob, name="") == {}


def test_who_sees_which_contacts(world, contacts):
    make_contact(world.fabrikam, name="Finn")
    make_contact(world.tailspin, name="Tess")
    Contact.objects.create(name="Of no company")
    seen = {
        name: sorted(visible(getattr(world, name), contacts).values_list("name", flat=True))
        for name in ("alice", "bob", "carol", "dana", "erin")
    }
    assert seen == {
        "alice": ["Alice Adler", "Bob Brandt", "Dana Diaz", "Finn"],
        "bob": ["Alice Adler", "Bob Brandt", "Dana Diaz", "Finn"],
        "carol": ["Carol Cohen", "Tess"],
        "dana": ["Dana Diaz", "Finn"],
        "erin": [],
    }


def test_contacts_of_own_customers_are_written_those_of_others_are_not_there(world, contacts):
    data = {"name": "Finn", "company": str(world.fabrikam.pk)}
    assert create(Actor.of(world.bob), contacts, data).company_id == world.fabrikam.pk
    with pytest.raises(InvalidInput) as invalid:
        create(Actor.of(world.bob), contacts, {"name": "Tess", "company": str(world.tailspin.pk)})
    assert list(invalid.value.errors) == ["company"]
    with pytest.raises(NotFound):
        update(Actor.of(world.bob), contacts, world.carol.contact.pk, {"name": "X"})


def test_colleagues_are_written_by_admins_and_everyone_the_own_card(world, contacts):
    with pytest.raises(Denied):
        create(Actor.of(world.bob), contacts, {"name": "New"})
    made = create(Actor.of(world.alice), contacts, {"name": "New"})
    assert made.company_id == world.northwind.pk
    with pytest.raises(Denied):
        update(Actor.of(world.bob), contacts, world.alice.contact.pk, {"phone": "+4930901820"})
    bob = update(Actor.of(world.bob), contacts, world.bob.contact.pk, {"phone": "+4930901820"})
    assert bob.phone == "+4930901820"
    for data in ({"is_admin": True}, {"email": "x@y.example"}):
        with pytest.raises(InvalidInput):
            update(Actor.of(world.bob), contacts, world.bob.contact.pk, data)


def test_a_partner_makes_nobody_an_admin_of_its_customer(world, contacts):
    data = {"name": "Finn", "company": str(world.fabrikam.pk), "is_admin": True}
    for user in (world.bob, world.alice):
        with pytest.raises((InvalidInput, Denied)):
            create(Actor.of(user), contacts, data)
    with pytest.raises(InvalidInput):
        update(Actor.of(world.alice), contacts, world.dana.contact.pk, {"is_admin": True})


def test_a_customer_edits_the_own_card_and_its_admin_the_colleagues(world, contacts):
    dana = world.dana.contact
    assert update(Actor.of(world.dana), contacts, dana.pk, {"job_title": "Buyer"}).job_title == "Buyer"
    finn = make_contact(world.fabrikam, name="Finn")
    with pytest.raises(Denied):
        update(Actor.of(world.dana), contacts, finn.pk, {"name": "Finn F"})
    Contact.objects.filter(pk=dana.pk).update(is_admin=True)
    admin = type(world.dana).objects.get(pk=world.dana.pk)
    assert update(Actor.of(admin), contacts, finn.pk, {"name": "Finn F"}).name == "Finn F"
    assert create(Actor.of(admin), contacts, {"name": "New"}).company_id == world.fabrikam.pk


def test_a_contact_stays_with_its_company(world, contacts):
    finn = make_contact(world.fabrikam, name="Finn")
    for user, company in ((world.alice, world.northwind), (world.maria, world.contoso)):
        with pytest.raises(InvalidInput) as invalid:
            update(Actor.of(user), contacts, finn.pk, {"company": str(company.pk)})
        assert list(invalid.value.errors) == ["company"]


def test_the_same_email_is_pointed_out(world, contacts):
    values = {"email": "DANA@fabrikam.example"}
    assert [each["id"] for each in contacts.duplicates(world.bob, values)] == [str(world.dana.contact.pk)]
    assert contacts.duplicates(world.carol, values) == []
