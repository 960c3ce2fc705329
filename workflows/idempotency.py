"""The same request twice has its effect once.

The key is inserted inside the transaction of the effect: a second request with the same key waits at the
unique index until the first has committed, and then finds its answer; where the first failed, its key is
gone with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.utils import timezone

from workflows.errors import KeyReused
from workflows.models import IdempotencyKey
from workflows.units import unit_of_work

KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Stored:
    """An answer that can be given again. `replayed` tells that it has been given before."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False


def once(
    principal: str, method: str, path: str, key: str, body_hash: str, effect: Callable[[], Stored]
) -> Stored:
    """Run `effect` unless it has run for this key; then give its answer. KeyReused where the body differs.

    Only answers of 2xx are kept: after anything else, the same key may be tried again.
    """
    with unit_of_work():
        mine, found = _claim(principal, method, path, key, body_hash)
        if found is not None:
            if found.body_hash != body_hash:
                raise KeyReused
            return Stored(
                found.status, bytes(found.body), found.content_type, dict(found.headers), replayed=True
            )
        answer = effect()
        rows = IdempotencyKey.objects.filter(pk=mine.pk)
        if 200 <= answer.status < 300:
            rows.update(
                status=answer.status,
                body=answer.body,
                content_type=answer.content_type,
                headers=answer.headers,
            )
        else:
            rows.delete()
        return replace(answer, replayed=False)


def _claim(
    principal: str, method: str, path: str, key: str, body_hash: str
) -> tuple[IdempotencyKey, IdempotencyKey | None]:
    """Our new row, and None; or the row of the one who came first."""
    now = timezone.now()
    while True:
        mine = IdempotencyKey(
            principal=principal, method=method, path=path, key=key, body_hash=body_hash, expires_at=now + KEPT
        )
        # Waits for whoever is inserting the same key now.
        IdempotencyKey.objects.bulk_create([mine], ignore_conflicts=True)
        found = IdempotencyKey.objects.filter(principal=principal, method=method, path=path, key=key).first()
        if found is not None and found.pk == mine.pk:
            return mine, None
        if found is not None and found.expires_at > now:
            return mine, found
        if found is not None:
            # Out of the way with it, and again; where it was removed between our two statements, just again.
            IdempotencyKey.objects.filter(pk=found.pk, expires_at__lte=now).delete()


def purge() -> int:
    """Delete what has expired; the job runner calls it now and then."""
    deleted, _by_model = IdempotencyKey.objects.filter(expires_at__lte=timezone.now()).delete()
    return deleted
