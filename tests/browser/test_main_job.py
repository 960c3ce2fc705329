"""The main job in the browser: a company becomes a partner, is offered work live, and wins it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from djmoney.money import Money
from playwright.sync_api import expect

from prm.leads.models import Lead
from prm.opportunities.models import Opportunity
from prm.partners.models import Partner
from tests.browsing import Live, follow
from tests.cast import World, build_world
from tests.factories import make_lead, make_opportunity

pytestmark = pytest.mark.browser

NewPage = Callable[..., Any]
Shot = Callable[..., Any]


@pytest.fixture
def cast(live: Live) -> World:
    return build_world()


def test_from_application_to_first_login(cast: World, live: Live, new_page: NewPage, shot: Shot) -> None:
    page = new_page(viewport=(390, 844))
    page.goto("/register/")
    page.get_by_role("link", name="Start now").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_label("Your work email address").fill("kim@wingtip.example")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Company name").fill("Wingtip Systems")
    page.get_by_label("Website").fill("wingtip.example")
    page.get_by_label("Country").select_option("DE")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Your name").fill("Kim Kraft")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Managed service provider").check()
    page.get_by_label("Where do you sell?").select_option("EMEA")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Check your answers")).to_be_visible()
    shot(page, "register-check-390")

    # The link is opened on the computer; the phone notices by itself.
    desk = new_page()
    desk.goto(live.link("kim@wingtip.example", "/register/r/"))
    desk.get_by_role("button", name="Confirm and continue").click()
    expect(page.get_by_text("Your email is confirmed")).to_be_visible()
    page.get_by_role("link", name="Continue to the agreement").click()
    page.get_by_label("I have read the partner agreement").check()
    page.get_by_role("button", name="Accept and send application").click()
    expect(page.get_by_role("heading", name="What happens next")).to_be_visible()
    shot(page, "register-sent-390")

    # Two clicks approve it: the page has it filled in.
    maria = new_page(user=cast.maria)
    maria.goto("/")
    maria.get_by_role("link", name=re.compile("^Wingtip Systems")).click()
    shot(maria, "approvals-1440")
    maria.get_by_role("button", name="Approve Wingtip Systems").click()
    expect(maria.get_by_text("Wingtip Systems is a partner now")).to_be_visible()

    desk.goto(live.link("kim@wingtip.example", "/invite/"))
    desk.get_by_label("Choose a password").fill("four words make one")
    desk.get_by_role("button", name="Set password and sign in").click()
    expect(desk.get_by_role("heading", name=re.compile("Kim"))).to_be_visible()
    expect(desk.get_by_role("heading", name="Getting started")).to_be_visible()
    shot(desk, "first-login-1440")
    partner = Partner.objects.get(name="Wingtip Systems")
    assert (partner.state, partner.channel_manager, partner.territory) == (
        "onboarding",
        cast.maria,
        cast.territory,
    )

    # The password works at the door, too, and the invitation no more.
    link = live.link("kim@wingtip.example", "/invite/")
    again = new_page()
    again.goto(link)
    expect(again.get_by_role("heading", name="This invitation no longer works")).to_be_visible()
    again.get_by_role("link", name="Sign in").click()
    again.get_by_label("Email").fill("kim@wingtip.example")
    again.get_by_label("Password").fill("four words make one")
    again.get_by_role("button", name="Sign in", exact=True).click()
    expect(again.get_by_role("heading", name=re.compile("Kim"))).to_be_visible()


def test_distribute_accept_work_win(cast: World, live: Live, new_page: NewPage, shot: Shot) -> None:
    opportunity = make_opportunity(
        "draft", topic="Campus Wi-Fi renewal", account=cast.fabrikam, amount=Money(24000, "USD")
    )
    alice = new_page(user=cast.alice)
    alice.goto("/offered/")
    expect(alice.get_by_text("No offers at the moment")).to_be_visible()
    alice.evaluate("window.untouched = true")

    maria = new_page(user=cast.maria)
    maria.goto("/distribute/")
    maria.get_by_role("link", name="Find partner Campus Wi-Fi renewal").click()
    shot(maria, "distribute-fits-1440")
    maria.get_by_role("button", name="Offer to Northwind Systems").click()
    expect(maria.get_by_text("1 record offered to Northwind Systems")).to_be_visible()

    # It appears in the open page of the partner, without a reload and without the customer's name.
    offer = alice.get_by_role("article", name="Campus Wi-Fi renewal")
    expect(offer).to_be_visible()
    expect(offer.get_by_text("You serve EMEA and are a Gold partner.")).to_be_visible()
    assert "Fabrikam" not in alice.content()
    assert alice.evaluate("window.untouched") is True
    shot(alice, "offered-live-1440")
    offer.get_by_role("button", name="Accept").click()
    done = alice.get_by_role("status").filter(has_text="is yours")
    expect(done.get_by_text("Fabrikam")).to_be_visible()
    shot(alice, "offer-accepted-1440")

    # Maria's home tells that it is worked on; Alice moves it on the board by menu, then wins it.
    alice.goto("/managed/?view=board")
    alice.get_by_label("Move Campus Wi-Fi renewal").click()
    # The board is loaded anew after a move; what is pressed while that happens is gone before it is let go.
    with alice.expect_response(re.compile("/managed/.view=board$")):
        alice.get_by_role("button", name="Negotiation").click()
    expect(alice.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    lane = alice.get_by_role("region", name=re.compile("Negotiation"))
    expect(lane.get_by_text("Campus Wi-Fi renewal")).to_be_visible()
    expect(lane.get_by_text("$24K")).to_be_visible()
    shot(alice, "managed-board-1440")
    follow(alice.get_by_role("link", name="Campus Wi-Fi renewal").first)
    alice.get_by_role("link", name="Win", exact=True).first.click()
    alice.locator("#dialog-body").get_by_role("button", name="Win").click()
    expect(alice.get_by_text("This one has ended.")).to_be_visible()
    opportunity = Opportunity.objects.get(pk=opportunity.pk)
    assert (opportunity.state, opportunity.partner_id) == ("won", cast.northwind.pk)
    alice.goto("/")
    expect(alice.get_by_role("img", name=re.compile("Won over time.*24K"))).to_be_visible()


def test_many_in_five_clicks(cast: World, live: Live, new_page: NewPage, shot: Shot) -> None:
    for number in range(12):
        make_lead("new", topic=f"Lead number {number}")
    maria = new_page(user=cast.maria)
    maria.goto("/")
    follow(maria.get_by_role("link", name="Distribute").first)
    maria.get_by_label("Choose all").check()
    expect(maria.get_by_text("13 chosen")).to_be_visible()
    maria.get_by_role("button", name="Find partners").click()
    maria.get_by_role("button", name="Offer 13 to Northwind Systems").click()
    expect(maria.get_by_text("13 records offered to Northwind Systems")).to_be_visible()
    assert Lead.objects.filter(state="assigned", partner=cast.northwind).count() == 13


def test_decline_by_chip_and_a_page_that_waits(
    cast: World, live: Live, new_page: NewPage, shot: Shot
) -> None:
    lead = make_lead("assigned", cast.northwind, topic="Voice over IP migration")
    alice = new_page(user=cast.alice, viewport=(390, 844), color_scheme="dark")
    alice.goto("/offered/")
    offer = alice.get_by_role("article", name="Voice over IP migration")
    offer.get_by_text("Decline", exact=False).first.click()
    offer.get_by_label("Not our field").check(force=True)
    shot(alice, "decline-390-dark")

    # Another offer arrives meanwhile: what Alice has begun is not taken from her.
    maria = new_page(user=cast.maria)
    maria.goto(f"/distribute/?pick=leads:{cast.new_lead.pk}")
    maria.get_by_role("button", name="Offer to Northwind Systems").click()
    expect(alice.locator("#toasts").get_by_text(cast.new_lead.topic)).to_be_visible()
    expect(offer.get_by_label("Not our field")).to_be_checked()
    offer.get_by_role("button", name="Decline this offer").click()
    expect(alice.get_by_text("You declined “Voice over IP migration”")).to_be_visible()
    lead = Lead.objects.get(pk=lead.pk)
    assert lead.assignments.get().decline_reason == "expertise"


def test_offer_is_accepted_from_the_mail(cast: World, live: Live, new_page: NewPage, shot: Shot) -> None:
    maria = new_page(user=cast.maria)
    maria.goto(f"/distribute/?pick=leads:{cast.new_lead.pk}")
    maria.get_by_role("button", name="Offer to Northwind Systems").click()
    link = live.link(cast.bob.email, "/offer/")
    phone = new_page(viewport=(390, 844))
    phone.goto(link)
    assert cast.new_lead.company_name not in phone.content()
    assert Lead.objects.get(pk=cast.new_lead.pk).state == "assigned"
    shot(phone, "offer-link-390")
    phone.get_by_role("button", name="Accept this offer").click()
    expect(phone.get_by_text(cast.new_lead.company_name)).to_be_visible()
    shot(phone, "offer-link-accepted-390")
    phone.goto(link)
    expect(phone.get_by_role("heading", name="This link has been used")).to_be_visible()
    assert Lead.objects.get(pk=cast.new_lead.pk).assignee == cast.bob


@pytest.mark.parametrize("javascript", [True, False])
def test_accept_with_and_without_scripts(
    cast: World, live: Live, new_page: NewPage, javascript: bool
) -> None:
    lead = make_lead("assigned", cast.northwind, topic="SD-WAN for a retail chain")
    page = new_page(user=cast.bob, java_script_enabled=javascript)
    page.goto("/")
    page.get_by_role("button", name="Accept SD-WAN for a retail chain").click()
    expect(page.get_by_text(lead.company_name).first).to_be_visible()
    assert Lead.objects.get(pk=lead.pk).state == "accepted"
