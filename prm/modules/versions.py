"""Versions and ETags as the outside sees them: opaque, so that no one counts the changes they did not see."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from django.conf import settings


def _seal(*parts: object) -> str:
    text = "\x1f".join(str(part) for part in parts).encode()
    digest = hashlib.blake2b(text, key=settings.SECRET_KEY.encode()[:64], digest_size=9).digest()
    return base64.urlsafe_b64encode(digest).decode()


def seal_version(pk: Any, version: int) -> str:
    """The opaque version of the record `pk` at its `version`th change."""
    return _seal(pk, version)


def opaque_version(obj: Any) -> str:
    """The opaque version of a record."""
    return seal_version(obj.pk, obj.version)


def version_matches(obj: Any, token: str) -> bool:
    """Whether `token` (a record's version, or the content of its ETag) names the record as it stands."""
    given = token.strip().removeprefix("W/").strip('"').split(".")[0]
    return hmac.compare_digest(given.encode(), opaque_version(obj).encode())


def etag(row: dict[str, Any]) -> str:
    """The ETag of a row: its version and a seal of all that its reader may see of it."""
    return f'"{row["version"]}.{_seal(sorted((key, repr(value)) for key, value in row.items()))}"'
