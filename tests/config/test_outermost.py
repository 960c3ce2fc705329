"""The outermost layers: proxies, request ids, headers, origins of sockets, health and figures."""

from __future__ import annotations

import ipaddress
import logging
from typing import Any
from unittest.mock import patch

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from prm.config.middleware import RequestId, RequestIdFilter, SecurityHeaders, TrustedProxies
from prm.config.origins import OwnOrigin
from tests.cast import World

PROXIES = [ipaddress.ip_network("10.0.0.0/8")]


def through(headers: dict[str, str], peer: str) -> HttpRequest:
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    TrustedProxies(view)(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))
    return seen[0]


class TestTrustedProxies:
    def test_a_stranger_cannot_say_who_it_is(self, settings: Any) -> None:
        settings.TRUSTED_PROXIES = PROXIES
        request = through(
            {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "Forwarded": "for=192.0.2.7"},
            "203.0.113.9",
        )
        assert request.META["REMOTE_ADDR"] == "203.0.113.9"
        assert not request.is_secure()

    def test_a_proxy_is_believed(self, settings: Any) -> None:
        settings.TRUSTED_PROXIES = PROXIES
        request = through({"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}, "10.1.1.1")
        assert request.META["REMOTE_ADDR"] == "192.0.2.7"
        assert request.is_secure()

    def test_what_the_client_wrote_before_the_first_proxy_is_not(self, settings: Any) -> None:
        settings.TRUSTED_PROXIES = PROXIES
        request = through({"X-Forwarded-For": "127.0.0.1, 192.0.2.7, 10.2.2.2"}, "10.1.1.1")
        assert request.META["REMOTE_ADDR"] == "192.0.2.7"

    @pytest.mark.parametrize("text", ["", "unknown", "10.2.2.2", "'; DROP TABLE"])
    def test_nonsense_leaves_the_peer(self, settings: Any, text: str) -> None:
        settings.TRUSTED_PROXIES = PROXIES
        assert through({"X-Forwarded-For": text}, "10.1.1.1").META["REMOTE_ADDR"] == "10.1.1.1"


class TestHeaders:
    def test_each_page_carries_them(self, client: Client, db: None) -> None:
        answer = client.get("/account/login/")
        assert answer.status_code == 200
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in answer["Permissions-Policy"]
        assert "private" in answer["Cache-Control"]
        assert len(answer["X-Request-Id"]) == 36

    def test_a_nonce_is_used_once(self, rf: RequestFactory) -> None:
        from csp.middleware import CSPMiddleware

        def view(request: Any) -> HttpResponse:
            return HttpResponse(str(request.csp_nonce))

        answers = [CSPMiddleware(view)(rf.get("/")) for _ in range(2)]
        nonces = [answer.content.decode() for answer in answers]
        assert nonces[0] != nonces[1]
        for answer, nonce in zip(answers, nonces, strict=True):
            assert f"'nonce-{nonce}'" in answer["Content-Security-Policy"]

    def test_hsts_where_the_public_address_is_https(self, rf: RequestFactory, settings: Any) -> None:
        layer = SecurityHeaders(lambda request: HttpResponse())
        settings.HTTPS = False
        assert "Strict-Transport-Security" not in layer(rf.get("/"))
        settings.HTTPS = True
        assert "max-age=63072000" in layer(rf.get("/"))["Strict-Transport-Security"]

    def test_a_client_names_its_request_only_through_a_proxy(self, rf: RequestFactory, settings: Any) -> None:
        layer = RequestId(lambda request: HttpResponse())
        named = rf.get("/", headers={"X-Request-Id": "from-the-balancer-17"})
        settings.TRUSTED_PROXIES = []
        assert layer(named)["X-Request-Id"] != "from-the-balancer-17"
        settings.TRUSTED_PROXIES = PROXIES
        assert layer(named)["X-Request-Id"] == "from-the-balancer-17"
        broken = rf.get("/", headers={"X-Request-Id": "a b\tc"})
        assert layer(broken)["X-Request-Id"] != "a b\tc"


def test_pages_are_packed_and_answers_of_the_api_are_not(client: Client, world: World) -> None:
    client.force_login(world.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    packing = {"Accept-Encoding": "gzip"}
    assert client.get("/leads/", headers=packing).headers.get("Content-Encoding") == "gzip"
    assert "Content-Encoding" not in client.get("/api/v1/leads/", headers=packing).headers


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("http://testserver", "testserver", True),
        ("https://testserver", "testserver", True),
        (None, "testserver", True),
        ("http://127.0.0.1:9000", "127.0.0.1:9000", True),
        ("http://127.0.0.1:9001", "127.0.0.1:9000", False),
        ("http://evil.example", "testserver", False),
        ("http://testserver.evil.example", "testserver", False),
        ("null", "testserver", False),
        ("http://evil.example", "evil.example", False),
        (None, "evil.example", False),
    ],
)
def test_which_pages_may_open_a_socket(origin: str | None, host: str, allowed: bool) -> None:
    assert OwnOrigin.allowed(origin, host) is allowed


class TestHealth:
    def test_alive_asks_nothing(self, client: Client) -> None:
        answer = client.get("/livez")
        assert (answer.status_code, answer.content) == (200, b"ok\n")

    def test_ready_names_its_parts(self, client: Client, db: None) -> None:
        with patch("workflows.jobs.heartbeat_age", return_value=1.0):
            answer = client.get("/readyz")
        assert answer.status_code == 200
        parts = {"database": "ok", "migrations": "ok", "cache": "ok", "worker": "ok"}
        assert answer.json() == {"ready": True, "checks": parts}

    @pytest.mark.parametrize("age", [None, 3600.0])
    def test_not_ready_without_a_worker(self, client: Client, db: None, age: float | None) -> None:
        with patch("workflows.jobs.heartbeat_age", return_value=age):
            near, far = client.get("/readyz"), client.get("/readyz", REMOTE_ADDR="203.0.113.9")
        assert near.status_code == far.status_code == 503
        assert near.json()["checks"]["worker"] not in ("ok", "failing")
        # What is wrong is for those who run it; a load balancer needs the number only.
        assert far.json()["checks"]["worker"] == "failing"

    def test_a_part_that_breaks_is_named_and_no_error(self, client: Client, db: None) -> None:
        with patch("workflows.jobs.heartbeat_age", side_effect=OSError("refused")):
            answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["worker"] == "OSError: refused"


def test_the_line_of_a_refused_request_names_it(client: Client, db: None) -> None:
    record = logging.makeLogRecord({"msg": "Not Found"})
    record.request = client.get("/livez").wsgi_request
    RequestIdFilter().filter(record)
    assert record.request_id == record.request.request_id


class TestFigures:
    def test_from_this_machine(self, client: Client, db: None) -> None:
        client.get("/livez")
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = answer.content.decode().splitlines()
        assert any(line.startswith('prm_requests_total{method="GET",status="200"}') for line in lines)
        assert any(line.startswith("prm_jobs_waiting ") for line in lines)
        samples = [line for line in lines if not line.startswith("#")]
        assert all(float(line.rsplit(" ", 1)[1]) >= 0 for line in samples)

    def test_hidden_from_others(self, client: Client, db: None) -> None:
        assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404

    def test_a_proxy_on_this_machine_does_not_open_them(self, client: Client, db: None) -> None:
        assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404

    def test_open_to_the_holder_of_the_token(self, client: Client, db: None, settings: Any) -> None:
        settings.METRICS_TOKEN = "figures-for-prometheus"
        there = {"REMOTE_ADDR": "203.0.113.9"}
        right = client.get("/metrics", headers={"Authorization": "Bearer figures-for-prometheus"}, **there)
        wrong = client.get("/metrics", headers={"Authorization": "Bearer guess"}, **there)
        assert (right.status_code, wrong.status_code) == (200, 404)
