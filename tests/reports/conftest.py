from __future__ import annotations

import random
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.utils import timezone
from djmoney.money import Money

from prm.leads.models import LeadAssignment
from prm.modules import registry as modules
from prm.modules.read import list_page
from prm.opportunities.workflow import LossReason, Stage
from prm.reports import registry
from prm.reports.making import run
from prm.reports.table import Table
from tests.cast import World, build_world
from tests.copying import Copied
from tests.factories import make_lead, make_opportunity

DAY = timedelta(days=1)


def table(user: Any, key: str, **params: str) -> Table:
    """A report of everybody's partners, unless said otherwise."""
    if user.portal.key == "channel_manager":
        params.setdefault("channel_manager", "all")
    return run(user, registry.get(key), {name.rstrip("_"): value for name, value in params.items()})


def rows_of(user: Any, module: str, **params: str) -> list[dict[str, Any]]:
    """All rows of a list that the user may see, as the user may read them."""
    found: list[dict[str, Any]] = []
    given: dict[str, str] | None = params
    while given is not None:
        page = list_page(user, modules.get(module), given, limit=200)
        found += page.rows
        given = page.next
    return found


def counted(user: Any, module: str, params: Any) -> int:
    """How long a list is."""
    page = list_page(user, modules.get(module), {**params, "count": "1"}, limit=1)
    assert page.count is not None
    return page.count


@pytest.fixture(params=[1, 2])
def busy(db: None, request: pytest.FixtureRequest) -> World:
    """A company with a year behind it, made by lot, another one for each parameter."""
    return _company(request.param)()


@cache
def _company(number: int) -> Copied[World]:
    def year() -> World:
        world = build_world()
        make_busy(world, random.Random(number))
        return world

    return Copied(year)


def make_busy(world: World, lot: random.Random, number: int = 24) -> None:
    now = timezone.now()
    partners = (world.northwind, world.contoso)
    users: dict[Any, list[Any]] = {
        world.northwind: [world.alice, world.bob, None],
        world.contoso: [world.carol, None],
    }
    for _ in range(number):
        partner = lot.choice(partners)
        state = lot.choice(["draft", "distributed", "managed", "managed", "won", "won", "lost"])
        amount = Money(lot.randrange(100, 10_000_000) / 100, lot.choice(["USD", "USD", "EUR", "JPY"]))
        at = now - lot.random() * 500 * DAY
        make_opportunity(
            state,
            None if state == "draft" else partner,
            amount=lot.choice([amount, amount, amount, None]),
            assignee=None if state in ("draft", "distributed") else lot.choice(users[partner]),
            stage=lot.choice(Stage.values) if state == "managed" else "",
            product=lot.choice([world.product, None]),
            region=lot.choice(["EMEA", "AMER", ""]),
            expected_close=lot.choice([None, (now + lot.randrange(-90, 500) * DAY).date()]),
            won_at=at if state == "won" else None,
            lost_at=at if state == "lost" else None,
            close_reason=lot.choice(LossReason.values) if state == "lost" else "",
        )
    for _ in range(number):
        partner = lot.choice(partners)
        state = lot.choice(
            ["new", "pooled", "assigned", "accepted", "qualified", "converted", "disqualified"]
        )
        held = None if state in ("new", "pooled") else partner
        lead = make_lead(
            state, held, source=lot.choice(["web", "event", "referral"]), region=lot.choice(["EMEA", ""])
        )
        offered = now - lot.random() * 500 * DAY
        LeadAssignment.objects.create(
            lead=lead,
            partner=partner,
            topic=lead.topic,
            state=lot.choice(["declined", "expired", "recalled"]),
            offered_at=offered,
            decided_at=offered + lot.random() * 5 * DAY,
        )
    for one in LeadAssignment.objects.filter(state="accepted"):
        LeadAssignment.objects.filter(pk=one.pk).update(
            offered_at=(offered := now - lot.random() * 500 * DAY),
            decided_at=offered + lot.choice([timedelta(0), lot.random() * 5 * DAY]),
        )
