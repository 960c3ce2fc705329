"""Who manages some portals, and reads some fields: no other portal is theirs, and no condition reads more."""

import pytest
from django.test import Client
from django.urls import reverse

from prm.access.document import apply, document_of, keep_version
from prm.access.models import Portal
from prm.modules import registry
from prm.people.models import User
from prm.portals import actions
from prm.portals.publishing import demand_fit
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput
from workflows.perform import perform

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
        lambda: perform(draft, "submit", actor=actor),
        lambda: perform(draft, "discard", actor=actor),
    ):
        with pytest.raises(Denied):
            attempt()
    draft = perform(draft, "submit", actor=Actor.of(world.admin))
    with pytest.raises(Denied):
        perform(draft, "return_to_draft", actor=actor)
    assert actions.draft_of(actor, theirs).portal_id == theirs.pk


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
