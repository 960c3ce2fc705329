"""A channel manager's day: leads are imported, distributed, watched and reported; presses counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from prm.leads.models import Lead
from tests.browsing import Live, follow
from tests.budgets import Watched
from tests.cast import World, build_world

pytestmark = pytest.mark.browser

NewPage = Callable[..., Any]

FAIR = """Topic,Need,Region,Country,Company,Contact name,Email
Fair: Wi-Fi for a depot,Forty access points,EMEA,DE,Litware,Lena Lit,lena@litware.example
Fair: Backup,Off-site copies,EMEA,DE,Proseware,Paul Pro,paul@proseware.example
Fair: Voice,Two hundred phones,EMEA,AT,Adatum,Ada Tum,ada@adatum.example
Fair: Firewall,Two sites,EMEA,DE,Trey,Tom Trey,tom@trey.example
"""


@pytest.fixture
def cast(live: Live) -> World:
    return build_world()


def test_from_a_file_of_leads_to_the_report(
    cast: World, live: Live, new_page: NewPage, shot: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "fair.csv"
    file.write_text(FAIR)
    desk = Watched(new_page(user=cast.maria), slow=False)
    page = desk.page
    for address in ("/", "/distribute/", "/import/", "/reports/"):
        assert desk.visit(address).heavy() == [], address

    # Imported: what would happen is shown before anything does.
    page.goto("/import/?module=leads")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", name="This would happen")).to_be_visible()
    assert not Lead.objects.filter(topic__startswith="Fair").exists()
    shot(page, "import-checked-1440")
    page.get_by_role("button", name="Import 4 rows").click()
    expect(page.get_by_role("link", name="Show the records")).to_be_visible()
    assert Lead.objects.filter(topic__startswith="Fair", state="new").count() == 4

    # Distributed: one by itself, then all the others together.
    page.goto("/")
    with desk.job() as cost:
        page.get_by_role("link", name="Distribute").first.click()
        page.get_by_role("link", name="Find partner Fair: Voice").click()
        page.get_by_role("button", name="Offer to Northwind Systems").click()
        expect(page.get_by_text("1 record offered to Northwind Systems")).to_be_visible()
    assert cost.presses <= 3
    page.goto("/")
    with desk.job() as cost:
        follow(page.get_by_role("link", name="Distribute").first)
        page.get_by_label("Choose all").check()
        expect(page.get_by_text("4 chosen")).to_be_visible()
        page.get_by_role("button", name="Find partners").click()
        page.get_by_role("button", name="Offer 4 to Northwind Systems").click()
        expect(page.get_by_text("4 records offered to Northwind Systems")).to_be_visible()
    assert cost.presses <= 5

    # Watched: what the partner answers appears in the open page.
    page.goto("/deadlines/")
    expect(page.get_by_text("Fair: Voice").first).to_be_visible()
    alice = new_page(user=cast.alice, viewport=(390, 844))
    alice.goto("/offered/")
    alice.get_by_role("button", name="Accept Fair: Voice").click()
    expect(alice.get_by_text("Adatum", exact=True)).to_be_visible()
    told = page.locator("#toasts [data-seq]").filter(has_text="Fair: Voice")
    expect(told).to_be_visible()
    shot(page, "manager-told-1440")

    # Reported: as a picture with its table, and as a file.
    page.get_by_role("link", name="Reports").first.click()
    expect(page.get_by_role("heading", name="Reports", level=1)).to_be_visible()
    shot(page, "reports-1440")
    page.locator(".report-card h2 a").first.click()
    expect(page.get_by_role("link", name="CSV")).to_be_visible()
    answer = page.request.get(str(page.get_by_role("link", name="CSV").evaluate("one => one.href")))
    assert answer.headers["content-type"].startswith("text/csv")
