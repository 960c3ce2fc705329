"""The compiled read path on a small module of the tests' own."""

import pytest
from django.contrib.auth.models import AnonymousUser

from prm.modules import registry
from prm.modules.read import BadQuery, aggregate, get_row, list_page
from tests.gadgets.models import Gadget
from workflows.errors import NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def gadgets(world):
    """Six gadgets: two of Northwind (one lent, one back), one of Contoso, three of nobody."""
    made = [
        Gadget(name="n lent", size=10, secret="zebra", holder=world.northwind, state="lent"),
        Gadget(name="n back", size=20, secret="apple", holder=world.northwind, state="back"),
        Gadget(name="c lent", size=30, secret="mango", holder=world.contoso, state="lent"),
        Gadget(name="tiny", size=1, secret="quartz"),
        Gadget(name="small", size=3, secret="amber"),
        Gadget(name="unsized", size=None, secret="coral"),
    ]
    for one in made:
        one.save()
    return {one.name: one for one in made}


@pytest.fixture
def module():
    return registry.get("gadgets")


def names(page):
    return [row["name"] for row in page.rows]


def test_rows_are_those_of_the_scopes(world, gadgets, module):
    assert names(list_page(world.admin, module, {"ordering": "name"})) == sorted(gadgets)
    assert names(list_page(world.alice, module, {"ordering": "name"})) == [
        "n back",
        "n lent",
        "small",
        "tiny",
    ]
    assert names(list_page(world.carol, module, {"ordering": "name"})) == ["c lent", "small", "tiny"]


@pytest.mark.parametrize("who", ["dana", "erin", "maria"])
def test_what_is_not_granted_is_not_there(world, gadgets, module, who):
    with pytest.raises(NotFound):
        list_page(getattr(world, who), module, {})
    assert get_row(getattr(world, who), module, gadgets["tiny"].pk) is None


def test_nobody_without_a_login_reads_anything(world, gadgets, module):
    with pytest.raises(NotFound):
        list_page(AnonymousUser(), module, {})


def test_a_field_is_hidden_by_state_and_by_scope(world, gadgets, module):
    lent = get_row(world.alice, module, gadgets["n lent"].pk)
    back = get_row(world.alice, module, gadgets["n back"].pk)
    tiny = get_row(world.alice, module, gadgets["tiny"].pk)
    assert lent["secret"] is None
    assert back["secret"] == "apple"
    # The scope that reaches it does not show the secret, whatever another scope shows of its own rows.
    assert tiny["secret"] is None
    assert tiny["name"] == "tiny"
    assert get_row(world.admin, module, gadgets["n lent"].pk)["secret"] == "zebra"


def test_search_reaches_only_what_is_shown(world, gadgets, module):
    assert names(list_page(world.alice, module, {"search": "zebra"})) == []
    assert names(list_page(world.alice, module, {"search": "quartz"})) == []
    assert names(list_page(world.alice, module, {"search": "apple"})) == ["n back"]
    assert names(list_page(world.admin, module, {"search": "zebra"})) == ["n lent"]


def test_filter_and_count_reach_only_what_is_shown(world, gadgets, module):
    page = list_page(world.alice, module, {"secret": "zebra", "count": "1"})
    assert (names(page), page.count) == ([], 0)
    page = list_page(world.alice, module, {"secret__in": "apple,quartz", "count": "1"})
    assert (names(page), page.count) == (["n back"], 1)


def test_order_reaches_only_what_is_shown(world, gadgets, module):
    """Sorted by the secret, rows whose secret is hidden come last and among themselves by id."""
    page = list_page(world.alice, module, {"ordering": "secret"})
    hidden = sorted((gadgets[name] for name in ("n lent", "tiny", "small")), key=lambda one: one.pk)
    assert names(page) == ["n back", *(one.name for one in hidden)]


@pytest.mark.parametrize(
    "ordering", ["size", "-size", "name", "-name", "secret", "-secret", "created_at", "-created_at"]
)
@pytest.mark.parametrize("limit", ["1", "2", "4"])
def test_pages_joined_are_the_whole_list_both_ways(world, gadgets, module, ordering, limit):
    whole = names(list_page(world.admin, module, {"ordering": ordering, "limit": "200"}))
    page = list_page(world.admin, module, {"ordering": ordering, "limit": limit})
    assert page.previous is None
    walked = names(page)
    while page.next:
        page = list_page(world.admin, module, page.next)
        walked += names(page)
    assert walked == whole
    walked = names(page)
    while page.previous:
        page = list_page(world.admin, module, page.previous)
        walked = names(page) + walked
    assert walked == whole


def test_empty_values_come_last_in_both_directions(world, gadgets, module):
    for ordering in ("size", "-size"):
        assert names(list_page(world.admin, module, {"ordering": ordering}))[-1] == "unsized"


@pytest.mark.parametrize(
    "params",
    [
        {"nonsense": "1"},
        {"note": "x"},
        {"ordering": "note"},
        {"ordering": "holder__tax_id"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "many"},
        {"count": "yes"},
        {"cursor": "%%%"},
        {"cursor": "W10"},
        {"size": "big"},
        {"size": "1e400"},
        {"state": "nowhere"},
        {"holder": "not-an-id"},
        {"search": "x" * 201},
        {"search": "a\x00b"},
        {"created_at__gte": "yesterday"},
    ],
)
def test_wrong_parameters_are_named(world, gadgets, module, params):
    with pytest.raises(BadQuery) as caught:
        list_page(world.admin, module, params)
    assert set(caught.value.errors) == set(params)


def test_a_reference_is_shown_where_its_target_is_visible(world, gadgets, module):
    row = get_row(world.admin, module, gadgets["c lent"].pk)
    assert row["holder"] == {"id": world.contoso.pk, "title": world.contoso.name}
    row = get_row(world.carol, module, gadgets["c lent"].pk)
    assert row["holder"] == {"id": world.contoso.pk, "title": world.contoso.name}


def test_sums_and_counts_are_of_what_is_shown(world, gadgets, module):
    by_state = {
        one["key"]: (one["count"], one["sum"]) for one in aggregate(world.alice, module, {}, "state", "size")
    }
    assert by_state == {"lent": (1, 10), "back": (1, 20), "draft": (2, 4)}


def test_queries_do_not_grow_with_the_rows(world, module, django_assert_num_queries):
    for number in range(3):
        Gadget(name=f"g{number}", holder=world.northwind).save()
    world.alice.portal.grants.count()
    list_page(world.alice, module, {})
    with django_assert_num_queries(1):
        list_page(world.alice, module, {})
    for number in range(60):
        Gadget(name=f"h{number}", holder=world.northwind).save()
    with django_assert_num_queries(1):
        assert len(list_page(world.alice, module, {}).rows) == 50
