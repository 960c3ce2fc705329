"""Every figure is what plain Python makes of the rows that the user may see."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from djmoney.money import Money

from prm.access.models import Grant, Scope
from prm.access.policy import touch
from prm.catalog.models import ExchangeRate
from prm.modules.read import BadQuery
from prm.people.models import User
from prm.reports import registry
from prm.reports.available import available
from prm.reports.making import run
from prm.reports.periods import add_months
from prm.reports.registry import Count, Report, Source
from tests.cast import World
from tests.factories import make_lead, make_opportunity
from tests.reports.conftest import counted, rows_of, table
from workflows.errors import NotFound

WHO = ("admin", "maria", "alice", "carol")
CENT = Decimal("0.01")


def amounts(rows: list[dict[str, Any]], weight: bool = False) -> dict[str, Decimal]:
    """The amounts of rows by currency, in whole coins."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.get("amount"):
            part = Decimal(row["probability"]) / 100 if weight else 1
            found[row["amount"]["currency"]] += row["amount"]["amount"] * part
    return dict(found)


def same(shown: Any, expected: dict[str, Decimal]) -> bool:
    """Equal but for the rounding to coins, in which a sum of floats may differ by one."""
    return shown.keys() == expected.keys() and all(
        abs(shown[code] - expected[code]) <= (1 if code == "JPY" else CENT) for code in shown
    )


def month_of(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m}"


@pytest.mark.parametrize(
    ("who", "by"),
    [
        *itertools.product(WHO, ["stage", "assignee", "product", "region"]),
        ("admin", "partner"),
        ("maria", "partner"),
    ],
)
def test_pipeline(busy: World, who: str, by: str) -> None:
    user = getattr(busy, who)
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in rows_of(user, "opportunities", state="managed"):
        value = row[by]
        groups[str(value["id"]) if isinstance(value, dict) else value or ""].append(row)
    shown = table(user, "pipeline", by=by)
    assert {line.key for line in shown.lines if line.values["number"]} == set(groups)
    for line in shown.lines:
        rows = groups.get(line.key, [])
        assert line.values["number"] == len(rows)
        assert same(line.values["amount"], amounts(rows))
        assert same(line.values["weighted"], amounts(rows, weight=True))
    assert shown.count("number") == sum(map(len, groups.values()))


@pytest.mark.parametrize("who", WHO)
def test_won_by_month(busy: World, who: str) -> None:
    user = getattr(busy, who)
    shown = table(user, "won", period="24m")
    assert len(shown.lines) == 24
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in rows_of(user, "opportunities", state="won"):
        groups[month_of(row["won_at"])].append(row)
    for line in shown.lines:
        assert line.values["number"] == len(groups[line.key])
        assert same(line.values["amount"], amounts(groups[line.key]))
    assert shown.count("number") == sum(map(len, groups.values()))


@pytest.mark.parametrize("who", WHO)
def test_forecast(busy: World, who: str) -> None:
    user, today = getattr(busy, who), timezone.localdate()
    shown = table(user, "forecast", period="6m")
    end = add_months(today, 6)
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in rows_of(user, "opportunities", state="managed"):
        day = row["expected_close"]
        key = "" if day is None else "overdue" if day < today else "later" if day >= end else f"{day:%Y-%m}"
        groups[key].append(row)
    for line in shown.lines:
        assert line.values["number"] == len(groups[line.key]), line.key
        assert same(line.values["weighted"], amounts(groups[line.key], weight=True))
    assert shown.count("number") == sum(map(len, groups.values()))


@pytest.mark.parametrize("who", WHO)
def test_answers_and_how_long_they_took(busy: World, who: str) -> None:
    user, today = getattr(busy, who), timezone.localdate()
    first = add_months(today, -11)
    offers = [
        row
        for module in ("lead-assignments", "opportunity-assignments")
        for row in rows_of(user, module)
        if timezone.localtime(row["offered_at"]).date() >= first
    ]
    by_month: dict[str, Counter[str]] = defaultdict(Counter)
    took: dict[str, list[float]] = defaultdict(list)
    for row in offers:
        by_month[month_of(row["offered_at"])][row["state"]] += 1
        if row["state"] == "accepted" and row["decided_at"] > row["offered_at"]:
            took[month_of(row["offered_at"])].append((row["decided_at"] - row["offered_at"]).total_seconds())
    shown = table(user, "acceptance", by="month")
    for line in shown.lines:
        found = by_month[line.key]
        for state in ("accepted", "declined", "expired"):
            assert line.values[state] == found[state]
        answered = found["accepted"] + found["declined"] + found["expired"]
        expected = round(Decimal(100 * found["accepted"]) / answered, 1) if answered else None
        assert line.values["rate"] == expected
    for line in table(user, "acceptance-time", by="month").lines:
        seconds = took[line.key]
        median, average = line.values["median"], line.values["average"]
        assert (median is None) == (average is None) == (not seconds)
        if seconds:
            assert abs(average - statistics.fmean(seconds)) <= 1
            # Of whole minutes, each rounded down.
            assert -60 <= median - statistics.median(seconds) <= 1


@pytest.mark.parametrize("who", WHO)
def test_lead_sources(busy: World, who: str) -> None:
    user = getattr(busy, who)
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows_of(user, "leads"):
        groups[row["source"] or ""][row["state"]] += 1
    shown = table(user, "lead-sources")
    assert {line.key for line in shown.lines} == set(groups)
    for line in shown.lines:
        found = groups[line.key]
        assert line.values["leads"] == found.total()
        assert line.values["converted"] == found["converted"]
        decided = found["converted"] + found["disqualified"]
        expected = round(Decimal(100 * found["converted"]) / decided, 1) if decided else None
        assert line.values["rate"] == expected


@pytest.mark.parametrize("who", WHO)
def test_leaders(busy: World, who: str) -> None:
    user = getattr(busy, who)
    by = "partner" if user.portal.staff else "assignee"
    first = add_months(timezone.localdate(), -11)
    won: dict[str, list[Any]] = defaultdict(list)
    lost: Counter[str] = Counter()
    for row in rows_of(user, "opportunities", state__in="won,lost"):
        at = row["won_at"] if row["state"] == "won" else row["lost_at"]
        if timezone.localtime(at).date() < first:
            continue
        key = str(row[by]["id"]) if row[by] else ""
        if row["state"] == "won":
            won[key].append(row)
        else:
            lost[key] += 1
    shown = table(user, "leaders")
    assert shown.by == by
    lines = {line.key: line for line in shown.lines}
    for key in won.keys() | lost.keys():
        assert lines[key].values["won"] == len(won[key])
        assert lines[key].values["lost"] == lost[key]
        assert same(lines[key].values["amount"], amounts(won[key]))
    # Which colleague answered an offer is not kept, so there is no rate of acceptance among them.
    assert ("rate" in {column.name for column in shown.columns}) == user.portal.staff
    sizes = [shown.main("amount", line)[0] for line in shown.lines if line.key]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("who", WHO)
def test_every_number_is_as_long_as_the_list_behind_it(busy: World, who: str) -> None:
    user = getattr(busy, who)
    seen = 0
    for report in available(user):
        for by, _title in table(user, report.key).ways:
            shown = table(user, report.key, by=by)
            for line in (*shown.lines, shown.total):
                for links in line.links.values():
                    for link in links:
                        assert counted(user, link.module, link.params) == link.rows, (report.key, by, link)
                        seen += 1
    assert seen > 30


def test_territory_load(busy: World) -> None:
    shown = table(busy.admin, "territory-load")
    for line in shown.lines:
        there = {"territory": line.key} if line.key else {}
        if there:
            states = "assigned,accepted,contacted,qualified"
            assert line.values["leads"] == counted(busy.admin, "leads", {"state__in": states, **there})
            assert line.values["partners"] == counted(busy.admin, "partners", {"state": "active", **there})


# --- whose ---------------------------------------------------------------------------------------------


def test_a_channel_manager_begins_with_their_own_partners(busy: World) -> None:
    mine = run(busy.maria, registry.get("pipeline-by-partner"), {})
    assert [line.title for line in mine.lines] == ["Northwind Systems"]
    everyone = run(busy.maria, registry.get("pipeline-by-partner"), {"channel_manager": "all"})
    assert {line.title for line in everyone.lines} == {"Northwind Systems", "Contoso Partners"}
    of_nils = run(busy.maria, registry.get("pipeline-by-partner"), {"channel_manager": str(busy.nils.pk)})
    assert [line.title for line in of_nils.lines] == ["Contoso Partners"]
    assert len(run(busy.admin, registry.get("pipeline-by-partner"), {}).lines) == 2


def test_a_partner_has_no_reports_of_other_partners(busy: World) -> None:
    keys = {one.key for one in available(busy.alice)}
    assert keys >= {"pipeline", "won", "forecast", "acceptance", "lead-sources", "leaders", "lost"}
    assert not keys & {"pipeline-by-partner", "territory-load"}
    for params in ({"by": "partner"}, {"partner": str(busy.contoso.pk)}, {"channel_manager": "all"}):
        with pytest.raises(BadQuery):
            run(busy.alice, registry.get("pipeline"), params)
    with pytest.raises(NotFound):
        run(busy.alice, registry.get("territory-load"), {})


def test_a_rivals_deal_changes_nothing(busy: World) -> None:
    before = [table(busy.alice, one.key) for one in available(busy.alice)]
    make_opportunity("managed", busy.contoso, amount=Money(99_000, "USD"), stage="proposal")
    make_opportunity("won", busy.contoso, amount=Money(99_000, "USD"), won_at=timezone.now())
    make_lead("accepted", busy.contoso)
    assert [table(busy.alice, one.key) for one in available(busy.alice)] == before


def test_who_has_no_list_has_no_report(world: World) -> None:
    assert available(world.dana) == [] or all(one.key == "quotes" for one in available(world.dana))
    with pytest.raises(NotFound):
        run(world.dana, registry.get("pipeline"), {})
    assert not {"pipeline", "won"} & {one.key for one in available(world.erin)}


def _levels(portal: str, module: str, **levels: Any) -> None:
    grant = Grant.objects.get(portal__key=portal, module=module)
    for scope in Scope.objects.filter(grant=grant):
        scope.fields = {**scope.fields, **levels}
        scope.save()
    touch(grant.portal)


def test_an_amount_that_is_hidden_is_not_summed(world: World) -> None:
    make_opportunity("won", world.northwind, amount=Money(700, "USD"), won_at=timezone.now())
    _levels("partner", "opportunities", amount={"won": "hidden", "*": "read"})
    alice = User.objects.get(pk=world.alice.pk)
    shown = table(alice, "won")
    assert shown.count("number") == 1
    assert shown.total.values["amount"] == {}
    _levels("partner", "opportunities", amount="hidden")
    alice = User.objects.get(pk=world.alice.pk)
    assert {column.name for column in table(alice, "won").columns} == {"number"}


def test_rows_are_not_counted_by_what_is_hidden(world: World) -> None:
    make_opportunity("won", world.northwind, won_at=timezone.now())
    _levels("partner", "opportunities", won_at="hidden")
    assert "won" not in {one.key for one in available(User.objects.get(pk=world.alice.pk))}
    _levels("partner", "opportunities", won_at={"managed": "read", "*": "hidden"})
    assert table(User.objects.get(pk=world.alice.pk), "won").count("number") == 0


# --- currencies ----------------------------------------------------------------------------------------


@pytest.fixture
def mixed(world: World) -> World:
    for amount in (Money(100, "EUR"), Money(1000, "USD"), Money(2000, "USD"), Money(500, "JPY")):
        make_opportunity("won", world.northwind, amount=amount, won_at=timezone.now())
    return world


def test_currencies_stand_beside_each_other(mixed: World) -> None:
    shown = table(mixed.alice, "won")
    assert shown.total.values["amount"] == {"USD": 3000, "EUR": 100, "JPY": 500}
    assert shown.currencies == ("USD", "EUR", "JPY")
    assert "EUR, JPY" in shown.remarks[0]


def test_a_chosen_currency_is_converted_at_a_rate_that_is_named(mixed: World) -> None:
    today = timezone.localdate()
    for rate, on in (("2", today - timedelta(days=90)), ("1.25", today), ("9", today + timedelta(days=3))):
        ExchangeRate.objects.create(from_currency="EUR", to_currency="USD", rate=Decimal(rate), valid_from=on)
    shown = table(mixed.alice, "won", currency="USD")
    assert shown.total.values["amount"] == {"USD": Decimal(3125)}
    assert any("EUR" in one and "JPY" not in one for one in shown.remarks)
    # No rate of the yen is known: it says so, and nothing is guessed.
    assert any("JPY" in one and "no exchange rate" in one for one in shown.remarks)
    with pytest.raises(BadQuery):
        table(mixed.alice, "won", currency="XXX")


# --- periods -------------------------------------------------------------------------------------------


def test_days_at_the_edges_belong_to_the_period(world: World) -> None:
    for day in (31, 1, 2, 3):
        month = 1 if day == 31 else 2
        moment = timezone.make_aware(timezone.datetime(2026, month, day, 23, 59, 59, 999_999))
        make_opportunity("won", world.northwind, won_at=moment)
    shown = table(world.admin, "won", from_="2026-02-01", to="2026-02-02")
    assert shown.count("number") == 2
    assert [(line.key, line.values["number"]) for line in shown.lines] == [("2026-02", 2)]


@pytest.mark.parametrize(
    "params",
    [
        {"from": "yesterday"},
        {"from": "2026-02-30"},
        {"from": "2026-02-02", "to": "2026-02-01"},
        {"from": "2001-01-01", "to": "2026-01-01"},
        {"period": "9m"},
        {"by": "shoe_size"},
        {"nonsense": "1"},
        {"partner": "nobody"},
    ],
)
def test_what_makes_no_sense_is_said(world: World, params: dict[str, str]) -> None:
    with pytest.raises(BadQuery) as caught:
        run(world.admin, registry.get("won"), params)
    assert set(caught.value.errors) & set(params)


def test_quarters(world: World) -> None:
    shown = table(world.admin, "won", by="quarter", from_="2025-11-15", to="2026-04-01")
    assert [line.key for line in shown.lines] == ["2025-Q4", "2026-Q1", "2026-Q2"]
    assert all(line.links["number"] == () for line in shown.lines)


# --- declaring -----------------------------------------------------------------------------------------


def test_a_further_report_is_a_declaration(world: World) -> None:
    report = Report(
        key="by-region",
        title="Leads by region",
        description="Where from.",
        by=("region",),
        measures=(Count(name="number", label="Leads", of=(Source(module="leads"),)),),
        headline=lambda shown: f"{shown.count('number')} leads",
        empty="Enter one.",
    )
    registry.register(report)
    try:
        shown = table(world.admin, "by-region")
        assert {line.key: line.values["number"] for line in shown.lines} == {"EMEA": 3}
        assert shown.headline == "3 leads"
    finally:
        registry.unregister("by-region")


def test_a_report_whose_numbers_could_not_be_opened_does_not_start() -> None:
    from django.core.exceptions import ImproperlyConfigured

    source = Source(module="leads", where={"need": "x"})
    with pytest.raises(ImproperlyConfigured, match="no filter"):
        registry.register(
            Report(
                key="wrong",
                title="Wrong",
                description="",
                by=("source",),
                measures=(Count(name="number", label="Leads", of=(source,)),),
                headline=lambda shown: "",
                empty="",
            )
        )


def test_months_are_added_across_years() -> None:
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 1)
    assert add_months(date(2026, 1, 31), -1) == date(2025, 12, 1)
