"""Lists keep their state in the URL and say what is wrong with it."""

from __future__ import annotations

from prm.modules import registry
from tests.factories import make_lead


def titles(page) -> list[str]:
    return [one["text"] for one in page.all("a", class_="row-link")]


def test_filters_search_and_order_come_from_the_url(world, as_user, parse):
    make_lead("new", topic="Alpha scanners")
    make_lead("pooled", topic="Beta scanners")
    client = as_user(world.maria)
    assert titles(parse(client.get("/leads/?search=scanners&state=new"))) == ["Alpha scanners"]
    assert titles(
        parse(client.get("/leads/?state__in=new&state__in=pooled&search=scanners&ordering=created_at"))
    ) == [
        "Alpha scanners",
        "Beta scanners",
    ]
    assert client.get("/leads/?search=scanners&part=count").content == b"2 leads"


def test_an_active_filter_is_shown_and_can_be_taken_away(world, as_user, parse):
    page = parse(as_user(world.maria).get("/leads/?region=EMEA&ordering=created_at"))
    chip = page.one("a", class_="chip--on")
    assert "Region: EMEA" in chip["text"]
    assert chip["href"] == "/leads/?ordering=created_at"


def test_a_filter_that_is_none_says_so(world, as_user, parse):
    response = as_user(world.maria).get("/leads/?secret=1")
    assert response.status_code == 400
    assert parse(response).all("a", href="/leads/")


def test_pages_follow_each_other_without_loss(world, as_user, parse):
    for number in range(57):
        make_lead("new", topic=f"Batch {number:02}")
    client = as_user(world.maria)
    first = parse(client.get("/leads/?search=batch"))
    second = parse(client.get(first.one("a", rel="next")["href"]))
    assert len(titles(first)) == 50
    assert len(titles(second)) == 7
    assert not set(titles(first)) & set(titles(second))
    back = parse(client.get(second.one("a", rel="prev")["href"]))
    assert titles(back) == titles(first)


def test_columns_are_chosen_in_the_url_among_the_readable_ones(world, as_user, parse):
    page = parse(as_user(world.alice).get("/leads/?cols=city&cols=reference&cols=nonsense"))
    heads = [one["text"].strip() for one in page.all("th", role="columnheader")]
    assert "City" in heads
    assert "Reference" not in heads
    assert heads[1] == str(registry.get("leads").field("topic").label)


def test_an_empty_list_says_what_to_do(world, as_user, parse):
    page = parse(as_user(world.alice).get("/leads/?search=nothing+like+this"))
    assert page.one("div", class_="empty__title")["text"] == "Nothing fits these filters"
    assert parse(as_user(world.dana).get("/products/?search=zzz")).all("div", class_="empty")


def test_a_customer_on_offer_is_not_in_the_list(world, as_user):
    make_lead("assigned", world.northwind, topic="Offered one", company_name="Secret Customer Ltd")
    body = as_user(world.alice).get("/leads/?state=assigned").content.decode()
    assert "Offered one" in body
    assert "Secret Customer" not in body
    assert "Offered one" not in as_user(world.alice).get("/leads/?search=secret+customer").content.decode()


def test_searching_everything_finds_what_one_may_see(world, as_user):
    client = as_user(world.alice)
    assert "Fabrikam" in client.get("/search/?q=fabrikam").content.decode()
    assert "Tailspin" not in client.get("/search/?q=tailspin").content.decode().replace("“tailspin”", "")
    part = client.get("/search/?q=fabri", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Fabrikam" in part


def test_combobox_offers_only_visible_records(world, as_user):
    client = as_user(world.alice)
    found = {one["label"] for one in client.get("/accounts/options/?q=").json()["options"]}
    assert "Fabrikam" in found
    assert "Tailspin Toys" not in found
