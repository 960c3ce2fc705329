"""What a stranger may do at the public form: cause no flood of mails and rows."""

from __future__ import annotations

import pytest
from django.test import Client

from prm.access.rate import too_often
from prm.partners.models import Registration

EMAIL, FIND = "/register/email/", "/register/find/"


def test_counts_within_a_window_and_for_each_by_itself() -> None:
    assert [too_often("test", "one", limit=2, seconds=60) for _ in range(4)] == [False, False, True, True]
    assert not too_often("test", "another", limit=2, seconds=60)
    assert not too_often("other", "one", limit=2, seconds=60)


def test_one_place_does_not_write_to_everybody(client: Client, db: None) -> None:
    answers = [client.post(EMAIL, {"email": f"somebody{n}@firm.example"}).status_code for n in range(22)]
    assert answers == [302] * 20 + [429] * 2
    assert Registration.objects.count() == 20
    elsewhere = client.post(EMAIL, {"email": "else@firm.example"}, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 302


@pytest.mark.parametrize("path", [EMAIL, FIND])
def test_one_mailbox_is_not_filled_from_many_places(client: Client, db: None, path: str) -> None:
    last = None
    for number in range(6):
        last = client.post(path, {"email": "victim@firm.example"}, REMOTE_ADDR=f"192.0.2.{number}")
    assert last is not None
    assert last.status_code == 429
    assert int(last["Retry-After"]) > 0
