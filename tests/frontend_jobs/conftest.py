from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.browsing import LOGIN_BACKEND

SignIn = Callable[[Any], Client]


def said(response: Any) -> str:
    """The words of a page's main part, without tags and tokens."""
    main = response.content.decode().split("<main", 1)[1].split("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


@pytest.fixture
def sign_in() -> SignIn:
    """A client of its own for each user."""

    def make(user: Any) -> Client:
        client = Client()
        client.force_login(user, backend=LOGIN_BACKEND)
        return client

    return make
