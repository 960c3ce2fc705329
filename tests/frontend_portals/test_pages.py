"""The pages on which portals are configured: who may, what each step saves, what is refused and where."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prm.access.document import document_of
from prm.access.models import Grant, Portal, PortalVersion, Scope
from prm.access.policy import touch
from prm.modules.versions import opaque_version
from prm.portals.actions import open_draft
from prm.portals.models import PortalDraft
from tests.browsing import LOGIN_BACKEND
from tests.cast import World

pytestmark = pytest.mark.once

OWN = {"field": "partner", "op": "is", "value": "$user.company"}


@pytest.fixture
def admin(world: World) -> Client:
    return _client(world.admin)


@pytest.fixture
def garage(admin: Client) -> Portal:
    """A new portal that grants nothing."""
    answer = admin.post("/portals-admin/new/", {"title": "Garage", "audience": "customer", "begin": "blank"})
    assert answer.status_code == 302
    return Portal.objects.get(title="Garage")


def _client(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend=LOGIN_BACKEND)
    return client


def _at(portal: Portal, rest: str = "") -> str:
    return f"/portals-admin/{portal.pk}/{rest}"


def _version(client: Client, url: str) -> str:
    found = re.search(r'name="version" value="([^"]+)"', client.get(url).content.decode())
    assert found, url
    return found[1]


def _post(client: Client, url: str, data: dict[str, Any], do: str = "save") -> Any:
    """Sends a step as its form does: with the version that the page was made of."""
    return client.post(url, {"version": _version(client, url), "do": do, **data})


def _document(portal: Portal) -> dict[str, Any]:
    draft = open_draft(portal)
    assert draft
    return draft.document


def _granted(client: Client, portal: Portal, module: str = "leads") -> None:
    url = _at(portal, "modules/")
    assert _post(client, url, {}, f"grant:{module}")["Location"] == _at(
        portal, f"modules/{module}/scopes/new/"
    )


SCOPE = {
    "name": "own leads",
    "reach": "company",
    "match": "all",
    "action": ["view", "edit", "accept"],
    "f-*": "hidden",
    "f-topic": "read",
    "f-need": "write",
}


def _scoped(client: Client, portal: Portal, **more: Any) -> Any:
    return _post(client, _at(portal, "modules/leads/scopes/new/"), {**SCOPE, **more})


# --- who may


@pytest.mark.parametrize("who", ["maria", "erin", "alice", "dana"])
def test_whoever_does_not_manage_portals_finds_no_page(world: World, garage: Portal, who: str) -> None:
    client = _client(getattr(world, who))
    pages = [
        "",
        "modules/",
        "modules/leads/views/",
        "review/",
        "versions/",
        "travel/",
    ]
    assert client.get("/portals-admin/").status_code == 404
    assert client.get("/portals-admin/new/").status_code == 404
    assert {client.get(_at(garage, page)).status_code for page in pages} == {404}
    posts = ["", "modules/", "archive/", "undo/", "do/submit/", "modules/leads/card/"]
    assert {client.post(_at(garage, page)).status_code for page in posts} == {404}


def test_visitors_are_sent_to_the_login(garage: Portal) -> None:
    assert Client().get("/portals-admin/").status_code == 302


def test_every_page_of_the_editor_opens(admin: Client, world: World) -> None:
    portal = Portal.objects.get(key="partner")
    for page in (
        "",
        "modules/",
        "modules/leads/",
        "modules/leads/scopes/0/",
        "modules/leads/scopes/new/",
        "modules/leads/layouts/",
        "modules/leads/layouts/new/",
        "modules/leads/views/",
        "modules/leads/related/",
        "modules/products/related/",
        "review/",
        "versions/",
        "travel/",
    ):
        answer = admin.get(_at(portal, page))
        assert answer.status_code == 200, page
        assert " style=" not in answer.content.decode(), page
    assert not PortalDraft.objects.exists(), "looking makes no draft"


def test_unknown_portals_modules_and_scopes_are_404(admin: Client, garage: Portal) -> None:
    pages = ["modules/nothing/", "modules/leads/", "modules/leads/scopes/0/", "modules/leads/layouts/7/"]
    assert {admin.get(_at(garage, page)).status_code for page in pages} == {404}


# --- portals


def test_the_list_says_users_and_drafts(admin: Client, garage: Portal) -> None:
    text = admin.get("/portals-admin/").content.decode()
    assert "Garage" in text and "Draft waits" in text
    assert "For the vendor’s own people" in text


def test_a_portal_needs_a_title_and_keeps_what_was_typed(admin: Client) -> None:
    answer = admin.post("/portals-admin/new/", {"title": "", "audience": "parent", "begin": "customer"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "data-focus" in text and 'href="#id_title"' in text
    assert re.search(r'value="customer"\s+checked', text)
    assert '<option value="parent" selected' in text


def test_a_copy_needs_a_portal_to_copy(admin: Client) -> None:
    answer = admin.post("/portals-admin/new/", {"title": "Copy", "audience": "other", "begin": "copy"})
    assert answer.status_code == 422
    copied = Portal.objects.get(key="customer")
    data = {"title": "Copy", "audience": "other", "begin": "copy", "copy_of": copied.pk}
    assert admin.post("/portals-admin/new/", data).status_code == 302
    document = _document(Portal.objects.get(title="Copy"))
    assert document["grants"] == document_of(copied)["grants"]


def test_archiving_and_taking_out_again(admin: Client, garage: Portal) -> None:
    seen = _version(admin, "/portals-admin/")
    admin.post(_at(garage, "archive/"), {"version": seen})
    garage.refresh_from_db()
    assert garage.archived
    assert "Archived" in admin.get("/portals-admin/").content.decode()
    assert "Save in the draft" not in admin.get(_at(garage)).content.decode()
    # Who still sees it in use would take it out again by pressing Archive.
    answer = admin.post(_at(garage, "archive/"), {"version": seen}, follow=True)
    assert "Someone has changed this record in the meantime" in answer.content.decode()
    garage.refresh_from_db()
    assert garage.archived
    admin.post(_at(garage, "archive/"), {"version": _version(admin, "/portals-admin/")})
    garage.refresh_from_db()
    assert not garage.archived


# --- settings


SETTINGS = {
    "title": "Garages",
    "audience": "franchise",
    "languages": ["en", "de"],
    "own_accent": "on",
    "accent": "#AA3300",
    "host": "Garage.Vendor.example",
    "welcome_title": "Welcome",
    "welcome_text": "Good to see you.",
    "link": ["0", "1"],
    "link-0-title": "Academy",
    "link-0-url": "https://academy.example/",
    "link-1-title": "Shop",
    "link-1-url": "https://shop.example/",
    "seated": "on",
    "converts": "hand",
}


def test_settings_are_saved_in_the_draft_and_not_in_force(admin: Client, garage: Portal) -> None:
    assert _post(admin, _at(garage), SETTINGS).status_code == 302
    document = _document(garage)
    assert document["title"] == "Garages"
    assert document["audience"] == "franchise"
    assert document["languages"] == ["en", "de"]
    assert document["accent"] == "#aa3300"
    assert document["host"] == "garage.vendor.example"
    assert document["welcome"] == {"title": "Welcome", "text": "Good to see you."}
    assert [one["title"] for one in document["links"]] == ["Academy", "Shop"]
    assert document["seated"] is True
    garage.refresh_from_db()
    assert (garage.title, garage.host) == ("Garage", "")
    assert 'value="Garages"' in admin.get(_at(garage)).content.decode()


def test_links_move_and_go_without_saving(admin: Client, garage: Portal) -> None:
    moved = _post(admin, _at(garage), SETTINGS, "link-move:1:-1").content.decode()
    assert moved.index('value="Shop"') < moved.index('value="Academy"')
    gone = _post(admin, _at(garage), SETTINGS, "link-remove:0").content.decode()
    assert 'value="Academy"' not in gone and 'value="Shop"' in gone
    more = _post(admin, _at(garage), SETTINGS, "link-add").content.decode()
    assert "link-2-title" in more and 'value="Garages"' in more
    assert _document(garage)["links"] == []
    order = {**SETTINGS, "link": ["1", "0"]}
    assert _post(admin, _at(garage), order).status_code == 302
    assert [one["title"] for one in _document(garage)["links"]] == ["Shop", "Academy"]


@pytest.mark.parametrize(
    ("changed", "anchor"),
    [
        ({"title": ""}, "id_title"),
        ({"host": "not a host"}, "id_host"),
        ({"accent": "red"}, "id_accent"),
        ({"link-0-url": "javascript:alert(1)"}, "id-link-0-url"),
        ({"link-1-url": ""}, "id-link-1-url"),
        ({"link-1-title": ""}, "id-link-1-title"),
        ({"converts": "rule"}, "conditions"),
        ({"converts": "rule", "c": "0", "c0-field": "amount", "c0-op": ">=", "c0-value": "x"}, "c0-field"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    admin: Client, garage: Portal, changed: dict[str, str], anchor: str
) -> None:
    answer = _post(admin, _at(garage), {**SETTINGS, **changed})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="#{anchor}"' in text and f'id="{anchor}"' in text
    assert "data-focus" in text
    assert "Good to see you." in text, "what was typed stays"
    assert _document(garage)["welcome"]["text"] == ""


def test_the_condition_of_conversion_is_saved(admin: Client, garage: Portal) -> None:
    rule = {"converts": "rule", "c": "0", "c0-field": "region", "c0-op": "is", "c0-value": "EMEA"}
    assert _post(admin, _at(garage), {**SETTINGS, **rule}).status_code == 302
    assert _document(garage)["converts"] == {"field": "region", "op": "is", "value": "EMEA"}
    assert 'value="EMEA"' in admin.get(_at(garage)).content.decode()


def test_the_contrast_of_a_colour_is_shown(admin: Client, garage: Portal) -> None:
    text = _post(admin, _at(garage), SETTINGS, "look").content.decode()
    assert 'fill="#aa3300"' in text.lower()
    assert "So it looks" in text


# --- stale and in review


def test_a_stale_save_keeps_the_input_and_says_so(admin: Client, garage: Portal) -> None:
    old = _version(admin, _at(garage))
    assert _post(admin, _at(garage), {**SETTINGS, "title": "Theirs"}).status_code == 302
    answer = admin.post(_at(garage), {"version": old, "do": "save", **SETTINGS, "title": "Mine"})
    text = answer.content.decode()
    assert answer.status_code == 412
    assert "in the meantime" in text and "data-focus" in text
    assert 'value="Mine"' in text
    assert _document(garage)["title"] == "Theirs"
    # The page that says so is of the present version: saving once more puts it over.
    again = re.search(r'name="version" value="([^"]+)"', text)
    assert again
    data = {"version": again[1], "do": "save", **SETTINGS, "title": "Mine"}
    assert admin.post(_at(garage), data).status_code == 302
    assert _document(garage)["title"] == "Mine"


def test_a_draft_in_review_is_not_changed(admin: Client, garage: Portal) -> None:
    version = _version(admin, _at(garage))
    assert admin.post(_at(garage, "do/submit/"), {"version": version}).status_code == 302
    text = admin.get(_at(garage)).content.decode()
    assert "Save in the draft" not in text
    answer = _post(admin, _at(garage), SETTINGS)
    assert answer.status_code == 422
    assert "in review" in answer.content.decode()
    assert _document(garage)["title"] == "Garage"


# --- modules and scopes


def test_a_module_is_granted_and_taken_away(admin: Client, garage: Portal) -> None:
    _granted(admin, garage)
    assert _document(garage)["grants"]["leads"]["scopes"] == []
    assert "No scope yet" in admin.get(_at(garage, "modules/")).content.decode()
    assert _post(admin, _at(garage, "modules/"), {}, "take:leads").status_code == 302
    assert _document(garage)["grants"] == {}


def test_a_scope_is_saved(admin: Client, garage: Portal) -> None:
    _granted(admin, garage)
    answer = _scoped(admin, garage)
    assert answer["Location"] == _at(garage, "modules/leads/")
    (scope,) = _document(garage)["grants"]["leads"]["scopes"]
    assert scope == {
        "name": "own leads",
        "where": OWN,
        "actions": ["view", "edit", "accept"],
        "fields": {"*": "hidden", "topic": "read", "need": "write"},
        "admins_only": False,
    }
    again = admin.get(_at(garage, "modules/leads/scopes/0/")).content.decode()
    assert re.search(r'name="reach" value="company"\s+checked', again)
    assert re.search(r'name="f-need" value="write"\s+checked', again)


def test_conditions_states_and_a_way_of_ones_own(admin: Client, garage: Portal) -> None:
    _granted(admin, garage)
    more = {
        "reach": "path",
        "path": "account.partner=$user.company",
        "match": "any",
        "c": ["0", "1"],
        "c0-field": "state",
        "c0-op": "in",
        "c0-value": ["accepted", "contacted"],
        "c1-field": "amount",
        "c1-op": ">=",
        "c1-value": "1000",
        "f-amount": "hidden",
        "f-amount-accepted": "read",
        "admins_only": "on",
    }
    assert _scoped(admin, garage, **more).status_code == 302
    (scope,) = _document(garage)["grants"]["leads"]["scopes"]
    assert scope["where"] == {
        "all": [
            {"field": "account.partner", "op": "is", "value": "$user.company"},
            {
                "any": [
                    {"field": "state", "op": "in", "value": ["accepted", "contacted"]},
                    {"field": "amount", "op": ">=", "value": 1000},
                ]
            },
        ]
    }
    assert scope["fields"]["amount"] == {"*": "hidden", "accepted": "read"}
    assert scope["admins_only"] is True
    text = admin.get(_at(garage, "modules/leads/")).content.decode()
    assert "Account → Partner is the user’s company" in text


@pytest.mark.parametrize(
    ("changed", "anchor"),
    [
        ({"name": ""}, "id-name"),
        ({"reach": ""}, "id-reach"),
        ({"reach": "path", "path": ""}, "id-path"),
        ({"action": []}, "id-actions"),
        ({"action": ["edit"]}, "id-actions"),
        ({"c": "0", "c0-field": "amount", "c0-op": "is", "c0-value": "much"}, "c0-field"),
        ({"c": "0", "c0-field": "amount", "c0-op": "is", "c0-value": "1e5000"}, "c0-field"),
        ({"c": "0", "c0-field": "score", "c0-op": "is", "c0-value": "9" * 4000}, "c0-field"),
        ({"c": "0", "c0-field": "created_at", "c0-op": "<", "c0-value": "2026-02-30T10:00"}, "c0-field"),
        ({"c": "0", "c0-field": "created_at", "c0-op": "<", "c0-value": "0001-01-01T00:00"}, "c0-field"),
        ({"c": "0", "c0-field": "created_at", "c0-op": "<", "c0-value": "9999-12-31T23:59"}, "c0-field"),
    ],
)
def test_a_wrong_scope_is_said_at_the_field(
    admin: Client, garage: Portal, changed: dict[str, Any], anchor: str
) -> None:
    _granted(admin, garage)
    answer = _scoped(admin, garage, **changed)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="#{anchor}"' in text and f'id="{anchor}"' in text
    assert re.search(r'name="f-need" value="write"\s+checked', text), "what was chosen stays"
    assert _document(garage)["grants"]["leads"]["scopes"] == []


def test_what_is_left_of_a_module_that_is_gone_hinders_nothing(admin: Client, garage: Portal) -> None:
    Grant.objects.create(portal=garage, module="gone")
    touch(garage)
    review = _at(garage, "review/")
    assert admin.post(_at(garage, "do/discard/"), {"version": _version(admin, review)}).status_code == 302
    assert admin.get(_at(garage, "modules/")).status_code == 200
    assert _post(admin, _at(garage), SETTINGS).status_code == 302
    assert _document(garage)["grants"] == {}


def test_two_scopes_of_one_name_are_refused(admin: Client, garage: Portal) -> None:
    _granted(admin, garage)
    assert _scoped(admin, garage).status_code == 302
    answer = _scoped(admin, garage)
    assert answer.status_code == 422
    assert 'href="#id-name"' in answer.content.decode()


def test_scopes_are_put_in_order_copied_and_removed(admin: Client, garage: Portal) -> None:
    _granted(admin, garage)
    _scoped(admin, garage)
    url = _at(garage, "modules/leads/")

    def names() -> list[str]:
        return [one["name"] for one in _document(garage)["grants"]["leads"]["scopes"]]

    assert _post(admin, url, {}, "scope-copy:0").status_code == 302
    assert names() == ["own leads", "own leads, copy"]
    assert _post(admin, url, {}, "scope-move:1:-1").status_code == 302
    assert names() == ["own leads, copy", "own leads"]
    assert _post(admin, url, {}, "scope-remove:0").status_code == 302
    assert names() == ["own leads"]
    assert _post(admin, url, {}, "scope-remove:7").status_code == 404


def test_rows_are_added_and_removed_without_saving(admin: Client, garage: Portal) -> None:
    _granted(admin, garage)
    url = _at(garage, "modules/leads/scopes/new/")
    text = _post(admin, url, SCOPE, "row-add").content.decode()
    assert 'name="c0-field"' in text and 'value="own leads"' in text
    row = {"c": "0", "c0-field": "region", "c0-op": "is", "c0-value": "EMEA"}
    text = _post(admin, url, {**SCOPE, **row}, "row-remove:0").content.decode()
    assert 'name="c0-field"' not in text
    every = _post(admin, url, SCOPE, "level:read").content.decode()
    assert re.search(r'name="f-amount" value="read"\s+checked', every)


def test_a_time_that_was_typed_stays_while_rows_are_added(admin: Client, garage: Portal) -> None:
    _granted(admin, garage)
    row = {"c": "0", "c0-field": "created_at", "c0-op": ">=", "c0-value": "2026-05-01T10:00"}
    answer = _scoped(admin, garage, do="row-add", **row)
    assert answer.status_code == 200
    assert 'value="2026-05-01T10:00"' in answer.content.decode()


def test_a_row_is_drawn_anew_for_its_field(admin: Client, garage: Portal) -> None:
    url = _at(garage, "modules/leads/condition/")
    row = {"c": "3", "c3-field": "state", "c3-op": "in", "c3-value": "new"}
    text = admin.post(f"{url}?at=3", row).content.decode()
    assert 'type="checkbox" name="c3-value" value="assigned"' in text
    assert "<html" not in text
    assert admin.post(f"{url}?at=9", row).status_code == 404


def test_what_one_does_not_hold_is_refused_at_the_field(admin: Client, garage: Portal, world: World) -> None:
    grant = Grant.objects.get(portal__key="administrator", module="leads")
    Scope.objects.filter(grant=grant).update(
        actions=["view", "edit"], fields={"*": "write", "email": "hidden"}
    )
    touch(world.admin.portal)
    _granted(admin, garage)
    answer = _scoped(admin, garage, action=["view", "accept"])
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id-actions"' in text
    assert "You may not do this yourself" in text and "Accept" in text
    answer = _scoped(admin, garage, action=["view"], **{"f-email": "read"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id-fields"' in text and "Email" in text
    assert _document(garage)["grants"]["leads"]["scopes"] == []
    assert _scoped(admin, garage, action=["view"]).status_code == 302


# --- layouts, views, related


LAYOUT = {
    "name": "Open",
    "when": "some",
    "match": "all",
    "c": "0",
    "c0-field": "state",
    "c0-op": "is",
    "c0-value": "accepted",
    "section": ["0", "1"],
    "title-0": "What",
    "in-0": ["topic", "need"],
    "title-1": "Who",
    "in-1": ["company_name"],
}


def _layout(client: Client, portal: Portal, do: str = "save", **more: Any) -> Any:
    return _post(client, _at(portal, "modules/leads/layouts/new/"), {**LAYOUT, **more}, do)


@pytest.mark.parametrize(
    "do",
    [
        "section-remove:²",
        "section-remove:--5",
        "section-move:" + "9" * 5000 + ":1",
        "field-remove:x:need",
        "field-move:0:topic:up",
    ],
    ids=["square", "minus", "long", "letter", "word"],
)
def test_buttons_that_no_page_has_fail_nothing(admin: Client, garage: Portal, do: str) -> None:
    _granted(admin, garage)
    _scoped(admin, garage)
    assert _layout(admin, garage, do).status_code in (200, 302)
    # Nor where there is no section that they could be about.
    assert admin.post(_at(garage, "modules/leads/layouts/new/"), {"do": do}).status_code in (200, 422)


@pytest.mark.parametrize("text", ["²", "9" * 5000, "--1", "x"], ids=["square", "long", "minus", "letter"])
def test_numbers_that_are_none_fail_nothing(admin: Client, garage: Portal, text: str) -> None:
    _granted(admin, garage)
    _scoped(admin, garage)
    assert admin.get(_at(garage, f"versions/?before={text}")).status_code == 200
    views = _at(garage, "modules/leads/views/")
    for verb in ("column-move:topic", "line-move:region"):
        assert _post(admin, views, VIEW, f"{verb}:{text}").status_code == 200
    assert _layout(admin, garage, "field-add", section=[text], c=[text]).status_code == 200
    assert _post(admin, _at(garage, "modules/leads/"), {}, f"scope-remove:{text}").status_code == 404


def test_a_layout_is_saved(admin: Client, garage: Portal) -> None:
    _granted(admin, garage)
    assert _layout(admin, garage)["Location"] == _at(garage, "modules/leads/layouts/")
    (layout,) = _document(garage)["grants"]["leads"]["layouts"]
    assert layout == {
        "name": "Open",
        "where": {"field": "state", "op": "is", "value": "accepted"},
        "sections": [
            {"title": "What", "fields": ["topic", "need"]},
            {"title": "Who", "fields": ["company_name"]},
        ],
    }
    assert "State is Accepted" in admin.get(_at(garage, "modules/leads/layouts/")).content.decode()


def test_fields_and_sections_move_without_scripts(admin: Client, garage: Portal) -> None:
    _granted(admin, garage)

    def order(do: str, **more: Any) -> list[tuple[str, str]]:
        text = _layout(admin, garage, do, **more).content.decode()
        return re.findall(r'name="(in-\d)" value="(\w+)"', text)

    assert order("field-move:0:need:-1") == [("in-0", "need"), ("in-0", "topic"), ("in-1", "company_name")]
    # Over the edge of the section, into the next.
    assert order("field-move:0:need:1") == [("in-0", "topic"), ("in-1", "need"), ("in-1", "company_name")]
    assert order("field-remove:0:need") == [("in-0", "topic"), ("in-1", "company_name")]
    assert order("section-move:1:-1")[0] == ("in-1", "company_name")
    assert order("section-remove:0") == [("in-1", "company_name")]
    assert ("in-1", "amount") in order("field-add", **{"add-1": "amount"})
    assert _document(garage)["grants"]["leads"]["layouts"] == []


@pytest.mark.parametrize(
    ("changed", "anchor"),
    [
        ({"name": ""}, "id-name"),
        ({"title-0": ""}, "id-title-0"),
        ({"in-1": []}, "id-title-1"),
        ({"section": []}, "id-sections"),
        ({"c": []}, "id-when"),
    ],
)
def test_a_wrong_layout_is_said_at_the_field(
    admin: Client, garage: Portal, changed: dict[str, Any], anchor: str
) -> None:
    _granted(admin, garage)
    answer = _layout(admin, garage, **changed)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="#{anchor}"' in text and f'id="{anchor}"' in text


def test_layouts_are_put_in_order(admin: Client, garage: Portal) -> None:
    _granted(admin, garage)
    _layout(admin, garage)
    _layout(admin, garage, name="All", when="always")
    url = _at(garage, "modules/leads/layouts/")
    assert _post(admin, url, {}, "layout-move:1:-1").status_code == 302
    assert [one["name"] for one in _document(garage)["grants"]["leads"]["layouts"]] == ["All", "Open"]
    assert _post(admin, url, {}, "layout-remove:0").status_code == 302
    assert [one["name"] for one in _document(garage)["grants"]["leads"]["layouts"]] == ["Open"]


VIEW = {
    "view": ["list", "canvas"],
    "first": "canvas",
    "column": ["state", "topic"],
    "card-title": "topic",
    "badge": "state",
    "corner": "amount",
    "line": ["region", "company_name"],
}


def test_views_columns_and_card_are_saved(admin: Client, garage: Portal) -> None:
    _granted(admin, garage)
    url = _at(garage, "modules/leads/views/")
    assert _post(admin, url, VIEW).status_code == 302
    grant = _document(garage)["grants"]["leads"]
    assert grant["views"] == ["canvas", "list"]
    assert grant["columns"] == ["state", "topic"]
    assert grant["canvas"] == {
        "title": "topic",
        "lines": ["region", "company_name"],
        "badge": "state",
        "corner": "amount",
    }
    moved = _post(admin, url, VIEW, "column-move:topic:-1").content.decode()
    assert re.findall(r'name="column" value="(\w+)"', moved) == ["topic", "state"]
    removed = _post(admin, url, VIEW, "line-remove:region").content.decode()
    assert re.findall(r'name="line" value="(\w+)"', removed) == ["company_name"]
    added = _post(admin, url, {**VIEW, "column-add": "amount"}, "column-add").content.decode()
    assert re.findall(r'name="column" value="(\w+)"', added) == ["state", "topic", "amount"]


@pytest.mark.parametrize(
    ("changed", "anchor"),
    [({"view": []}, "id-views"), ({"first": "board"}, "id-views"), ({"column": []}, "id-columns")],
)
def test_wrong_views_are_said_at_the_field(
    admin: Client, garage: Portal, changed: dict[str, Any], anchor: str
) -> None:
    _granted(admin, garage)
    answer = _post(admin, _at(garage, "modules/leads/views/"), {**VIEW, **changed})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="#{anchor}"' in text and f'id="{anchor}"' in text


def test_the_sample_card_shows_what_is_chosen(admin: Client, garage: Portal, world: World) -> None:
    text = admin.post(_at(garage, "modules/leads/card/"), VIEW).content.decode()
    assert 'id="sample"' in text and "Region" in text
    assert "<html" not in text


def test_related_records_are_chosen_and_ordered(admin: Client, garage: Portal) -> None:
    _granted(admin, garage, "opportunities")
    url = _at(garage, "modules/opportunities/related/")
    known = re.findall(r'name="order" value="([\w-]+)"', admin.get(url).content.decode())
    assert len(known) > 1
    assert _post(admin, url, {"order": known, "on": known}).status_code == 302
    assert _document(garage)["grants"]["opportunities"]["related"] is None
    turned = known[::-1]
    assert _post(admin, url, {"order": turned, "on": turned[:1]}).status_code == 302
    assert _document(garage)["grants"]["opportunities"]["related"] == turned[:1]
    moved = _post(admin, url, {"order": known, "on": known}, f"related-move:{known[1]}:-1").content.decode()
    assert re.findall(r'name="order" value="([\w-]+)"', moved)[0] == known[1]


# --- review, publishing, versions


def test_from_nothing_to_published_and_undone(admin: Client, garage: Portal, world: World) -> None:
    _granted(admin, garage)
    _scoped(admin, garage)
    review = _at(garage, "review/")
    text = admin.get(review).content.decode()
    assert "Scope “own leads”" in text and "Submit for review" in text
    assert admin.post(_at(garage, "do/submit/"), {"version": _version(admin, review)}).status_code == 302
    answer = admin.post(
        _at(garage, "do/publish/"), {"version": _version(admin, review), "note": "First version"}
    )
    assert answer["Location"] == _at(garage, "versions/")
    assert Scope.objects.filter(grant__portal=garage).get().where == OWN
    text = admin.get(_at(garage, "versions/")).content.decode()
    assert "First version" in text and "Ada Admin" in text and "in force" in text
    before = PortalVersion.objects.filter(portal=garage).count()
    seen = {"version": _version(admin, _at(garage, "versions/"))}
    assert admin.post(_at(garage, "undo/"), seen).status_code == 302
    assert not Scope.objects.filter(grant__portal=garage).exists()
    # Pressed twice it would bring back what was undone.
    answer = admin.post(_at(garage, "undo/"), seen, follow=True)
    assert "Someone has changed this record in the meantime" in answer.content.decode()
    assert PortalVersion.objects.filter(portal=garage).count() == before + 1


def test_a_review_of_another_version_is_not_published(admin: Client, garage: Portal) -> None:
    old = _version(admin, _at(garage, "review/"))
    _granted(admin, garage)
    answer = admin.post(_at(garage, "do/submit/"), {"version": old})
    assert answer.status_code == 412
    assert "data-focus" in answer.content.decode()
    draft = open_draft(garage)
    assert draft and draft.state == "draft"


def test_a_draft_is_returned_and_discarded(admin: Client, garage: Portal) -> None:
    review = _at(garage, "review/")
    for name, state in (("submit", "in_review"), ("return_to_draft", "draft"), ("discard", None)):
        answer = admin.post(_at(garage, f"do/{name}/"), {"version": _version(admin, review)})
        assert answer.status_code == 302, name
        draft = open_draft(garage)
        assert (draft.state if draft else None) == state
    assert admin.post(_at(garage, "do/submit/")).status_code == 404
    assert "Nothing waits" in admin.get(review).content.decode()


def test_nothing_to_undo_is_said(admin: Client, garage: Portal) -> None:
    answer = admin.post(_at(garage, "undo/"), {"version": opaque_version(garage)}, follow=True)
    assert "There is no version before this one." in answer.content.decode()


def test_the_review_says_what_it_means_today(admin: Client, world: World) -> None:
    portal = Portal.objects.get(key="partner")
    assert _post(admin, _at(portal, "modules/"), {}, "take:accounts").status_code == 302
    text = admin.get(_at(portal, "review/")).content.decode()
    assert "The whole module" in text
    assert "review/?impact=1" in text and "users lose" not in text
    text = admin.get(_at(portal, "review/?impact=1")).content.decode()
    assert "users lose" in text and "accounts" in text
    assert Grant.objects.filter(portal=portal, module="accounts", removed=False).exists()


def test_time_travel_shows_the_grants_of_a_day(admin: Client, world: World) -> None:
    portal = Portal.objects.get(key="partner")
    url = _at(portal, "travel/")
    today = timezone.localdate()
    text = admin.get(url, {"user": world.alice.pk, "day": today.isoformat()}).content.decode()
    assert "Alice Adler with the grants of" in text
    assert "Fabrikam" in text and "Tailspin" not in text
    early = admin.get(url, {"user": world.alice.pk, "day": "2001-01-01"}).content.decode()
    assert "Fabrikam" not in early
    for asked, anchor in (
        ({"user": world.alice.pk, "day": (today + timedelta(days=2)).isoformat()}, "id-day"),
        ({"user": world.alice.pk, "day": "soon"}, "id-day"),
        ({"user": "", "day": today.isoformat()}, "id-user"),
    ):
        answer = admin.get(url, asked)
        assert answer.status_code == 422
        assert f'href="#{anchor}"' in answer.content.decode()
    assert admin.get(url, {"user": portal.pk, "day": today.isoformat()}).status_code == 404


def test_administration_leads_to_the_portals(world: World, admin: Client) -> None:
    assert 'href="/portals-admin/"' in admin.get("/portals-admin/").content.decode()
    assert "/portals-admin/" not in _client(world.maria).get("/me/").content.decode()


def test_the_number_of_queries_does_not_grow_with_scopes(
    admin: Client, garage: Portal, django_assert_max_num_queries: Any
) -> None:
    _granted(admin, garage)
    _scoped(admin, garage)
    url = _at(garage, "modules/leads/")
    admin.get(url)
    with CaptureQueriesContext(connection) as first:
        admin.get(url)
    count = len(first)
    for _again in range(3):
        _post(admin, url, {}, "scope-copy:0")
        _post(admin, url, {}, "scope-move:0:1")
        name = f"scope {_again}"
        _scoped(admin, garage, name=name)
    with django_assert_max_num_queries(count + 1):
        admin.get(url)


def _published(admin: Client, portal: Portal) -> None:
    for name in ("submit", "publish"):
        version = _version(admin, _at(portal, "review/"))
        assert admin.post(_at(portal, f"do/{name}/"), {"version": version}).status_code == 302


def test_any_older_version_is_put_in_force_through_a_draft_of_it(
    admin: Client, garage: Portal, world: World
) -> None:
    for title in ("Two", "Three", "Four"):
        _post(admin, _at(garage), {**SETTINGS, "title": title})
        _published(admin, garage)
    page = admin.get(_at(garage, "versions/")).content.decode()
    again = [number for number in range(1, 9) if _at(garage, f"versions/{number}/draft/") in page]
    assert again == [1, 2, 3]
    assert admin.post(_at(garage, "versions/77/draft/")).status_code == 404
    assert _client(world.maria).post(_at(garage, "versions/2/draft/")).status_code == 404
    answer = admin.post(_at(garage, "versions/2/draft/"))
    assert answer["Location"] == _at(garage, "review/")
    assert Portal.objects.get(pk=garage.pk).title == "Four"
    assert "Two" in admin.get(_at(garage, "review/")).content.decode()
    # Nobody's open draft is written over.
    page = admin.get(_at(garage, "versions/")).content.decode()
    assert "/draft/" not in page and "discard the open draft first" in page
    assert admin.post(_at(garage, "versions/1/draft/"))["Location"] == _at(garage, "versions/")
    _published(admin, garage)
    assert Portal.objects.get(pk=garage.pk).title == "Two"
    newest = PortalVersion.objects.filter(portal=garage).latest("number")
    assert newest.number == 5 and newest.note == "As in version 2"
