"""Who manages some portals, and reads some fields: no other portal is theirs, and no condition reads more."""

import pytest
from django.test import Client
from django.urls import reverse

from prm.access.document import apply, document_of, keep_version
from prm.access.models import Portal
from prm.modules import registry
from prm.people.models import User
from prm.portals import actions
from prm.portals.models import PortalDraft
from prm.portals.publishing import demand_fit
from prm.portals.workflow import of_own_portals
from tests.api.conftest import as_  # noqa: F401
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, Refused
from workflows.machine import Machine
from workflows.perform import available, perform

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("world")]

OUTSIDE = {"field": "staff", "op": "is", "value": False}


def deputy(world, change=lambda document: None):
    """A channel manager who manages portals, as `change` says."""
    portal = Portal.objects.get(key="channel_manager")
    document = document_of(portal)
    admins = document_of(Portal.objects.get(key="administrator"))
    for key in ("portals", "portal-drafts"):
        document["grants"][key] = admins["grants"][key]
    change(document)
    apply(portal, document)
    keep_version(portal)
    return Actor.of(User.objects.get(pk=world.maria.pk))


def of_outsiders(document):
    document["grants"]["portals"]["scopes"][0]["where"] = OUTSIDE


def test_only_the_portals_of_the_scope_are_changed(world):
    actor = deputy(world, of_outsiders)
    theirs, other = (Portal.objects.get(key=key) for key in ("partner", "administrator"))
    draft = actions.draft_of(Actor.of(world.admin), other)
    for attempt in (
        lambda: actions.draft_of(actor, other),
        lambda: actions.save_draft(actor, draft, draft.document | {"title": "Mine"}, draft.version),
        lambda: actions.undo(actor, other),
        lambda: actions.archive(actor, other),
    ):
        with pytest.raises(Denied):
            attempt()
    assert actions.draft_of(actor, theirs).portal_id == theirs.pk


BEGUN = {"draft": ["submit", "discard", "rebase"], "in_review": ["return_to_draft", "publish", "rebase"]}


@pytest.mark.parametrize(("state", "name"), [(state, one) for state in BEGUN for one in BEGUN[state]])
def test_what_is_offered_of_drafts_of_other_portals_is_what_is_enforced(world, as_, state, name):  # noqa: F811
    """In the engine, the API, the page of the record, and where it is explained."""
    actor, admin = deputy(world, of_outsiders), Actor.of(world.admin)
    draft = actions.draft_of(admin, Portal.objects.get(key="administrator"))
    if state == "in_review":
        draft = perform(draft, "submit", actor=admin)
    # Another version is in force, so that nothing else stands in the way of any of them.
    keep_version(draft.portal)
    why, path = "You do not manage this portal.", f"portal-drafts/{draft.pk}/"
    option = next(one for one in available(draft, actor) if one.name == name)
    assert (option.enabled, [one.code for one in option.reasons]) == (False, ["not_managed"])
    with pytest.raises(Refused) as refused:
        perform(draft, name, actor=actor)
    assert [str(one.message) for one in refused.value.reasons] == [why]

    api = as_(actor.user)
    told = {one["name"]: one for one in api.get(f"{path}transitions/")[1]}[name]
    assert (told["enabled"], told["reasons"]) == (False, [{"code": "not_managed", "message": why}])
    status, problem = api.post(f"{path}transitions/{name}/", {})
    assert (status, problem["reasons"]) == (422, told["reasons"])
    explained = api.get(f"{path}explain/?verb={name}")[1]
    assert (explained["allowed"], explained["code"], explained["reasons"]) == (False, "guard", [why])

    client = Client()
    client.force_login(actor.user)
    assert why in client.get(f"/{path}").content.decode()
    draft.refresh_from_db()
    assert draft.state == state


def test_all_transitions_of_drafts_ask_whose_portal_it_is():
    machine = Machine.of(PortalDraft)
    assert {one.name for one in machine.transitions} == {one for names in BEGUN.values() for one in names}
    assert all(of_own_portals in one.guards for one in machine.transitions)


def test_drafts_of_the_portals_of_the_scope_go_their_way(world):
    actor = deputy(world, of_outsiders)
    draft = actions.draft_of(actor, Portal.objects.get(key="partner"))
    for name in ("submit", "return_to_draft", "submit", "publish"):
        assert next(one for one in available(draft, actor) if one.name == name).enabled
        draft = perform(draft, name, actor=actor)
    assert draft.state == "published"


def test_the_pages_are_there_for_the_portals_of_the_scope(world):
    deputy(world, of_outsiders)
    client = Client()
    client.force_login(User.objects.get(pk=world.maria.pk))
    theirs, other = (Portal.objects.get(key=key) for key in ("partner", "administrator"))
    assert client.get(reverse("portal-settings", args=[theirs.pk])).status_code == 200
    assert client.get(reverse("portal-settings", args=[other.pk])).status_code == 404
    found = {
        one["portal"].pk
        for _t, group in client.get(reverse("portal-admin")).context["groups"]
        for one in group
    }
    assert theirs.pk in found and other.pk not in found


@pytest.mark.parametrize("where", ["scope", "converts"])
def test_a_condition_asks_at_no_step_for_what_its_author_does_not_read(world, where):
    """The number of those that are left would tell the value."""

    def hidden(document):
        for scope in document["grants"]["users"]["scopes"]:
            scope["fields"] = {"*": "hidden", "name": "read"}

    actor = deputy(world, hidden)
    portal = Portal.objects.get(key="partner")

    def asked(field):
        document = document_of(portal)
        one = {"field": field, "op": "contains", "value": "a"}
        if where == "converts":
            document["converts"] = one
        else:
            scope = document["grants"]["leads"]["scopes"][0]
            scope["where"] = {"all": [scope["where"], one]}
        return demand_fit(actor, portal, document)

    assert asked("owner.name")
    with pytest.raises(InvalidInput) as found:
        asked("owner.email")
    assert set(found.value.errors) == {"converts" if where == "converts" else "grants.leads.scopes.0.where"}


def test_what_no_module_shows_is_asked_by_no_condition():
    users = registry.get("users")
    assert users.kind_at("email") == "email"
    for path in ("password", "calendar_feed.token_hash", "calendar_feed.password_mark", "portal.logo.key"):
        assert users.kind_at(path) is None, path
