"""Invitations, the team, one's own settings, signing in."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from prm.people.models import Invitation, User
from prm.people.tokens import new_token, token_hash
from tests.cast import World
from tests.factories import PASSWORD, make_invitation
from tests.frontend_jobs.conftest import SignIn, said

NEW_PASSWORD = "four words make one"


def _invited(world: World, **fields) -> str:
    token = new_token()
    make_invitation(fields.pop("state", "pending"), world.northwind, token_hash=token_hash(token), **fields)
    return f"/invite/{token}/"


def test_invitation_makes_a_login(world: World, client: Client) -> None:
    link = _invited(world, email="new@northwind.example")
    assert client.get(link).status_code == 200
    assert not User.objects.filter(email="new@northwind.example").exists()
    response = client.post(link, {"name": "Nora New", "password": NEW_PASSWORD})
    assert response["Location"] == "/"
    user = User.objects.get(email="new@northwind.example")
    assert (user.name, user.company_id) == ("Nora New", world.northwind.pk)
    assert "Nora" in client.get("/").content.decode()


def test_weak_password_is_explained_and_the_name_kept(world: World, client: Client) -> None:
    page = client.post(_invited(world), {"name": "Nora New", "password": "short"})
    text = page.content.decode()
    assert "error-summary" in text
    assert 'value="Nora New"' in text
    assert "short" not in text.replace("too short", "")


def test_dead_links_look_alike(world: World, client: Client) -> None:
    used = _invited(world, state="accepted")
    expired = _invited(world, expires_at=timezone.now() - timedelta(days=1))
    revoked = _invited(world, state="revoked")
    answers = {
        (page.status_code, said(page))
        for page in map(client.get, (used, expired, revoked, "/invite/unknown/"))
    }
    assert [status for status, _text in answers] == [404]
    assert {
        client.post(link, {"name": "X", "password": NEW_PASSWORD}).status_code for link in (used, expired)
    } == {404}


def test_admin_invites(world: World, sign_in: SignIn) -> None:
    alice = sign_in(world.alice)
    assert alice.post("/team/", {"email": "nora@northwind.example", "name": "Nora"})["Location"] == "/team/"
    invitation = Invitation.objects.get(email="nora@northwind.example")
    assert (invitation.company_id, invitation.portal) == (world.northwind.pk, world.alice.portal)
    assert "nora@northwind.example" in alice.get("/team/").content.decode()
    alice.post(reverse("team-invitation", args=(invitation.pk, "revoke")))
    invitation.refresh_from_db()
    assert invitation.state == "revoked"


def test_known_address_is_answered_alike(world: World, sign_in: SignIn) -> None:
    alice = sign_in(world.alice)
    known = alice.post("/team/", {"email": world.carol.email})
    unknown = alice.post("/team/", {"email": "nobody@northwind.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_member_looks_but_does_not_touch(world: World, sign_in: SignIn) -> None:
    bob = sign_in(world.bob)
    page = bob.get("/team/").content.decode()
    assert "Alice Adler" in page
    assert "Invite a colleague" not in page
    assert bob.post("/team/", {"email": "x@northwind.example"}).status_code == 404
    bob.post(reverse("team-colleague", args=(world.alice.pk, "deactivate")))
    world.alice.refresh_from_db()
    assert world.alice.is_active


def test_admin_ends_and_returns_access(world: World, sign_in: SignIn) -> None:
    alice, bob = sign_in(world.alice), sign_in(world.bob)
    assert bob.get("/").status_code == 200
    alice.post(reverse("team-colleague", args=(world.bob.pk, "deactivate")))
    assert bob.get("/").status_code == 302
    alice.post(reverse("team-colleague", args=(world.bob.pk, "reactivate")))
    world.bob.refresh_from_db()
    assert world.bob.is_active


def test_admin_flag_and_the_last_admin(world: World, sign_in: SignIn) -> None:
    alice = sign_in(world.alice)
    alice.post(reverse("team-colleague", args=(world.alice.pk, "member")))
    world.alice.contact.refresh_from_db()
    assert world.alice.contact.is_admin
    alice.post(reverse("team-colleague", args=(world.bob.pk, "admin")))
    world.bob.contact.refresh_from_db()
    assert world.bob.contact.is_admin


def test_team_ends_at_the_company(world: World, sign_in: SignIn) -> None:
    alice = sign_in(world.alice)
    assert "Carol" not in alice.get("/team/").content.decode()
    assert alice.post(reverse("team-colleague", args=(world.carol.pk, "deactivate"))).status_code == 404
    world.carol.refresh_from_db()
    assert world.carol.is_active


def test_settings_are_saved(world: World, sign_in: SignIn) -> None:
    alice = sign_in(world.alice)
    wrong = alice.post("/me/", {"name": "", "language": "en", "timezone": "Europe/Berlin"})
    assert wrong.status_code == 422
    alice.post("/me/", {"name": "Alice A.", "language": "en", "timezone": "Europe/Berlin"})
    world.alice.refresh_from_db()
    assert (world.alice.name, world.alice.timezone) == ("Alice A.", "Europe/Berlin")


def test_channel_manager_is_away(world: World, sign_in: SignIn) -> None:
    today = timezone.localdate()
    maria = sign_in(world.maria)
    data = {
        "form": "away",
        "cover": world.nils.pk,
        "away_from": today,
        "away_until": today + timedelta(days=5),
    }
    assert maria.post("/me/", data)["Location"] == "/me/"
    world.maria.refresh_from_db()
    assert world.maria.stand_in(today) == world.nils
    assert "Nils Nyman covers for you" in maria.get("/me/").content.decode()
    backwards = maria.post("/me/", {**data, "away_until": today - timedelta(days=1)})
    assert backwards.status_code == 422


def test_partner_has_no_cover(world: World, sign_in: SignIn) -> None:
    alice = sign_in(world.alice)
    assert "Who covers for you" not in alice.get("/me/").content.decode()
    alice.post("/me/", {"form": "away", "cover": world.bob.pk})
    world.alice.refresh_from_db()
    assert world.alice.cover is None


def test_sign_in_and_out(world: World, client: Client) -> None:
    page = client.get("/account/login/").content.decode()
    assert "Sign in with a passkey" in page
    wrong = client.post("/account/login/", {"login": world.alice.email, "password": "wrong"})
    assert "error-summary" in wrong.content.decode()
    right = client.post("/account/login/", {"login": world.alice.email, "password": PASSWORD})
    assert right["Location"] == "/"
    assert client.get("/account/logout/").status_code == 200
    assert client.get("/").status_code == 200
    client.post("/account/logout/")
    assert client.get("/").status_code == 302


def test_password_reset_answers_alike(world: World, client: Client) -> None:
    answers = [
        client.post("/account/password/reset/", {"email": email})
        for email in (world.alice.email, "x@y.example")
    ]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert "Look into your mail" in client.get(answers[0]["Location"]).content.decode()


def test_second_factor_pages_look_like_ours(world: World, client: Client) -> None:
    client.post("/account/login/", {"login": world.alice.email, "password": PASSWORD})
    assert "frontend/jobs" in client.get("/account/reauthenticate/").content.decode()
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    for path in (
        "/account/2fa/",
        "/account/2fa/totp/activate/",
        "/account/2fa/webauthn/add/",
        "/account/2fa/webauthn/",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "frontend/jobs" in page.content.decode(), path
        assert " style=" not in page.content.decode(), path
