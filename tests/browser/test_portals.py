"""An administrator builds three portals from nothing in the browser; who is invited sees what is granted.

Existing modules stand in: a franchise owner is a partner company with its customers and business; a child is
the account of a family, whose people are the parents; a car's repair is quoted by the garage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from prm.access.models import Portal, PortalVersion
from prm.people.models import User
from tests.browsing import Live, follow
from tests.cast import PASSWORD, World, build_world
from tests.factories import make_account, make_contact, make_quote
from workflows.perform import unit_of_work

pytestmark = pytest.mark.browser

NewPage = Callable[..., Any]
PHONE = (390, 844)


@pytest.fixture
def cast(live: Live) -> World:
    return build_world()


@dataclass(frozen=True)
class Granted:
    """One scope of a portal, as it is put together in the editor."""

    module: str
    name: str
    actions: tuple[str, ...]
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    reach: str = "company"
    path: str = ""


@dataclass(frozen=True)
class Wanted:
    """A portal, and the person who is invited into it."""

    title: str
    audience: str
    grants: tuple[Granted, ...]
    contact: Any
    #: Addresses of lists and what each of them shows; what none of them does.
    shows: dict[str, list[str]] = field(default_factory=dict)
    hides: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def build(page: Page, wanted: Wanted, shot: Callable[..., Any]) -> Portal:
    """From nothing to in force, by the pages alone."""
    page.goto("/portals-admin/")
    page.get_by_role("link", name="New portal").first.click()
    page.get_by_label("Title").fill(wanted.title)
    page.get_by_label("Audience").select_option(wanted.audience)
    page.locator("input[name=begin][value=blank]").check()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1, name=wanted.title)).to_be_visible()
    modules = f"{page.url}modules/"
    for granted in wanted.grants:
        page.goto(modules)
        page.locator(f'button[value="grant:{granted.module}"]').click()
        add_scope(page, granted)
    shot(page, f"portal-{wanted.audience}-scopes-1440")
    page.goto(modules)
    page.get_by_role("link", name="Review and publish").click()
    expect(page.locator("#impact li").first).to_be_visible()
    shot(page, f"portal-{wanted.audience}-review-1440")
    page.locator('form[action$="/do/submit/"] button').click()
    page.locator('form[action$="/do/publish/"] button').click()
    expect(page.get_by_text("What you change here is kept in a draft")).to_be_visible()
    return Portal.objects.get(title=wanted.title)


def add_scope(page: Page, granted: Granted) -> None:
    page.get_by_label("Name of the scope").fill(granted.name)
    page.locator(f"input[name=reach][value={granted.reach}]").check()
    if granted.path:
        page.get_by_label("The way to the user").select_option(granted.path)
    for box in page.locator("input[name=action]").all():
        box.set_checked(box.get_attribute("value") in granted.actions)
    page.locator('input[name="f-*"][value=hidden]').check()
    for level, names in (("read", granted.read), ("write", granted.write)):
        for name in names:
            page.locator(f'input[name="f-{name}"][value={level}]').check()
    page.get_by_role("button", name="Save in the draft").click()
    expect(page.get_by_role("heading", level=2, name=granted.name)).to_be_visible()


def invite(page: Page, live: Live, wanted: Wanted) -> str:
    """The link that the person is sent."""
    page.goto(f"/contacts/{wanted.contact.pk}/")
    page.get_by_role("combobox", name="Portal", exact=True).select_option(label=wanted.title)
    page.get_by_role("button", name=f"Invite {wanted.contact.email}").click()
    expect(page.get_by_text(f"Invited into {wanted.title}")).to_be_visible()
    return live.link(wanted.contact.email, "/invite/")


def begin(page: Page, link: str, wanted: Wanted) -> None:
    """What the invited person does, and then sees."""
    page.goto(link)
    page.get_by_label("Choose a password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Set password and sign in"))
    expect(page.locator("main h1")).to_be_visible()
    assert User.objects.get(email=wanted.contact.email).portal.title == wanted.title
    for address, texts in wanted.shows.items():
        page.goto(address)
        main = page.locator("main")
        for text in texts:
            expect(main.get_by_text(text).first).to_be_visible()
        for text in wanted.hides:
            expect(main.get_by_text(text)).to_have_count(0)
    for address in wanted.closed:
        answer = page.request.get(address)
        assert answer.status == 404, address


def pictures(page: Page, shot: Callable[..., Any], name: str) -> None:
    """The open page in both themes and widths."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, height in ((1440, 900), PHONE):
            page.set_viewport_size({"width": width, "height": height})
            shot(page, f"{name}-{scheme}-{width}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_franchise_owners_see_their_outlets_and_write_some_fields(
    cast: World, live: Live, new_page: NewPage, shot: Callable[..., Any]
) -> None:
    owner = make_contact(cast.northwind, name="Olga Owner", email="olga@northwind.example")
    deal, other = cast.northwind_opportunity, cast.contoso_opportunity
    wanted = Wanted(
        "Franchise owners",
        "franchise",
        (
            Granted(
                "accounts",
                "own customers",
                ("view", "edit"),
                read=("name", "region"),
                write=("website", "city"),
                reach="path",
                path="partner=$user.company",
            ),
            Granted(
                "opportunities", "own performance", ("view",), read=("topic", "state", "amount", "account")
            ),
        ),
        owner,
        {"/accounts/": ["Fabrikam"], "/opportunities/": [deal.topic]},
        ("Tailspin Toys", other.topic),
        ("/leads/", f"/accounts/{cast.tailspin.pk}/", f"/opportunities/{other.pk}/", "/portals-admin/"),
    )
    admin = new_page(user=cast.admin)
    portal = build(admin, wanted, shot)
    assert PortalVersion.objects.filter(portal=portal).latest("number").by_id == cast.admin.pk
    page = new_page()
    begin(page, invite(admin, live, wanted), wanted)
    page.goto(f"/accounts/{cast.fabrikam.pk}/")
    pictures(page, shot, "portal-franchise-record")
    page.goto(f"/accounts/{cast.fabrikam.pk}/edit/")
    expect(page.get_by_label("Website")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_count(0)
    page.get_by_label("City").fill("Bremen")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("main").get_by_text("Bremen").first).to_be_visible()


def test_parents_read_their_childs_record_and_edit_their_contact(
    cast: World, live: Live, new_page: NewPage, shot: Callable[..., Any]
) -> None:
    with unit_of_work():
        child = make_account(name="Mia Muster", industry="Class 4b", city="Hamburg", tax_id="DE-SECRET")
        other = make_account(name="Ben Beispiel", industry="Class 4b")
        parent = make_contact(child, name="Paula Muster", email="paula@home.example", phone="+494012345")
        stranger = make_contact(other, name="Bea Beispiel", email="bea@home.example")
    wanted = Wanted(
        "Parents",
        "parent",
        (
            Granted("accounts", "own child", ("view",), read=("name", "industry", "city")),
            Granted(
                "contacts",
                "my own card",
                ("view", "edit"),
                read=("name", "email"),
                write=("phone",),
                reach="own",
            ),
        ),
        parent,
        {"/accounts/": ["Mia Muster", "Class 4b"], "/contacts/": ["Paula Muster"]},
        ("Ben Beispiel", "Bea Beispiel", "Fabrikam", "DE-SECRET"),
        (f"/accounts/{other.pk}/", f"/contacts/{stranger.pk}/", f"/accounts/{child.pk}/edit/", "/quotes/"),
    )
    admin = new_page(user=cast.admin)
    build(admin, wanted, shot)
    page = new_page(viewport=PHONE)
    begin(page, invite(admin, live, wanted), wanted)
    page.goto(f"/accounts/{child.pk}/")
    expect(page.locator("main").get_by_text("Class 4b").first).to_be_visible()
    expect(page.locator("main").get_by_text("DE-SECRET")).to_have_count(0)
    pictures(page, shot, "portal-parent-record")
    page.goto(f"/contacts/{parent.pk}/edit/")
    page.get_by_label("Phone").fill("+49 40 999888")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("main").get_by_text("999888").first).to_be_visible()


def test_customers_of_a_garage_see_their_car_and_its_quote(
    cast: World, live: Live, new_page: NewPage, shot: Callable[..., Any]
) -> None:
    sent = make_quote("sent", cast.northwind_opportunity, title="New brakes")
    foreign = make_quote("sent", cast.contoso_opportunity, title="Somebody's exhaust")
    driver = make_contact(cast.fabrikam, name="Dora Driver", email="dora@fabrikam.example")
    wanted = Wanted(
        "Garage customers",
        "customer",
        (
            Granted("accounts", "own car", ("view", "attach"), read=("name", "city")),
            Granted(
                "quotes",
                "own quotes",
                ("view",),
                read=("number", "title", "state", "total", "account"),
                reach="path",
                path="account=$user.company",
            ),
        ),
        driver,
        {"/accounts/": ["Fabrikam"], "/quotes/": ["New brakes"]},
        ("Tailspin Toys", "Somebody's exhaust"),
        (f"/quotes/{foreign.pk}/", f"/accounts/{cast.tailspin.pk}/", "/opportunities/", "/contacts/"),
    )
    admin = new_page(user=cast.admin)
    build(admin, wanted, shot)
    page = new_page()
    begin(page, invite(admin, live, wanted), wanted)
    page.goto(f"/quotes/{sent.pk}/")
    expect(page.locator("main").get_by_text("New brakes").first).to_be_visible()
    pictures(page, shot, "portal-garage-quote")
