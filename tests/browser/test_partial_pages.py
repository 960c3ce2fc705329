"""A page that is painted before it has arrived completely: what stands there stays where it is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cast import build_world
from tests.factories import make_lead, make_opportunity

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: How many times a page is cut off, from its main part on.
CUTS = 6
#: Where blocks and headings in the window begin, by their way through the document.
PLACES = """() => {
  const blocks = "main :is(section, article, aside, form, header, table, ul, dl, h1, h2, h3, .card)";
  const way = (one) => {
    const steps = [];
    for (let at = one; at !== document.body; at = at.parentElement)
      steps.unshift(`${at.localName}:${[...at.parentElement.children].indexOf(at)}`);
    return steps.join(" ");
  };
  return Object.fromEntries(
    [...document.querySelectorAll(blocks)]
      .map((one) => [way(one), one.getBoundingClientRect()])
      .filter(([, box]) => box.width && box.height && box.top < innerHeight)
      .map(([key, box]) => [key, [Math.round(box.x), Math.round(box.y)]]));
}"""


def far(one: list[int], other: list[int]) -> bool:
    """Another typeface moves what stands behind a text by some pixels."""
    return abs(one[0] - other[0]) > 8 or abs(one[1] - other[1]) > 4


@pytest.fixture
def world(live: Any) -> Any:
    world = build_world()
    for number in range(4):
        make_lead("assigned", world.northwind, topic=f"Offer {number}")
        make_lead("accepted", world.northwind, topic=f"Lead {number}")
        make_opportunity("managed", world.northwind, account=world.fabrikam)
    return world


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("alice", "/"),
        ("alice", "/managed/"),
        ("alice", "/opportunities/{opportunity}/"),
        ("alice", "/team/"),
        ("maria", "/"),
        ("maria", "/deadlines/"),
        ("maria", "/leads/{lead}/"),
    ],
)
def test_what_is_there_stays_where_it_is(
    world: Any, new_page: Any, live: Any, who: str, address: str
) -> None:
    place = address.format(opportunity=world.northwind_opportunity.pk, lead=world.northwind_lead.pk)
    page = new_page(user=getattr(world, who), viewport=(1280, 900), java_script_enabled=False)
    whole = page.request.get(place).text()
    arrived = [whole]
    page.route(
        f"{live.url}{place}",
        lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=arrived[0]),
    )
    page.goto(place)
    final = page.evaluate(PLACES)
    assert len(final) > 5
    ends = [tag.start() for tag in re.finditer(r"<[a-z]", whole) if tag.start() > whole.index("<main")]
    for end in ends[len(ends) // CUTS :: len(ends) // CUTS]:
        arrived[0] = whole[:end]
        page.goto(place)
        there = page.evaluate(PLACES)
        moved = {way: (at, final[way]) for way, at in there.items() if far(at, final.get(way, at))}
        assert not moved, f"after {end} of {len(whole)} bytes, before {whole[end : end + 80]}"
