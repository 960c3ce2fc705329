"""What an anonymous visitor may open is a written list: every route of the site is tried against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import UUIDConverter

pytestmark = pytest.mark.once

#: The written list: what a stranger sees without a login. Extend it only on purpose.
OPEN = {
    "account_inactive",
    "account_login",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "livez",
    "metrics",
    "readyz",
    "socialaccount_login_cancelled",
    "language",
    "theme",
    # Only while nobody has a login, and with the code from the terminal; then it is not there.
    "setup",
    "look-colours",
    "look-logo",
    # Of a portal with a host name of its own, whose login page shows them.
    "look-portal-colours",
    "look-portal-logo",
}
OPEN_BEGINNINGS = (
    "calendar-feed",
    "register",
    "invite",
    "offer-link",
    "quote-link",
    # Forms that somebody has made for whoever comes by.
    "public-form",
    "account_reset_password_from_key",
    "openid_connect",
)
API_OPEN = {"schema", "docs"}


def routes(resolver: URLResolver, prefix: str = "", names: str = "") -> Iterator[tuple[str, str, Any]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route, f"{names}{entry.namespace}:" if entry.namespace else names)
        elif isinstance(entry, URLPattern):
            yield f"{names}{entry.name or ''}", route, entry.pattern


def sample(pattern: Any, route: str) -> str | None:
    """A path with plausible values in its places; None where the route is a regular expression."""
    if "(?P" in route or "^" in route:
        return None
    identifiers = [
        name for name, kind in getattr(pattern, "converters", {}).items() if isinstance(kind, UUIDConverter)
    ]
    for name in identifiers:
        route = re.sub(rf"<(\w+:)?{name}>", str(UUID(int=7)), route)
    return "/" + re.sub(r"<(\w+:)?\w+>", "leads", route)


ALL = [(name, path) for name, route, pattern in routes(get_resolver()) if (path := sample(pattern, route))]


def test_there_are_many() -> None:
    assert len(ALL) > 60


@pytest.mark.parametrize(("name", "path"), ALL)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_sees_the_list_and_no_more(
    client: Client, db: None, name: str, path: str, method: str
) -> None:
    answer = getattr(client, method)(path)
    if name.startswith("api:"):
        open_here = name.removeprefix("api:") in API_OPEN
    else:
        open_here = name in OPEN or name.startswith(OPEN_BEGINNINGS)
    if open_here:
        assert answer.status_code != 500
    else:
        refused = answer.status_code in (400, 401, 403, 404, 405, 415)
        to_login = answer.status_code == 302 and "/account/" in answer["Location"]
        assert refused or to_login, f"{name} {path}: {answer.status_code}"
