"""The first run: one administrator, made by whoever started the server, and never a second one this way."""

from __future__ import annotations

import io
import smtplib
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from PIL import Image

from frontend import first_run
from prm.catalog.models import PriceBook, TaxRate
from prm.modules import registry
from prm.modules.actions import change
from prm.partners.models import TierTerms
from prm.people import first
from prm.people.models import User
from prm.vendor.mail import explain, send_test
from prm.vendor.models import SetupCode, VendorProfile
from prm.vendor.queries import vendor
from tests.factories import make_registration
from workflows.actor import Actor
from workflows.errors import NotFound, WrongState

PASSWORD = "seven-pelicans-under-glass"
FORM = {"name": "Ada Admin", "email": "Ada@Vendor.Example", "password": PASSWORD}
FIRST_RUN = "frontend.first_run.FirstRun"


@pytest.fixture
def fresh(db: Any, settings: Any) -> Iterator[Client]:
    """A browser at a portal that nobody has a login for."""
    at = settings.MIDDLEWARE.index("prm.access.middleware.LoginRequired")
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:at], FIRST_RUN, *settings.MIDDLEWARE[at:]]
    first_run.forget()
    yield Client()
    first_run.forget()


def test_every_page_leads_to_the_setup(fresh: Client) -> None:
    for path in ("/", "/leads/", "/account/login/", "/register/", "/settings/", "/no/such/page/"):
        answer = fresh.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/setup/"), path
    assert fresh.get("/setup/").status_code == 200
    assert fresh.get("/livez").status_code == 200
    assert fresh.get("/api/v1/me/").status_code == 401


def test_the_code_from_the_terminal_makes_one_administrator(fresh: Client) -> None:
    code, other = first.new_code(), first.new_code()
    page = fresh.get("/setup/", {"code": code}).content.decode()
    assert code in page
    answer = fresh.post("/setup/", {**FORM, "code": f" {code.upper()} "})
    assert (answer.status_code, answer["Location"]) == (302, "/setup/company/")
    user = User.objects.get()
    assert (user.email, user.portal.key, user.name) == ("ada@vendor.example", "administrator", "Ada Admin")
    assert fresh.get("/setup/company/").status_code == 200
    assert not SetupCode.objects.exists()
    for client in (fresh, Client()):
        assert client.get("/setup/", {"code": other}).status_code == 404
        assert client.post("/setup/", {**FORM, "email": "eve@x.example", "code": other}).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.parametrize("code", ["", "wrong", "2222-2222-2222-2222-2222"])
def test_without_the_code_nobody_wins_the_race(fresh: Client, code: str) -> None:
    first.new_code()
    answer = fresh.post("/setup/", {**FORM, "code": code})
    assert answer.status_code == 422
    assert not User.objects.exists()


def test_a_weak_password_is_said_at_its_field_and_the_code_stays_good(fresh: Client) -> None:
    code = first.new_code()
    answer = fresh.post("/setup/", {**FORM, "password": "password1234", "code": code})
    assert answer.status_code == 422
    assert "too common" in answer.content.decode()
    assert fresh.post("/setup/", {**FORM, "code": code}).status_code == 302


def test_a_second_first_administrator_is_refused(db: Any) -> None:
    code = first.new_code()
    with pytest.raises(NotFound):
        first.make_administrator(email="a@x.example", name="A", password=PASSWORD, code="no")
    first.make_administrator(email="a@x.example", name="A", password=PASSWORD, code=code)
    with pytest.raises(WrongState):
        first.make_administrator(email="b@x.example", name="B", password=PASSWORD, code=None)


def test_company_logo_mail_and_what_next(fresh: Client) -> None:
    fresh.post("/setup/", {**FORM, "code": first.new_code()})
    logo = io.BytesIO()
    Image.new("RGBA", (600, 150), "#225588").save(logo, "PNG")
    logo.seek(0)
    logo.name = "logo.png"
    answer = fresh.post(
        "/setup/company/",
        {"name": "Acme Ltd", "colour": "#ff6600", "own_colour": "on", "logo_file": logo, "timezone": "UTC"},
    )
    assert (answer.status_code, answer["Location"]) == (302, "/setup/mail/")
    assert (vendor().name, vendor().colour) == ("Acme Ltd", "#ff6600")
    page = fresh.get("/setup/next/").content.decode()
    assert "/register/" in page
    assert "Acme Ltd" in page
    shown = fresh.get(f"/look/logo.png?v={vendor().logo.mark}")  # type: ignore[union-attr]
    assert (shown["Content-Type"], shown.content[:4]) == ("image/png", b"\x89PNG")
    assert "immutable" in shown["Cache-Control"]
    css = Client().get(f"/look/colours.css?v={vendor().version}")
    assert "--accent: light-dark(" in css.content.decode()
    assert "look/logo.png" in Client().get("/account/login/").content.decode()


def test_the_home_of_an_empty_portal_explains_itself(fresh: Client, settings: Any) -> None:
    settings.EMAIL_FROM_ENVIRONMENT = False
    fresh.post("/setup/", {**FORM, "code": first.new_code()})
    home = fresh.get("/").content.decode()
    assert "Invite a channel manager" in home
    assert home.count("is-done") == 0
    fresh.post("/settings/", {"name": "Acme", "timezone": "UTC", "language": "en", "currency": "USD"})
    assert fresh.get("/").content.decode().count("is-done") == 1


@pytest.fixture
def admin(world: Any, client: Client) -> Client:
    client.force_login(world.admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


STEPS = (
    "Say who you are",
    "Name your mail server",
    "Invite a channel manager",
    "Draw the territories",
    "Enter your products",
    "Make a price book",
    "Enter the tax rates",
    "Set the discount limits",
    "Bring in your partners",
    "Share the registration link",
)


def test_the_steps_stay_until_all_are_done(world: Any, admin: Client, settings: Any) -> None:
    """Also where partners are at work already: a quote needs more than them."""
    settings.EMAIL_FROM_ENVIRONMENT = False
    home = admin.get("/").content.decode()
    assert [one for one in STEPS if one in home] == list(STEPS)
    done = home.count("is-done")
    PriceBook.objects.create(name="All partners", currency="EUR")
    assert admin.get("/").content.decode().count("is-done") == done + 1
    TaxRate.objects.create(country="DE", percent=19, valid_from="2026-01-01")
    assert admin.get("/").content.decode().count("is-done") == done + 2
    limit = TierTerms.objects.get(tier="gold")
    change(Actor.of(world.admin), registry.get("tier-terms"), limit.pk, {"quote_discount_limit": "12"})
    assert admin.get("/").content.decode().count("is-done") == done + 3
    admin.post(
        "/settings/mail/",
        {"mail_host": "smtp.x.example", "mail_port": "587", "mail_security": "starttls"},
    )
    make_registration()
    assert "Name your mail server" not in admin.get("/").content.decode()


def test_an_administrator_puts_the_steps_away(world: Any, admin: Client) -> None:
    assert "Put these steps away" in admin.get("/").content.decode()
    answer = admin.post("/setup/next/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "Make a price book" not in admin.get("/").content.decode()
    # They can still be looked at.
    assert "Make a price book" in admin.get("/setup/next/").content.decode()


def test_the_steps_are_for_administrators(world: Any, client: Client) -> None:
    client.force_login(world.maria, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Make a price book" not in client.get("/").content.decode()
    assert client.post("/setup/next/").status_code == 404
    assert not vendor().first_steps_away


# --- the command


def run(**options: Any) -> str:
    out = io.StringIO()
    call_command("setup", stdout=out, **options)
    return out.getvalue()


def test_the_command_does_the_same(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SETUP_PASSWORD", PASSWORD)
    assert "ada@x.example" in run(email="ada@x.example", name="Ada", company="Acme", no_input=True)
    user = User.objects.get()
    assert user.check_password(PASSWORD)
    assert vendor().name == "Acme"
    with pytest.raises(CommandError) as refused:
        run(email="eve@x.example", name="Eve", no_input=True)
    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    ("options", "password"),
    [
        ({"name": "Ada"}, PASSWORD),
        ({"email": "ada@x.example"}, PASSWORD),
        ({"email": "not an address", "name": "Ada"}, PASSWORD),
        ({"email": "ada@x.example", "name": "Ada"}, ""),
        ({"email": "ada@x.example", "name": "Ada"}, "short"),
        ({"email": "ada@x.example", "name": "Ada", "colour": "red"}, PASSWORD),
    ],
)
def test_bad_input_is_one_line_and_makes_nothing(
    db: Any, monkeypatch: pytest.MonkeyPatch, options: Any, password: str
) -> None:
    monkeypatch.setenv("SETUP_PASSWORD", password)
    with pytest.raises(CommandError) as refused:
        run(**options, no_input=True)
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
    assert not User.objects.exists()
    assert not VendorProfile.objects.exists()


def test_the_command_asks(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["ada@x.example", "Ada", "Acme"])
    monkeypatch.delenv("SETUP_PASSWORD", raising=False)
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    monkeypatch.setattr("getpass.getpass", lambda question: PASSWORD)
    run()
    assert User.objects.get().check_password(PASSWORD)


def test_the_command_prints_the_link(db: Any) -> None:
    code = run(link=True).strip().rpartition("=")[2]
    assert first.code_is_good(code)


# --- settings


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize("path", ["/settings/", "/settings/look/", "/settings/mail/", "/setup/company/"])
def test_settings_are_for_administrators(world: Any, path: str) -> None:
    assert signed_in(world.admin).get(path).status_code == 200
    for user in (world.maria, world.alice, world.erin, world.dana):
        assert signed_in(user).get(path).status_code == 404
        assert signed_in(user).post(path, {"name": "Mine"}).status_code == 404
    assert signed_in(world.maria).post("/settings/mail/test/").status_code == 404


def test_the_environment_wins_and_is_named(world: Any, settings: Any) -> None:
    settings.EMAIL_FROM_ENVIRONMENT = True
    page = signed_in(world.admin).get("/settings/mail/").content.decode()
    assert "EMAIL_URL" in page
    assert "mail_host" not in page


def test_mail_settings_are_kept_and_a_test_is_sent(world: Any, settings: Any) -> None:
    settings.EMAIL_FROM_ENVIRONMENT = False
    client = signed_in(world.admin)
    given = {"mail_host": "mail.vendor.example", "mail_port": "465", "mail_security": "tls", "mail_user": "u"}
    assert client.post("/settings/mail/", {**given, "password": "secret-of-the-server"}).status_code == 302
    page = client.get("/settings/mail/").content.decode()
    assert "mail.vendor.example" in page
    assert "secret-of-the-server" not in page
    client.post("/settings/mail/test/")
    assert [one.to for one in mail.outbox] == [[world.admin.email]]


def test_mails_leave_by_the_server_of_the_row(
    world: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND = "prm.vendor.mail.Backend"
    settings.EMAIL_OTHERWISE = "django.core.mail.backends.locmem.EmailBackend"
    send_test("ada@x.example")
    assert len(mail.outbox) == 1
    VendorProfile.objects.create(name="Acme", mail_host="mail.example", mail_from="hello@acme.example")
    seen: list[Any] = []
    monkeypatch.setattr(
        "django.core.mail.backends.smtp.EmailBackend.send_messages",
        lambda self, messages: seen.append((self.host, messages[0].from_email)) or 1,
    )
    assert send_test("ada@x.example") == ""
    assert seen == [("mail.example", "Acme <hello@acme.example>")]


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 bad credentials"), "user name and password"),
        (smtplib.SMTPSenderRefused(550, b"no", "a@x.example"), "sender"),
        (smtplib.SMTPRecipientsRefused({"a@x.example": (550, b"unknown user")}), "recipient"),
        (smtplib.SMTPServerDisconnected("closed"), "encryption"),
        (socket.gaierror(-2, "Name or service not known"), "typing error"),
        (TimeoutError("timed out"), "firewall"),
        (ConnectionRefusedError(111, "refused"), "port"),
        (ssl.SSLError("wrong version number"), "encryption"),
        (ssl.SSLCertVerificationError("hostname mismatch"), "certificate"),
    ],
)
def test_what_a_mail_server_says_is_put_in_plain_words(error: Exception, word: str) -> None:
    assert word in explain(error)


def test_a_real_refusal_reaches_the_page(world: Any, settings: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    settings.EMAIL_BACKEND = "prm.vendor.mail.Backend"
    VendorProfile.objects.create(name="Acme", mail_host="127.0.0.1", mail_port=port, mail_security="none")
    client = signed_in(world.admin)
    answer = client.post("/settings/mail/test/", follow=True)
    assert "Nothing listens at this port" in answer.content.decode()


def test_a_server_that_cannot_be_called_so_is_said_on_the_page(world: Any, settings: Any) -> None:
    settings.EMAIL_BACKEND = "prm.vendor.mail.Backend"
    VendorProfile.objects.create(name="Acme", mail_host="smtp..acme.example", mail_security="none")
    answer = signed_in(world.admin).post("/settings/mail/test/", follow=True)
    assert "There is no server of this name" in answer.content.decode()


def test_a_password_that_no_server_takes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, fail_silently: bool = False) -> int:
        return len("Passwörter".encode("ascii"))

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    assert "user name and password" in send_test("ada@x.example")
