"""Ids of records: UUIDv7, sorted by time of making, so that an index on the key grows at one end only."""

from __future__ import annotations

import uuid

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> uuid.UUID:
    """A name of our own for migrations to keep, whatever library or Python makes the id."""
    return _uuid7()
