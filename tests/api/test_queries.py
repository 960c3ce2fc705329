"""A request costs the same number of queries however many rows there are (G18, a sample)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.leads.models import Lead
from tests.factories import make_lead
from workflows.ids import uuid7

pytestmark = pytest.mark.django_db

#: Token with its user, and the rows.
LIST = 2


def queries(api: Any, path: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert api.get(path)[0] == 200
    return len(caught)


def test_lists_and_records_cost_the_same_at_10_and_at_1000_rows(world: Any, as_: Any) -> None:
    like = make_lead("accepted", world.northwind)
    clients = [as_(user) for user in (world.admin, world.maria, world.bob)]
    paths = ("leads/?limit=200", "leads/?limit=200&search=lead&count=1", f"leads/{like.pk}/")
    values = {
        field.attname: getattr(like, field.attname)
        for field in Lead._meta.concrete_fields
        if field.name not in ("id", "created_at", "updated_at")
    }

    def more(number: int) -> None:
        Lead.objects.bulk_create([Lead(id=uuid7(), **values) for _ in range(number)])

    more(9)
    for api in clients:
        queries(api, "me/")
    few = [[queries(api, path) for path in paths] for api in clients]
    more(1000)
    assert [[queries(api, path) for path in paths] for api in clients] == few
    # Counting; finding ids and then rows; and for who sees all, whether the words are common.
    all_seen, own = [LIST, LIST + 3, LIST], [LIST, LIST + 2, LIST]
    assert few == [all_seen, all_seen, own]
