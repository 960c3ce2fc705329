"""Secrets of mailed links: 256 bits in the mail, their hash in the database."""

import base64
import hashlib
import secrets
from typing import Any

from django.utils.crypto import salted_hmac


def new_token() -> str:
    return secrets.token_urlsafe(32)


def derived_token(purpose: str, pk: Any) -> str:
    """A token made from a row's id with the installation's key.

    So a mail that is sent again holds the same link, and a copy of the database holds none.
    """
    mac = salted_hmac(purpose, str(pk), algorithm="sha256").digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def token_hash(token: str) -> str:
    """A fast hash is enough: nobody can guess through 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
