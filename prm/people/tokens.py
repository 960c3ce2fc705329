"""Secrets of mailed links: 256 random bits in the mail, their hash in the database."""

import hashlib
import secrets


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """A fast hash is enough: nobody can guess through 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
