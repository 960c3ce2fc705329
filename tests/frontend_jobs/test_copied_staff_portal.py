"""A copy of the channel managers' portal is one of theirs in all that follows: what it grants says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from frontend.urls_jobs import nav_jobs
from frontend.views_jobs.approvals import _choices
from frontend.views_jobs.people import AwayForm
from prm.access.models import Portal
from prm.access.rights import visible
from prm.alerts.models import Alert
from prm.modules import actions, registry
from prm.people.models import User
from prm.portals.actions import draft_of, new_portal, save_draft
from prm.reports import registry as reports
from prm.reports.making import run
from tests.cast import World
from tests.factories import make_lead, make_partner, make_registration, make_user
from tests.frontend_jobs.conftest import SignIn
from workflows.actor import Actor
from workflows.perform import perform

#: What of the navigation is work with partners.
WORK = {"approvals", "distribute", "deadlines", "pipeline"}


def _copied(world: World, key: str, title: str, without: tuple[str, ...] = ()) -> Portal:
    """A published copy of a built-in portal, without the actions of some modules."""
    actor = Actor.of(world.admin)
    portal = new_portal(actor, title, "employee", copy_of=Portal.objects.get(key=key))
    draft = draft_of(actor, portal)
    document = draft.document
    for module in without:
        for scope in document["grants"][module]["scopes"]:
            scope["actions"] = ["view"]
    draft = save_draft(actor, draft, document, draft.version)
    perform(perform(draft, "submit", actor=actor), "publish", actor=actor)
    portal.refresh_from_db()
    return portal


@pytest.fixture
def rita(world: World) -> User:
    portal = _copied(world, "channel_manager", "Regional managers")
    return make_user("rita@vendor.example", portal.key, name="Rita Rau")


def _pages(user: User) -> list[str]:
    return [item["name"] for item in nav_jobs(user)]


def test_the_navigation_and_its_pages_are_those_of_a_channel_manager(
    world: World, rita: User, sign_in: SignIn
) -> None:
    assert _pages(rita) == _pages(world.maria)
    assert set(_pages(rita)) >= WORK
    client = sign_in(rita)
    for item in nav_jobs(rita):
        assert client.get(reverse(item["name"], args=item.get("args"))).status_code == 200, item["name"]


def test_home_is_that_of_a_channel_manager(rita: User, sign_in: SignIn) -> None:
    used = {one.name for one in sign_in(rita).get("/").templates}
    assert "frontend/jobs/home_manager.html" in used


def test_what_nobody_owns_is_told_to_them_too(world: World, rita: User) -> None:
    lead = make_lead("assigned", make_partner(name="Unlooked", channel_manager=None))
    alice = make_user("una@unlooked.example", "partner", lead.partner, name="Una")
    perform(lead, "decline", actor=Actor.of(alice), inputs={"reason": "capacity"})
    told = set(Alert.objects.filter(kind="lead.declined").values_list("recipient__email", flat=True))
    assert told == {world.maria.email, world.nils.email, rita.email}


def test_what_they_enter_is_theirs(rita: User) -> None:
    entered: Any = actions.create(
        Actor.of(rita), registry.get("leads"), {"topic": "Ten routers", "company_name": "Adatum"}
    )
    assert entered.owner == rita


def test_they_can_be_named_as_channel_manager_and_as_cover(world: World, rita: User) -> None:
    make_registration("submitted")
    assert str(rita.pk) in {value for value, _label in _choices(world.maria, "users")}
    cover: Any = AwayForm(user=world.maria).fields["cover"]
    assert set(cover.queryset) == {world.admin, world.nils, rita}


def test_partners_read_their_names_and_not_those_of_other_employees(world: World, rita: User) -> None:
    seen = set(visible(world.alice, registry.get("users")))
    assert {rita, world.maria} <= seen
    assert not {world.admin, world.erin} & seen


def test_reports_are_of_their_own_partners_at_first(world: World, rita: User) -> None:
    for user in (rita, world.maria):
        assert run(user, reports.get("pipeline"), {}).asked["channel_manager"] == str(user.pk)
    assert "channel_manager" not in run(world.admin, reports.get("pipeline"), {}).asked


def test_a_copy_without_that_work_is_one_of_other_employees(world: World, sign_in: SignIn) -> None:
    portal = _copied(
        world,
        "channel_manager",
        "Auditors",
        without=("registrations", "quotes", "partners", "leads", "opportunities"),
    )
    paul = make_user("paul@vendor.example", portal.key, name="Paul Poe")
    assert not WORK & set(_pages(paul))
    client = sign_in(paul)
    for page in WORK:
        assert client.get(f"/{page}/").status_code == 404
    assert paul not in set(visible(world.alice, registry.get("users")))


def test_who_decides_on_quotes_alone_has_that_page_alone(world: World, sign_in: SignIn) -> None:
    portal = _copied(
        world, "channel_manager", "Finance", without=("registrations", "partners", "leads", "opportunities")
    )
    fay = make_user("fay@vendor.example", portal.key, name="Fay Finn")
    assert WORK & set(_pages(fay)) == {"approvals"}
    assert sign_in(fay).get("/approvals/").status_code == 200


def test_no_built_in_portal_changes_sides(world: World) -> None:
    assert set(Portal.objects.filter(channel=True).values_list("key", flat=True)) == {"channel_manager"}
