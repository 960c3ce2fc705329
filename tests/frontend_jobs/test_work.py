"""What is being worked and what runs out, where there is more of it than a page shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from djmoney.money import Money

from frontend.views_jobs import work
from prm.leads.models import Lead
from tests.cast import World
from tests.factories import make_lead, make_opportunity
from tests.frontend.test_presentation import take
from tests.frontend_jobs.conftest import SignIn, said


def topics(part) -> list[str]:
    return [row["topic"] for row in part.rows]


@pytest.fixture
def many(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """More than a page shows, Bob's own closing last."""
    monkeypatch.setattr(work, "MOST", 3)
    monkeypatch.setattr(work, "CARDS", 3)
    today = timezone.localdate()
    for number in range(4):
        make_opportunity(
            "managed",
            world.northwind,
            topic=f"Soon {number}",
            stage="proposal",
            expected_close=today + timedelta(days=number),
        )
    make_opportunity(
        "managed",
        world.northwind,
        topic="Bob's",
        stage="proposal",
        expected_close=today + timedelta(days=90),
        assignee=world.bob,
        amount=Money(700, "USD"),
    )
    for number in range(4):
        make_lead("accepted", world.northwind, topic=f"Lead {number}")
    make_lead("accepted", world.northwind, topic="Bob's lead", assignee=world.bob)
    Lead.objects.filter(topic="Bob's lead").update(created_at=timezone.now() - timedelta(days=400))
    return world


def test_mine_is_asked_of_all_and_not_of_the_first(many: World, sign_in: SignIn) -> None:
    bob = sign_in(many.bob)
    context = bob.get("/managed/?mine=1").context
    assert topics(context["opportunities"]) == ["Bob's"]
    assert topics(context["leads"]) == ["Bob's lead"]
    proposal = bob.get("/managed/?view=board&mine=1").context["columns"][1]
    assert (topics(proposal["part"]), proposal["count"], proposal["sums"]) == (["Bob's"], 1, ["$700"])


def test_a_table_that_is_cut_says_so_and_leads_to_the_rest(many: World, sign_in: SignIn) -> None:
    bob = sign_in(many.bob)
    page = bob.get("/managed/?search=soon")
    found = page.context["opportunities"]
    assert (topics(found), found.count) == (["Soon 0", "Soon 1", "Soon 2"], 4)
    assert "3 of 4 rows · Show all" in said(page)
    full = bob.get(found.more)
    assert [line.title for line in full.context["lines"]] == ["Soon 0", "Soon 1", "Soon 2", "Soon 3"]
    assert not bob.get("/managed/?search=bob").context["opportunities"].more


def test_a_lane_that_is_cut_counts_and_adds_up_all(many: World, sign_in: SignIn) -> None:
    bob = sign_in(many.bob)
    proposal = bob.get("/managed/?view=board").context["columns"][1]
    assert (len(proposal["part"].rows), proposal["count"], proposal["sums"]) == (3, 5, ["$20.7K"])
    assert len(bob.get(proposal["part"].more).context["lines"]) == 5


def test_what_is_managed_is_narrowed_and_sorted_by_the_url(world: World, sign_in: SignIn) -> None:
    router = world.product
    make_opportunity("managed", world.northwind, topic="Small", amount=Money(10, "USD"), product=router)
    make_opportunity("managed", world.northwind, topic="Large", amount=Money(90, "USD"), product=router)
    make_lead("accepted", world.northwind, topic="Elsewhere", region="APAC", product=router)
    alice = sign_in(world.alice)
    context = alice.get(f"/managed/?product={router.pk}&ordering=-amount").context
    assert topics(context["opportunities"]) == ["Large", "Small"]
    assert topics(context["leads"]) == ["Elsewhere"]
    assert [text for text, _url in context["active"]] == ["Product: Router X1"]
    assert [head.sorted for head in context["heads"]] == ["descending", ""]
    context = alice.get(f"/managed/?product={router.pk}&region=APAC&view=board").context
    assert (topics(context["leads"]), [one["count"] for one in context["columns"]]) == (
        ["Elsewhere"],
        [0, 0, 0],
    )
    assert "Nothing fits these filters" in said(alice.get("/managed/?search=nowhere"))


@pytest.mark.parametrize("query", ["product=nonsense", "ordering=topic", "view=board&product=1"])
def test_a_wrong_filter_is_said(world: World, sign_in: SignIn, query: str) -> None:
    page = sign_in(world.alice).get(f"/managed/?{query}")
    assert page.status_code == 400
    assert "cannot be filtered that way" in said(page)


def test_what_one_may_not_make_has_no_button(world: World, sign_in: SignIn) -> None:
    alice = sign_in(world.alice)
    assert {"New lead", "New opportunity"} <= set(_buttons(alice))
    take("create")
    assert _buttons(alice) == ["New opportunity"]


def _buttons(client) -> list[str]:
    page = said(client.get("/managed/"))
    return [text for text in ("New lead", "New opportunity") if text in page]


def test_deadlines_say_where_they_are_cut(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        make_lead("assigned", world.northwind, topic=f"Offer {number}")
    maria = sign_in(world.maria)
    assert maria.get("/deadlines/").context["cut"] == []
    assert maria.get("/").context["out_count"] == 8
    Lead.objects.filter(state="assigned").update(due_at=timezone.now() + timedelta(hours=3))
    home = maria.get("/").context
    assert (home["expiring_count"], len(home["expiring"])) == (8, 6)
    monkeypatch.setattr(work.offers_out, "__defaults__", (3,))
    page = maria.get("/deadlines/")
    assert "3 of 8 rows · Show all" in said(page)
    assert len(maria.get(page.context["cut"][0][1].more).context["lines"]) == 8
