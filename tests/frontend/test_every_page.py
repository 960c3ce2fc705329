"""Every page of every module opens for everyone who is granted it, and for nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from prm.access.rights import may, visible
from prm.modules import registry
from tests.factories import make_lead, make_opportunity, make_registration

pytestmark = pytest.mark.once

CAST = ("admin", "maria", "alice", "dana", "erin")


@pytest.fixture
def full(world):
    for state in ("assigned", "pooled", "contacted", "converted", "disqualified"):
        make_lead(state, None if state == "pooled" else world.northwind)
    for state in ("draft", "distributed", "won", "lost"):
        make_opportunity(state, None if state == "draft" else world.northwind)
    make_registration("submitted")
    return world


def addresses(user) -> Iterator[str]:
    yield from ("/", "/alerts/", "/alerts/after/", "/search/", "/search/?q=lead")
    for module in registry.all_modules():
        if not may(user, module, "view"):
            continue
        yield from (f"/{module.key}/", f"/{module.key}/?part=count", f"/{module.key}/options/?q=a")
        if module.board and module.nav:
            yield f"/{module.key}/board/"
        if may(user, module, "create"):
            yield f"/{module.key}/new/"
        one_of_each = {getattr(obj, "state", ""): obj for obj in visible(user, module)[:60]}
        for obj in one_of_each.values():
            yield f"/{module.key}/{obj.pk}/"
            if may(user, module, "edit", obj):
                yield f"/{module.key}/{obj.pk}/edit/"
            if module.machine:
                yield f"/{module.key}/{obj.pk}/machine/"


@pytest.mark.parametrize("name", CAST)
def test_whatever_is_granted_opens(full, as_user, name):
    user = getattr(full, name)
    client = as_user(user)
    wrong = []
    for address in addresses(user):
        response = client.get(address)
        granted_board = not address.endswith("/board/") or response.status_code == 404
        if response.status_code != 200 and not (granted_board and address.endswith("/board/")):
            wrong.append((address, response.status_code))
    assert wrong == []


@pytest.mark.parametrize("name", CAST)
def test_what_is_not_granted_does_not_exist(full, as_user, name):
    user = getattr(full, name)
    client = as_user(user)
    for module in registry.all_modules():
        if not may(user, module, "view") and module.key != "alerts":
            assert client.get(f"/{module.key}/").status_code == 404
            some = module.rows().first()
            if some:
                assert client.get(f"/{module.key}/{some.pk}/").status_code == 404


def test_a_foreign_record_is_not_there(full, as_user):
    client = as_user(full.alice)
    for address in (
        f"/leads/{full.contoso_lead.pk}/",
        f"/leads/{full.contoso_lead.pk}/edit/",
        f"/leads/{full.contoso_lead.pk}/do/accept/",
        f"/leads/{full.contoso_lead.pk}/machine/",
        f"/opportunities/{full.contoso_opportunity.pk}/",
        f"/accounts/{full.tailspin.pk}/",
    ):
        assert client.get(address).status_code == 404, address
    assert client.post(f"/leads/{full.contoso_lead.pk}/notes/", {"body": "x"}).status_code == 404
    assert (
        client.post(f"/opportunities/{full.contoso_opportunity.pk}/move/", {"to": "won"}).status_code == 404
    )


def test_without_a_login_there_is_only_the_way_to_it(full, client):
    for address in ("/leads/", f"/leads/{full.new_lead.pk}/", "/alerts/", "/search/", "/leads/new/"):
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/account/login/")


@pytest.mark.parametrize("name", ["maria", "alice"])
def test_no_page_needs_what_the_policy_forbids(full, as_user, parse, name):
    user = getattr(full, name)
    client = as_user(user)
    for address in addresses(user):
        body = client.get(address).content.decode()
        assert not re.search(r"<[^>]+\sstyle=", body), address
        assert not re.search(r"<[^>]+\son[a-z]+=", body), address
        assert "<style" not in body, address
        assert not re.search(r"<script(?![^>]*\bsrc=)", body), address
        assert "javascript:" not in body, address


@pytest.mark.parametrize("name", CAST)
def test_navigation_leads_to_pages_that_open(full, as_user, parse, name):
    client = as_user(getattr(full, name))
    links = {one["href"] for one in parse(client.get("/alerts/")).all("a", class_="nav__link")}
    assert links
    for link in links:
        assert client.get(link).status_code == 200, link


def test_ids_are_unique_and_fields_have_names(full, as_user, parse):
    client = as_user(full.maria)
    for address in (f"/leads/{full.northwind_lead.pk}/", "/leads/", "/leads/new/", "/opportunities/board/"):
        page = parse(client.get(address))
        ids = [one["id"] for one in page.elements if one.get("id")]
        assert len(ids) == len(set(ids)), address
        labelled = {one["for"] for one in page.all("label") if one.get("for")}
        for field in [one for one in page.elements if one["tag"] in ("input", "select", "textarea")]:
            if field.get("type") in ("hidden", "checkbox", "radio"):
                continue
            assert field.get("aria-label") or field.get("id") in labelled, (address, field)
