"""What a draft would mean on today's data, and what was seen on an earlier day."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prm.access.document import apply, document_of, keep_version
from prm.access.models import Portal, PortalVersion
from prm.modules import registry
from prm.people.models import PortalStay, User
from prm.portals import actions
from prm.portals.impact import impact
from prm.portals.travel import policy_on, rights_on, sight_on
from tests.api.conftest import as_  # noqa: F401  # a fixture
from tests.factories import make_user
from tests.gadgets.models import Gadget
from workflows.actor import Actor
from workflows.models import TransitionRecord
from workflows.perform import perform
from workflows.triggers import maintenance

pytestmark = pytest.mark.django_db

EVERYTHING = {
    "name": "all",
    "where": None,
    "actions": ["view"],
    "fields": {"*": "read"},
    "admins_only": False,
}


@pytest.fixture
def portal(world):
    return Portal.objects.get(key="partner")


@pytest.fixture
def lent(world):
    """Two of Northwind's, one of Contoso's, and a small one that all partners see."""
    return [
        Gadget.objects.create(name="lamp", size=9, note="n", holder=world.northwind, state="lent"),
        Gadget.objects.create(name="torch", size=9, holder=world.northwind, state="lent"),
        Gadget.objects.create(name="drill", size=9, note="n", holder=world.contoso, state="lent"),
        Gadget.objects.create(name="pin", size=1, note="n"),
    ]


def changed(portal, change):
    document = document_of(portal)
    change(document["grants"])
    return impact(portal, document)


def test_a_draft_without_changes_means_nothing(portal, lent):
    found = impact(portal, document_of(portal))
    assert (found.modules, found.users, found.complete) == ((), 3, True)
    assert found.sentences == ("Nothing changes for anybody on today's data.",)


def test_more_rows_are_gained_once_each(portal, lent):
    found = changed(portal, lambda grants: grants["gadgets"]["scopes"].append(EVERYTHING))
    (one,) = found.modules
    # Alice and Bob gain the drill; Carol gains lamp and torch.
    assert (one.module, one.gaining, one.gained, one.losing, one.lost) == ("gadgets", 3, 3, 0, 0)
    assert found.sentences[0] == "3 users gain 3 gadgets."
    assert "Nobody loses a record they worked on in the last 30 days." in found.sentences
    assert found.data()["modules"][0]["gained"] == 3


def test_who_worked_on_what_is_lost(world, portal, lent):
    perform(lent[0], "take_back", actor=Actor.of(world.bob))
    found = changed(portal, lambda grants: grants["gadgets"].update(scopes=grants["gadgets"]["scopes"][1:]))
    (one,) = found.modules
    assert (one.losing, one.lost, one.workers, one.worked) == (3, 3, 1, 1)
    assert "1 user loses records worked on in the last 30 days (1)." in found.sentences
    with maintenance():
        TransitionRecord.objects.update(at=timezone.now() - dt.timedelta(days=31))
    again = changed(portal, lambda grants: grants["gadgets"].update(scopes=grants["gadgets"]["scopes"][1:]))
    assert again.modules[0].workers == 0


def test_a_module_that_is_taken_away(portal, lent):
    found = changed(portal, lambda grants: grants.pop("gadgets"))
    (one,) = found.modules
    assert (one.losing, one.lost, one.fields) == (3, 4, ())
    assert found.sentences[0] == "3 users lose 4 gadgets."


def test_a_field_is_lost_by_those_who_have_a_record_with_it(world, portal, lent):
    def hide(grants):
        grants["gadgets"]["scopes"][0]["fields"]["note"] = "hidden"

    (one,) = changed(portal, hide).modules
    assert [(each.name, each.gaining, each.losing) for each in one.fields] == [("note", 0, 3)]
    lent[2].delete()
    found = changed(portal, hide)
    assert found.modules[0].fields[0].losing == 2
    assert "2 users lose the field Note (Gadgets)." in found.sentences


def test_a_field_that_is_hidden_in_one_state_only(world, portal, lent):
    def hide(grants):
        grants["gadgets"]["scopes"][0]["fields"]["note"] = {"back": "hidden", "*": "write"}

    assert changed(portal, hide).modules == ()
    perform(lent[0], "take_back", actor=Actor.of(world.bob))
    (one,) = changed(portal, hide).modules
    assert [(each.name, each.losing) for each in one.fields] == [("note", 2)]


def test_a_field_is_gained(portal, lent):
    def show(grants):
        grants["gadgets"]["scopes"][0]["fields"]["secret"] = "read"

    (one,) = changed(portal, show).modules
    assert [(each.name, each.gaining, each.losing) for each in one.fields] == [("secret", 3, 0)]


def test_actions_and_scopes_for_admins(portal, lent):
    def take(grants):
        grants["gadgets"]["scopes"][0]["actions"].remove("export")
        grants["gadgets"]["scopes"][1]["actions"].remove("export")
        grants["gadgets"]["scopes"].append(
            EVERYTHING | {"name": "admins", "admins_only": True, "actions": ["view", "delete"]}
        )

    (one,) = changed(portal, take).modules
    assert [(each.name, each.gaining, each.losing) for each in one.actions] == [
        ("delete", 2, 0),
        ("export", 0, 3),
    ]
    assert (one.gaining, one.gained) == (2, 3)


def test_colleagues_are_asked_for_as_one(world, portal, lent):
    def more(grants):
        grants["gadgets"]["scopes"].append(EVERYTHING)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            changed(portal, more)
        return len(caught)

    few = queries()
    for number in range(5):
        make_user(f"n{number}@northwind.example", "partner", world.northwind)
    assert queries() == few
    assert changed(portal, more).modules[0].gaining == 8


def test_the_impact_of_a_draft_by_api(world, portal, lent, as_):  # noqa: F811
    admin = Actor.of(world.admin)
    draft = actions.draft_of(admin, portal)
    api = as_(world.admin)
    status, document = api.get(f"portal-drafts/{draft.pk}/document/")
    assert (status, document) == (200, draft.document)
    document["grants"]["gadgets"]["scopes"].append(EVERYTHING)
    assert api.put(f"portal-drafts/{draft.pk}/document/", document)[0] == 200
    status, found = api.get(f"portal-drafts/{draft.pk}/impact/")
    assert (status, found["sentences"][0]) == (200, "3 users gain 3 gadgets.")
    document["grants"]["gadgets"]["columns"] = ["nothing"]
    status, problem = api.put(f"portal-drafts/{draft.pk}/document/", document)
    assert (status, set(problem["errors"])) == (422, {"grants.gadgets.columns"})
    for path in ("impact", "document"):
        for user in (world.maria, world.alice):
            assert as_(user).get(f"portal-drafts/{draft.pk}/{path}/")[0] == 404
    for name in ("submit", "publish"):
        assert api.post(f"portal-drafts/{draft.pk}/transitions/{name}/", {})[0] == 200
    assert [row["transition"] for row in api.get(f"portal-drafts/{draft.pk}/history/")[1]["results"]]
    assert document_of(Portal.objects.get(pk=portal.pk))["grants"]["gadgets"]["scopes"][-1] == EVERYTHING


# --- time travel

TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def past(world, portal, lent):
    """The portal as it is until the tenth of November, and with everything from then on."""
    now = dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC)
    early = now - dt.timedelta(days=100)
    with maintenance():
        PortalVersion.objects.filter(portal=portal).update(at=early)
        User.objects.update(date_joined=early)
        PortalStay.objects.update(since=early)
        apply(portal, document_of(portal) | {"grants": {"gadgets": {"scopes": [EVERYTHING]}}})
        version = keep_version(portal)
        PortalVersion.objects.filter(pk=version.pk).update(at=now - dt.timedelta(days=10))
    return User.objects.get(pk=world.bob.pk)


def names(user, day, asker=None):
    rights = rights_on(user, day, asker)
    return set(rights.visible(registry.get("gadgets")).values_list("name", flat=True))


def test_grants_of_that_day_over_the_records_of_today(world, past, time_machine):
    time_machine.move_to(dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC))
    before, after = TODAY - dt.timedelta(days=11), TODAY - dt.timedelta(days=10)
    assert names(past, before) == {"lamp", "torch", "pin"}
    assert names(past, after) == {"lamp", "torch", "pin", "drill"}
    assert "leads" in policy_on(past, before).grants
    assert "leads" not in policy_on(past, after).grants
    assert policy_on(past, before) is policy_on(past, before)


def test_before_the_login_there_was_nothing(past, time_machine):
    time_machine.move_to(dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC))
    assert names(past, TODAY - dt.timedelta(days=200)) == set()


def test_the_portal_of_then_counts(world, past, time_machine):
    time_machine.move_to(dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC))
    moved = timezone.now() - dt.timedelta(days=3)
    customer = Portal.objects.get(key="customer")
    PortalStay.objects.filter(user=past).update(until=moved)
    PortalStay.objects.create(user=past, portal=customer, since=moved)
    assert policy_on(past, TODAY - dt.timedelta(days=5)).portal == "partner"
    assert policy_on(past, TODAY).portal in ("", "customer")


def test_who_looks_sees_no_more_than_their_own(world, past, time_machine):
    time_machine.move_to(dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC))
    gadgets = registry.get("gadgets")
    sight = sight_on(past, TODAY, gadgets, world.admin)
    assert (sight.count, sight.portal, sight.version) == (4, "Partner", 2)
    assert {row["name"] for row in sight.rows} == {"lamp", "torch", "drill", "pin"}
    assert sight_on(past, TODAY, gadgets, world.maria).count == 0
    assert not rights_on(past, TODAY, world.admin).may(gadgets, "edit")


def test_one_who_has_left_is_shown_as_they_were(world, past, time_machine):
    time_machine.move_to(dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC))
    past.is_active = False
    assert names(past, TODAY) == {"lamp", "torch", "pin", "drill"}


def test_a_portal_in_the_archive_showed_nothing(world, time_machine):
    now = dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC)
    admin = Actor.of(world.admin)
    time_machine.move_to(now, tick=False)
    portal = actions.new_portal(admin, "Garage", template="reseller")
    perform(perform(actions.draft_of(admin, portal), "submit", actor=admin), "publish", actor=admin)
    user = make_user("g@northwind.example", "garage", world.northwind)
    days = [now + dt.timedelta(days=number) for number in range(1, 4)]
    for day, act in zip(days[:2], (actions.archive, actions.unarchive), strict=True):
        time_machine.move_to(day, tick=False)
        act(admin, portal)
    time_machine.move_to(days[2], tick=False)
    shown = ["leads" in policy_on(user, day.date()).grants for day in (now, *days)]
    assert shown == [True, False, True, True]


def test_travel_by_api(world, past, as_, time_machine):  # noqa: F811
    time_machine.move_to(dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC))
    path = f"users/{past.pk}/travel/?day={TODAY}&module=gadgets"
    status, found = as_(world.admin).get(path)
    assert (status, found["count"], len(found["rows"])) == (200, 4, 4)
    assert as_(world.maria).get(path)[0] == 404
    assert as_(world.alice).get(path)[0] == 404
    for wrong in ("day=2026-11-21", "day=soon", "module=nothing"):
        assert as_(world.admin).get(f"users/{past.pk}/travel/?{wrong}")[0] == 400
