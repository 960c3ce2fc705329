"""View as: read-only, never beyond one's own rights, own things left out, and over when it has to be."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from api.tokens import issue
from prm.access import viewing
from prm.access.models import Grant, Portal, Scope
from prm.access.policy import touch
from prm.access.rights import administers, rights_for, visible
from prm.library.models import Document, LibraryVisit
from prm.modules import registry
from prm.people.models import User
from prm.touch.keeping import keeper
from prm.touch.models import TouchEntry
from tests.cast import World
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


def manage(user: User, on: bool = True) -> None:
    """Gives the user's portal *Manage portals*, or takes it away."""
    grant = Grant.objects.filter(portal=user.portal, module="portals").first()
    for scope in Scope.objects.filter(grant=grant):
        scope.actions = sorted({*scope.actions} - {"edit"} | ({"edit"} if on else set()))
        scope.save()
    touch(user.portal)


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    manage(world.admin)
    client.force_login(world.admin)
    keeper.clear()
    return client


def look_as(client: Client, user: User) -> None:
    answer = client.post("/view-as/", {"user": str(user.pk)})
    assert answer.status_code == 302, answer.content


def test_the_portal_is_seen_as_the_user_sees_it(world: World, admin: Client):
    assert str(world.contoso_lead.pk) in admin.get("/leads/?view=none").content.decode()
    look_as(admin, world.alice)
    page = admin.get("/leads/?view=none").content.decode()
    assert str(world.northwind_lead.pk) in page and str(world.contoso_lead.pk) not in page
    assert "You are looking as Alice Adler" in page and "Stop viewing" in page
    assert admin.get(f"/leads/{world.contoso_lead.pk}/").status_code == 404
    assert admin.get("/api/v1/me/").json()["email"] == world.alice.email
    rows = admin.get("/api/v1/leads/").json()["results"]
    assert {row["id"] for row in rows} == {str(world.northwind_lead.pk)}


def test_stopping_gives_the_own_eyes_back(world: World, admin: Client):
    look_as(admin, world.alice)
    answer = admin.post("/view-as/stop/")
    assert answer.status_code == 302
    page = admin.get("/leads/?view=none").content.decode()
    assert str(world.contoso_lead.pk) in page and "You are looking as" not in page


def test_a_made_up_user(world: World, admin: Client):
    portal = Portal.objects.get(key="partner")
    given = {"portal": str(portal.pk), "partner": str(world.contoso.pk), "admin": "on"}
    assert admin.post("/view-as/", given).status_code == 302
    page = admin.get("/leads/?view=none").content.decode()
    assert str(world.contoso_lead.pk) in page and str(world.northwind_lead.pk) not in page
    me = admin.get("/api/v1/me/").json()
    assert (me["portal"]["key"], me["company"], me["is_admin"]) == ("partner", str(world.contoso.pk), True)
    assert not User.objects.filter(pk=me["id"]).exists()
    for path in ("/", "/offered/", "/managed/", "/library/", "/calendar/", "/team/", "/reports/"):
        assert admin.get(path).status_code == 200, path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/leads/{lead}/do/contact/"),
        ("post", "/leads/{lead}/notes/"),
        ("post", "/theme/"),
        ("post", "/leads/new/"),
        ("post", "/account/logout/"),
        ("post", "/view-as/"),
        ("post", "/api/v1/leads/{lead}/transitions/contact/"),
        ("patch", "/api/v1/leads/{lead}/"),
        ("delete", "/api/v1/leads/{lead}/"),
    ],
)
def test_nothing_can_be_done(world: World, admin: Client, method: str, path: str):
    look_as(admin, world.alice)
    before = _rows()
    answer = getattr(admin, method)(
        path.format(lead=world.northwind_lead.pk), {}, content_type="application/json"
    )
    assert answer.status_code == 403
    assert "can only look" in answer.content.decode()
    if path.startswith("/api/"):
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:prm:problem:viewing"
    assert _rows() == before


def _rows() -> dict[str, int]:
    """How many rows each table has, and what could have been noted."""
    with connection.cursor() as cursor:
        counts = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT COUNT(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
    counts["reads"] = sum(Document.objects.values_list("reads", flat=True))
    return counts


@pytest.mark.parametrize(
    "path",
    [
        "/alerts/",
        "/alerts/after/",
        "/me/",
        "/me/data/",
        "/calendar/link/",
        "/account/2fa/",
        "/account/password/change/",
        "/settings/",
        "/privacy/",
        "/view-as/",
        "/api/v1/alerts/",
        "/api/v1/calendar/link/",
    ],
)
def test_what_is_the_persons_own_is_explained_and_not_shown(world: World, admin: Client, path: str):
    look_as(admin, world.alice)
    answer = admin.get(path)
    assert answer.status_code == 403
    text = answer.json()["detail"] if path.startswith("/api/") else answer.content.decode()
    assert "is for Alice Adler alone" in text


def test_looking_leaves_no_marks(world: World, admin: Client):
    document = Document.objects.create(title="Guide", kind="training", state="published")
    look_as(admin, world.alice)
    before = _rows()
    for path in ("/library/", f"/documents/{document.pk}/", "/", "/leads/", "/calendar/"):
        assert admin.get(path).status_code in (200, 302, 404), path
    after = _rows()
    assert after == before
    assert not LibraryVisit.objects.exists()


def test_a_page_that_would_write_is_refused_whatever_it_is(world: World, admin: Client, monkeypatch):
    from prm.library import queries

    monkeypatch.setattr(queries, "is_viewed", lambda user: False)
    look_as(admin, world.alice)
    answer = admin.get("/library/")
    assert answer.status_code == 403 and "would change something" in answer.content.decode()
    assert not LibraryVisit.objects.exists()


def test_never_beyond_ones_own_rights(world: World, client: Client):
    manage(world.maria)
    client.force_login(world.maria)
    own = Grant.objects.get(portal=world.maria.portal, module="accounts")
    own.scopes.all().delete()
    touch(world.maria.portal)
    assert client.get("/accounts/").status_code == 404
    look_as(client, world.alice)
    assert client.get("/accounts/").status_code == 404, "Alice has accounts, Maria does not"
    assert client.get("/api/v1/accounts/").status_code == 404
    assert client.get("/leads/?view=none").status_code == 200


def test_what_is_ones_own_is_not_seen_as_the_own_of_somebody_else(world: World, client: Client):
    """Maria and Nils have the leads that are theirs; looking as Nils, she does not see those that are his."""
    grant = Grant.objects.get(portal=world.maria.portal, module="leads")
    grant.scopes.all().delete()
    mine = {"field": "owner", "op": "is", "value": "$user.id"}
    Scope.objects.create(
        grant=grant, position=0, name="my own", where=mine, actions=["view"], fields={"*": "read"}
    )
    manage(world.maria)
    hers, his = make_lead("new", owner=world.maria), make_lead("new", owner=world.nils)
    client.force_login(world.maria)
    own = {row["id"] for row in client.get("/api/v1/leads/").json()["results"]}
    assert str(hers.pk) in own and str(his.pk) not in own
    look_as(client, world.nils)
    for lead in (hers, his):
        assert client.get(f"/api/v1/leads/{lead.pk}/").status_code == 404
        assert client.get(f"/leads/{lead.pk}/").status_code == 404


def test_an_administrators_powers_are_not_reached_through_them(world: World, client: Client):
    manage(world.maria)
    client.force_login(world.maria)
    look_as(client, world.admin)
    for path in ("/settings/", "/privacy/", f"/privacy/users/{world.bob.pk}/", "/touches/"):
        assert client.get(path).status_code in (403, 404), path


def test_only_who_manages_portals_may(world: World, client: Client):
    manage(world.admin, False)
    for user in (world.maria, world.alice, world.erin, world.admin):
        client.force_login(user)
        assert client.get("/view-as/").status_code == 404
        assert client.post("/view-as/", {"user": str(world.bob.pk)}).status_code == 404
        client.logout()


def test_neither_oneself_nor_who_is_not_there(world: World, admin: Client):
    assert admin.post("/view-as/", {"user": str(world.admin.pk)}).status_code == 403
    User.objects.filter(pk=world.bob.pk).update(is_active=False)
    assert admin.post("/view-as/", {"user": str(world.bob.pk)}).status_code == 403
    assert admin.post("/view-as/", {"user": "nonsense"}).status_code == 404
    assert viewing.KEY not in admin.session


@pytest.mark.parametrize("end", ["expired", "not_allowed", "gone", "deactivated"])
def test_it_ends_at_once(world: World, admin: Client, monkeypatch, end: str):
    look_as(admin, world.bob)
    assert "You are looking as" in admin.get("/leads/?view=none").content.decode()
    if end == "expired":
        now = time.time()
        monkeypatch.setattr(viewing.time, "time", lambda: now + viewing.LASTS + 1)
    elif end == "not_allowed":
        manage(world.admin, False)
    elif end == "gone":
        User.objects.filter(pk=world.bob.pk).update(portal=None)
    else:
        User.objects.filter(pk=world.bob.pk).update(is_active=False)
    keeper.clear()
    url = f"/leads/{world.northwind_lead.pk}/notes/"
    answer = admin.post(url, {"body": "Sent from a page of Bob's."})
    assert answer.status_code == 403 and "Nothing was changed" in answer.content.decode()
    page = admin.get("/leads/?view=none").content.decode()
    assert "You are looking as" not in page and str(world.contoso_lead.pk) in page
    assert keeper.notes[0].kind == "view_as_end"
    assert keeper.notes[0].verb == (end if end in ("expired", "not_allowed") else "gone")


def test_it_ends_with_the_session(world: World, admin: Client):
    look_as(admin, world.alice)
    admin.logout()
    admin.force_login(world.admin)
    assert "You are looking as" not in admin.get("/leads/?view=none").content.decode()


def test_another_login_in_the_same_browser_looks_with_its_own_eyes(world: World, admin: Client):
    look_as(admin, world.alice)
    session = admin.session
    session[viewing.KEY] = {**session[viewing.KEY], "by": str(world.maria.pk)}
    session.save()
    assert "You are looking as" not in admin.get("/leads/?view=none").content.decode()


def test_a_token_stays_the_real_users(world: World, admin: Client):
    look_as(admin, world.alice)
    token, _row = issue(world.admin)
    answer = admin.get("/api/v1/me/", HTTP_AUTHORIZATION=f"Token {token}")
    assert answer.json()["email"] == world.admin.email
    assert admin.get("/api/v1/me/", HTTP_AUTHORIZATION="Basic x").json()["email"] == world.alice.email


def test_both_are_in_the_log(world: World, admin: Client):
    look_as(admin, world.alice)
    admin.get(f"/leads/{world.northwind_lead.pk}/")
    admin.post("/view-as/stop/")
    keeper.flush()
    told = [(one.kind, one.user_id, one.as_user_id, one.portal) for one in TouchEntry.objects.order_by("seq")]
    both = (world.admin.pk, world.alice.pk, "partner")
    assert told == [("view_as", *both), ("record", *both), ("view_as_end", *both)]


def test_a_made_up_one_is_told_as_such(world: World, admin: Client):
    admin.post("/view-as/", {"portal": str(Portal.objects.get(key="employee").pk)})
    admin.get("/")
    keeper.flush()
    line = TouchEntry.objects.get(kind="page")
    assert (line.user_id, line.as_user_id, line.made_up, line.portal) == (
        world.admin.pk,
        None,
        True,
        "employee",
    )


def test_the_viewed_user_has_what_both_may_see(world: World):
    manage(world.admin)
    kept = {"user": str(world.alice.pk)}
    viewed = viewing._load(kept, get_user_model().objects.get(pk=world.admin.pk))
    leads = registry.get("leads")
    assert set(visible(viewed, leads)) == set(visible(world.alice, leads))
    actions = {
        verb
        for grant in rights_for(viewed).policy.grants.values()
        for scope in grant.scopes
        for verb in scope.actions
    }
    assert actions == {"view"}
    assert viewing.is_viewed(viewed) and not viewing.is_viewed(world.alice)


def test_the_pages_of_jobs_are_there_to_be_looked_at(world: World, admin: Client):
    look_as(admin, world.alice)
    page = admin.get("/").content.decode()
    for path in ("/offered/", "/managed/", "/team/"):
        assert admin.get(path).status_code == 200, path
        assert f'href="{path}"' in page


def test_an_administrators_place_makes_nobody_an_administrator(world: World, client: Client):
    manage(world.maria)
    client.force_login(world.maria)
    assert client.get("/api/v1/seats/").status_code == 200
    assert "Bob Baker" not in client.get("/seats/").content.decode()
    look_as(client, world.admin)
    assert not administers(_seen(world.maria, world.admin))
    assert administers(_seen(world.admin, world.admin))
    assert client.get("/seats/").status_code == 404


def _seen(real: User, viewed: User) -> User:
    kept = {"user": str(viewed.pk), "by": str(real.pk), "since": time.time(), "id": str(viewed.pk)}
    return viewing._load(kept, User.objects.get(pk=real.pk))
