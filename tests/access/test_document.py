"""A portal as one document: made of the rows, written to them, and held against the modules."""

import copy

import pytest
from django.db import IntegrityError, transaction

from prm.access.checking import check
from prm.access.document import BLANK, apply, document_of, keep_version, latest, normal
from prm.access.models import Portal, PortalVersion
from prm.access.policy import compile_document, policy_of, sync_portals
from prm.access.rights import carrying, manages_portals, may, rights_for
from prm.access.specs import GrantSpec, ScopeSpec
from prm.modules import registry
from prm.modules.read import list_page
from tests.gadgets.models import Gadget

pytestmark = pytest.mark.django_db

SCOPE = {"name": "all", "where": None, "actions": ["view"], "fields": {"*": "read"}, "admins_only": False}


@pytest.fixture
def portal(db):
    return Portal.objects.get(key="partner")


def built_in():
    return list(Portal.objects.filter(built_in=True))


def grants(**more):
    return normal({"title": "Garage", "grants": {"gadgets": {"scopes": [SCOPE], **more}}})


def plain(policy):
    return policy.portal, policy.staff, dict(policy.grants)


def test_writing_what_is_there_changes_nothing(db):
    for portal in built_in():
        revision, declared = portal.revision, portal.grants.filter(declared=True).count()
        assert apply(portal, document_of(portal)) is False
        portal.refresh_from_db()
        assert (portal.revision, portal.grants.filter(declared=True).count()) == (revision, declared)


def test_the_document_compiles_to_the_policy(db):
    for portal in built_in():
        assert plain(compile_document(portal.key, portal.staff, document_of(portal))) == plain(
            policy_of(portal)
        )


def test_declared_portals_pass_the_check(db):
    for portal in built_in():
        assert check(document_of(portal), registry, portal) == {}


def test_a_blank_portal_lacks_only_its_title(db):
    assert check(dict(BLANK), registry) == {"title": ["This is needed."]}
    assert compile_document("garage", False, dict(BLANK)).grants == {}


def test_what_is_written_is_what_is_read(db):
    portal = Portal.objects.create(key="garage", title="Garage")
    wanted = grants(
        views=["canvas", "list"],
        columns=["name", "size"],
        canvas={"title": "name", "lines": ["size"], "badge": "state", "corner": ""},
        layouts=[{"name": "short", "where": None, "sections": [{"title": "Main", "fields": ["name"]}]}],
        related=[],
    ) | {
        "audience": "customer",
        "languages": ["de"],
        "accent": "#1f6feb",
        "host": "garage.example.com",
        "welcome": {"title": "Hello", "text": "Come in."},
        "links": [{"title": "Shop", "url": "https://shop.example.com/"}],
        "converts": {"field": "region", "op": "is", "value": "EMEA"},
    }
    assert check(wanted, registry, portal) == {}
    assert apply(portal, wanted) is True
    assert document_of(Portal.objects.get(pk=portal.pk)) == wanted
    assert portal.host == "garage.example.com"


def test_only_changed_grants_cease_to_be_declared(portal):
    document = document_of(portal)
    document["grants"]["gadgets"]["columns"] = ["name"]
    apply(portal, document)
    assert [one.module for one in portal.grants.filter(declared=False)] == ["gadgets"]


def test_a_grant_that_was_taken_away_does_not_come_back_with_the_next_release(portal):
    document = document_of(portal)
    del document["grants"]["gadgets"]
    apply(portal, document)
    sync_portals({module.key: module.grants for module in registry.all_modules()})
    portal.refresh_from_db()
    assert document_of(portal) == document
    assert "gadgets" not in policy_of(portal).grants


def test_each_release_that_changes_a_portal_leaves_a_version(portal):
    first = latest(portal)
    assert first is not None and first.document == document_of(portal) and first.by_id is None
    sync_portals({"gadgets": {"partner": GrantSpec(scopes=(ScopeSpec(name="n", where=None, actions=()),))}})
    portal.refresh_from_db()
    second = latest(portal)
    assert second is not None
    assert (second.number, second.document) == (first.number + 1, document_of(portal))


def test_versions_are_only_added(portal):
    version = keep_version(portal, note="by hand")
    for change in (version.delete, lambda: PortalVersion.objects.update(note="")):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


WRONG = {
    "": (None, []),
    "title": ({"title": " "}, {"title": 3}),
    "audience": ({"audience": "kings"},),
    "languages": ({"languages": ["tlh"]}, {"languages": "en"}),
    "accent": ({"accent": "red"}, {"accent": "#1F6FEB"}),
    "host": ({"host": "http://x.example"}, {"host": "localhost"}, {"host": 3}),
    "logo": ({"logo": "7"}, {"logo": "0192d0c0-0000-7000-8000-000000000000"}),
    "welcome.text": ({"welcome": {"text": 3}},),
    "links.0.url": (
        {"links": [{"title": "a", "url": "javascript:alert(1)"}]},
        {"links": [{"title": "a", "url": "http://x.example"}]},
        {"links": [{"title": "a", "url": "https://x.example\n/"}]},
    ),
    "seated": ({"seated": "yes"},),
    "converts": ({"converts": {"field": "nothing", "op": "is", "value": 1}}, {"converts": 3}),
    "grants": ({"grants": []},),
    "grants.nothing": ({"grants": {"nothing": {}}},),
    "odd": ({"odd": 1},),
}


@pytest.mark.parametrize("path", WRONG)
def test_what_is_wrong_is_said_where_it_is(db, path):
    for change in WRONG[path]:
        document = {**grants(), **change} if isinstance(change, dict) else change
        assert set(check(document, registry)) == {path}


WRONG_GRANT = {
    "views": ({"views": []}, {"views": ["list", "list"]}, {"views": ["map"]}),
    "columns": ({"columns": ["nothing"]}, {"columns": [["name"]]}, {"columns": ["name", "name"]}),
    "canvas.title": ({"canvas": {"title": "nothing"}},),
    "canvas.badge": ({"canvas": {"title": "name", "badge": "nothing"}},),
    "layouts.0.sections": ({"layouts": [{"name": "a", "where": None, "sections": []}]},),
    "layouts.0.where": (
        {
            "layouts": [
                {
                    "name": "a",
                    "where": {"field": "holder.name", "op": "is", "value": "x"},
                    "sections": [{"title": "a", "fields": ["name"]}],
                }
            ]
        },
    ),
    "related": ({"related": ["leads"]},),
    "scopes.0.name": ({"scopes": [{**SCOPE, "name": ""}]},),
    "scopes.0.where": (
        {"scopes": [{**SCOPE, "where": {"field": "holder", "op": "is", "value": "$user.shoe"}}]},
        {"scopes": [{**SCOPE, "where": {"field": "nothing", "op": "is", "value": 1}}]},
        {"scopes": [{**SCOPE, "where": {"all": 3}}]},
        {
            "scopes": [
                {
                    **SCOPE,
                    "where": {"field": "holder.channel_manager.password", "op": "contains", "value": "a"},
                }
            ]
        },
        {"scopes": [{**SCOPE, "where": {"field": "holder.contacts.name", "op": "is", "value": "a"}}]},
        {"scopes": [{**SCOPE, "where": {"field": "holder", "op": "is", "value": ["a"]}}]},
        {"scopes": [{**SCOPE, "where": 3}]},
    ),
    "scopes.0.actions": ({"scopes": [{**SCOPE, "actions": ["fly"]}]},),
    "scopes.0.fields.name": (
        {"scopes": [{**SCOPE, "fields": {"name": "some"}}]},
        {"scopes": [{**SCOPE, "fields": {"name": {"flying": "read"}}}]},
    ),
    "scopes.0.fields.nothing": ({"scopes": [{**SCOPE, "fields": {"nothing": "read"}}]},),
}


@pytest.mark.parametrize("path", WRONG_GRANT)
def test_what_is_wrong_with_a_grant_is_said_where_it_is(db, path):
    for change in WRONG_GRANT[path]:
        assert set(check(grants(**change), registry)) == {f"grants.gadgets.{path}"}


def test_no_two_portals_have_one_host_name(portal):
    apply(portal, document_of(portal) | {"host": "a.example.com"})
    assert check(document_of(portal), registry, portal) == {}
    assert set(check(grants() | {"host": "a.example.com"}, registry)) == {"host"}


def test_seeing_a_record_comes_with_what_was_free_with_it(world):
    module = registry.get("gadgets")
    gadget = Gadget.objects.create(name="lamp", holder=world.northwind, state="lent")
    for verb in ("export", "attach", "comment"):
        assert may(world.bob, module, verb, gadget)
        assert not may(world.carol, module, verb, gadget)
    grant = world.bob.portal.grants.get(module="gadgets")
    assert grant.scopes.get(name="lent to us").actions[-3:] == ["export", "attach", "comment"]


def test_a_user_may_carry_another_policy(world):
    module = registry.get("gadgets")
    Gadget.objects.create(name="lamp", size=9, holder=world.contoso, state="lent")
    everything = compile_document("partner", False, grants())
    assert [row["name"] for row in list_page(carrying(world.bob, everything), module, {}).rows] == ["lamp"]
    assert list_page(world.bob, module, {}).rows == []
    world.bob.is_active = False
    assert rights_for(carrying(world.bob, everything)).policy.grants == {}


def test_only_what_allows_the_verb_is_left(world):
    portal = world.bob.portal
    document = document_of(portal)
    document["grants"]["gadgets"]["scopes"][1]["actions"] = ["view"]
    apply(portal, document)
    module = registry.get("gadgets")
    Gadget.objects.create(name="ours", size=9, holder=world.northwind, state="lent")
    Gadget.objects.create(name="small", size=1)
    exporting = rights_for(world.bob).only("export")
    assert {row["name"] for row in list_page(world.bob, module, {}).rows} == {"ours", "small"}
    assert [row["name"] for row in list_page(exporting.user, module, {}).rows] == ["ours"]
    assert exporting.policy is rights_for(world.bob).only("export").policy


def test_an_archived_portal_grants_nothing(world):
    portal = world.bob.portal
    assert rights_for(world.bob).policy.grants
    portal.archived = True
    assert rights_for(world.bob).policy.grants == {}


def test_who_manages_portals(world):
    assert not manages_portals(world.maria)
    assert not manages_portals(world.alice)


def test_a_module_is_shown_as_the_grant_says(world):
    module = registry.get("gadgets")
    portal = world.bob.portal
    own = rights_for(world.bob).presentation(module)
    assert (own.columns, own.layout_for(), own.canvas.title) == (module.columns, module.layout, "name")
    document = document_of(portal)
    document["grants"]["gadgets"] |= {
        "views": ["canvas", "board"],
        "columns": ["size", "gone", "name"],
        "canvas": {"title": "size", "lines": ["name", "gone"], "badge": "", "corner": "state"},
        "layouts": [
            {
                "name": "secret",
                "where": {"field": "secret", "op": "is", "value": "x"},
                "sections": [{"title": "Secret", "fields": ["note"]}],
            },
            {
                "name": "big",
                "where": {"field": "size", "op": ">=", "value": 5},
                "sections": [{"title": "Big", "fields": ["name", "gone"]}, {"title": "", "fields": ["gone"]}],
            },
            {"name": "else", "where": None, "sections": [{"title": "Any", "fields": ["size"]}]},
        ],
        "related": [],
    }
    apply(portal, document)
    shown = rights_for(world.bob).presentation(module)
    assert (shown.views, shown.columns, shown.related) == (("canvas", "board"), ("size", "name"), ())
    assert (shown.canvas.title, shown.canvas.lines, shown.canvas.corner) == ("size", ("name",), "state")
    big = Gadget.objects.create(name="lamp", size=9, secret="x", holder=world.northwind, state="lent")
    small = Gadget.objects.create(name="pin", size=1, holder=world.northwind, state="lent")
    # The secret is hidden while it is lent, and so the first layout would tell of it.
    assert [(one.title, one.fields) for one in shown.layout_for(big)] == [("Big", ("name",))]
    assert [one.title for one in shown.layout_for(small)] == ["Any"]
    assert [one.title for one in shown.layout_for()] == ["Any"]


def test_the_document_shares_nothing_with_what_it_was_made_of(portal):
    given = grants()
    made = normal(given)
    before = copy.deepcopy(made)
    given["grants"]["gadgets"]["scopes"][0]["actions"].append("edit")
    assert made == before
