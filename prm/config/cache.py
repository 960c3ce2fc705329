"""The cache holds nothing that one could not do without: counters of attempts, what is quick to ask again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


def _tolerant(name: str, otherwise: Any) -> Callable[..., Any]:
    def ask(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(RedisCache, name)(self, *args, **kwargs)
        except (RedisError, OSError) as error:
            log.warning("cache: %s failed: %s", name, error)
            return otherwise(*args, **kwargs) if callable(otherwise) else otherwise

    ask.__name__ = name
    return ask


def _default(key: Any, default: Any = None, version: int | None = None) -> Any:
    return default


class TolerantRedisCache(RedisCache):
    """Redis, and an empty cache where Redis does not answer: no request fails for it.

    Guessing of passwords is counted in the database, so nothing is left unguarded meanwhile.
    """

    get = _tolerant("get", _default)
    add = _tolerant("add", True)
    set = _tolerant("set", None)
    touch = _tolerant("touch", False)
    delete = _tolerant("delete", False)
    has_key = _tolerant("has_key", False)
    get_many = _tolerant("get_many", lambda *args, **kwargs: {})
    set_many = _tolerant("set_many", lambda *args, **kwargs: [])
    delete_many = _tolerant("delete_many", None)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        try:
            return int(super().incr(key, delta, version))
        except (RedisError, OSError) as error:
            log.warning("cache: incr failed: %s", error)
            raise ValueError("the cache is empty") from error
