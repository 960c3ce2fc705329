"""The pages through Django's client, as anybody of the cast."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
VOID = {
    "input",
    "img",
    "br",
    "hr",
    "meta",
    "link",
    "source",
    "wbr",
    "path",
    "rect",
    "circle",
    "line",
    "polyline",
}


@pytest.fixture
def as_user() -> Callable[[Any], Client]:
    """`as_user(world.alice)` is a client that is signed in."""

    def sign_in(user: Any) -> Client:
        client = Client()
        client.force_login(user, backend=BACKEND)
        return client

    return sign_in


class Page(HTMLParser):
    """The elements of a page, flat: enough to ask what a test wants to know."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[dict[str, Any]] = []
        self._open: list[dict[str, Any]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = {"tag": tag, "text": "", **{name: value or "" for name, value in attrs}}
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at]["tag"] == tag:
                del self._open[at:]
                break

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element["text"] += data

    def all(self, tag: str = "", **attributes: str) -> list[dict[str, Any]]:
        """Elements with this tag and these attributes (`class_` asks for one of several classes)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            one
            for one in self.elements
            if (not tag or one["tag"] == tag)
            and all(
                value in one.get(name, "").split() if name == "class" else one.get(name) == value
                for name, value in wanted.items()
            )
        ]

    def one(self, tag: str = "", **attributes: str) -> dict[str, Any]:
        """The only element like that."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of {tag} {attributes}"
        return found[0]


@pytest.fixture
def parse() -> Callable[[Any], Page]:
    """The answer of a view, taken apart."""
    return lambda response: Page(response.content.decode())
