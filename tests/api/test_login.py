"""Tokens: getting, using and revoking one; the session of the pages; who one is."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.utils import timezone

from api.models import Token
from api.tokens import find, issue
from tests.api.conftest import Api
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(email: str, password: str = PASSWORD, **more: Any) -> tuple[int, Any]:
    return Api().post("auth/token/", {"email": email, "password": password, **more})


def test_a_token_is_given_for_email_and_password_and_kept_as_a_hash(world: Any) -> None:
    status, body = sign_in(world.bob.email)
    assert (status, set(body)) == (201, {"token", "expires_at"})
    token = Token.objects.get(user=world.bob)
    assert token.digest == hashlib.sha256(body["token"].encode()).hexdigest()
    assert body["token"].startswith(token.prefix) and len(token.prefix) == 10
    assert Api(body["token"]).get("me/")[1]["email"] == world.bob.email
    world.bob.refresh_from_db()
    assert world.bob.last_login is not None


@pytest.mark.parametrize("email", ["bob@northwind.example", "nobody@nowhere.example"])
def test_known_and_unknown_addresses_are_refused_alike(world: Any, email: str) -> None:
    response = Api().call("POST", "auth/token/", {"email": email, "password": "wrong"})
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Token realm="api"')
    assert response.json() == {
        "type": "urn:prm:problem:invalid-credentials",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Email or password is wrong.",
    }


@pytest.mark.parametrize("email", ["bob@northwind.example", "nobody@nowhere.example"])
def test_one_password_is_hashed_for_known_and_unknown_addresses(
    world: Any, email: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    world.bob.set_password(PASSWORD)
    world.bob.save()
    hashed = []
    encode = MD5PasswordHasher.encode

    def counting(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    assert sign_in(email, "wrong")[0] == 401
    assert len(hashed) == 1


def test_an_inactive_user_gets_no_token_and_loses_the_one_they_have(world: Any) -> None:
    _, body = sign_in(world.bob.email)
    world.bob.is_active = False
    world.bob.save()
    assert sign_in(world.bob.email)[0] == 401
    assert Api(body["token"]).get("me/")[0] == 401


def test_too_many_wrong_passwords_lock_with_a_time_to_come_back(world: Any, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    answers = [sign_in(world.bob.email, "wrong")[0] for _ in range(4)]
    assert answers == [401, 401, 429, 429]
    response = Api().call("POST", "auth/token/", {"email": world.bob.email, "password": PASSWORD})
    assert (response.status_code, response["Retry-After"]) == (429, "900")
    assert response["Content-Type"] == "application/problem+json"
    assert sign_in(world.alice.email)[0] == 201


def test_one_address_may_not_try_names_without_end(world: Any) -> None:
    statuses = [sign_in(f"nobody{number}@nowhere.example", "wrong")[0] for number in range(31)]
    assert statuses == [401] * 30 + [429]


def test_a_one_time_code_is_asked_for_where_one_is_enrolled(world: Any) -> None:
    secret = generate_totp_secret()
    TOTP.activate(world.bob, secret)
    assert sign_in(world.bob.email)[1]["type"] == "urn:prm:problem:otp-required"
    assert sign_in(world.bob.email, otp="000000x")[1]["type"] == "urn:prm:problem:invalid-otp"
    code = f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06d}"
    assert sign_in(world.bob.email, "wrong", otp=code)[1]["type"] == "urn:prm:problem:invalid-credentials"
    assert sign_in(world.bob.email, otp=code)[0] == 201
    assert sign_in(world.bob.email, otp=code)[1]["type"] == "urn:prm:problem:invalid-otp"


def test_a_recovery_code_serves_once(world: Any) -> None:
    TOTP.activate(world.bob, generate_totp_secret())
    code = RecoveryCodes.activate(world.bob).get_unused_codes()[0]
    assert [sign_in(world.bob.email, otp=code)[0] for _ in range(2)] == [201, 401]


def test_wrong_codes_lock_like_wrong_passwords(world: Any, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    TOTP.activate(world.bob, generate_totp_secret())
    assert [sign_in(world.bob.email, otp="1")[0] for _ in range(4)] == [401, 401, 429, 429]


@pytest.mark.parametrize(
    ("body", "status", "errors"),
    [
        ({}, 422, {"email": ["This is required."], "password": ["This is required."]}),
        ({"email": "", "password": "x"}, 422, {"email": ["This is required."]}),
        ({"email": 1, "password": "x"}, 400, {"email": ["Must be of type string."]}),
        ({"email": "a", "password": "x", "portal": "administrator"}, 400, {"portal": ["Unknown field."]}),
    ],
)
def test_credentials_must_have_their_form(world: Any, body: Any, status: int, errors: Any) -> None:
    answer = Api().post("auth/token/", body)
    assert (answer[0], answer[1]["errors"]) == (status, errors)


def test_delete_revokes_the_token_in_use_and_no_other(world: Any) -> None:
    first, second = (Api(sign_in(world.bob.email)[1]["token"]) for _ in range(2))
    assert first.delete("auth/token/") == (204, None)
    assert (first.get("me/")[0], second.get("me/")[0]) == (401, 200)


def test_an_expired_token_is_refused(world: Any) -> None:
    _, body = sign_in(world.bob.email)
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    status, problem = Api(body["token"]).get("me/")
    assert (status, problem["type"]) == (401, "urn:prm:problem:invalid-token")


@pytest.mark.parametrize("token", ["", "x", "prm_", "prm_" + "x" * 200, "prm_ü", "prm_a b"])
def test_what_is_no_token_is_refused(world: Any, token: str) -> None:
    response = Client().get("/api/v1/me/", headers={"Authorization": f"Token {token}"})
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Token realm="api"')


def test_a_token_is_looked_up_in_one_query(world: Any, django_assert_num_queries: Any) -> None:
    api = Api(sign_in(world.bob.email)[1]["token"])
    api.get("me/")
    with django_assert_num_queries(1):
        assert api.get("me/")[0] == 200


def test_last_used_is_written_coarsely(world: Any) -> None:
    api = Api(sign_in(world.bob.email)[1]["token"])
    old = timezone.now() - timedelta(hours=1)
    Token.objects.update(last_used=old)
    api.get("me/")
    first = Token.objects.get().last_used
    api.get("me/")
    assert first is not None and first > old and Token.objects.get().last_used == first


def test_the_session_of_the_pages_signs_in_and_writes_with_its_csrf_token(world: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.maria)
    assert client.get("/api/v1/me/").json()["email"] == world.maria.email
    body, kind = '{"topic": "Printers"}', "application/json"
    refused = client.post("/api/v1/leads/", body, content_type=kind)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:prm:problem:csrf")
    client.get("/api/v1/docs/")
    csrf = client.cookies["prm-csrf"].value
    made = client.post("/api/v1/leads/", body, content_type=kind, headers={"X-CSRFToken": csrf})
    assert made.status_code == 201


def test_a_session_has_no_token_to_revoke(world: Any) -> None:
    client = Client()
    client.force_login(world.bob)
    assert client.delete("/api/v1/auth/token/").status_code == 401


def test_me_tells_who_one_is_and_what_the_portal_grants(world: Any, as_: Any) -> None:
    status, me = as_(world.alice).get("me/")
    assert status == 200
    assert {name: me[name] for name in ("id", "email", "company", "is_admin", "portal")} == {
        "id": str(world.alice.pk),
        "email": world.alice.email,
        "company": str(world.northwind.pk),
        "is_admin": True,
        "portal": {"key": "partner", "title": "Partner"},
    }
    leads = next(one for one in me["modules"] if one["key"] == "leads")
    assert "accept" in leads["actions"] and "assign" not in leads["actions"]
    assert "topic" in leads["create_fields"] and "partner" not in leads["create_fields"]


def test_a_user_without_a_portal_is_granted_nothing(world: Any, as_: Any) -> None:
    world.erin.portal = None
    world.erin.save()
    api = as_(world.erin)
    assert (api.get("me/")[1]["modules"], api.get("leads/")[0]) == ([], 404)


def test_tokens_end_with_the_password(world: Any, client: Client) -> None:
    raw, _token = issue(world.bob)
    client.force_login(world.bob)
    given = {
        "oldpassword": world.password,
        "password1": "another-long-phrase",
        "password2": "another-long-phrase",
    }
    client.post("/account/password/change/", given)
    world.bob.refresh_from_db()
    assert world.bob.check_password("another-long-phrase")
    assert find(raw) is None
