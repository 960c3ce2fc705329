"""Lists and records, as the cast sees them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from prm.leads.models import Lead
from tests.api.conftest import ids
from tests.factories import make_lead
from workflows.models import IdempotencyKey, TransitionRecord

pytestmark = pytest.mark.django_db

LEAD = {
    "topic": "Printers for two sites",
    "company_name": "Adatum",
    "contact_name": "Zoë Adler",
    "email": "zoe@adatum.example",
    "amount": {"amount": "1234.50", "currency": "USD"},
}


@pytest.fixture
def mine(world: Any) -> Lead:
    """A lead that Northwind works."""
    return make_lead("accepted", world.northwind)


@pytest.fixture
def theirs(world: Any) -> Lead:
    """A lead that Contoso works."""
    return make_lead("accepted", world.contoso)


def test_a_list_holds_what_the_caller_may_see(world: Any, as_: Any, mine: Lead, theirs: Lead) -> None:
    Lead.objects.exclude(pk__in=[mine.pk, theirs.pk]).delete()
    assert ids(as_(world.bob).all("leads/")) == {str(mine.pk)}
    assert ids(as_(world.carol).all("leads/")) == {str(theirs.pk)}
    assert ids(as_(world.maria).all("leads/")) == {str(mine.pk), str(theirs.pk)}


def test_a_module_that_is_not_granted_is_not_there(world: Any, as_: Any, mine: Lead) -> None:
    for path in (
        "leads/",
        f"leads/{mine.pk}/",
        f"leads/{mine.pk}/history/",
        "nothing/",
        "leads/transitions/accept/",
    ):
        for method in ("get", "post"):
            status, problem = getattr(as_(world.dana), method)(path, {} if method == "post" else None)
            assert (status in (404, 405), problem["status"]) == (True, status), path


def test_pages_lead_forth_and_back(world: Any, as_: Any) -> None:
    made = [make_lead("accepted", world.northwind, topic=f"Row {number:02}") for number in range(7)]
    api = as_(world.bob)
    status, first = api.get("leads/?limit=3&search=Row&ordering=created_at&count=1")
    assert (status, first["count"], first["previous"]) == (200, 7, None)
    assert [row["topic"] for row in first["results"]] == ["Row 00", "Row 01", "Row 02"]
    second = api.get(first["next"])[1]
    third = api.get(second["next"])[1]
    assert [row["id"] for page in (first, second, third) for row in page["results"]] == [
        str(lead.pk) for lead in made
    ]
    assert (third["next"], api.get(third["previous"])[1]["results"]) == (None, second["results"])
    assert api.get(second["previous"])[1]["results"] == first["results"]


def test_lists_filter_by_field_and_its_comparisons(world: Any, as_: Any) -> None:
    Lead.objects.all().delete()
    one, two, three = (
        make_lead("accepted", world.northwind, region=region) for region in ("EMEA", "APAC", "AMER")
    )
    api = as_(world.bob)
    assert ids(api.all("leads/?region=EMEA")) == {str(one.pk)}
    assert ids(api.all("leads/?region__in=EMEA,APAC")) == {str(one.pk), str(two.pk)}
    assert ids(api.all("leads/?state=accepted&region__in=AMER,X")) == {str(three.pk)}
    stamp = api.get(f"leads/{two.pk}/")[1]["created_at"].replace("+", "%2B")
    assert ids(api.all(f"leads/?created_at__gte={stamp}")) == {str(two.pk), str(three.pk)}
    assert ids(api.all(f"leads/?created_at__lte={stamp}")) == {str(one.pk), str(two.pk)}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("limit=1&limit=2", "limit"),
        ("ordering=email", "ordering"),
        ("ordering=reference", "ordering"),
        ("reference=1", "reference"),
        ("nothing=1", "nothing"),
        ("topic__contains=x", "topic__contains"),
        ("state=sold", "state"),
        ("created_at__gte=yesterday", "created_at__gte"),
        ("partner=x", "partner"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("search=%FF", ""),
        ("search=%00", "search"),
        ("count=2", "count"),
        ("region=", "region"),
        ("region__in=EMEA,", "region__in"),
        ("search=" + "x" * 201, "search"),
    ],
)
def test_a_parameter_that_is_unknown_unreadable_or_wrong_is_400(
    world: Any, as_: Any, query: str, parameter: str
) -> None:
    status, problem = as_(world.bob).get(f"leads/?{query}")
    assert (status, problem["type"], list(problem["errors"])) == (
        400,
        "urn:prm:problem:bad-query",
        [parameter],
    )


def test_other_endpoints_take_no_unknown_parameter_either(world: Any, as_: Any, mine: Lead) -> None:
    api = as_(world.bob)
    for path in ("", "history/", "transitions/", "notes/"):
        status, problem = api.get(f"leads/{mine.pk}/{path}?colour=red")
        assert (status, list(problem["errors"])) == (400, ["colour"]), path
    assert api.post("leads/?limit=1", LEAD)[1]["errors"] == {"limit": ["There is no such parameter."]}


def test_a_record_shows_the_fields_of_its_state(world: Any, as_: Any) -> None:
    offered = make_lead("assigned", world.northwind)
    status, row = as_(world.bob).get(f"leads/{offered.pk}/")
    assert (status, row["topic"], row["need"], row["size"]) == (
        200,
        offered.topic,
        offered.need,
        offered.size,
    )
    assert {name: row.get(name) for name in ("company_name", "contact_name", "email", "phone", "street")} == {
        "company_name": None,
        "contact_name": None,
        "email": None,
        "phone": None,
        "street": None,
    }
    assert "reference" not in row
    assert as_(world.maria).get(f"leads/{offered.pk}/")[1]["email"] == offered.email


def test_a_foreign_record_and_no_record_are_told_alike(world: Any, as_: Any, theirs: Lead) -> None:
    api = as_(world.bob)
    paths = ("", "history/", "explain/?verb=view", "notes/", "activities/", "transitions/")
    for path in paths:
        foreign, missing = api.get(f"leads/{theirs.pk}/{path}"), api.get(f"leads/{uuid4()}/{path}")
        assert (foreign[0], foreign) == (404, missing), path
    for method, path, body in (
        ("patch", "", {"topic": "x"}),
        ("delete", "", None),
        ("post", "notes/", {"body": "x"}),
        ("post", "activities/", {"kind": "call", "title": "x"}),
        ("post", "transitions/contact/", {}),
    ):
        foreign = getattr(api, method)(f"leads/{theirs.pk}/{path}", body)
        assert (foreign[0], foreign) == (404, getattr(api, method)(f"leads/{uuid4()}/{path}", body)), path
        stale = getattr(api, method)(f"leads/{theirs.pk}/{path}", body, If_Match='"x"')
        assert stale == foreign


def test_create_answers_with_the_record_and_where_it_is(world: Any, as_: Any) -> None:
    api = as_(world.bob)
    response = api.call("POST", "leads/", LEAD)
    row = response.json()
    assert (response.status_code, row["state"], row["amount"]) == (201, "accepted", LEAD["amount"])
    assert row["partner"] == {"id": str(world.northwind.pk), "title": world.northwind.name}
    assert response["Location"] == f"http://testserver/api/v1/leads/{row['id']}/"
    again = api.call("GET", response["Location"])
    assert (again.json(), again["ETag"]) == (row, response["ETag"])


def test_the_history_knows_the_request(world: Any, as_: Any) -> None:
    response = as_(world.bob).call("POST", "leads/", LEAD)
    record = TransitionRecord.objects.get(object_id=response.json()["id"])
    assert (record.request_id, record.actor_id) == (response["X-Request-Id"], world.bob.pk)


@pytest.mark.parametrize(
    ("body", "status", "errors"),
    [
        ({"topic": 5}, 400, {"topic": ["Must be of type string."]}),
        ({"nothing": 5}, 400, {"nothing": ["Unknown field."]}),
        ({"state": "converted"}, 400, {"state": ["Unknown field."]}),
        ({"partner": str(uuid4())}, 400, {"partner": ["Unknown field."]}),
        ({"id": str(uuid4())}, 400, {"id": ["Unknown field."]}),
        ({"version": "x"}, 400, {"version": ["Unknown field."]}),
        ({"amount": "5 USD"}, 400, {"amount": ["Must be of type object or null."]}),
        ({}, 422, {"topic": ["This field is required."]}),
    ],
)
def test_create_says_what_is_wrong_field_by_field(
    world: Any, as_: Any, body: Any, status: int, errors: Any
) -> None:
    before = Lead.objects.count()
    found, problem = as_(world.bob).post("leads/", body)
    assert (found, problem["errors"], Lead.objects.count()) == (status, errors, before)


def test_a_reference_reaches_only_what_the_caller_may_use(world: Any, as_: Any) -> None:
    body = {"topic": "x", "account": str(world.tailspin.pk)}
    foreign = as_(world.bob).post("opportunities/", body)
    missing = as_(world.bob).post("opportunities/", {**body, "account": str(uuid4())})
    assert (foreign[0], foreign[1]["errors"]) == (422, {"account": ["There is no such record."]})
    assert foreign == missing


def test_patch_changes_what_is_given(world: Any, as_: Any, mine: Lead) -> None:
    api = as_(world.bob)
    before = api.get(f"leads/{mine.pk}/")[1]
    status, row = api.patch(f"leads/{mine.pk}/", {"size": "80 seats"})
    assert (status, row["size"], row["topic"]) == (200, "80 seats", mine.topic)
    assert row["version"] != before["version"]


def test_patch_of_a_visible_record_that_is_not_ones_to_change_is_403(world: Any, as_: Any) -> None:
    offered = make_lead("assigned", world.northwind)
    status, problem = as_(world.bob).patch(f"leads/{offered.pk}/", {"size": "80 seats"})
    assert (status, problem["type"]) == (403, "urn:prm:problem:denied")


def test_delete_is_for_those_who_may(world: Any, as_: Any, mine: Lead) -> None:
    assert as_(world.bob).delete(f"leads/{mine.pk}/")[0] == 403
    assert as_(world.admin).delete(f"leads/{mine.pk}/") == (204, None)
    assert as_(world.admin).get(f"leads/{mine.pk}/")[0] == 404


def test_a_record_not_changed_since_is_304(world: Any, as_: Any, mine: Lead) -> None:
    api = as_(world.bob)
    etag = api.call("GET", f"leads/{mine.pk}/")["ETag"]
    for header in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        response = api.call("GET", f"leads/{mine.pk}/", If_None_Match=header)
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag), header
    api.patch(f"leads/{mine.pk}/", {"size": "80 seats"})
    assert api.call("GET", f"leads/{mine.pk}/", If_None_Match=etag).status_code == 200


def test_the_etag_is_also_made_of_what_the_caller_may_read(world: Any, as_: Any) -> None:
    offered = make_lead("assigned", world.northwind)
    tags = {as_(user).call("GET", f"leads/{offered.pk}/")["ETag"] for user in (world.bob, world.maria)}
    assert len(tags) == 2


def test_if_match_compares_the_version(world: Any, as_: Any, mine: Lead) -> None:
    api, path = as_(world.bob), f"leads/{mine.pk}/"
    response = api.call("GET", path)
    old, old_version = response["ETag"], response.json()["version"]
    for header in ("*", f"W/{old}", f'"x", {old}', f'"{old_version}"'):
        current = api.call("GET", path)
        header = header.replace(old, current["ETag"]).replace(old_version, current.json()["version"])
        assert api.patch(path, {"size": header}, If_Match=header)[0] == 200, header
    for method, body in (("PATCH", {"size": "1"}), ("DELETE", None)):
        response = as_(world.admin).call(method, path, body, If_Match=old)
        assert (response.status_code, response.json()["type"]) == (412, "urn:prm:problem:stale")
    status, problem = api.post(f"{path}transitions/contact/", {}, If_Match=old)
    assert (status, problem["type"]) == (412, "urn:prm:problem:stale")
    maria = as_(world.maria).call("GET", path)["ETag"]
    assert api.patch(path, {"size": "9"}, If_Match=maria)[0] == 200


def test_the_same_key_and_body_create_once(world: Any, as_: Any) -> None:
    api = as_(world.bob)
    first = api.post("leads/", LEAD, Idempotency_Key="k1")
    again = api.post("leads/", dict(reversed(LEAD.items())), Idempotency_Key="k1")
    assert (first[0], again) == (201, first)
    assert Lead.objects.filter(topic=LEAD["topic"]).count() == 1
    status, problem = api.post("leads/", {**LEAD, "topic": "Other"}, Idempotency_Key="k1")
    assert (status, problem["type"]) == (422, "urn:prm:problem:key-reused")
    assert as_(world.alice).post("leads/", LEAD, Idempotency_Key="k1")[1]["id"] != first[1]["id"]


def test_a_stored_answer_is_given_under_the_rights_of_now(world: Any, as_: Any) -> None:
    api = as_(world.bob)
    made = api.post("leads/", LEAD, Idempotency_Key="k1")[1]
    Lead.objects.filter(pk=made["id"]).update(partner=world.contoso)
    assert api.post("leads/", LEAD, Idempotency_Key="k1")[0] == 404


def test_a_failed_request_may_be_tried_again_with_its_key(world: Any, as_: Any) -> None:
    api = as_(world.bob)
    assert api.post("leads/", {"topic": ""}, Idempotency_Key="k1")[0] == 422
    assert IdempotencyKey.objects.count() == 0
    assert api.post("leads/", LEAD, Idempotency_Key="k1")[0] == 201


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 201])
def test_a_key_has_its_form(world: Any, as_: Any, key: str) -> None:
    assert as_(world.bob).post("leads/", LEAD, Idempotency_Key=key)[0] == 400


def test_portals_are_for_staff_to_read(world: Any, as_: Any) -> None:
    everyone = {"administrator", "channel_manager", "partner", "customer", "employee"}
    assert {row["key"] for row in as_(world.admin).all("portals/")} == everyone
    assert {row["key"] for row in as_(world.maria).all("portals/")} == {"partner", "customer"}
    assert as_(world.bob).get("portals/")[0] == 404
    assert as_(world.admin).post("portals/", {})[0] == 403
