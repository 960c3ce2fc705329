"""The page on which a form is built: the fields and their order, a look, and the snippet."""

from __future__ import annotations

import re
from typing import Any

import pytest

from prm.people.models import User
from prm.webforms.models import WebForm

pytestmark = pytest.mark.django_db


def chosen(page: str) -> list[str]:
    return re.findall(r'name="field" value="([^"]+)"', page)


@pytest.fixture
def admin(world: Any, as_user: Any) -> Any:
    return as_user(User.objects.get(pk=world.admin.pk))


def test_from_nothing_to_the_snippet(world: Any, admin: Any) -> None:
    page = admin.get("/web-forms/new/").content.decode()
    assert "?module=leads" in page and "?module=users" not in page
    page = admin.get("/web-forms/new/?module=leads").content.decode()
    assert chosen(page) == ["topic"]
    state: dict[str, Any] = {
        "module": "leads",
        "title": "Ask us",
        "active": "on",
        "origins": "https://a.example",
    }
    for does in (
        "add:email",
        "add:company_name",
        "up:company_name",
        "add:city",
        "remove:city",
        "add:partner",
    ):
        page = admin.post("/web-forms/new/", {**state, "field": chosen(page), "do": does}).content.decode()
        assert 'value="Ask us"' in page
    assert chosen(page) == ["topic", "company_name", "email"]
    assert 'name="preview-email"' in page
    answer = admin.post("/web-forms/new/", {**state, "field": chosen(page), "do": "save"})
    form = WebForm.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/web-forms/{form.pk}/")
    assert (form.slug, form.field_names.split(), form.owner_id) == (
        "ask-us",
        ["topic", "company_name", "email"],
        world.admin.pk,
    )
    page = admin.get(f"/web-forms/{form.pk}/").content.decode()
    assert "/f/ask-us/embed/" in page and "&lt;iframe" in page
    assert f"/web-forms/{form.pk}/build/" in page


def test_changing_it_and_what_is_wrong(world: Any, admin: Any) -> None:
    state: dict[str, Any] = {"module": "leads", "title": "Ask us", "slug": "ask", "active": "on"}
    page = admin.post("/web-forms/new/", {**state, "field": ["email"], "do": "save"})
    assert page.status_code == 422 and "A record also needs: Topic." in page.content.decode()
    page = admin.post("/web-forms/new/", {**state, "field": ["topic"], "origins": "no site", "do": "save"})
    assert page.status_code == 422 and 'href="#f-origins"' in page.content.decode()
    assert admin.post("/web-forms/new/", {**state, "field": ["topic"], "do": "save"}).status_code == 302
    form = WebForm.objects.get()
    path = f"/web-forms/{form.pk}/build/"
    page = admin.get(path).content.decode()
    version = re.search(r'name="version" value="([^"]+)"', page)
    assert version
    given = {**state, "version": version[1], "field": ["email", "topic"], "title": "Talk", "do": "save"}
    assert admin.post(path, given).status_code == 302
    form.refresh_from_db()
    assert (form.title, form.field_names.split(), form.version) == ("Talk", ["email", "topic"], 2)
    assert admin.post(path, {**given, "title": "Late"}).status_code == 412


def test_only_who_is_granted_web_forms_builds(world: Any, as_user: Any) -> None:
    for user in (world.maria, world.alice, world.dana):
        client = as_user(user)
        assert client.get("/web-forms/new/").status_code == 404
        assert client.get("/web-forms/").status_code == 404
