from __future__ import annotations

from typing import Any

import pytest

from prm.alerts.models import Alert
from tests.factories import make_lead
from workflows.actor import Actor
from workflows.perform import perform


@pytest.fixture
def assign(world: Any) -> Any:
    """Assigns a lead to a partner, as the channel manager does: `assign(lead=None, partner=…, by=…)`."""

    def do(lead: Any = None, partner: Any = None, by: Any = None, reason: str = "") -> Any:
        return perform(
            lead or make_lead(),
            "assign",
            actor=Actor.of(by or world.maria),
            inputs={"partner": str((partner or world.northwind).pk), "reason": reason},
        )

    return do


@pytest.fixture
def inbox() -> Any:
    """A user's alerts, oldest first."""
    return lambda user: list(Alert.objects.filter(recipient=user).order_by("seq"))
