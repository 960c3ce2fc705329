"""How often somebody may do what costs others something: mails to strangers, rows that nobody asked for."""

from __future__ import annotations

from django.core.cache import cache


def too_often(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Counts this attempt; true once there were more than `limit` in a window of `seconds`.

    Counted in the cache: where that does not answer, nobody is refused.
    """
    key = f"rate:{what}:{who}"
    cache.add(key, 0, seconds)
    try:
        return int(cache.incr(key)) > limit
    except ValueError:
        return False
