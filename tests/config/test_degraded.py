"""Redis may be down: nothing fails for it, and a server is not taken out of service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache, caches
from django.test import Client

from tests.browsing import free_port
from tests.cast import PASSWORD, World


@pytest.fixture
def no_redis(settings: Any) -> Iterator[None]:
    """A cache whose Redis nobody runs."""
    settings.CACHES = {
        "default": {
            "BACKEND": "prm.config.cache.TolerantRedisCache",
            "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
            "OPTIONS": {"socket_connect_timeout": 0.5},
        }
    }
    yield
    caches["default"].close()


def test_answers_like_an_empty_cache(no_redis: None) -> None:
    cache.set("a", 1)
    assert cache.get("a") is None
    assert cache.get("a", 7) == 7
    assert cache.get_many(["a"]) == {}
    assert cache.set_many({"a": 1}) == []
    assert cache.add("a", 1)
    assert not cache.delete("a")
    assert "a" not in cache
    cache.delete_many(["a"])
    with pytest.raises(ValueError, match="empty"):
        cache.incr("a")


def test_people_sign_in_all_the_same(no_redis: None, client: Client, world: World) -> None:
    answer = client.post("/account/login/", {"login": world.alice.email, "password": PASSWORD})
    assert answer.status_code == 302
    token = Client().post(
        "/api/v1/auth/token/",
        {"email": world.alice.email, "password": PASSWORD},
        content_type="application/json",
    )
    assert token.status_code in (200, 201)


def test_guessing_is_stopped_all_the_same(
    no_redis: None, client: Client, world: World, settings: Any
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    answers = [
        client.post("/account/login/", {"login": world.alice.email, "password": "wrong"}).status_code
        for _ in range(3)
    ]
    assert answers[-1] == 429


def test_the_server_stays_in_service_and_says_it(no_redis: None, client: Client, db: None) -> None:
    with patch("workflows.jobs.heartbeat_age", return_value=1.0):
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert answer.json()["checks"]["cache"] == "down"
