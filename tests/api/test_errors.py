"""Every error is a problem, whether a view raised it or there was no view."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import ProtectedError
from django.test import Client

from api.views import records
from tests.api.conftest import Api
from tests.factories import make_lead

PROBLEM = "application/problem+json"
pytestmark = pytest.mark.django_db


def test_without_a_login_everything_is_401(world: Any) -> None:
    lead = make_lead("accepted", world.northwind)
    for path in ("me/", "leads/", "nothing/", f"leads/{lead.pk}/", f"leads/{lead.pk}/history/", "alerts/"):
        response = Api().call("GET", path)
        assert (response.status_code, response["Content-Type"]) == (401, PROBLEM), path
        assert response["WWW-Authenticate"] == 'Token realm="api"'
        assert response.json()["status"] == 401


@pytest.mark.parametrize("path", ["", "leads/x/", "leads", "leads//", "a/b/c/d/e/", "..", "schema"])
def test_an_unknown_path_is_a_problem(world: Any, as_: Any, path: str) -> None:
    for api in (as_(world.bob), Api()):
        response = api.call("GET", path)
        assert (response.status_code, response["Content-Type"]) == (404, PROBLEM)
        assert response.json() == {
            "type": "urn:prm:problem:not-found",
            "title": "Not Found",
            "status": 404,
            "detail": "There is nothing here.",
        }


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "leads/", "GET, POST, HEAD, OPTIONS"),
        ("POST", "me/", "GET, HEAD, OPTIONS"),
        ("TRACE", "leads/", "GET, POST, HEAD, OPTIONS"),
        ("BREW", "leads/", "GET, POST, HEAD, OPTIONS"),
        ("GET", "auth/token/", "POST, DELETE, OPTIONS"),
        ("PATCH", "leads/transitions/accept/", "POST, OPTIONS"),
    ],
)
def test_another_method_is_405_and_names_the_right_ones(
    world: Any, as_: Any, method: str, path: str, allow: str
) -> None:
    response = as_(world.bob).call(method, path)
    assert (response.status_code, response["Content-Type"], response["Allow"]) == (405, PROBLEM, allow)


def test_options_name_the_methods(world: Any, as_: Any) -> None:
    response = as_(world.bob).call("OPTIONS", "leads/")
    assert (response.status_code, response["Allow"]) == (204, "GET, POST, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"],
)
def test_another_content_type_is_415(world: Any, as_: Any, content_type: str) -> None:
    response = as_(world.bob).call("POST", "leads/", "topic=x", Content_Type=content_type)
    assert (response.status_code, response["Content-Type"]) == (415, PROBLEM)


def test_another_encoding_is_415(world: Any, as_: Any) -> None:
    api = as_(world.bob)
    assert api.call("POST", "leads/", "{}", Content_Encoding="gzip").status_code == 415
    latin = api.call("POST", "leads/", "{}", Content_Type="application/json; charset=latin-1")
    assert latin.status_code == 415


def test_a_body_that_is_too_large_is_413(world: Any, as_: Any) -> None:
    response = as_(world.bob).call("POST", "leads/", '{"topic": "' + "x" * 1_000_000 + '"}')
    assert (response.status_code, response["Content-Type"]) == (413, PROBLEM)


@pytest.mark.parametrize("raw", ["[]", "1", '"x"', "null", "{", '{"topic": "\\u0000"}'])
def test_a_body_that_is_no_object_is_400(world: Any, as_: Any, raw: str) -> None:
    response = as_(world.bob).call("POST", "leads/", raw)
    assert (response.status_code, response.json()["type"]) == (400, "urn:prm:problem:malformed")


def test_what_nobody_foresaw_is_told_without_its_details(
    world: Any, as_: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(records, "list_page", fail)
    api = as_(world.bob)
    api.client.raise_request_exception = False
    response = api.call("GET", "leads/")
    assert (response.status_code, response["Content-Type"]) == (500, PROBLEM)
    assert "secret" not in response.content.decode()
    assert response["X-Request-Id"]
    api.client.raise_request_exception = True
    with pytest.raises(RuntimeError, match="secret detail"):
        api.call("GET", "leads/")


def test_what_others_refer_to_is_409(world: Any, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> Any:
        raise ProtectedError("", set())

    monkeypatch.setattr(records.actions, "delete", fail)
    lead = make_lead("accepted", world.northwind)
    status, problem = as_(world.admin).delete(f"leads/{lead.pk}/")
    assert (status, problem["type"]) == (409, "urn:prm:problem:in-use")


def test_errors_outside_of_views_are_problems_too(world: Any) -> None:
    response = Client().get("/api/v1/me/", headers={"Host": "evil.example"})
    assert (response.status_code, response["Content-Type"]) == (400, PROBLEM)


def test_answers_do_not_come_out_of_shared_caches(world: Any, as_: Any) -> None:
    response = as_(world.bob).call("GET", "leads/")
    assert {"Authorization", "Cookie"} <= {name.strip() for name in response["Vary"].split(",")}
    assert response["Cache-Control"] == "private, no-cache"
    assert response["X-Content-Type-Options"] == "nosniff"
