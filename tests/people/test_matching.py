import pytest

from prm.people.matching import company_domain, domain_of, name_key, tax_key
from prm.people.models import Company


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Müller & Co. GmbH", "muller"),
        ("MULLER", "muller"),
        ("Acme, Inc.", "acme"),
        ("ACME S.A. de C.V.", "acme"),
        ("Acme Holdings Ltd", "acme"),
        ("Łódź Systems Sp. z o.o.", "lodz systems"),
        ("Smith & Sons", "smith and sons"),
        ("SE", "se"),
        ("日本電気株式会社", "日本電気株式会社"),
        ("", ""),
    ],
)
def test_name_without_case_accents_and_legal_form(name, key):
    assert name_key(name) == key


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://www.Acme.com/shop?x=1", "acme.com"),
        ("acme.com:8080", "acme.com"),
        ("joe@Mail.Acme.com", "mail.acme.com"),
        ("http://localhost", ""),
        ("", ""),
    ],
)
def test_domain_of_an_address(address, domain):
    assert domain_of(address) == domain


def test_a_free_mailbox_stands_for_no_company():
    assert company_domain("", "joe@gmail.com") == ""
    assert company_domain("", "joe@acme.com") == "acme.com"
    assert company_domain("https://acme.org", "joe@acme.com") == "acme.org"


def test_tax_id_without_blanks():
    assert tax_key(" de 811.907-980 ") == "DE811907980"


def test_keys_follow_their_columns_also_in_a_narrow_save(db):
    company = Company.objects.create(name="Acme Inc", tax_id="DE 1", website="https://acme.com")
    assert (company.name_key, company.tax_key, company.domain) == ("acme", "DE1", "acme.com")
    company.name = "Bolt AG"
    company.save(update_fields=["name"])
    company.refresh_from_db()
    assert (company.name, company.name_key) == ("Bolt AG", "bolt")


def test_keys_are_made_in_bulk_too(db):
    Company.objects.bulk_create([Company(name="Acme Inc"), Company(name="Bolt AG")])
    assert sorted(Company.objects.values_list("name_key", flat=True)) == ["acme", "bolt"]
