"""Reports on pages, in files and in the API."""

from __future__ import annotations

import csv
import io
import random
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from djmoney.money import Money

from frontend.charts import draw, nice
from prm.access.document import apply, document_of
from prm.access.models import Portal
from prm.reports.available import available
from tests.browsing import LOGIN_BACKEND
from tests.cast import World
from tests.factories import make_opportunity
from tests.frontend.test_presentation import take
from tests.reports.conftest import make_busy, table


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend=LOGIN_BACKEND)
    return client


@pytest.fixture
def some(world: World) -> World:
    make_busy(world, random.Random(3), number=8)
    return world


def links_in(page: str) -> list[tuple[str, int]]:
    """The addresses of lists in the table, with the numbers that they stand on."""
    found = re.findall(r'<a href="(/[a-z-]+/\?[^"]*)"[^>]*>([\d,]+)</a>', page)
    return [(url.replace("&amp;", "&"), int(number.replace(",", ""))) for url, number in found]


@pytest.mark.parametrize("who", ["admin", "maria", "alice"])
def test_every_report_opens_and_its_numbers_lead_to_lists_as_long(some: World, who: str) -> None:
    user = getattr(some, who)
    client = client_of(user)
    assert client.get("/reports/").status_code == 200
    seen = 0
    for report in available(user):
        page = client.get(f"/reports/{report.key}/").content.decode()
        assert 'role="img"' in page or "Nothing to show yet" in page
        for url, number in links_in(page)[:6]:
            said = client.get(f"{url}&part=count").content.decode()
            assert said.split()[0] == str(number), (report.key, url)
            seen += 1
    assert seen > 5


def test_a_picture_says_in_words_what_it_shows(some: World) -> None:
    make_opportunity("managed", some.northwind, stage="proposal", amount=Money(2_500_000, "USD"))
    page = client_of(some.alice).get("/reports/pipeline/").content.decode()
    svg = page.split('<svg class="chart__svg"', 1)[1].split("</svg>")[0]
    assert re.search(r'aria-labelledby="chart-pipeline-t chart-pipeline-d"', svg)
    assert re.search(r'<title id="chart-pipeline-t">[^<]*most of it: Proposal', svg)
    assert "Negotiation" in svg.split("<desc", 1)[1].split("</desc>")[0]
    # A style in the markup would be refused by the policy of the pages.
    assert "style=" not in svg


def test_filters_are_the_address(some: World) -> None:
    client = client_of(some.admin)
    page = client.get(f"/reports/won/?period=24m&by=quarter&partner={some.contoso.pk}")
    asked = page.context["table"]
    assert asked.by == "quarter"
    assert len(asked.lines) in (8, 9)
    assert f'<option value="{some.contoso.pk}" selected>' in page.content.decode()
    wrong = client.get("/reports/won/?period=forever")
    assert wrong.status_code == 400
    assert "There is no such period." in wrong.content.decode()


def test_who_may_not_have_a_report_does_not_find_it(some: World) -> None:
    assert client_of(some.alice).get("/reports/territory-load/").status_code == 404
    assert client_of(some.alice).get("/reports/territory-load/csv/").status_code == 404
    assert client_of(some.admin).get("/reports/nothing/").status_code == 404
    assert client_of(some.erin).get("/reports/pipeline/").status_code == 404


def test_nothing_yet_says_what_to_do(world: World) -> None:
    page = client_of(world.alice).get("/reports/won/").content.decode()
    assert "Win an opportunity" in page
    assert '<svg class="chart__svg"' not in page


def test_the_file_is_the_table(some: World) -> None:
    some.product.name = "=HYPERLINK(1)"
    some.product.save()
    make_opportunity(
        "won", some.northwind, product=some.product, amount=Money("12.5", "EUR"), won_at=timezone.now()
    )
    answer = client_of(some.alice).get("/reports/won/csv/?by=product")
    assert answer["Content-Type"].startswith("text/csv")
    assert 'filename="won.csv"' in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    shown = table(some.alice, "won", by="product")
    assert len(rows) == len(shown.lines) + 1
    for row, line in zip(rows, (*shown.lines, shown.total), strict=True):
        assert int(row["Number"]) == line.values["number"]
        for code in shown.currencies:
            cell = row[f"Amount ({code})"]
            assert (Decimal(cell) if cell else None) == line.values["amount"].get(code)
    assert "'=HYPERLINK(1)" in {next(iter(row.values())) for row in rows}


def numbers_in(answer: Any) -> list[int]:
    """The first column of numbers of a file, lines and total."""
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    return [int(row["Number"]) for row in rows]


def test_without_export_there_is_neither_button_nor_file(some: World) -> None:
    make_opportunity("won", some.northwind, amount=Money(5, "EUR"), won_at=timezone.now())
    client = client_of(some.alice)
    assert "/reports/won/csv/" in client.get("/reports/won/").content.decode()
    take("export", module="opportunities")
    page = client.get("/reports/won/")
    assert page.context["table"].filled
    assert "/csv/" not in page.content.decode()
    assert client.get("/reports/won/csv/").status_code == 403
    # Of another module, as before.
    assert client.get("/reports/lead-sources/csv/").status_code == 200
    assert client_of(some.erin).get("/reports/won/csv/").status_code == 404


def test_a_file_counts_what_may_be_exported_alone(some: World) -> None:
    for amount in (5, 5000):
        make_opportunity("won", some.northwind, amount=Money(amount, "EUR"), won_at=timezone.now())
    portal = Portal.objects.get(key="partner")
    document = document_of(portal)
    grant = document["grants"]["opportunities"]
    small = {"field": "amount", "op": "<=", "value": 10}
    exporting = [
        one | {"name": f"small: {one['name']}", "where": {"all": [one["where"], small]}}
        for one in grant["scopes"]
    ]
    for one in grant["scopes"]:
        one["actions"] = [verb for verb in one["actions"] if verb != "export"]
    grant["scopes"] += exporting
    apply(portal, document)
    client = client_of(some.alice)
    shown = client.get("/reports/won/?by=month").context["table"].total.values["number"]
    assert shown > numbers_in(client.get("/reports/won/csv/?by=month"))[-1] == 1


def test_what_the_file_cannot_be_grouped_by_has_no_button(some: World) -> None:
    """The fields of the scopes that allow export are those of the file."""
    make_opportunity("won", some.northwind, amount=Money(5, "EUR"), won_at=timezone.now())
    portal = Portal.objects.get(key="partner")
    document = document_of(portal)
    grant = document["grants"]["opportunities"]
    exporting = [
        one | {"name": f"file: {one['name']}", "fields": dict(one["fields"])} for one in grant["scopes"]
    ]
    for one, other in zip(grant["scopes"], exporting, strict=True):
        one["actions"] = [verb for verb in one["actions"] if verb != "export"]
        other["fields"]["product"] = "hidden"
    grant["scopes"] += exporting
    apply(portal, document)
    client = client_of(some.alice)
    assert "/csv/" in client.get("/reports/won/?by=month").content.decode()
    for asked in ("?by=product", f"?by=month&product={some.product.pk}"):
        page = client.get(f"/reports/won/{asked}")
        assert page.status_code == 200
        assert "/csv/" not in page.content.decode(), asked
        assert client.get(f"/reports/won/csv/{asked}").status_code == 404


def test_the_api_gives_the_same_numbers(some: World) -> None:
    client = client_of(some.alice)
    listed = client.get("/api/v1/reports/").json()["results"]
    assert [one["key"] for one in listed] == [one.key for one in available(some.alice)]
    told = client.get("/api/v1/reports/pipeline/").json()
    shown = table(some.alice, "pipeline")
    assert [line["values"]["number"] for line in told["lines"]] == [
        line.values["number"] for line in shown.lines
    ]
    assert told["headline"] == shown.headline
    for line in told["lines"]:
        for link in line["lists"]["number"]:
            assert client.get(f"{link['url']}&count=1").json()["count"] == link["rows"]
    assert client.get("/api/v1/reports/pipeline/?by=partner").status_code == 400
    assert client.get("/api/v1/reports/territory-load/").status_code == 404
    assert client.get("/api/v1/reports/nothing/").status_code == 404


def test_no_report_costs_more_for_more_rows(some: World) -> None:
    client = client_of(some.maria)
    paths = [f"/reports/{one.key}/" for one in available(some.maria)]
    for path in paths:
        client.get(path)

    def cost() -> dict[str, int]:
        found = {}
        for path in paths:
            with CaptureQueriesContext(connection) as caught:
                assert client.get(path).status_code == 200
            found[path] = len(caught)
        return found

    few = cost()
    make_busy(some, random.Random(4), number=30)
    assert cost() == few


# --- pictures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "whole", "expected"),
    [
        (0.3, True, 1),
        (1.2, True, 2),
        (2.2, True, 3),
        (30, True, 50),
        (0.07, False, 0.1),
        (240_000, False, 250_000),
    ],
)
def test_steps_of_an_axis_are_easy_to_count_in(step: float, whole: bool, expected: float) -> None:
    assert nice(step, whole) == pytest.approx(expected)


def test_columns_stay_in_their_place(some: World) -> None:
    chart = draw(table(some.admin, "won", period="24m"))
    assert chart is not None
    assert len(chart.labels) == 24
    for mark in chart.marks:
        for piece in mark.pieces:
            assert 0 <= piece.x < piece.x + piece.width <= 100
            assert -0.01 <= piece.y < piece.y + piece.height <= chart.plot + 1.6
    ys = [tick.y for tick in chart.ticks]
    assert ys == sorted(ys, reverse=True)
    assert ys[0] == chart.plot


@pytest.mark.parametrize(
    ("eras", "named", "first"),
    [
        # The year stands below a month that is named however narrow the picture is.
        (["2025"] + ["2026"] * 11, ["2026"], 1),
        (["2025"] * 7 + ["2026"] * 5, ["2025", "2026"], 1),
        (["2025"] * 9 + ["2026"] * 12 + ["2027"] * 3, ["2025", "2026", "2027"], 1),
        # What is overdue has no year, and is always named.
        (["", "2026", "2026"] + ["2027"] * 9, ["2026", "2027"], 0),
        (["2025", "2026", "2026"], ["2025", "2026"], 0),
    ],
)
def test_years_stand_below_months_that_are_named(
    some: World, eras: list[str], named: list[str], first: int
) -> None:
    shown = table(some.admin, "won", period="24m")
    lines = tuple(replace(line, era=era) for line, era in zip(shown.lines, eras, strict=False))
    chart = draw(replace(shown, lines=lines))
    assert chart is not None
    assert [label.era for label in chart.labels if label.era] == named
    assert not [label for label in chart.labels if label.era and label.sparse]
    assert [label.sparse for label in chart.labels].index(0) == first


def test_in_arabic_time_runs_from_the_right(some: World) -> None:
    shown = table(some.admin, "won")
    usual = draw(shown)
    with translation.override("ar"):
        mirrored = draw(shown)
    assert usual is not None and mirrored is not None
    assert [label.x for label in mirrored.labels] == pytest.approx([100 - label.x for label in usual.labels])
    bars = table(some.admin, "leaders")
    with translation.override("ar"):
        drawn = draw(bars)
    assert drawn is not None
    assert max(piece.x + piece.width for mark in drawn.marks for piece in mark.pieces) == pytest.approx(100)


def test_long_names_and_many_lines_are_cut_and_said(world: World) -> None:
    from tests.factories import make_partner

    for number in range(20):
        partner = make_partner(name=f"{'Very long name of a company ' * 3}{number}")
        make_opportunity("managed", partner, stage="proposal")
    chart = draw(table(world.admin, "pipeline-by-partner"))
    assert chart is not None
    assert len(chart.marks) == 12
    assert all(len(mark.title) <= 46 for mark in chart.marks)
    assert chart.remark == "10 more lines are in the table."
