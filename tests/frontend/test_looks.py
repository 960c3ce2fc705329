"""The look of a portal: for its users, on its host name, and nothing but a look."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prm.access.models import Portal
from prm.access.policy import touch
from prm.files.store import keep
from prm.people.actions import invite
from prm.vendor.colours import palette
from prm.vendor.looks import public_url
from tests.factories import make_user
from workflows.actor import Actor
from workflows.jobs import run_pending

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f"
    "0005000201b5a7d8f90000000049454e44ae426082"
)


def look(key: str, **changes: Any) -> Portal:
    """Gives a portal a look, as an administrator does."""
    portal = Portal.objects.get(key=key)
    for name, value in changes.items():
        setattr(portal, name, value)
    portal.save()
    touch(portal)
    portal.refresh_from_db()
    return portal


@pytest.fixture
def branded(world):
    logo = keep(PIXEL, "logo.png", "image/png")
    logo.width, logo.height = 120, 40
    logo.save()
    portal = look(
        "customer",
        title="Fabrikam care",
        accent="#C2410C",
        host="care.example",
        logo=logo,
        languages=["de", "en"],
        welcome={"title": "Hello there", "text": "First line.\n\nSecond <b>line</b>."},
        links=[
            {"title": "Spare parts", "url": "https://parts.example/shop"},
            {"title": "Bad", "url": "javascript:alert(1)"},
        ],
    )
    return world, portal


def test_the_users_of_a_portal_have_its_title_logo_and_colour(branded, as_user, parse):
    world, portal = branded
    page = parse(as_user(world.dana).get("/"))
    assert page.one("title")["text"].endswith("Fabrikam care")
    logo = page.all("img", class_="brand__logo")[0]
    assert (logo["alt"], logo["width"], logo["height"]) == ("Fabrikam care", "120", "40")
    sheet = f"/look/{portal.pk}/colours.css?v=c2410c"
    assert page.one("link", href=sheet)
    assert "immutable" in Client().get(sheet)["Cache-Control"]
    assert "--accent:" in Client().get(sheet).content.decode()
    answer = Client().get(logo["src"])
    assert (answer.content, answer["Content-Type"]) == (PIXEL, "image/png")


def test_others_keep_the_look_of_the_vendor(branded, as_user, parse):
    world, portal = branded
    for user in (world.alice, world.maria):
        page = parse(as_user(user).get("/"))
        assert "Fabrikam care" not in page.all("title")[0]["text"]
        assert not [one for one in page.all("link") if str(portal.pk) in one.get("href", "")]
        assert "Spare parts" not in page.one("body")["text"]


def test_home_welcomes_and_shows_what_there_is(branded, as_user, parse):
    world, _portal = branded
    response = as_user(world.dana).get("/")
    page = parse(response)
    assert page.one("h2", id="welcome-title")["text"] == "Hello there"
    assert "Second &lt;b&gt;line&lt;/b&gt;." in response.content.decode()
    stats = {one["href"]: one["text"] for one in page.all("a", class_="stat")}
    assert stats
    for one in response.context["lists"]:
        assert f"/{one['module'].key}/" in stats


def test_links_lead_elsewhere_and_give_nothing_away(branded, as_user, parse):
    world, _portal = branded
    page = parse(as_user(world.dana).get("/"))
    links = [one for one in page.all("a") if one.get("href") == "https://parts.example/shop"]
    assert len(links) == 2  # the navigation, and the home page
    assert all("noopener" in one["rel"].split() and one["target"] == "_blank" for one in links)
    assert not [one for one in page.all("a") if one.get("href", "").startswith("javascript")]
    assert not [one for one in page.all("nav", id="tabbar") if "Spare parts" in one["text"]]


def test_the_login_page_of_a_host_has_the_look_of_its_portal(branded, settings, parse):
    _world, _portal = branded
    settings.ALLOWED_HOSTS = ["testserver", "care.example"]
    there = Client(headers={"host": "care.example"}).get("/account/login/")
    page = parse(there)
    assert page.one("title")["text"].endswith("Fabrikam care")
    assert [one["value"] for one in page.all("button", name="language")] == ["en", "de"]
    # It is for customers: who comes here does not want to become a partner.
    assert not page.all("a", href="/register/")
    here = parse(Client().get("/account/login/"))
    assert "Fabrikam care" not in here.one("title")["text"]
    assert len(here.all("button", name="language")) > 2
    assert here.all("a", href="/register/")


def test_a_host_lets_nobody_in_and_keeps_nobody_out(branded, as_user, settings, parse):
    world, _portal = branded
    settings.ALLOWED_HOSTS = ["testserver", "care.example"]
    client = as_user(world.alice)
    response = client.get("/leads/", headers={"host": "care.example"})
    assert response.status_code == 200
    assert "Fabrikam care" not in parse(response).one("title")["text"]
    assert Client().get("/leads/", headers={"host": "care.example"}).status_code == 302


def test_an_archived_portal_gives_no_look(branded, settings, parse):
    _world, portal = branded
    settings.ALLOWED_HOSTS = ["testserver", "care.example"]
    look("customer", archived=True)
    page = parse(Client(headers={"host": "care.example"}).get("/account/login/"))
    assert "Fabrikam care" not in page.one("title")["text"]
    assert Client().get(f"/look/{portal.pk}/logo").status_code == 404


def test_only_the_languages_of_the_portal_are_offered(branded, as_user):
    world, _portal = branded
    client = as_user(world.dana)
    assert client.post("/language/", {"language": "ar"}).status_code == 400
    assert client.post("/language/", {"language": "de"}).status_code == 302
    assert client.get("/").headers["Content-Language"] == "de"
    choices = dict(client.get("/me/").context["profile"].fields["language"].choices)
    assert set(choices) == {"", "en", "de"}
    look("customer", languages=["en"])
    assert client.get("/").headers["Content-Language"] == "en"
    assert as_user(world.alice).post("/language/", {"language": "ar"}).status_code == 302


def test_a_look_costs_no_query(world, as_user, branded):
    client = as_user(world.dana)

    def cost() -> int:
        client.get("/me/")
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/me/").status_code == 200
        return len(caught)

    with_look = cost()
    look("customer", accent="", logo=None, links=[], welcome={}, languages=[], title="Customer")
    assert cost() == with_look


def test_a_portal_of_any_name_that_is_offered_records_has_the_home_of_a_partner(world, as_user):
    copied = Portal.objects.create(key="dealers", title="Dealers")
    for grant in Portal.objects.get(key="partner").grants.all():
        scopes = list(grant.scopes.all())
        grant.pk, grant.portal = None, copied
        grant.save()
        for scope in scopes:
            scope.pk, scope.grant = None, grant
            scope.save()
    touch(copied)
    dealer = make_user("dee@northwind.example", "partner", world.northwind, name="Dee")
    dealer.portal = copied
    dealer.save()
    client = as_user(dealer)
    page = client.get("/")
    assert "frontend/jobs/home_partner.html" in [one.name for one in page.templates]
    assert client.get("/offered/").status_code == 200
    assert "Offered" in page.content.decode()


def mailed(address: str) -> tuple[str, str]:
    """Text and HTML of the one mail that this address was sent."""
    while run_pending():
        pass
    (message,) = [one for one in mail.outbox if one.to == [address]]
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    return str(message.body), str(html)


def test_mails_have_the_look_and_the_host_of_their_readers_portal(branded, settings):
    world, portal = branded
    settings.ALLOWED_HOSTS = ["testserver", "care.example"]
    for user in (world.dana, world.carol):
        Client().post("/account/password/reset/", {"email": user.email})
    text, html = mailed(world.dana.email)
    there, logo = "http://care.example", portal.logo_id
    assert f"{there}/account/password/reset/key/" in text
    assert f'src="{there}/look/{portal.pk}/logo?v={logo}" width="96" height="32" alt="Fabrikam care"' in html
    assert f'href="{there}/account/password/reset/key/' in html
    assert '<html lang="en"' in html
    assert f"background:{palette('#C2410C').light.fill}" in html
    text, html = mailed(world.carol.email)
    assert "care.example" not in text + html and "Fabrikam care" not in html
    answer = Client().get(f"/look/{portal.pk}/logo")
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_an_invitation_has_the_look_of_the_portal_that_it_leads_to(branded, settings):
    world, portal = branded
    settings.ALLOWED_HOSTS = ["testserver", "care.example"]
    invite(Actor.of(world.admin), email="new@fabrikam.example", portal=portal, company=world.fabrikam)
    text, html = mailed("new@fabrikam.example")
    assert "http://care.example/invite/" in text and "http://care.example/invite/" in html
    assert 'alt="Fabrikam care"' in html


@pytest.mark.parametrize("allowed", [["testserver"], ["*"]])
def test_a_link_keeps_to_hosts_that_the_operator_has_named(branded, settings, allowed):
    _world, portal = branded
    settings.ALLOWED_HOSTS = allowed
    assert public_url("/x/", portal) == "http://testserver/x/"


def test_a_portal_with_a_name_alone_is_named_at_the_head_of_its_mails(branded, settings):
    world, _portal = branded
    look("customer", logo=None, accent="", host="")
    Client().post("/account/password/reset/", {"email": world.dana.email})
    text, html = mailed(world.dana.email)
    assert "<img" not in html and "Fabrikam care" in html and "http://testserver/account/" in text
