"""Secrets at rest, sealed with the installation's key: mails in the job queue, the mail server's password.

The queue keeps a job's arguments for a while after it ran, and a mail carries the token of its link.
"""

import base64
import hashlib
import json
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings


def _fernet() -> Fernet:
    key = hashlib.sha256(b"prm.people.mail:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def seal(message: dict[str, Any]) -> str:
    return _fernet().encrypt(json.dumps(message).encode()).decode()


def unseal(sealed: str) -> dict[str, Any]:
    """Raises cryptography.fernet.InvalidToken for what another key has sealed."""
    message: dict[str, Any] = json.loads(_fernet().decrypt(sealed.encode()))
    return message
