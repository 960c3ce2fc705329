"""What surrounds the pages: inbox, theme, errors."""

from __future__ import annotations

from django.test import Client

from prm.alerts.models import Alert
from tests.factories import make_lead
from workflows.actor import Actor
from workflows.perform import perform


def offer(world):
    return perform(
        make_lead("new", topic="Fresh one"),
        "assign",
        actor=Actor.of(world.maria),
        inputs={"partner": str(world.northwind.pk)},
    )


def test_the_inbox_is_the_truth(world, as_user, parse):
    offer(world)
    client = as_user(world.alice)
    page = parse(client.get("/alerts/"))
    assert page.one("a", id="bell")["data-unread"] == "1"
    assert len(page.all("article", class_="alert-row--new")) == 1
    assert client.post("/alerts/seen/", {"seq": page.one("a", id="bell")["data-seq"]}).status_code == 302
    assert not Alert.objects.filter(recipient=world.alice, seen_at=None).exists()
    assert not parse(as_user(world.carol).get("/alerts/")).all("article")


def test_a_toast_offers_what_is_one_click_away(world, as_user, parse):
    lead = offer(world)
    client = as_user(world.alice)
    alert = Alert.objects.get(recipient=world.alice)
    page = parse(client.get(f"/alerts/{alert.seq}/toast/"))
    form = page.one("form", action=f"/leads/{lead.pk}/do/accept/")
    assert form["hx-post"] == form["action"]
    assert page.one("input", name="then")["value"] == "event"
    assert client.get(f"/alerts/{alert.seq + 1}/toast/").status_code == 404
    assert as_user(world.carol).get(f"/alerts/{alert.seq}/toast/").status_code == 404


def test_what_a_page_missed_can_be_asked_for(world, as_user):
    offer(world)
    answer = as_user(world.bob).get("/alerts/after/?after=0").json()
    assert answer["unread"] == 1
    assert [one["seq"] for one in answer["alerts"]] == [1]


def test_a_wrong_number_is_a_bad_request(world, as_user):
    assert as_user(world.alice).post("/alerts/seen/", {"seq": "x"}).status_code == 400


def test_the_theme_is_kept(world, as_user, parse):
    client = as_user(world.alice)
    client.post("/theme/", {"theme": "toggle", "next": "/leads/"})
    assert parse(client.get("/alerts/")).one("html")["data-theme"] == "dark"
    client.post("/theme/", {"theme": "toggle"})
    assert parse(client.get("/alerts/")).one("html")["data-theme"] == "light"
    client.cookies["theme"] = '"><script>'
    assert "data-theme" not in parse(client.get("/alerts/")).one("html")


def test_errors_are_pages_that_help(world, as_user, parse):
    for client in (as_user(world.alice), Client()):
        page = client.get("/nothing/at/all/")
        assert page.status_code == 404
        assert "There is nothing here for you" in page.content.decode()
    part = as_user(world.alice).get("/nothing/at/all/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part


def test_a_broken_page_asks_the_database_for_nothing(world, rf, django_assert_num_queries):
    from frontend.views.errors import server_error

    request = rf.get("/leads/")
    request.user = world.alice
    with django_assert_num_queries(0):
        response = server_error(request)
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


def test_a_form_from_elsewhere_is_refused_with_a_page(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post("/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "Please send that again" in response.content.decode()


def test_the_navigation_is_told_anew_when_something_happens(world, as_user, parse):
    client = as_user(world.alice)
    page = parse(client.get("/leads/"))
    assert page.one("div", id="nav")["hx-get"] == "/navigation/?path=/leads/"
    offer(world)
    again = parse(client.get("/navigation/?path=/leads/"))
    assert [one["text"].strip() for one in again.all("span", class_="nav__count")] == ["1"]
    assert again.one("a", class_="nav__link", aria_current="page")["href"] == "/leads/"
    assert again.one("nav", id="tabbar")["hx-swap-oob"] == "true"


def test_administration_is_for_the_vendors_people(world, as_user, parse):
    def links(user):
        return {one["href"] for one in parse(as_user(user).get("/alerts/")).all("a", class_="nav__link")}

    assert {"/territories/", "/agreements/", "/invitations/", "/portals-admin/", "/users/"} <= links(
        world.admin
    )
    assert not {"/territories/", "/users/", "/portals/", "/portals-admin/"} & links(world.alice)
    found = as_user(world.maria).get("/search/?q=central+eur").content.decode()
    assert "<mark>Central</mark> <mark>Europe</mark>" in found
