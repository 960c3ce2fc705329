"""Every job page with every kind of user: what is not for them does not exist."""

from __future__ import annotations

import pytest

from tests.cast import World
from tests.frontend_jobs.conftest import SignIn

EVERYONE = {"admin", "maria", "alice", "bob", "erin", "dana"}
STAFF = {"admin", "maria"}
PARTNER = {"alice", "bob"}
PAGES = {
    "/": EVERYONE,
    "/me/": EVERYONE,
    "/offered/": PARTNER | {"admin"},
    "/managed/": PARTNER | {"admin"},
    "/managed/?view=board": PARTNER | {"admin"},
    "/approvals/": STAFF,
    "/distribute/": STAFF,
    "/deadlines/": STAFF,
    "/pipeline/": STAFF,
    "/team/": PARTNER | {"dana"},
    "/account/2fa/": EVERYONE,
    "/account/password/change/": EVERYONE,
}


@pytest.mark.parametrize("path", PAGES)
def test_page_is_there_for_whom_it_is_made(world: World, sign_in: SignIn, path: str) -> None:
    answers = {name: sign_in(getattr(world, name)).get(path).status_code for name in EVERYONE}
    assert answers == {name: 200 if name in PAGES[path] else 404 for name in EVERYONE}


@pytest.mark.parametrize("path", [path for path in PAGES if not path.startswith("/account/")])
def test_page_asks_for_a_login(world: World, client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/")


def test_navigation_names_only_pages_that_open(world: World, sign_in: SignIn) -> None:
    from django.urls import reverse

    from frontend.urls_jobs import nav_jobs

    for name in EVERYONE:
        user = getattr(world, name)
        client = sign_in(user)
        for item in nav_jobs(user):
            address = reverse(item["name"], args=item.get("args"))
            assert client.get(address).status_code == 200, (name, address)


def test_navigation_counts_what_waits(world: World) -> None:
    from frontend.urls_jobs import nav_jobs
    from tests.factories import make_lead, make_registration

    make_lead("assigned", world.northwind)
    make_registration("submitted")
    counts = {item["name"]: item["count"] for item in nav_jobs(world.alice)}
    assert {"home", "offered", "managed", "team", "calendar"} <= counts.keys()
    assert {name: count for name, count in counts.items() if count} == {"offered": 1}
    assert {item["name"]: item["count"] for item in nav_jobs(world.carol)}["offered"] is None
    assert {item["name"]: item["count"] for item in nav_jobs(world.maria)}["approvals"] == 1
