"""The description: valid, complete, and exact enough to drive a client that knows nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from api.openapi import document
from prm.modules.registry import all_modules
from tests.api.conftest import Api
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document()


def test_it_is_valid_openapi(described: dict[str, Any]) -> None:
    assert described["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(described).iter_errors()) == []
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_has_a_name_of_its_own(described: dict[str, Any]) -> None:
    names = [
        one["operationId"]
        for path in described["paths"].values()
        for key, one in path.items()
        if key != "parameters"
    ]
    assert len(names) == len(set(names)) > 100
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


def test_it_is_open_to_all_and_alike_for_all(world: Any, as_: Any, described: dict[str, Any]) -> None:
    for api in (Api(), as_(world.admin), as_(world.dana)):
        response = api.call("GET", "schema/")
        assert (response.status_code, response.json()) == (200, described)


def test_every_module_is_described(described: dict[str, Any]) -> None:
    for module in all_modules():
        for path in ("", "{id}/", "{id}/history/", "{id}/explain/", "{id}/notes/", "{id}/transitions/"):
            assert f"/{module.key}/{path}" in described["paths"]
        for transition in module.machine.transitions if module.machine else ():
            offered = f"/{module.key}/{{id}}/transitions/{transition.name}/" in described["paths"]
            assert offered == ("user" in transition.by), transition.name


def test_the_reference_page_runs_under_the_policy_of_the_site(world: Any) -> None:
    response = Client().get("/api/v1/docs/")
    html = response.content.decode()
    assert response.status_code == 200
    assert 'data-schema="/api/v1/schema/"' in html
    assert re.findall(r"<script(?![^>]*nonce)", html) == []
    assert re.findall(r"<style|style=|onload=|onclick=", html) == []
    policy = response["Content-Security-Policy"]
    nonce = re.search(r'nonce="([^"]+)"', html)
    assert nonce is not None and f"'nonce-{nonce[1]}'" in policy and "unsafe" not in policy


class Generated:
    """A client that knows the description and nothing else; it holds every answer against it."""

    def __init__(self, described: dict[str, Any], api: Api) -> None:
        self.described, self.api = described, api
        self.operations = {
            one["operationId"]: (verb, path, one)
            for path, verbs in described["paths"].items()
            for verb, one in verbs.items()
            if verb != "parameters"
        }
        resource = DRAFT202012.create_resource(described)
        self.registry: Any = Registry().with_resource("urn:api", resource)

    def resolve(self, part: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in part:
            found: Any = self.described
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            part = found
        return part

    def check(self, schema: dict[str, Any], value: Any) -> None:
        def anchored(one: Any) -> Any:
            if isinstance(one, dict):
                return {
                    key: f"urn:api{inner}" if key == "$ref" else anchored(inner) for key, inner in one.items()
                }
            return [anchored(inner) for inner in one] if isinstance(one, list) else one

        Draft202012Validator(
            anchored(schema), registry=self.registry, format_checker=FormatChecker()
        ).validate(value)

    def __call__(
        self, name: str, body: Any = None, headers: dict[str, str] | None = None, **params: Any
    ) -> Any:
        verb, path, operation = self.operations[name]
        declared = [
            self.resolve(one)
            for one in [
                *self.described["paths"][path].get("parameters", []),
                *operation.get("parameters", []),
            ]
        ]
        places = {one["name"]: one["in"] for one in declared}
        assert set(params) | set(headers or {}) <= set(places), "not declared"
        for one in declared:
            if one["name"] in params:
                self.check(one["schema"], params[one["name"]])
        if body is not None:
            self.check(operation["requestBody"]["content"]["application/json"]["schema"], body)
        filled = re.sub(r"\{(\w+)\}", lambda match: str(params[match[1]]), path)
        query = "&".join(f"{key}={value}" for key, value in params.items() if places[key] == "query")
        url = f"{self.described['servers'][0]['url']}{filled}{'?' + query if query else ''}"
        response = self.api.call(verb.upper(), "http://testserver" + url, body, **(headers or {}))
        answer = self.resolve(operation["responses"][str(response.status_code)])
        for header, one in answer.get("headers", {}).items():
            assert header in response, f"{header} is missing"
            assert self.resolve(one)
        if "content" not in answer:
            assert response.content == b""
            return response.status_code, None, response
        ((media, content),) = answer["content"].items()
        assert response["Content-Type"] == media
        self.check(content["schema"], response.json())
        return response.status_code, response.json(), response


def test_a_client_made_of_it_does_the_main_job(world: Any, as_: Any, described: dict[str, Any]) -> None:
    anybody = Generated(described, Api())
    secret = {"email": world.bob.email, "password": world.password}
    token = anybody("sign_in", secret)[1]["token"]
    bob, maria = Generated(described, Api(token)), Generated(described, as_(world.maria))
    assert bob("me")[1]["email"] == world.bob.email
    status, lead, _ = maria(
        "create_leads", {"topic": "Scanners", "company_name": "Adatum", "email": "a@adatum.example"}
    )
    assert (status, lead["state"]) == (201, "new")
    partner = next(one for one in maria("list_partners")[1]["results"] if one["name"] == world.northwind.name)
    options = {one["name"]: one for one in maria("list_leads_transitions", id=lead["id"])[1]}
    inputs = {"partner": partner["id"], "reason": "Near"}
    Draft202012Validator(options["assign"]["inputs"]).validate(inputs)
    assert maria("assign_leads", inputs, id=lead["id"])[1]["state"] == "assigned"
    (alert,) = bob("list_alerts", after=0)[1]["results"]
    assert alert["object"] == {"module": "leads", "id": lead["id"]}
    row, response = bob("get_leads", id=lead["id"])[1:]
    assert (row["topic"], row.get("email")) == ("Scanners", None)
    done = bob("accept_leads", {}, {"If-Match": response["ETag"], "Idempotency-Key": "1"}, id=lead["id"])
    assert (done[0], done[1]["email"]) == (200, "a@adatum.example")
    assert bob("update_leads", {"size": "5"}, {"If-Match": response["ETag"]}, id=lead["id"])[0] == 412
    assert bob("add_leads_notes", {"body": "Called"}, id=lead["id"])[0] == 201
    made = bob("add_leads_activities", {"kind": "task", "title": "Visit"}, id=lead["id"])[1]
    assert bob("complete_leads_activity", id=lead["id"], activity=made["id"])[1]["done_at"] is not None
    assert len(bob("history_leads", id=lead["id"])[1]["results"]) == 2
    assert bob("explain_leads", id=lead["id"], verb="contact")[1]["allowed"] is True
    many = bob("contact_many_leads", {"ids": [lead["id"]]})[1]["results"]
    assert [(one["status"], one["record"]["state"]) for one in many] == [(200, "contacted")]
    assert bob("list_leads", search="Scanners", ordering="-due_at", count="1")[1]["count"] == 1
    assert bob("sign_out")[0] == 204 and bob("me")[0] == 401


def test_every_read_answers_as_described(world: Any, as_: Any, described: dict[str, Any]) -> None:
    for state in ("new", "pooled", "assigned", "accepted"):
        make_lead(state, world.northwind if state in ("assigned", "accepted") else None)
    cast = (world.admin, world.maria, world.alice, world.bob, world.carol, world.dana, world.erin)
    seen = 0
    for user in cast:
        client = Generated(described, as_(user))
        for module in all_modules():
            name = module.key.replace("-", "_")
            status, body, _ = client(f"list_{name}", count="1", limit=200)
            for row in body["results"][:3] if status == 200 else ():
                seen += 1
                assert client(f"get_{name}", id=row["id"])[0] == 200
                for operation in ("history", "list_notes", "list_activities", "list_transitions"):
                    verb, _, what = operation.partition("_")
                    called = f"{verb}_{name}_{what}" if what else f"{verb}_{name}"
                    assert client(called, id=row["id"])[0] == 200
                assert client(f"explain_{name}", id=row["id"], verb="edit")[0] == 200
    assert seen > 60
