"""How people come in: throttled, alike for known and unknown names, with a second factor where enrolled."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.test import Client
from django.utils import timezone

from prm.config.login import MFAAdapter
from workflows.jobs import run_pending

PASSWORD = "correct-horse-battery-9"
LOGIN, RESET = "/account/login/", "/account/password/reset/"


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_user(email="dora@vendor.example", password=PASSWORD, name="Dora")


def sign_in(client: Client, email: str, password: str, **extra: Any) -> Any:
    return client.post(LOGIN, {"login": email, "password": password}, **extra)


def without_tokens(page: str) -> str:
    """The page without what differs in every answer: the token against forgery, and the nonce."""
    return re.sub(r"nonce=\"[^\"]+\"|\b[A-Za-z0-9]{64}\b", "", page)


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


class TestPassword:
    def test_lets_in_by_email_however_it_is_typed(self, client: Client, user: Any) -> None:
        answer = sign_in(client, " Dora@Vendor.example", PASSWORD)
        assert answer.status_code == 302
        assert signed_in(client)

    def test_an_inactive_user_stays_outside(self, client: Client, user: Any) -> None:
        user.is_active = False
        user.save()
        sign_in(client, user.email, PASSWORD)
        assert not signed_in(client)

    def test_says_the_same_of_known_and_unknown_names(self, client: Client, user: Any) -> None:
        def said(email: str) -> str:
            page = sign_in(client, email, "wrong-password-1").content.decode()
            return without_tokens(page).replace(email, "EMAIL")

        assert said(user.email) == said("nobody@vendor.example")

    def test_never_sends_one_elsewhere_after_the_login(self, client: Client, user: Any) -> None:
        answer = client.post(
            f"{LOGIN}?next=//evil.example/",
            {"login": user.email, "password": PASSWORD, "next": "//evil.example/"},
        )
        assert "evil.example" not in answer.headers.get("Location", "")

    def test_a_new_session_after_the_login(self, client: Client, user: Any) -> None:
        session = client.session
        session["before"] = 1
        session.save()
        before = session.session_key
        sign_in(client, user.email, PASSWORD)
        assert client.session.session_key != before

    def test_is_kept_as_argon2(self, settings: Any) -> None:
        from prm.config import settings as real

        settings.PASSWORD_HASHERS = real.PASSWORD_HASHERS
        assert make_password(PASSWORD).startswith("argon2$argon2id$")


class TestGuessing:
    def test_is_stopped_and_the_right_password_then_too(
        self, client: Client, user: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_RATE_LIMITS = {}
        settings.AXES_FAILURE_LIMIT = 3
        for _ in range(2):
            assert sign_in(client, user.email, "wrong-password-1").status_code == 200
        stopped = sign_in(client, user.email, "wrong-password-1")
        assert stopped.status_code == 429
        assert int(stopped["Retry-After"]) > 0
        assert sign_in(client, user.email.upper(), PASSWORD).status_code == 429
        assert not signed_in(client)

    def test_does_not_lock_the_owner_out_elsewhere(self, client: Client, user: Any, settings: Any) -> None:
        settings.ACCOUNT_RATE_LIMITS = {}
        settings.AXES_FAILURE_LIMIT = 2
        for _ in range(3):
            sign_in(client, user.email, "wrong-password-1", REMOTE_ADDR="203.0.113.9")
        sign_in(client, user.email, PASSWORD, REMOTE_ADDR="192.0.2.7")
        assert signed_in(client)

    def test_ends_after_a_while(self, client: Client, user: Any, settings: Any) -> None:
        settings.ACCOUNT_RATE_LIMITS = {}
        settings.AXES_FAILURE_LIMIT = 2
        for _ in range(3):
            sign_in(client, user.email, "wrong-password-1")
        with time_machine.travel(timezone.now() + settings.AXES_COOLOFF_TIME + timedelta(minutes=1)):
            sign_in(client, user.email, PASSWORD)
        assert signed_in(client)

    def test_an_unknown_name_is_stopped_alike(self, client: Client, db: None, settings: Any) -> None:
        settings.ACCOUNT_RATE_LIMITS = {}
        settings.AXES_FAILURE_LIMIT = 2
        answers = [sign_in(client, "nobody@vendor.example", "wrong").status_code for _ in range(3)]
        assert answers == [200, 429, 429]


class TestReset:
    def link(self) -> str:
        (message,) = mail.outbox
        found = re.search(r"http://testserver(/account/password/reset/key/\S+)", str(message.body))
        assert found, message.body
        return found[1]

    def test_comes_by_a_link_that_works_once(self, client: Client, user: Any) -> None:
        client.post(RESET, {"email": user.email})
        assert mail.outbox == []
        run_pending()
        page = client.get(self.link(), follow=True)
        assert page.status_code == 200
        new = "another-good-password-7"
        done = client.post(page.request["PATH_INFO"], {"password1": new, "password2": new}, follow=True)
        assert done.status_code == 200
        user.refresh_from_db()
        assert user.check_password(new)
        again = Client()
        page = again.get(self.link(), follow=True)
        other = "a-third-good-password-5"
        again.post(page.request["PATH_INFO"], {"password1": other, "password2": other})
        user.refresh_from_db()
        assert user.check_password(new)

    def test_expires(self, client: Client, user: Any, settings: Any) -> None:
        client.post(RESET, {"email": user.email})
        run_pending()
        later = timezone.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT + 60)
        with time_machine.travel(later):
            page = client.get(self.link(), follow=True)
            client.post(
                page.request["PATH_INFO"], {"password1": "x-good-one-123", "password2": "x-good-one-123"}
            )
        user.refresh_from_db()
        assert user.check_password(PASSWORD)

    def test_answers_alike_and_mails_only_whom_it_knows(self, client: Client, user: Any) -> None:
        known = client.post(RESET, {"email": user.email}, follow=True)
        unknown = client.post(RESET, {"email": "nobody@vendor.example"}, follow=True)
        assert known.redirect_chain == unknown.redirect_chain
        assert without_tokens(known.content.decode()) == without_tokens(unknown.content.decode())
        run_pending()
        assert [message.to for message in mail.outbox] == [[user.email]]

    def test_never_mails_a_password_and_leads_to_the_public_address(self, client: Client, user: Any) -> None:
        client.post(RESET, {"email": user.email}, headers={"Host": "localhost"})
        run_pending()
        body = str(mail.outbox[0].body)
        assert PASSWORD not in body
        assert user.password not in body
        assert set(re.findall(r"https?://[^/\s]+", body)) == {"http://testserver"}

    def test_the_link_is_in_no_table(self, client: Client, user: Any) -> None:
        from django_q.models import OrmQ, Success

        client.post(RESET, {"email": user.email})
        queued = "".join(str(row.task) for row in OrmQ.objects.all())
        run_pending()
        key = self.link().split("/key/")[1].strip("/")
        kept = queued + "".join(f"{row.args}{row.kwargs}{row.result}" for row in Success.objects.all())
        assert key not in kept


class TestClosed:
    @pytest.mark.parametrize("path", ["/account/signup/", "/account/email/"])
    def test_nobody_makes_or_moves_a_login_alone(self, client: Client, user: Any, path: str) -> None:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        count = get_user_model().objects.count()
        values = {"email": "new@evil.example", "password1": PASSWORD, "action_add": ""}
        assert client.get(path).status_code == 404
        assert client.post(path, values).status_code == 404
        assert get_user_model().objects.count() == count

    def test_the_admin_is_off(self, client: Client, user: Any) -> None:
        user.is_staff = user.is_superuser = True
        user.save()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert client.get("/admin/").status_code == 404


class TestSecondFactor:
    def code(self, secret: str) -> str:
        return f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06d}"

    def test_is_asked_for_where_enrolled(self, client: Client, user: Any) -> None:
        secret = generate_totp_secret()
        TOTP.activate(user, secret)
        answer = sign_in(client, user.email, PASSWORD)
        assert answer["Location"].startswith("/account/2fa/authenticate/")
        assert not signed_in(client)
        wrong = client.post("/account/2fa/authenticate/", {"code": "000000"})
        assert wrong.status_code == 200
        assert not signed_in(client)
        client.post("/account/2fa/authenticate/", {"code": self.code(secret)})
        assert signed_in(client)

    def test_is_kept_encrypted(self, user: Any) -> None:
        secret = generate_totp_secret()
        TOTP.activate(user, secret)
        kept = str(Authenticator.objects.get(user=user).data)
        assert secret not in kept

    def test_survives_a_new_key_while_the_old_one_is_still_known(self, settings: Any) -> None:
        kept = MFAAdapter().encrypt("secret")
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "the-next-key-of-the-tests-0123456789-0123456789"
        assert MFAAdapter().decrypt(kept) == "secret"
