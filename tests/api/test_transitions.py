"""Transitions: offered, done, refused, to one and to many."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator

from prm.leads.models import Lead
from tests.factories import make_lead
from workflows.models import TransitionRecord

pytestmark = pytest.mark.django_db


def options(api: Any, lead: Lead) -> dict[str, dict[str, Any]]:
    status, found = api.get(f"leads/{lead.pk}/transitions/")
    assert status == 200
    return {one["name"]: one for one in found}


def test_the_list_says_what_is_possible_and_why_not(world: Any, as_: Any) -> None:
    offered = make_lead("assigned", world.northwind)
    found = options(as_(world.bob), offered)
    assert (found["accept"]["enabled"], found["accept"]["target"], found["accept"]["reasons"]) == (
        True,
        "accepted",
        [],
    )
    assert found["qualify"]["enabled"] is False and found["qualify"]["target"] is None
    assert [reason["code"] for reason in found["qualify"]["reasons"]] == ["wrong_state"]
    assert "assign" not in found and "expire" not in found


def test_inputs_are_told_as_a_json_schema_that_holds(world: Any, as_: Any) -> None:
    offered = make_lead("assigned", world.northwind)
    for one in options(as_(world.bob), offered).values():
        Draft202012Validator.check_schema(one["inputs"])
    schema = Draft202012Validator(options(as_(world.bob), offered)["decline"]["inputs"])
    assert schema.is_valid({"reason": "capacity"})
    assert not schema.is_valid({}) and not schema.is_valid({"reason": "capacity", "other": 1})


def test_a_module_without_states_has_no_transitions(world: Any, as_: Any) -> None:
    assert as_(world.bob).get(f"accounts/{world.fabrikam.pk}/transitions/") == (200, [])
    assert as_(world.bob).post(f"accounts/{world.fabrikam.pk}/transitions/accept/", {})[0] == 404


def test_a_transition_answers_with_the_record(world: Any, as_: Any) -> None:
    offered = make_lead("assigned", world.northwind)
    api = as_(world.bob)
    response = api.call("POST", f"leads/{offered.pk}/transitions/accept/", {})
    assert (response.status_code, response.json()["state"]) == (200, "accepted")
    assert response.json()["email"] == offered.email
    assert api.call("GET", f"leads/{offered.pk}/")["ETag"] == response["ETag"]
    record = TransitionRecord.objects.get(object_id=offered.pk, transition="accept")
    assert record.request_id == response["X-Request-Id"]


def test_a_record_that_is_gone_for_the_caller_is_204(world: Any, as_: Any) -> None:
    offered = make_lead("assigned", world.northwind)
    api, path = as_(world.bob), f"leads/{offered.pk}/transitions/decline/"
    body = {"reason": "capacity"}
    assert api.post(path, body, Idempotency_Key="d1") == (204, None)
    assert api.get(f"leads/{offered.pk}/")[0] == 404
    assert api.post(path, body)[0] == 404


def test_every_error_has_its_own_answer(world: Any, as_: Any) -> None:
    fresh = make_lead("new", owner=world.maria)
    maria, path = as_(world.maria), f"leads/{fresh.pk}/transitions"

    def kind(answer: tuple[int, Any]) -> tuple[int, str]:
        return answer[0], answer[1]["type"].rsplit(":")[-1]

    assert kind(as_(world.bob).post(f"{path}/accept/", {})) == (404, "not-found")
    assert kind(maria.post(f"{path}/accept/", {})) == (403, "denied")
    assert kind(maria.post(f"{path}/recall/", {})) == (409, "wrong-state")
    assert kind(maria.post(f"{path}/assign/", {}, If_Match='"old"')) == (412, "stale")
    assert kind(maria.post(f"{path}/expire/", {})) == (404, "not-found")
    assert kind(maria.post(f"{path}/fly/", {})) == (404, "not-found")
    assert kind(maria.post(f"{path}/assign/", "[]")) == (400, "malformed")
    status, problem = maria.post(f"{path}/assign/", {"partner": 5, "other": 1})
    assert (status, problem["errors"]) == (
        400,
        {"partner": ["Must be of type string."], "other": ["Unknown field."]},
    )
    status, problem = maria.post(f"{path}/assign/", {})
    assert (status, problem["errors"]) == (422, {"partner": ["This field is required."]})
    status, problem = maria.post(f"{path}/assign/", {"partner": str(uuid4())})
    assert (status, problem["errors"]) == (422, {"partner": ["There is no such record."]})


def test_guards_refuse_with_their_reasons(world: Any, as_: Any) -> None:
    offered = make_lead("new", owner=world.maria)
    maria, path = as_(world.maria), f"leads/{offered.pk}/transitions"
    body = {"partner": str(world.northwind.pk)}
    assert maria.post(f"{path}/assign/", body)[0] == 200
    assert as_(world.bob).post(f"{path}/decline/", {"reason": "capacity"})[0] == 204
    status, problem = maria.post(f"{path}/assign/", body)
    assert (status, problem["type"]) == (422, "urn:prm:problem:refused")
    assert [reason["code"] for reason in problem["reasons"]] == ["not_declined_before"]
    assert problem["reasons"][0]["message"] == problem["detail"]


def test_the_same_key_does_it_once(world: Any, as_: Any) -> None:
    offered = make_lead("assigned", world.northwind)
    api, path = as_(world.bob), f"leads/{offered.pk}/transitions/accept/"
    first = api.post(path, {}, Idempotency_Key="t1")
    assert api.post(path, None, Idempotency_Key="t1") == first
    assert api.post(path, {})[0] == 409
    assert TransitionRecord.objects.filter(object_id=offered.pk, transition="accept").count() == 1
    Lead.objects.filter(pk=offered.pk).update(partner=world.contoso)
    assert api.post(path, {}, Idempotency_Key="t1")[0] == 404


def test_a_stored_answer_leaves_out_what_is_hidden_now(world: Any, as_: Any) -> None:
    pooled = make_lead("pooled", owner=world.maria)
    api, maria = as_(world.bob), as_(world.maria)
    path = f"leads/{pooled.pk}/transitions"
    first = api.post(f"{path}/claim/", {}, Idempotency_Key="t1")[1]
    assert first["email"] == pooled.email
    assert maria.post(f"{path}/recall/", {})[0] == 200
    assert api.post(f"{path}/claim/", {}, Idempotency_Key="t1")[0] == 404
    assert maria.post(f"{path}/release/", {})[0] == 200
    status, again = api.post(f"{path}/claim/", {}, Idempotency_Key="t1")
    assert (status, again["topic"], "email" in again) == (200, pooled.topic, False)


def test_many_are_answered_one_by_one(world: Any, as_: Any) -> None:
    mine = [make_lead("assigned", world.northwind) for _ in range(2)]
    done = make_lead("accepted", world.northwind)
    theirs = make_lead("assigned", world.contoso)
    missing = uuid4()
    ids = [str(one) for one in (mine[0].pk, done.pk, theirs.pk, missing, mine[1].pk)]
    status, body = as_(world.bob).post("leads/transitions/accept/", {"ids": ids, "inputs": {}})
    assert (status, [one["id"] for one in body["results"]]) == (200, ids)
    assert [one["status"] for one in body["results"]] == [200, 409, 404, 404, 200]
    assert body["results"][0]["record"]["state"] == "accepted"
    assert body["results"][1]["problem"]["type"] == "urn:prm:problem:wrong-state"
    assert {**body["results"][2], "id": ""} == {**body["results"][3], "id": ""}


def test_many_are_done_once_for_their_key(world: Any, as_: Any) -> None:
    mine = [make_lead("assigned", world.northwind) for _ in range(3)]
    api, body = as_(world.bob), {"ids": [str(one.pk) for one in mine[:2]]}
    first = api.post("leads/transitions/accept/", body, Idempotency_Key="m1")
    again = api.post("leads/transitions/accept/", body, Idempotency_Key="m1")
    assert ([one["status"] for one in first[1]["results"]], again) == ([200, 200], first)
    other = {"ids": [str(mine[2].pk)]}
    assert api.post("leads/transitions/accept/", other, Idempotency_Key="m1")[0] == 422
    assert Lead.objects.get(pk=mine[2].pk).state == "assigned"


@pytest.mark.parametrize("given", [None, [], "x", ["x"], [1], "same", "many"])
def test_ids_have_their_form(world: Any, as_: Any, given: Any) -> None:
    if given == "same":
        given = [str(world.northwind.pk)] * 2
    elif given == "many":
        given = [str(uuid4()) for _ in range(201)]
    body = {} if given is None else {"ids": given}
    assert as_(world.bob).post("leads/transitions/accept/", body)[0] == 400


def test_inputs_that_are_wrong_for_all_are_said_once(world: Any, as_: Any) -> None:
    body = {"ids": [str(make_lead("assigned", world.northwind).pk)], "inputs": {"reason": "boredom"}}
    status, problem = as_(world.bob).post("leads/transitions/decline/", body)
    assert (status, list(problem["errors"])) == (422, ["inputs.reason"])
    assert as_(world.bob).post("leads/transitions/decline/", {"ids": body["ids"]})[1]["errors"] == {
        "inputs.reason": ["This field is required."]
    }
