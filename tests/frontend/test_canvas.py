"""A canvas: records as cards of the fields that a portal has chosen, under the rules of the list."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.access.models import Grant
from prm.access.policy import touch
from prm.leads.models import Lead
from prm.views.models import SavedView
from tests.factories import make_lead
from workflows.ids import uuid7

DESIGN = {"title": "company_name", "lines": ["topic", "need", "phone"], "badge": "state", "corner": "region"}


def grant(portal: str, module: str, **changes: Any) -> None:
    """Changes how a portal shows a module, as an administrator does."""
    row = Grant.objects.select_related("portal").get(portal__key=portal, module=module)
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    touch(row.portal)


@pytest.fixture
def designed(world):
    grant("partner", "leads", views=["list", "canvas"], canvas=DESIGN)
    return world


def titles(page) -> list[str]:
    return [one["text"] for one in page.all("a", class_="tile__title")]


def test_a_card_shows_the_fields_of_its_design_and_no_other(designed, as_user, parse):
    lead = make_lead("accepted", designed.northwind, company_name="Proseware", need="A firewall", city="Graz")
    page = parse(as_user(designed.alice).get("/leads/canvas/?search=Proseware"))
    card = page.one("li", data_row=str(lead.pk))
    assert page.one("a", class_="tile__title")["text"] == "Proseware"
    assert "A firewall" in card["text"]
    assert "Accepted" in card["text"]
    assert "Graz" not in card["text"]


def test_what_is_masked_is_not_on_the_card(designed, as_user, parse):
    lead = make_lead(
        "assigned", designed.northwind, company_name="Proseware", topic="Ten switches", phone="+4930123456"
    )
    page = parse(as_user(designed.alice).get("/leads/canvas/?state=assigned"))
    card = page.one("li", data_row=str(lead.pk))
    assert "Proseware" not in card["text"]
    assert "30123456" not in card["text"]
    assert "Ten switches" in card["text"]
    assert "Phone" not in card["text"]


def test_a_foreign_record_is_not_a_card(designed, as_user, parse):
    rows = {
        one["data-row"]
        for one in parse(as_user(designed.alice).get("/leads/canvas/")).all("li", class_="tile")
    }
    assert str(designed.northwind_lead.pk) in rows
    assert str(designed.contoso_lead.pk) not in rows


def test_filters_order_search_and_errors_are_those_of_the_list(designed, as_user, parse):
    for name in ("Alpine", "Blue Yonder", "Coho"):
        make_lead("contacted", designed.northwind, company_name=name, topic=name)
    client = as_user(designed.alice)
    shown = titles(parse(client.get("/leads/canvas/?state=contacted&ordering=created_at")))
    assert shown == ["Alpine", "Blue Yonder", "Coho"]
    assert titles(parse(client.get("/leads/canvas/?state=contacted&ordering=-created_at"))) == shown[::-1]
    assert titles(parse(client.get("/leads/canvas/?search=Yonder"))) == ["Blue Yonder"]
    assert client.get("/leads/canvas/?nothing=1").status_code == 400
    assert client.get("/leads/canvas/?part=count&state=contacted").content.decode().startswith("3 ")


def test_pages_are_cut_by_key(designed, as_user, parse):
    for number in range(7):
        make_lead("contacted", designed.northwind, company_name=f"Company {number}", topic=f"Topic {number}")
    client, url, seen = (
        as_user(designed.alice),
        "/leads/canvas/?state=contacted&ordering=created_at&limit=3",
        [],
    )
    while url:
        page = parse(client.get(url))
        seen += titles(page)
        url = next((one["href"] for one in page.all("a", rel="next")), "")
        assert not url or url.startswith("/leads/canvas/?")
    assert seen == [f"Company {number}" for number in range(7)]


def test_many_are_chosen_and_changed_as_in_the_list(designed, as_user, parse):
    page = parse(as_user(designed.alice).get("/leads/canvas/"))
    assert page.one("form", data_list="")
    assert page.all("input", class_="pick")
    listed = parse(as_user(designed.alice).get("/leads/?view=all"))
    actions = [one.get("formaction") for one in page.all("button") if one.get("formaction")]
    assert actions == [one.get("formaction") for one in listed.all("button") if one.get("formaction")]
    assert actions


def test_the_views_of_the_grant_are_the_ways_to_look(designed, as_user, parse):
    client = as_user(designed.alice)
    page = parse(client.get("/leads/?state=accepted"))
    links = [one["href"] for one in page.all("a") if one.get("href", "").startswith("/leads/canvas/")]
    assert "/leads/canvas/?state=accepted" in links
    assert client.get("/leads/board/").status_code == 404
    grant("partner", "leads", views=["list"])
    assert client.get("/leads/canvas/").status_code == 404


def test_the_first_view_is_where_the_list_opens(designed, as_user):
    client = as_user(designed.alice)
    grant("partner", "leads", views=["canvas", "list"])
    assert client.get("/leads/")["Location"] == "/leads/canvas/"
    assert client.get("/leads/?view=all").status_code == 200
    assert client.get("/leads/?state=accepted").status_code == 200
    grant("partner", "leads", views=["canvas"])
    assert client.get("/leads/?state=accepted")["Location"] == "/leads/canvas/?state=accepted"


def test_without_a_design_the_card_is_the_module_s(world, as_user, parse):
    grant("partner", "leads", views=["canvas"])
    lead = make_lead("accepted", world.northwind, topic="Ten switches")
    page = parse(as_user(world.alice).get("/leads/canvas/?search=switches"))
    assert page.one("li", data_row=str(lead.pk))
    assert titles(page) == ["Ten switches"]


def test_a_canvas_can_be_kept_as_a_view(designed, as_user):
    client = as_user(designed.alice)
    client.post(
        "/leads/views/", {"name": "Mine", "query": "state=accepted", "kind": "canvas", "shared": "nobody"}
    )
    kept = SavedView.objects.get(name="Mine")
    assert kept.kind == "canvas"
    client.post(f"/leads/views/{kept.pk}/", {"do": "default"})
    assert client.get("/leads/")["Location"].startswith("/leads/canvas/?state=accepted")
    grant("partner", "leads", views=["list"])
    assert client.get("/leads/").status_code == 200


def test_a_canvas_costs_the_same_queries_at_any_number_of_rows(designed, as_user):
    client = as_user(designed.alice)
    like = make_lead("accepted", designed.northwind)
    values = {
        field.attname: getattr(like, field.attname)
        for field in Lead._meta.concrete_fields
        if field.name not in ("id", "created_at", "updated_at")
    }

    def cost(url: str) -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url).status_code == 200
        return len(caught)

    few = cost("/leads/canvas/")
    assert few == cost("/leads/?view=all")
    Lead.objects.bulk_create([Lead(id=uuid7(), **values) for _ in range(200)])
    assert cost("/leads/canvas/") == few
