"""What a stranger may do at the public form: cause no flood of mails, and keep nothing of another's."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from prm.access.rate import too_often
from prm.partners.models import Registration
from tests.cast import World
from workflows.jobs import run_pending

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


def test_who_began_with_anothers_address_is_out_once_its_owner_has_come(client: Client, world: World) -> None:
    client.post(EMAIL, {"email": "victim@firm.example"})
    begun = Registration.objects.get(contact_email="victim@firm.example")
    run_pending()
    link = re.search(r"http://testserver(/register/r/\S+)", str(mail.outbox[-1].body))
    assert link
    owner = Client()
    owner.post(link[1])
    begun.refresh_from_db()
    begun.motivation = "what only the owner should read"
    begun.save(update_fields=["motivation"])
    assert client.get("/register/check/")["Location"] == "/register/"
    assert client.post("/register/company/", {"company_name": "Evil"})["Location"] == "/register/"
    assert owner.get("/register/company/").status_code == 200
    begun.refresh_from_db()
    assert begun.company_name != "Evil"
