"""A passkey, made and used in Chromium with an authenticator of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.browsing import Live, follow
from tests.cast import PASSWORD, World

pytestmark = pytest.mark.browser


def authenticator(page: Any) -> None:
    """A security key that holds passkeys and is always willing; it belongs to this page's profile."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_is_made_once_and_signs_in_without_a_password(
    live: Live, world: World, new_page: Callable[..., Any], shot: Callable[..., Any]
) -> None:
    # A passkey belongs to a name, and an address is none.
    home = live.url.replace("127.0.0.1", "localhost")
    page = new_page()
    authenticator(page)
    page.goto(f"{home}/account/login/")
    page.get_by_label("Email").fill(world.alice.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{home}/")

    page.goto(f"{home}/account/2fa/webauthn/add/")
    # Whoever finds an open page does not add a key of their own to it.
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    follow(page.get_by_role("button", name="Confirm"))
    page.get_by_label("Name").fill("Alice's laptop")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(re.compile("(recovery-codes|webauthn)/$"))
    page.goto(f"{home}/account/2fa/webauthn/")
    assert page.get_by_text("Alice's laptop").is_visible()
    shot(page, "passkeys")

    page.context.clear_cookies()
    page.goto(f"{home}/")
    page.wait_for_url(re.compile("/account/login/"))
    page.get_by_role("button", name="passkey").click()
    page.wait_for_url(f"{home}/")
    assert "Alice" in page.get_by_role("heading", level=1).inner_text()
