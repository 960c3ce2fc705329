"""A worker ends in time however it is told to, and takes its processes with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django_q.models import OrmQ

from tests.workflows.app.models import Depot
from tests.workflows.test_jobs import BUILD, worker_env
from workflows import jobs
from workflows.processes import Flag

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

#: Seconds until it is too late: on a busy machine, starting alone may take a minute.
IN_TIME = 120.0

Start = Callable[[], "subprocess.Popen[bytes]"]


def nap(seconds: float) -> None:
    Depot.objects.get_or_create(name=f"asleep in {os.getpid()}")
    connection.close()
    time.sleep(seconds)


def _engine_alone() -> dict[str, str]:
    """The worker without the business, which takes three times as long to start; on the same jobs."""
    return {
        **worker_env(),
        "DJANGO_SETTINGS_MODULE": "tests.workflows.settings",
        "ENGINE_KEY": settings.SECRET_KEY,
        "ENGINE_QUEUE": settings.Q_CLUSTER["name"],
        "ENGINE_WORKERS": str(settings.Q_CLUSTER["workers"]),
    }


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def start(out: Path) -> Iterator[Start]:
    """A worker at the head of a session of its own; whatever is left of it is killed."""
    begun: list[subprocess.Popen[bytes]] = []

    def do() -> subprocess.Popen[bytes]:
        with out.open("wb") as file:
            begun.append(
                subprocess.Popen(
                    [sys.executable, "-m", "django", "worker"],
                    env=_engine_alone(),
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        return begun[-1]

    yield do
    for each in begun:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(each.pid, signal.SIGKILL)
        each.wait()


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def at_work(out: Path) -> None:
    wait_for(lambda: "Worker started." in out.read_text(), IN_TIME, "it did not start")


def napping() -> int:
    """The process in which the nap is taken."""
    found: list[str] = []

    def begun() -> bool:
        found[:] = Depot.objects.filter(name__startswith="asleep in ").values_list("name", flat=True)
        return bool(found)

    wait_for(begun, IN_TIME, "the job did not begin")
    return int(found[0].split()[-1])


def family(head: int) -> list[int]:
    """The processes of the session that live; one that has ended and waits for its parent does not."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, group, state in rows if int(group) == head and not state.startswith("Z")]


def gone(head: int) -> None:
    wait_for(lambda: not family(head), IN_TIME, f"still there: {family(head)}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_whole_group_ends_it(start: Start, out: Path, number: int) -> None:
    process = start()
    at_work(out)
    os.killpg(process.pid, number)
    assert process.wait(IN_TIME) == 0
    assert "Worker stopped." in out.read_text()
    gone(process.pid)


def test_a_signal_to_the_first_process_alone_ends_it(start: Start, out: Path) -> None:
    process = start()
    at_work(out)
    process.terminate()
    assert process.wait(IN_TIME) == 0
    gone(process.pid)


def test_many_signals_in_a_row_end_it_once(start: Start, out: Path) -> None:
    process = start()
    at_work(out)
    with contextlib.suppress(ProcessLookupError):
        for number in (signal.SIGTERM, signal.SIGINT) * 100:
            os.killpg(process.pid, number)
    assert process.wait(IN_TIME) == 0
    gone(process.pid)


@pytest.mark.parametrize("children", [1, 2, 3, 4])
def test_a_signal_while_it_starts_ends_it(start: Start, children: int) -> None:
    process = start()
    wait_for(lambda: len(family(process.pid)) >= children, IN_TIME, "it did not start")
    os.killpg(process.pid, signal.SIGTERM)
    # Before the command has begun, there is nothing to end but Python.
    assert process.wait(IN_TIME) in ((0, -signal.SIGTERM) if children == 1 else (0,))
    gone(process.pid)


def test_a_signal_to_the_group_lets_the_job_under_way_end(start: Start, out: Path) -> None:
    process = start()
    at_work(out)
    jobs.enqueue("tests.workflows.test_worker.nap", 2)
    napping()
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(IN_TIME) == 0
    assert not OrmQ.objects.exists(), "it was done and taken off the list"
    gone(process.pid)


@pytest.mark.parametrize("busy", [False, True])
def test_the_processes_of_a_killed_worker_end(start: Start, out: Path, busy: bool) -> None:
    process = start()
    at_work(out)
    if busy:
        jobs.enqueue("tests.workflows.test_worker.nap", 2 * IN_TIME)
        napping()
    assert len(family(process.pid)) > 1
    process.kill()
    process.wait()
    gone(process.pid)


@pytest.mark.parametrize(
    "which",
    [1, 2, -2, -1],
    ids=["guard", "worker", "monitor", "pusher"],
)
def test_a_worker_whose_job_processes_died_ends_and_says_so(start: Start, out: Path, which: int) -> None:
    process = start()
    at_work(out)
    # Each waits for something then, perhaps with a lock in its hands.
    os.kill(sorted(family(process.pid))[which], signal.SIGKILL)
    assert process.wait(IN_TIME) == 1
    assert "The job processes have died." in out.read_text()
    gone(process.pid)


def test_a_process_killed_in_a_job_is_replaced(start: Start, out: Path) -> None:
    process = start()
    at_work(out)
    jobs.enqueue("tests.workflows.test_worker.nap", 2 * IN_TIME)
    os.kill(napping(), signal.SIGKILL)
    jobs.enqueue(BUILD, "North")
    wait_for(lambda: Depot.objects.filter(name="North").exists(), IN_TIME, "the job was not done")
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(IN_TIME) == 0
    gone(process.pid)


def test_a_flag_is_waited_for_no_longer_than_told() -> None:
    flag, begun = Flag(), time.monotonic()
    assert not flag.wait(0.15)
    assert 0.15 <= time.monotonic() - begun < IN_TIME
    flag.set()
    assert flag.wait(60) and flag.is_set()
