"""Quotes through the API: made of an opportunity, their lines written together, the sums in every answer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from api.openapi import document
from prm.access.models import Scope
from prm.access.policy import touch
from prm.catalog.models import PriceBook, PriceBookEntry, TaxRate
from prm.people.models import User
from prm.quotes.models import Quote
from tests.factories import make_quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote(world: Any) -> Quote:
    """A draft of Northwind's, in dollars, taxed at 19 %."""
    book = PriceBook.objects.create(name="Everyone", currency="USD", valid_from=date(2026, 1, 1))
    PriceBookEntry.objects.create(book=book, product=world.product, price=D(1200))
    PriceBookEntry.objects.create(book=book, product=world.product, min_quantity=10, price=D(1000))
    TaxRate.objects.create(country="DE", percent=19, valid_from=date(2020, 1, 1))
    return make_quote(
        opportunity=world.northwind_opportunity, price_book=book, customer_country="DE", lines=[]
    )


def line(world: Any, quantity: str, **given: Any) -> dict[str, Any]:
    return {"product": str(world.product.pk), "quantity": quantity, **given}


def test_posting_an_opportunity_makes_a_quote(world: Any, as_: Any, quote: Quote) -> None:
    status, made = as_(world.bob).post("quotes/", {"opportunity": str(world.northwind_opportunity.pk)})
    assert status == 201
    assert (made["state"], made["currency"], made["revision"]) == ("draft", "USD", 1)
    assert made["partner"]["id"] == str(world.northwind.pk)
    status, problem = as_(world.bob).post("quotes/", {"opportunity": str(world.contoso_opportunity.pk)})
    assert (status, list(problem["errors"])) == (422, ["opportunity"])


def test_lines_are_put_together(world: Any, as_: Any, quote: Quote) -> None:
    bob, path = as_(world.bob), f"quotes/{quote.pk}/lines/"
    sent = {
        "discount_percent": "10",
        "lines": [
            line(world, "10"),
            {
                "name": "Setup",
                "unit": "h",
                "quantity": "1.5",
                "unit_price": "80.0001",
                "discount_percent": "5",
            },
        ],
    }
    response = bob.call("PUT", path, sent)
    whole = response.json()
    assert response.status_code == 200, whole
    assert [(one["position"], one["unit_price"], one["net"]) for one in whole["lines"]] == [
        (1, "1000.0000", "10000.000"),
        (2, "80.0001", "114.000"),
    ]
    amounts = {name: whole[name]["amount"] for name in ("subtotal", "discount", "net", "tax", "total")}
    assert amounts == {
        "subtotal": "10114.00",
        "discount": "1011.40",
        "net": "9102.60",
        "tax": "1729.49",
        "total": "10832.09",
    }
    assert [(one["rate"], one["tax"]["amount"]) for one in whole["taxes"]] == [("19.000", "1729.49")]
    assert bob.get(path) == (200, whole)
    assert bob.call("GET", path)["ETag"] == response["ETag"]


def test_the_answer_is_the_described_one(world: Any, as_: Any, quote: Quote) -> None:
    as_(world.bob).put(f"quotes/{quote.pk}/lines/", {"lines": [line(world, "2")]})
    described = document()
    shape = described["paths"]["/quotes/{id}/lines/"]["get"]["responses"]["200"]
    pointer = shape["content"]["application/json"]["schema"]["$ref"]
    registry = Registry().with_resource("urn:api", DRAFT202012.create_resource(described))
    for user in (world.bob, world.maria, world.admin):
        status, whole = as_(user).get(f"quotes/{quote.pk}/lines/")
        assert status == 200
        Draft202012Validator({"$ref": f"urn:api{pointer}"}, registry=registry).validate(whole)


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({}, 422, "lines"),
        ({"lines": {}}, 400, "lines"),
        ({"lines": [{}]}, 400, "lines[0].quantity"),
        ({"lines": [{"quantity": "x", "name": "A", "unit_price": "1"}]}, 422, "lines.0.quantity"),
        ({"lines": [{"quantity": "1", "name": "A", "unit_price": "-1"}]}, 422, "lines.0.unit_price"),
        ({"lines": [{"quantity": "1", "name": "A", "unit_price": "1.00001"}]}, 422, "lines.0.unit_price"),
        ({"lines": [{"quantity": "1", "name": "A"}]}, 422, "lines.0.unit_price"),
        ({"lines": [{"quantity": "1", "unit_price": "1"}]}, 422, "lines.0.name"),
        ({"lines": [], "discount_percent": "101"}, 422, "discount_percent"),
        ({"lines": [], "total": "1"}, 400, "total"),
    ],
)
def test_what_is_wrong_is_named(
    world: Any, as_: Any, quote: Quote, body: Any, status: int, named: str
) -> None:
    answered, problem = as_(world.bob).put(f"quotes/{quote.pk}/lines/", body)
    assert (answered, list(problem["errors"])) == (status, [named])


def test_if_match(world: Any, as_: Any, quote: Quote) -> None:
    bob, path = as_(world.bob), f"quotes/{quote.pk}/lines/"
    etag = bob.call("GET", path)["ETag"]
    body = {"lines": [line(world, "2")]}
    assert bob.call("PUT", path, body, **{"If-Match": etag}).status_code == 200
    assert bob.call("PUT", path, body, **{"If-Match": etag}).status_code == 412


def test_whose_lines_they_are(world: Any, as_: Any, quote: Quote) -> None:
    path, body = f"quotes/{quote.pk}/lines/", {"lines": [line(world, "2")]}
    for user, status in ((world.carol, 404), (world.dana, 404), (world.erin, 404), (world.maria, 403)):
        assert as_(user).put(path, body)[0] == status
    assert as_(None).put(path, body)[0] == 401
    sent = make_quote("sent", world.northwind_opportunity)
    assert as_(world.dana).get(f"quotes/{sent.pk}/lines/")[0] == 200
    assert as_(world.dana).put(f"quotes/{sent.pk}/lines/", body)[0] == 403
    assert as_(world.bob).put(f"quotes/{sent.pk}/lines/", body)[0] == 409


def test_sums_of_what_may_not_be_read_are_not_told(world: Any, as_: Any) -> None:
    sent = make_quote("sent", world.northwind_opportunity)
    path, both = f"quotes/{sent.pk}/lines/", {"subtotal", "taxes"}
    assert both <= as_(world.dana).get(path)[1].keys()
    scope = Scope.objects.get(grant__module="quotes", grant__portal__key="customer")
    scope.fields = {**scope.fields, "net": "hidden"}
    scope.save()
    touch(world.dana.portal)
    dana = as_(User.objects.get(pk=world.dana.pk))
    assert not {*both, "net"} & dana.get(path)[1].keys()


def test_a_line_is_not_written_by_itself(world: Any, as_: Any, quote: Quote) -> None:
    sent = make_quote("draft", world.northwind_opportunity)
    pk = sent.lines.get().pk
    for user in (world.bob, world.admin):
        assert as_(user).patch(f"quote-lines/{pk}/", {})[0] == 403
        assert as_(user).delete(f"quote-lines/{pk}/")[0] == 403
