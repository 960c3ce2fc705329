"""One change of many records through the API."""

from __future__ import annotations

from typing import Any

import pytest

from prm.leads.models import Lead
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


def test_each_record_has_its_answer(world: Any, as_: Any) -> None:
    own, offered = make_lead("accepted", world.northwind), make_lead("assigned", world.northwind)
    ids = [str(one.pk) for one in (own, offered, world.contoso_lead)]
    status, told = as_(world.bob).post("leads/bulk/", {"ids": ids, "values": {"region": "APAC"}})
    assert status == 200
    assert [one["id"] for one in told["results"]] == ids
    assert [one["status"] for one in told["results"]] == [200, 403, 404]
    assert told["results"][0]["record"]["region"] == "APAC"
    assert [Lead.objects.get(pk=pk).region for pk in ids] == ["APAC", "EMEA", "EMEA"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"ids": [], "values": {"region": "APAC"}}, 400),
        ({"ids": ["x"], "values": {"region": "APAC"}}, 400),
        ({"values": {"region": "APAC"}}, 400),
        ({"ids": ["00000000-0000-7000-8000-000000000000"], "values": {}}, 422),
        ({"ids": ["00000000-0000-7000-8000-000000000000"]}, 422),
        ({"ids": ["00000000-0000-7000-8000-000000000000"], "values": {"nonsense": 1}}, 400),
        ({"ids": ["00000000-0000-7000-8000-000000000000"], "values": {"region": 1}}, 400),
        ({"ids": ["00000000-0000-7000-8000-000000000000"], "values": {"product": "no-id"}}, 422),
        ({"ids": ["00000000-0000-7000-8000-000000000000"], "values": {"owner": None}}, 422),
    ],
)
def test_a_body_of_another_form_is_refused(world: Any, as_: Any, body: Any, status: int) -> None:
    assert as_(world.bob).post("leads/bulk/", body)[0] == status


def test_who_may_change_nothing_is_told_so_once(world: Any, as_: Any) -> None:
    body = {"ids": [str(world.product.pk)], "values": {"name": "Mine"}}
    assert as_(world.bob).post("products/bulk/", body)[0] == 403
    assert as_(world.dana).post("leads/bulk/", body)[0] in (400, 404)
