"""Offering many records at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from prm.modules import registry
from workflows.actor import Actor
from workflows.errors import NotFound
from workflows.machine import Workflow
from workflows.perform import Answer, perform_many

#: The transition by which a record of the module is offered to a partner.
OFFER_BY = {"leads": "assign", "opportunities": "distribute"}


def distribute(
    actor: Actor,
    module: str,
    ids: Iterable[UUID],
    partner_id: UUID,
    reason: str = "",
    *,
    idempotency_key: str | None = None,
) -> list[Answer]:
    """Offers each record to the partner, in a transaction of its own, and says for each how it went.

    reason: shown to the partner. Raises NotFound for a module whose records are not offered.
    """
    if module not in OFFER_BY:
        raise NotFound
    inputs: dict[str, Any] = {"partner": str(partner_id), "reason": reason}
    return perform_many(
        cast("type[Workflow]", registry.get(module).model),
        list(ids),
        OFFER_BY[module],
        actor=actor,
        inputs=inputs,
        idempotency_key=idempotency_key,
    )
