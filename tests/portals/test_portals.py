"""Portals from a template or a copy, their drafts, publishing, undoing and archiving."""

import pytest

from prm.access.document import apply, document_of, keep_version, latest
from prm.access.models import Portal, PortalVersion
from prm.access.policy import policy_of
from prm.access.rights import manages_portals, rights_for
from prm.modules import registry
from prm.modules.read import list_page
from prm.people.models import User
from prm.people.moving import move
from prm.portals import actions
from prm.portals.models import PortalDraft
from prm.portals.templates import TEMPLATES
from tests.gadgets.models import Gadget
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, Refused, Stale, WorkflowError, WrongState
from workflows.models import TransitionRecord
from workflows.perform import perform

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world):
    return Actor.of(world.admin)


@pytest.fixture
def portal(world):
    return Portal.objects.get(key="partner")


@pytest.fixture
def deputy(world):
    """Who manages portals and has, beyond that, what a channel manager has."""
    portal = Portal.objects.get(key="channel_manager")
    document = document_of(portal)
    admins = document_of(Portal.objects.get(key="administrator"))
    for key in ("portals", "portal-drafts"):
        document["grants"][key] = admins["grants"][key]
    apply(portal, document)
    return Actor.of(User.objects.get(pk=world.maria.pk))


def published(actor, portal, change):
    draft = actions.draft_of(actor, portal)
    document = draft.document
    change(document)
    draft = actions.save_draft(actor, draft, document, draft.version)
    draft = perform(draft, "submit", actor=actor)
    return perform(draft, "publish", actor=actor, inputs={"note": "why"})


def hide_note(document):
    document["grants"]["gadgets"]["scopes"][0]["fields"]["note"] = "hidden"


def test_administrators_manage_portals_and_nobody_else(world):
    everybody = User.objects.all()
    assert {one.email for one in everybody if manages_portals(one)} == {world.admin.email}


def test_only_managers_change_portals(world, portal):
    for user in (world.maria, world.alice, world.erin):
        actor = Actor.of(user)
        for attempt in (
            lambda actor=actor: actions.new_portal(actor, "Garage"),
            lambda actor=actor: actions.draft_of(actor, portal),
            lambda actor=actor: actions.undo(actor, portal),
            lambda actor=actor: actions.archive(actor, portal),
        ):
            with pytest.raises(Denied):
                attempt()


@pytest.mark.parametrize("template", [one.key for one in TEMPLATES])
def test_each_template_makes_a_portal_that_grants_nothing_until_it_is_published(admin, template):
    portal = actions.new_portal(admin, "Garage", "customer", template)
    assert (portal.key, portal.audience, portal.staff) == ("garage", "customer", template == "employee")
    assert portal.seated is not portal.staff
    assert policy_of(portal).grants == {}
    draft = actions.draft_of(admin, portal)
    assert draft.document["audience"] == "customer"
    assert bool(draft.document["grants"]) is (template != "blank")
    perform(perform(draft, "submit", actor=admin), "publish", actor=admin)
    portal.refresh_from_db()
    assert set(policy_of(portal).grants) == set(draft.document["grants"])
    assert latest(portal).by_id == admin.user.pk


def test_a_portal_for_employees_is_one_of_the_vendors_own_people(world, admin, portal):
    for begin in ({"template": "reseller"}, {"copy_of": portal}):
        with pytest.raises(InvalidInput) as found:
            actions.new_portal(admin, "Service desk", "employee", **begin)
        assert set(found.value.errors) == {"audience"}
    desk = actions.new_portal(admin, "Service desk", "employee", "employee")
    draft = actions.draft_of(admin, desk)
    perform(perform(draft, "submit", actor=admin), "publish", actor=admin)
    moved = move(admin, [world.erin.pk], Portal.objects.get(pk=desk.pk))[0]
    assert moved.ok and User.objects.get(pk=world.erin.pk).portal == desk


def test_who_is_outside_makes_no_portal_for_the_vendors_own_people(world, admin, portal):
    document = document_of(portal)
    admins = document_of(Portal.objects.get(key="administrator"))
    for key in ("portals", "portal-drafts"):
        document["grants"][key] = admins["grants"][key]
    apply(portal, document)
    outside = Actor.of(User.objects.get(pk=world.alice.pk))
    employee = Portal.objects.get(key="employee")
    for begin in ({"template": "employee"}, {"copy_of": employee}):
        with pytest.raises(Denied):
            actions.new_portal(outside, "Service desk", "employee", **begin)
    assert actions.new_portal(outside, "Garage", "customer").staff is False


def test_a_copy_has_the_same_grants_under_a_key_of_its_own(admin, portal):
    first = actions.new_portal(admin, "Partner", "reseller", copy_of=portal)
    second = actions.new_portal(admin, "Partner", "reseller", copy_of=portal)
    assert (first.key, second.key) == ("partner-2", "partner-3")
    draft = actions.draft_of(admin, first)
    assert draft.document["grants"] == document_of(portal)["grants"]
    assert TransitionRecord.objects.filter(object_id=first.pk, transition="create").exists()


def test_what_is_wrong_with_a_new_portal_is_said(admin):
    with pytest.raises(InvalidInput) as found:
        actions.new_portal(admin, " ", "kings")
    assert set(found.value.errors) == {"title", "audience"}
    with pytest.raises(InvalidInput):
        actions.new_portal(admin, "Garage", template="nothing")
    assert not Portal.objects.filter(title="Garage").exists()


def test_a_draft_changes_nothing_until_it_is_published(world, admin, portal):
    gadgets = registry.get("gadgets")
    Gadget.objects.create(name="lamp", note="n", holder=world.northwind, state="lent")

    def notes():
        return [row.get("note") for row in list_page(User.objects.get(pk=world.bob.pk), gadgets, {}).rows]

    draft = actions.draft_of(admin, portal)
    assert actions.draft_of(admin, portal).pk == draft.pk
    hide_note(draft.document)
    draft = actions.save_draft(admin, draft, draft.document, draft.version)
    assert notes() == ["n"]
    draft = perform(draft, "submit", actor=admin)
    assert notes() == ["n"]
    with pytest.raises(WrongState):
        actions.save_draft(admin, draft, draft.document, draft.version)
    draft = perform(draft, "publish", actor=admin, inputs={"note": "why"})
    assert notes() == [None]
    version = latest(portal)
    assert (version.number, version.note, version.by_name) == (draft.published_as, "why", "Ada Admin")
    assert version.document == document_of(portal) == draft.document
    lines = TransitionRecord.objects.filter(object_id=draft.pk).order_by("at", "id")
    assert [one.transition for one in lines] == ["create", "update", "submit", "publish"]


def test_saving_asks_for_the_version_that_was_read(admin, portal):
    draft = actions.draft_of(admin, portal)
    hide_note(draft.document)
    saved = actions.save_draft(admin, draft, draft.document, draft.version)
    assert saved.version == draft.version + 1
    with pytest.raises(Stale):
        actions.save_draft(admin, draft, draft.document, draft.version)


def test_errors_name_their_place_in_the_document(admin, portal):
    draft = actions.draft_of(admin, portal)
    draft.document["grants"]["gadgets"]["columns"] = ["nothing"]
    with pytest.raises(InvalidInput) as found:
        actions.save_draft(admin, draft, draft.document, draft.version)
    assert set(found.value.errors) == {"grants.gadgets.columns"}


def test_nobody_publishes_over_another_version(admin, portal):
    draft = actions.draft_of(admin, portal)
    hide_note(draft.document)
    draft = actions.save_draft(admin, draft, draft.document, draft.version)
    draft = perform(draft, "submit", actor=admin)
    apply(portal, document_of(portal) | {"accent": "#112233"})
    keep_version(portal)
    with pytest.raises(Stale):
        perform(draft, "publish", actor=admin)
    draft = perform(draft, "rebase", actor=admin)
    assert draft.state == "draft"
    assert draft.document["accent"] == "#112233"
    assert draft.document["grants"]["gadgets"]["scopes"][0]["fields"]["note"] == "hidden"
    with pytest.raises(Refused):
        perform(draft, "rebase", actor=admin)
    perform(perform(draft, "submit", actor=admin), "publish", actor=admin)
    assert document_of(Portal.objects.get(pk=portal.pk)) == draft.document


def test_nobody_grants_what_they_do_not_hold(deputy, portal):
    def lend_all(document):
        document["grants"]["gadgets"]["scopes"].append(
            {"name": "all", "where": None, "actions": ["view", "edit"], "fields": {"*": "write"}}
        )

    with pytest.raises(InvalidInput) as found:
        published(deputy, portal, lend_all)
    number = len(document_of(portal)["grants"]["gadgets"]["scopes"])
    assert set(found.value.errors) == {f"grants.gadgets.scopes.{number}.where"}
    # What the portal has already may stay, and be made less.
    published(deputy, portal, hide_note)


def test_publishing_asks_again_what_the_publisher_holds(world, admin, deputy, portal):
    draft = actions.draft_of(admin, portal)
    scope = {"name": "all", "where": None, "actions": ["view", "edit"], "fields": {"*": "write"}}
    draft.document["grants"]["gadgets"]["scopes"].append(scope)
    draft = actions.save_draft(admin, draft, draft.document, draft.version)
    draft = perform(draft, "submit", actor=admin)
    with pytest.raises(InvalidInput):
        perform(draft, "publish", actor=deputy)
    draft.refresh_from_db()
    assert draft.state == "in_review"
    perform(draft, "publish", actor=admin)


def test_a_copy_or_a_template_of_more_than_one_holds_is_refused(deputy, portal):
    for more in ({"copy_of": Portal.objects.get(key="administrator")}, {"template": "reseller"}):
        with pytest.raises(WorkflowError):
            actions.new_portal(deputy, "Garage", **more)
    assert actions.new_portal(deputy, "Garage").key == "garage"


@pytest.mark.parametrize("module", ["portals", "portal-drafts"])
def test_administrators_cannot_lock_themselves_out(admin, module):
    portal = Portal.objects.get(key="administrator")
    scope = document_of(portal)["grants"][module]["scopes"][0]
    ways = (
        lambda grants: grants.pop(module),
        lambda grants: grants[module].update(scopes=[]),
        lambda grants: grants[module].update(scopes=[scope | {"actions": ["view"]}]),
        lambda grants: grants[module].update(scopes=[scope | {"admins_only": True}]),
        lambda grants: grants[module].update(
            scopes=[scope | {"where": {"field": "id", "op": "is", "value": str(portal.pk)}}]
        ),
    )
    for way in ways:
        with pytest.raises(InvalidInput) as found:
            published(admin, portal, lambda document, way=way: way(document["grants"]))
        assert set(found.value.errors) == {f"grants.{module}"}


def test_undo_is_one_call(world, admin, portal):
    before = document_of(portal)
    published(admin, portal, hide_note)
    after = latest(portal).document
    version = actions.undo(admin, portal)
    assert document_of(Portal.objects.get(pk=portal.pk)) == before == version.document
    # What is undone twice is done again.
    assert actions.undo(admin, portal).document == after
    numbers = list(PortalVersion.objects.filter(portal=portal).values_list("number", flat=True))
    assert numbers == list(range(1, numbers[-1] + 1))


def test_there_is_nothing_to_undo_before_the_first_version(admin):
    with pytest.raises(Refused):
        actions.undo(admin, actions.new_portal(admin, "Garage"))


def test_the_users_of_an_archived_portal_have_no_rights(world, admin):
    portal = actions.new_portal(admin, "Garage", template="reseller")
    draft = actions.draft_of(admin, portal)
    perform(perform(draft, "submit", actor=admin), "publish", actor=admin)
    User.objects.filter(pk=world.bob.pk).update(portal=portal)

    def granted():
        return set(rights_for(User.objects.get(pk=world.bob.pk)).policy.grants)

    assert "leads" in granted()
    archived = actions.archive(admin, portal)
    assert (archived.archived, granted()) == (True, set())
    with pytest.raises(Refused):
        actions.undo(admin, portal)
    assert actions.unarchive(admin, portal).archived is False
    assert "leads" in granted()


def test_built_in_portals_stay(admin, portal):
    with pytest.raises(Refused):
        actions.archive(admin, portal)


def test_an_archived_portal_is_not_published(admin):
    portal = actions.new_portal(admin, "Garage")
    draft = perform(actions.draft_of(admin, portal), "submit", actor=admin)
    actions.archive(admin, portal)
    with pytest.raises(Refused):
        perform(draft, "publish", actor=admin)


def test_a_discarded_draft_makes_room_for_another(admin, portal):
    draft = actions.draft_of(admin, portal)
    perform(draft, "discard", actor=admin)
    assert actions.draft_of(admin, portal).pk != draft.pk
    assert PortalDraft.objects.filter(portal=portal).count() == 2


def test_the_generic_pages_show_portals_and_their_changes(world, admin, portal, client):
    draft = actions.draft_of(admin, portal)
    client.force_login(world.admin)
    for path in (
        "/portals/",
        f"/portals/{portal.pk}/",
        "/portal-drafts/",
        "/portal-drafts/board/",
        f"/portal-drafts/{draft.pk}/",
    ):
        assert client.get(path).status_code == 200, path
    client.force_login(world.maria)
    assert client.get(f"/portal-drafts/{draft.pk}/").status_code == 404
