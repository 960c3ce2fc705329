"""Numbers have no gaps, however many take one at once and whatever fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from prm.quotes.models import Quote, QuoteCounter
from tests.cast import World, build_world
from tests.factories import make_quote


def numbers() -> list[str]:
    return sorted(Quote.objects.values_list("number", flat=True))


def wanted(many: int) -> list[str]:
    year = timezone.localdate().year
    return [f"Q-{year}-{at:05}" for at in range(1, many + 1)]


@pytest.mark.django_db
def test_each_year_begins_anew(world: World) -> None:
    assert [QuoteCounter.next(year) for year in (2030, 2030, 2031)] == [
        "Q-2030-00001",
        "Q-2030-00002",
        "Q-2031-00001",
    ]


@pytest.mark.django_db
def test_what_was_not_kept_took_no_number(world: World) -> None:
    make_quote(opportunity=world.northwind_opportunity)
    with transaction.atomic():
        make_quote(opportunity=world.northwind_opportunity)
        transaction.set_rollback(True)
    make_quote(opportunity=world.northwind_opportunity)
    assert numbers() == wanted(2)


@pytest.mark.django_db(transaction=True)
def test_at_the_same_time() -> None:
    """Eight at once, five each, every third undone."""
    deal = build_world().northwind_opportunity

    def one(at: int) -> None:
        try:
            with transaction.atomic():
                make_quote(opportunity=deal)
                transaction.set_rollback(at % 3 == 0)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        done: list[Any] = [pool.submit(one, at) for at in range(40)]
    assert [future.exception() for future in done] == [None] * 40
    assert numbers() == wanted(26)
