"""Jobs join the transaction that asks for them; runners work them off, beat, and survive errors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Task

from tests.workflows.app.models import Depot, Parcel
from workflows import jobs
from workflows.models import Heartbeat, Timer

pytestmark = pytest.mark.django_db

BUILD = "tests.workflows.test_jobs.build"


def build(name: str) -> None:
    Depot.objects.get_or_create(name=name)


def fail(name: str) -> None:
    raise RuntimeError(name)


def test_a_job_is_done_once_its_transaction_commits():
    jobs.enqueue(BUILD, "North")
    assert not Depot.objects.exists()
    assert jobs.run_pending() == 1
    assert Depot.objects.get().name == "North"
    assert not OrmQ.objects.exists()
    assert jobs.run_pending() == 0


def test_a_job_of_a_transaction_that_fails_is_not():
    with transaction.atomic():
        jobs.enqueue(BUILD, "North")
        transaction.set_rollback(True)
    assert not OrmQ.objects.exists()


def test_a_job_that_fails_is_kept_for_later_and_told():
    jobs.enqueue("tests.workflows.test_jobs.fail", "North")
    jobs.enqueue(BUILD, "South")
    assert jobs.run_pending() == 2
    assert Depot.objects.get().name == "South"
    assert OrmQ.objects.get().lock > timezone.now() + timedelta(seconds=Conf.RETRY - 10)
    failed = Task.objects.get(success=False)
    assert (failed.func, failed.result) == ("tests.workflows.test_jobs.fail", "RuntimeError: North")
    assert jobs.run_pending() == 0


def test_a_job_that_another_has_taken_is_left_to_it():
    jobs.enqueue(BUILD, "North")
    OrmQ.objects.update(lock=timezone.now() + timedelta(minutes=1))
    assert jobs.run_pending() == 0
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))
    assert jobs.run_pending() == 1, "and has died"


def test_a_job_that_is_not_signed_by_us_is_thrown_away():
    OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload="gANjb3MKc3lzdGVt:x", lock=timezone.now())
    jobs.run_pending()
    assert not OrmQ.objects.exists()


def test_life_signs():
    # A server that another module's tests have started may have left its own.
    Heartbeat.objects.all().delete()
    assert jobs.heartbeat_age() is None
    jobs.beat("here:1")
    jobs.beat("here:1")
    assert 0 <= jobs.heartbeat_age() < 5
    Heartbeat.objects.update(at=timezone.now() - timedelta(hours=2))
    assert jobs.heartbeat_age() > 7000
    jobs.beat("here:2")
    assert Heartbeat.objects.get().runner == "here:2", "those long dead are forgotten"


def test_a_sweep_that_fails_holds_up_nothing(monkeypatch, make):
    seen = []

    def broken(now):
        raise RuntimeError

    monkeypatch.setattr(jobs, "_sweeps", [])
    for each in (broken, seen.append, seen.append):
        jobs.add_sweep(each)
    parcel, now = make("sent", patience=1), timezone.now() + timedelta(days=2)
    assert jobs.run_due(now) == 1
    assert seen == [now] * len(seen) != []
    assert Parcel.objects.get(pk=parcel.pk).state == "lost"


def wait_for(condition, seconds: float = 120) -> None:
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_the_embedded_runner_does_jobs_and_timers_at_once_and_survives_errors(make, monkeypatch):
    monkeypatch.setattr(jobs, "_sweeps", [lambda now: Depot.objects.get(name="nowhere")])
    runner = jobs.EmbeddedRunner()
    runner.start()
    try:
        wait_for(lambda: jobs.heartbeat_age() is not None)
        parcel = make("sent", patience=1)
        jobs.enqueue("tests.workflows.test_jobs.fail", "North")
        jobs.enqueue(BUILD, "South")
        Timer.objects.update(due_at=timezone.now())
        wait_for(lambda: Parcel.objects.get(pk=parcel.pk).state == "lost")
        wait_for(lambda: Depot.objects.filter(name="South").exists())
        jobs.enqueue(BUILD, "West")
        wait_for(lambda: Depot.objects.filter(name="West").exists())
    finally:
        runner.stop()
    assert not any(thread.is_alive() for thread in runner.threads)


def worker_env() -> dict[str, str]:
    """What a worker needs to find the database of the tests."""
    database = connection.settings_dict
    if connection.vendor == "postgresql":
        url = f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    else:
        url = f"sqlite:///{os.path.abspath(database['NAME'])}"
    return {**os.environ, "TEST_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_work_and_stop_when_told(make, policy):
    env = worker_env()
    command = [sys.executable, "-m", "django", "worker"]
    # A file rather than a pipe: the processes of the cluster inherit it, and nobody reads along.
    workers = [
        subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _each in range(2)
    ]
    try:
        wait_for(lambda: Heartbeat.objects.count() == 2)
        names = [f"depot {number}" for number in range(20)]
        for name in names:
            jobs.enqueue(BUILD, name)
        parcels = [make("sent", patience=1) for _each in range(6)]
        Timer.objects.update(due_at=timezone.now())
        wait_for(lambda: Depot.objects.filter(name__in=names).count() == 20)
        wait_for(lambda: Parcel.objects.filter(state="lost").count() == 6)
        assert {each.version for each in Parcel.objects.filter(pk__in=[one.pk for one in parcels])} == {2}
    finally:
        for each in workers:
            each.send_signal(signal.SIGTERM)
        codes = [each.wait(timeout=120) for each in workers]
    assert codes == [0, 0]
