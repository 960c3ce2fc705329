"""The pages of view as and of the touch log: buttons where they belong, the bar on every page, the panel."""

from __future__ import annotations

import pytest
from django.test import Client

from prm.access.models import Portal
from prm.touch.keeping import keeper
from tests.access.test_viewing import look_as, manage
from tests.cast import World

pytestmark = pytest.mark.django_db

BAR = 'class="viewing"'


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    manage(world.admin)
    client.force_login(world.admin)
    keeper.clear()
    return client


def test_the_button_is_on_the_page_of_a_user(world: World, admin: Client):
    page = admin.get(f"/users/{world.alice.pk}/").content.decode()
    assert f'action="/view-as/?user={world.alice.pk}"' in page
    assert "/view-as/?user=" not in admin.get(f"/users/{world.admin.pk}/").content.decode()
    answer = admin.post(f"/view-as/?user={world.alice.pk}")
    assert answer.status_code == 302
    manage(world.admin, False)


def test_the_page_finds_users_and_makes_some_up(world: World, admin: Client):
    partner = Portal.objects.get(key="partner")
    page = admin.get("/view-as/", {"search": "carol"}).content.decode()
    assert "Carol Cohen" in page and "Alice Adler" not in page
    page = admin.get("/view-as/", {"portal": str(partner.pk)}).content.decode()
    assert "Alice Adler" in page and "Erin Ek" not in page and "selected" in page
    answer = admin.post("/view-as/", {"portal": ""})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "path", ["/", "/leads/?view=none", "/leads/board/", "/calendar/", "/nowhere/", "/alerts/"]
)
def test_the_bar_is_on_every_page(world: World, admin: Client, path: str):
    assert BAR not in admin.get(path).content.decode()
    look_as(admin, world.alice)
    page = admin.get(path, follow=True).content.decode()
    assert BAR in page and "/view-as/stop/" in page
    assert 'id="bell"' not in page and "alerts.js" not in page


def test_who_touched_a_record(world: World, admin: Client):
    lead = world.northwind_lead
    page = admin.get(f"/leads/{lead.pk}/").content.decode()
    url = f"/touches/of/leads/{lead.pk}/"
    assert url in page
    keeper.flush()
    panel = admin.get(url).content.decode()
    assert "Ada Admin" in panel and "Record read" in panel and f"/touches/?record={lead.pk}" in panel
    admin.force_login(world.alice)
    assert url not in admin.get(f"/leads/{lead.pk}/").content.decode()
    assert admin.get(url).status_code == 404


def test_the_panel_tells_of_no_record_that_is_hidden(world: World, admin: Client):
    look_as(admin, world.alice)
    assert admin.get(f"/touches/of/leads/{world.northwind_lead.pk}/").status_code == 404
