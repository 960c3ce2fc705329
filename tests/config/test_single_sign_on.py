"""Single sign-on against a provider of our own making: it lets in whom the portal knows, and makes nobody."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth import get_user_model
from django.test import Client

from tests.cast import World

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """An OpenID Connect provider that says of whoever comes what the test wants it to say."""

    address: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    nonce: str | None = None

    def answer(self, path: str) -> dict[str, Any]:
        if path.endswith("/.well-known/openid-configuration"):
            return {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "userinfo_endpoint": f"{self.address}/userinfo",
                "jwks_uri": f"{self.address}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        if path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            return {"keys": [public | {"kid": "1", "use": "sig", "alg": "RS256"}]}
        if path == "/userinfo":
            return self.claims
        now = int(time.time())
        claims = {"iss": self.address, "aud": "portal", "iat": now, "exp": now + 60} | self.claims
        if self.nonce:
            claims["nonce"] = self.nonce
        token = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "1"})
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": token, "expires_in": 60}


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    said = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(said.answer(urlsplit(self.path).path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    said.address = f"http://127.0.0.1:{server.server_address[1]}"
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "EMAIL_AUTHENTICATION": True,
            "APPS": [
                {
                    "provider_id": "sso",
                    "name": "Vendor login",
                    "client_id": "portal",
                    "secret": "secret",
                    "settings": {"server_url": said.address, "token_auth_method": "client_secret_basic"},
                }
            ],
        }
    }
    yield said
    server.shutdown()
    server.server_close()


def come_back(client: Client, provider: Provider, **claims: Any) -> Any:
    """To the provider and back, as a browser would."""
    leaving = client.post("/account/oidc/sso/login/")
    assert leaving["Location"].startswith(f"{provider.address}/authorize?"), leaving["Location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(leaving["Location"]).query).items()}
    assert asked["redirect_uri"] == "http://testserver/account/oidc/sso/login/callback/"
    provider.claims = {"sub": "42", "name": "Somebody"} | claims
    provider.nonce = asked.get("nonce")
    return client.get("/account/oidc/sso/login/callback/", {"code": "c", "state": asked["state"]})


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_lets_in_whom_the_portal_knows(client: Client, world: World, provider: Provider) -> None:
    come_back(client, provider, email=world.maria.email, email_verified=True)
    assert who(client) == str(world.maria.pk)


def test_makes_no_login(client: Client, world: World, provider: Provider) -> None:
    count = get_user_model().objects.count()
    answer = come_back(client, provider, email="new@evil.example", email_verified=True)
    assert who(client) is None
    assert answer.status_code in (200, 302)
    assert get_user_model().objects.count() == count


@pytest.mark.parametrize("verified", [False, None])
def test_an_address_that_is_only_claimed_opens_nothing(
    client: Client, world: World, provider: Provider, verified: bool | None
) -> None:
    claims = {} if verified is None else {"email_verified": verified}
    come_back(client, provider, email=world.admin.email, **claims)
    assert who(client) is None


def test_an_inactive_user_stays_outside(client: Client, world: World, provider: Provider) -> None:
    world.maria.is_active = False
    world.maria.save()
    come_back(client, provider, email=world.maria.email, email_verified=True)
    assert who(client) is None


def test_is_offered_on_the_login_page_only_where_configured(
    client: Client, db: None, provider: Provider, settings: Any
) -> None:
    assert b"Vendor login" in client.get("/account/login/").content
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    assert b"Vendor login" not in client.get("/account/login/").content
