"""What stands in the log on standard error: which request it was, and no link that somebody could use."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, RequestFactory

from prm.calendar import feeds
from tests.factories import make_contact, make_quote
from tests.mails import sent_to, token_in
from workflows.actor import Actor
from workflows.perform import perform


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the handler of Django's own log writes."""
    handler: Any = next(one for one in logging.getLogger("django").handlers if one.get_name() == "console")
    written = io.StringIO()
    former = handler.setStream(written)
    yield written
    handler.setStream(former)


def test_a_link_that_still_works_is_not_in_the_log(world: Any, log: io.StringIO) -> None:
    contact = make_contact(world.fabrikam, name="Fay", email="fay@fabrikam.example")
    quote = make_quote("approved", opportunity=world.northwind_opportunity, contact=contact)
    perform(quote, "send", actor=Actor.of(world.alice))
    token = token_in(sent_to("fay@fabrikam.example")[0], "/quote/")
    assert Client().post(f"/quote/{token}/", {"decision": "accept"}).status_code == 422
    assert token not in log.getvalue()
    assert "Unprocessable Entity: /quote/…/" in log.getvalue()


def test_the_address_of_a_feed_is_not_in_the_log(
    world: Any, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontend.views_jobs.calendar.FEED_LIMIT", 0)
    token = feeds.fresh_feed(world.alice)
    assert Client().get(f"/calendar/feed/{token}.ics").status_code == 429
    assert token not in log.getvalue()
    assert "/calendar/feed/….ics" in log.getvalue()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/invite/Nz6BqaAIYnEFyaayIy0D0bnzYUYP7w2A_boFjWkdw0k/", "/invite/…/"),
        (
            "/account/login/?next=%2Finvite%2FNz6BqaAIYnEFyaayIy0D0bnzYUYP7w2A_boFjWkdw0k%2F",
            "/account/login/?next=%2Finvite%2F…%2F",
        ),
        ("/account/password/reset/key/3q-c5xyz1-0123456789abcdef0123456789abcdef/", "/reset/key/…/"),
        (
            "/partners/01a2023c-da27-7543-b174-39fb8e17579d/",
            "/partners/01a2023c-da27-7543-b174-39fb8e17579d/",
        ),
    ],
)
def test_secrets_of_paths_are_left_out_and_ids_are_not(log: io.StringIO, path: str, shown: str) -> None:
    logging.getLogger("django.request").error("Internal Server Error: %s", path)
    assert shown in log.getvalue()
    assert (path in log.getvalue()) == (path == shown)


def test_a_path_inside_another_object_is_left_out_too(log: io.StringIO) -> None:
    request = RequestFactory().get("/invite/Nz6BqaAIYnEFyaayIy0D0bnzYUYP7w2A_boFjWkdw0k/")
    logging.getLogger("django.request").error("Not answered: %s", request)
    assert "GET '/invite/…/'" in log.getvalue()
