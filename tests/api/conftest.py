"""A client of the API as each of the cast."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from api import tokens


class Api:
    """Speaks JSON, signed in by token. `status, body = api.get("leads/")`."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self.client = Client()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The response as it is. Header names with _ for -."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Token {self.token}")
        raw = body if isinstance(body, (bytes, str)) else b"" if body is None else json.dumps(body)
        content_type = sent.pop("Content-Type", "application/json")
        url = path if path.startswith("http") else f"/api/v1/{path}"
        return self.client.generic(method, url, raw, content_type=content_type, headers=sent)

    def __getattr__(self, name: str) -> Callable[..., tuple[int, Any]]:
        if name not in ("get", "post", "patch", "delete", "put"):
            raise AttributeError(name)

        def ask(path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
            response = self.call(name.upper(), path, body, **headers)
            return response.status_code, json.loads(response.content) if response.content else None

        return ask

    def all(self, path: str) -> list[dict[str, Any]]:
        """The results of a list that fits one page."""
        status, body = self.get(path)
        assert (status, body.get("next")) == (200, None), body
        return list(body["results"])


@pytest.fixture
def as_(world: Any) -> Callable[[Any], Api]:
    """`as_(world.bob).get("leads/")`; None is a visitor without a login."""

    def signed_in(user: Any) -> Api:
        return Api(tokens.issue(user)[0] if user else None)

    return signed_in


def ids(rows: list[dict[str, Any]]) -> set[str]:
    return {row["id"] for row in rows}
