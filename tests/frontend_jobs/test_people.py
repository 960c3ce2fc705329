"""Invitations, the team, one's own settings, signing in."""

from __future__ import annotations

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from prm.access.models import Portal
from prm.people.models import Contact, Invitation, User
from prm.people.tokens import new_token, token_hash
from tests.cast import World
from tests.factories import PASSWORD, make_contact, make_invitation
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


def test_a_zone_that_is_not_offered_is_kept(world: World, sign_in: SignIn) -> None:
    """The API takes any zone that there is."""
    User.objects.filter(pk=world.alice.pk).update(timezone="CET")
    world.alice.refresh_from_db()
    alice = sign_in(world.alice)
    zone = alice.get("/me/").context["profile"]["timezone"]
    assert zone.value() in dict(zone.field.choices)
    alice.post("/me/", {"name": "Alice A.", "language": "en", "timezone": zone.value()})
    world.alice.refresh_from_db()
    assert (world.alice.name, world.alice.timezone) == ("Alice A.", "CET")


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
    assert (world.maria.cover, world.maria.away_on(today)) == (world.nils, True)
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


# --- the login behind a contact


def _card(client: Client, contact) -> str:
    return said(client.get(f"/contacts/{contact.pk}/"))


def _act(client: Client, contact, what: str, **data) -> int:
    return client.post(reverse("contact-portal", args=(contact.pk, what)), data).status_code


def test_a_card_tells_of_the_login(world: World, sign_in: SignIn) -> None:
    maria, bob = sign_in(world.maria), sign_in(world.bob)
    card = _card(maria, world.bob.contact)
    assert "Signs in as bob@northwind.example" in card
    assert "Last sign-in" in card
    # A colleague sees that there is one, and not in which portal.
    card = _card(bob, world.alice.contact)
    assert "Active" in card
    assert "Last sign-in" not in card
    # Of a customer's people a partner does not know whether they have one.
    assert "No login" not in _card(bob, world.dana.contact)
    assert "No login" in _card(maria, make_contact(world.contoso))


def test_invited_sent_again_and_taken_back_from_the_card(world: World, sign_in: SignIn) -> None:
    maria, contact = sign_in(world.maria), make_contact(world.contoso, name="Cy", email="cy@contoso.example")
    partner, administrator = world.carol.portal, world.admin.portal
    assert "Invite cy@contoso.example" in _card(maria, contact)
    assert _act(maria, contact, "invite", portal=administrator.pk) == 404
    assert _act(maria, contact, "invite", portal=partner.pk, flag="1", admin="1") == 302
    invitation = Invitation.objects.get()
    assert (invitation.contact, invitation.portal, invitation.is_admin) == (contact, partner, True)
    assert "Invited into Partner" in _card(maria, contact)
    before = invitation.token_hash
    _act(maria, contact, "resend")
    invitation.refresh_from_db()
    assert invitation.token_hash != before
    _act(maria, contact, "revoke")
    invitation.refresh_from_db()
    assert invitation.state == "revoked"
    assert "No login" in _card(maria, contact)
    assert _act(maria, contact, "revoke") == 404
    assert _act(maria, contact, "nonsense") == 404


def test_a_card_says_into_what_somebody_without_a_company_can_be_invited(
    world: World, sign_in: SignIn
) -> None:
    contact = Contact.objects.create(name="Pia Parent", email="pia@family.example")
    page = sign_in(world.admin).get(f"/contacts/{contact.pk}/").content.decode()
    assert 'aria-describedby="card-portal-help"' in page and "enter the company first" in page
    # Who cannot invite anybody into those portals is told what is missing instead.
    assert "An invitation needs a company." in _card(sign_in(world.maria), contact)
    for of_company in (world.bob.contact, make_contact(world.contoso, email="cy@contoso.example")):
        card = _card(sign_in(world.admin), of_company)
        assert "enter the company first" not in card and "needs a company" not in card


def test_an_admin_acts_on_the_cards_of_colleagues(world: World, sign_in: SignIn) -> None:
    alice, bob = sign_in(world.alice), sign_in(world.bob)
    _act(alice, world.bob.contact, "admin")
    world.bob.contact.refresh_from_db()
    assert world.bob.contact.is_admin
    _act(alice, world.bob.contact, "member")
    _act(alice, world.bob.contact, "deactivate")
    world.bob.refresh_from_db()
    assert not world.bob.is_active
    _act(alice, world.bob.contact, "reactivate")
    for what in ("deactivate", "admin", "move"):
        assert _act(alice, world.carol.contact, what) == 404
        _act(bob, world.alice.contact, what)
    world.alice.refresh_from_db()
    assert world.alice.is_active
    new = make_contact(world.northwind, email="new@northwind.example")
    assert _act(alice, new, "invite") == 302
    assert Invitation.objects.get().portal == world.alice.portal
    assert _act(bob, make_contact(world.northwind), "invite") == 404


def test_moved_from_the_card_and_from_the_list(world: World, sign_in: SignIn) -> None:
    admin, maria = sign_in(world.admin), sign_in(world.maria)
    customer = world.dana.portal
    assert "Move to another portal" in _card(admin, world.bob.contact)
    assert "Move to another portal" not in _card(maria, world.bob.contact)
    _act(admin, world.bob.contact, "move", portal=customer.pk)
    world.bob.refresh_from_db()
    assert world.bob.portal == customer
    assert maria.get("/portal-users/").status_code == 404
    page = said(admin.get("/portal-users/", {"portal": world.carol.portal_id}))
    assert "Carol Cohen" in page
    assert "Bob Brandt" not in page
    assert "Maria" not in said(admin.get("/portal-users/", {"q": "carol"}))
    data = {"ids": [world.carol.pk, world.erin.pk], "target": customer.pk}
    page = said(admin.post("/portal-users/", data, follow=True))
    world.carol.refresh_from_db()
    world.erin.refresh_from_db()
    assert (world.carol.portal, world.erin.portal.key) == (customer, "employee")
    for wrong in ({"ids": [world.carol.pk]}, {"target": customer.pk}):
        assert admin.post("/portal-users/", wrong).status_code == 302


def test_many_are_tried_and_then_invited(world: World, sign_in: SignIn) -> None:
    admin, alice, bob = sign_in(world.admin), sign_in(world.alice), sign_in(world.bob)
    table = "email,name,portal,company\nann@x.example,Ann,Partner,Contoso Partners\nben@x.example,,Nowhere,\n"
    page = said(admin.post("/invite-many/", {"lines": table}))
    assert "Would be invited 1 Wrong lines 1" in page
    assert not Invitation.objects.exists()
    file = SimpleUploadedFile("people.csv", table.encode())
    page = admin.post("/invite-many/", {"file": file})
    assert "ann@x.example" in page.content.decode()
    page = said(admin.post("/invite-many/", {"lines": table, "do": "send"}))
    assert "Invited 1 Wrong lines 1" in page
    assert Invitation.objects.get().company_id == world.contoso.pk
    wrong = admin.post("/invite-many/", {"lines": ""})
    assert (wrong.status_code, "error-summary" in wrong.content.decode()) == (422, True)
    assert "Portal" not in said(alice.get("/invite-many/")).replace("your portal", "")
    known = said(alice.post("/invite-many/", {"lines": world.carol.email}))
    unknown = said(alice.post("/invite-many/", {"lines": "nobody@contoso.example"}))
    assert known.replace(world.carol.email, "") == unknown.replace("nobody@contoso.example", "")
    assert bob.get("/invite-many/").status_code == 404


def test_the_page_of_seats(world: World, sign_in: SignIn) -> None:
    Portal.objects.exclude(key="partner").update(seated=False)
    admin, alice = sign_in(world.admin), sign_in(world.alice)
    assert "As many as needed" in said(admin.get("/seats/"))
    assert sign_in(world.maria).get("/seats/").status_code == 404
    assert admin.post("/seats/", {"bought": "2", "free": "1"})["Location"] == "/seats/"
    page = said(admin.get("/seats/"))
    assert "Left 0" in page
    assert "Carol Cohen" in page
    full = alice.post("/team/", {"email": "new@northwind.example"})
    assert (full.status_code, "All seats are in use" in full.content.decode()) == (422, True)
    assert admin.post("/seats/", {"bought": "-1", "free": ""}).status_code == 422


def test_the_own_card_is_part_of_the_settings(world: World, sign_in: SignIn) -> None:
    alice = sign_in(world.alice)
    data = {"name": "Alice A.", "language": "", "timezone": "", "phone": "+4930123456", "job_title": "CEO"}
    assert alice.post("/me/", data)["Location"] == "/me/"
    world.alice.contact.refresh_from_db()
    assert (world.alice.contact.name, world.alice.contact.phone, world.alice.contact.job_title) == (
        "Alice A.",
        "+4930123456",
        "CEO",
    )
    wrong = alice.post("/me/", {**data, "phone": "call me"})
    assert (wrong.status_code, "error-summary" in wrong.content.decode()) == (422, True)
    # The vendor's people without a contact have none.
    assert 'name="phone"' not in sign_in(world.maria).get("/me/").content.decode()
