"""Several processes and threads write one chain; who is killed takes a second with them, who ends nothing."""

from __future__ import annotations

import signal
import time
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from prm.touch import keeping
from prm.touch.chain import Note, append, verify
from prm.touch.models import TouchEntry
from tests.assurance.processes import together
from tests.browsing import PATIENT, serving, test_database_url
from tests.cast import World, build_world

pytestmark = [pytest.mark.django_db(transaction=True)]


def page(verb: str) -> Note:
    return Note(at=timezone.now(), kind="page", door="page", verb=verb)


def test_four_processes_write_one_chain():
    def work(number: int) -> int:
        for one in range(25):
            append([page(f"{number}.{one}"), page(f"{number}.{one}+")])
        return number

    assert together(4, work) == [0, 1, 2, 3]
    found = verify()
    assert (found.lines, found.broken) == (200, None)
    for number in range(4):
        own = TouchEntry.objects.filter(verb__startswith=f"{number}.").order_by("seq")
        assert [one.verb.rstrip("+") for one in own] == [f"{number}.{one // 2}" for one in range(50)]


def test_a_forked_child_has_nothing_of_its_parents():
    keeping.keeper.clear()
    keeping.keeper.put(page("parent"))

    def work(number: int) -> int:
        waiting = len(keeping.keeper.notes)
        keeping.keeper.put(page("child"))
        keeping.keeper.flush()
        return waiting

    assert together(1, work) == [0]
    assert keeping.flush() == 1
    assert sorted(one.verb for one in TouchEntry.objects.all()) == ["child", "parent"]
    assert verify().broken is None


def asked(url: str, session: str, path: str) -> None:
    request = urllib.request.Request(url + path, headers={"Cookie": session})
    assert urllib.request.urlopen(request, timeout=PATIENT).status == 200


def session_of(world: World) -> str:
    client = Client()
    client.force_login(world.alice)
    keeping.keeper.clear()
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@pytest.mark.slow
def test_a_killed_server_loses_only_what_was_just_noted_and_one_that_is_stopped_nothing(tmp_path: Path):
    session = session_of(build_world())
    (tmp_path / "one").mkdir()
    with serving(test_database_url(), tmp_path / "one", tmp_path) as live:
        asked(live.url, session, "/api/v1/leads/")
        end = time.monotonic() + PATIENT
        while not TouchEntry.objects.exists():
            assert time.monotonic() < end, "it is not written while the server goes on"
            time.sleep(0.02)
        assert [one.kind for one in TouchEntry.objects.all()] == ["list"]
        asked(live.url, session, "/api/v1/me/")
        live.process.send_signal(signal.SIGKILL)
        live.process.wait(PATIENT)
    found = verify()
    assert found.broken is None and found.lines in (1, 2)
    (tmp_path / "two").mkdir()
    with serving(test_database_url(), tmp_path / "two", tmp_path) as live:
        asked(live.url, session, "/api/v1/accounts/")
        live.process.send_signal(signal.SIGTERM)
        live.process.wait(2 * PATIENT)
    assert TouchEntry.objects.order_by("-seq")[0].module == "accounts"
    assert verify().broken is None
