"""Why somebody may or may not, on the page of a record, for those who manage portals."""

from typing import Any

import pytest

from prm.access.models import Grant, Portal
from prm.access.policy import touch
from prm.people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(world: Any) -> User:
    grant = Grant.objects.get(module="portals", portal__key="administrator")
    scope = grant.scopes.get()
    scope.actions = sorted({*scope.actions, "edit"})
    scope.save()
    touch(grant.portal)
    return User.objects.get(pk=world.admin.pk)


def test_managers_find_the_question_on_the_page(world: Any, manager: User, as_user: Any) -> None:
    path = f"/leads/{world.northwind_lead.pk}/"
    assert "why/" in as_user(manager).get(path).content.decode()
    assert "why/" not in as_user(world.bob).get(path).content.decode()
    assert as_user(world.bob).get(f"{path}why/").status_code == 404
    assert as_user(world.maria).get(f"{path}why/").status_code == 404


def test_the_answer_with_all_fields(world: Any, manager: User, as_user: Any) -> None:
    path = f"/leads/{world.northwind_lead.pk}/why/"
    page = as_user(manager).get(path, {"user": str(world.carol.pk), "verb": "view"}).content.decode()
    assert "Carol Cohen may not." in page and "the scope needs: is Contoso Partners" in page
    assert "Change partner of the record from Northwind Systems to Contoso Partners" in page
    part = as_user(manager).get(
        path,
        {"user": str(world.bob.pk), "verb": "view", "field": "reference"},
        headers={"HX-Request": "true"},
    )
    text = part.content.decode()
    assert "<html" not in text and "Bob Brandt may not." in text
    assert "worked by the company" in text and text.count("<tr") > 20
    for wrong in ({"user": "nobody"}, {"user": str(world.bob.pk), "verb": "fly"}, {"verb": "view"}):
        assert as_user(manager).get(path, wrong).status_code == 200


def test_why_somebody_cannot_make_a_new_one(world: Any, manager: User, as_user: Any) -> None:
    portal = Portal.objects.get(key="customer")
    editor = as_user(manager).get(f"/portals-admin/{portal.pk}/modules/accounts/").content.decode()
    assert "/accounts/new/why/" in editor
    path = "/accounts/new/why/"
    assert as_user(manager).get(path).status_code == 200
    page = as_user(manager).get(path, {"user": str(world.dana.pk)}).content.decode()
    assert "Dana Diaz may not." in page and "Allow create in the scope" in page and "<table" not in page
    assert "Bob Brandt may." in as_user(manager).get(path, {"user": str(world.bob.pk)}).content.decode()
    assert as_user(world.maria).get(path).status_code == 404
    assert as_user(world.bob).get(path).status_code == 404
