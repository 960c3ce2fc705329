"""Which price books address whom, in which order, and who may read them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine

from prm.access.rights import visible
from prm.catalog import books
from prm.catalog.models import PriceBook, PriceBookAudience, PriceBookEntry
from prm.modules import actions, registry
from prm.modules.read import list_page
from tests.cast import World
from workflows.actor import Actor
from workflows.errors import InvalidInput

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 15)


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel("2026-06-15T12:00:00+00:00", tick=False):
        yield


def book(name: str, audience: str = "everyone", *, names: Any = (), **fields: Any) -> PriceBook:
    made = PriceBook.objects.create(
        name=name, audience=audience, **{"currency": "USD", "valid_from": date(2026, 1, 1), **fields}
    )
    for one in names:
        PriceBookAudience.objects.create(book=made, **one)
    return made


@pytest.fixture
def shelf(world: World) -> dict[str, PriceBook]:
    """Northwind is a Gold reseller, Contoso a Silver one."""
    return {
        "everyone": book("Everyone"),
        "gold": book("Gold", "tiers", names=[{"tier": "gold"}, {"tier": "platinum"}]),
        "silver": book("Silver", "tiers", names=[{"tier": "silver"}]),
        "msps": book("Service providers", "types", names=[{"partner_type": "msp"}]),
        "resellers": book("Resellers", "types", names=[{"partner_type": "reseller"}]),
        "northwind": book("Northwind's own", "partners", names=[{"partner": world.northwind}]),
        "nobody": book("Nobody's yet", "partners"),
        "asleep": book("Asleep", active=False),
        "past": book("Last year", valid_from=date(2025, 1, 1), valid_until=date(2025, 12, 31)),
        "future": book("Next year", valid_from=date(2027, 1, 1)),
        "last day": book("Until today", valid_until=TODAY),
        "euro": book("Euro", currency="EUR"),
    }


def names(rows: Any) -> list[str]:
    return [one.name for one in rows]


def test_the_more_particular_audience_comes_first(world: World, shelf: dict[str, PriceBook]) -> None:
    assert names(books.addressing(world.northwind, TODAY, "USD")) == [
        "Northwind's own",
        "Gold",
        "Resellers",
        "Everyone",
        "Until today",
    ]
    assert names(books.addressing(world.contoso, TODAY, "EUR")) == ["Euro"]


def test_of_two_alike_the_later_one_comes_first(world: World) -> None:
    book("Spring", valid_from=date(2026, 3, 1))
    book("Winter", valid_from=date(2026, 1, 1))
    book("Summer", valid_from=date(2026, 6, 1))
    assert names(books.addressing(world.northwind, TODAY)) == ["Summer", "Spring", "Winter"]
    assert names(books.addressing(world.northwind, date(2026, 4, 1))) == ["Spring", "Winter"]


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("alice", {"everyone", "gold", "resellers", "northwind", "last day", "euro"}),
        ("carol", {"everyone", "silver", "resellers", "last day", "euro"}),
        ("dana", set()),
        ("erin", set()),
    ],
)
def test_a_partner_reads_the_books_that_address_it_and_are_in_force(
    world: World, shelf: dict[str, PriceBook], who: str, seen: set[str]
) -> None:
    user = getattr(world, who)
    assert set(visible(user, registry.get("price-books"))) == {shelf[name] for name in seen}


def test_prices_follow_their_book_in_lists_that_are_kept(world: World, shelf: dict[str, PriceBook]) -> None:
    """The same statement serves readers of one portal, but never one with other books."""
    for name, price in (("gold", 900), ("silver", 950), ("northwind", 800)):
        PriceBookEntry.objects.create(book=shelf[name], product=world.product, price=D(price))
    module = registry.get("price-book-entries")

    def prices(user: Any) -> set[D]:
        return {row["price"] for row in list_page(user, module, {}).rows}

    for _ in range(2):
        assert prices(world.alice) == {800, 900}
        assert prices(world.carol) == {950}
        assert prices(world.maria) == {800, 900, 950}


def test_a_book_that_ends_is_gone_the_next_day(world: World, shelf: dict[str, PriceBook]) -> None:
    module = registry.get("price-books")
    assert "Until today" in {row["name"] for row in list_page(world.alice, module, {}).rows}
    with time_machine.travel("2026-06-16T00:00:01+00:00", tick=False):
        tomorrow = type(world.alice).objects.get(pk=world.alice.pk)
        assert "Until today" not in {row["name"] for row in list_page(tomorrow, module, {}).rows}


def test_a_partner_is_not_told_whom_a_book_is_for(world: World, shelf: dict[str, PriceBook]) -> None:
    row = list_page(world.alice, registry.get("price-books"), {}).rows[0]
    assert "audience" not in row


def test_an_addressee_is_of_the_books_kind(world: World, shelf: dict[str, PriceBook]) -> None:
    module, maria = registry.get("price-book-audiences"), Actor.of(world.maria)
    for name, named in (("gold", {"partner": str(world.contoso.pk)}), ("everyone", {"tier": "gold"})):
        with pytest.raises(InvalidInput):
            actions.create(maria, module, {"book": str(shelf[name].pk), **named})
    made = actions.create(maria, module, {"book": str(shelf["gold"].pk), "tier": "silver"})
    assert made in shelf["gold"].audiences.all()


def test_a_book_with_prices_keeps_its_currency(world: World, shelf: dict[str, PriceBook]) -> None:
    PriceBookEntry.objects.create(book=shelf["everyone"], product=world.product, price=D(1))
    with pytest.raises(InvalidInput) as refused:
        actions.update(
            Actor.of(world.maria),
            registry.get("price-books"),
            shelf["everyone"].pk,
            {"currency": "EUR"},
        )
    assert set(refused.value.errors) == {"currency"}


def test_a_period_ends_after_it_begins(world: World) -> None:
    with pytest.raises(InvalidInput):
        actions.create(
            Actor.of(world.maria),
            registry.get("price-books"),
            {
                "name": "Backwards",
                "valid_from": TODAY.isoformat(),
                "valid_until": (TODAY - timedelta(days=1)).isoformat(),
            },
        )


@pytest.mark.parametrize(("field", "days"), [("valid_from", 400), ("valid_until", -400)])
def test_one_end_of_a_period_is_held_against_the_other(
    world: World, shelf: dict[str, PriceBook], field: str, days: int
) -> None:
    maria, module = Actor.of(world.maria), registry.get("price-books")
    book = shelf["everyone"]
    PriceBook.objects.filter(pk=book.pk).update(valid_from=TODAY, valid_until=TODAY + timedelta(days=30))
    with pytest.raises(InvalidInput) as refused:
        actions.update(maria, module, book.pk, {field: (TODAY + timedelta(days=days)).isoformat()})
    assert refused.value.errors == {"": ["The last day comes before the first one."]}
