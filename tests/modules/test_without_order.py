"""A list of which its reader may see no field that it could be sorted by is sorted by the ids."""

import pytest

from prm.access.policy import compile_document
from prm.access.rights import carrying
from prm.modules import registry
from prm.modules.read import BadQuery, fitting, list_page
from tests.gadgets.models import Gadget

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(world):
    scope = {"name": "all", "where": None, "actions": ["view"], "fields": {"note": "read"}}
    document = {"title": "x", "grants": {"gadgets": {"scopes": [scope]}}}
    return carrying(world.bob, compile_document("x", False, document))


def test_pages_follow_each_other_by_id(reader):
    module = registry.get("gadgets")
    ids = [Gadget.objects.create(name="lamp", note=f"n{number}").pk for number in range(5)][::-1]
    assert fitting(reader, module, {}, 10) == ids
    for extra in ({}, {"count": "1"}):
        seen, params = [], {"limit": "2", **extra}
        while params is not None:
            page = list_page(reader, module, params)
            assert all(set(row) == {"id", "version", "note"} for row in page.rows)
            seen += [row["id"] for row in page.rows]
            params = page.next
        assert seen == ids
    second = list_page(reader, module, list_page(reader, module, {"limit": "2"}).next)
    assert [row["id"] for row in list_page(reader, module, second.previous).rows] == ids[:2]


def test_an_order_that_was_asked_for_is_still_refused(reader):
    module = registry.get("gadgets")
    for name in ("name", "_id", "created_at"):
        with pytest.raises(BadQuery):
            list_page(reader, module, {"ordering": name})
    assert list_page(reader, module, {"search": "lamp"}).rows == []
