"""What holding a record keeps others from, and what not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from tests.workflows.app.models import Depot, Letter
from workflows.locking import lock

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def somebody_else(act: Callable[[], object]) -> bool:
    """Whether another connection could do it without waiting for this one."""

    def run() -> bool:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
                act()
        except OperationalError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def test_a_record_that_is_held_can_be_referred_to_but_not_held_twice():
    depot = Depot.objects.create(name="North")
    with transaction.atomic():
        lock(Depot, depot.pk)
        assert somebody_else(lambda: Letter.objects.create(depot_id=depot.pk))
        assert not somebody_else(lambda: lock(Depot, depot.pk))
        assert not somebody_else(lambda: Depot.objects.filter(pk=depot.pk).update(name="South"))
        assert not somebody_else(lambda: Depot.objects.filter(pk=depot.pk).delete())
    assert somebody_else(lambda: lock(Depot, depot.pk))
