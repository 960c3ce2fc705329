"""Who fits and why, what runs out and whose it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prm.distribution.actions import distribute
from prm.distribution.queries import Fit, deadlines, fits
from prm.leads.models import Lead, LeadAssignment
from tests.factories import make_lead, make_opportunity, make_partner
from workflows.actor import Actor
from workflows.errors import NotFound
from workflows.perform import perform

pytestmark = pytest.mark.django_db


def fit_of(found: list[Fit], partner: Any) -> Fit:
    return next(fit for fit in found if fit.partner.pk == partner.pk)


def answered(world: Any, partner: Any, state: str, after: timedelta) -> None:
    """An earlier offer and when it was answered."""
    lead = make_lead()
    start = timezone.now() - timedelta(days=30)
    LeadAssignment.objects.create(
        lead=lead,
        partner=partner,
        topic=lead.topic,
        state=state,
        offered_at=start,
        decided_at=start + after,
        offered_by=world.maria,
    )


class TestFits:
    def test_reasons(self, world: Any) -> None:
        for _ in range(2):
            make_opportunity("won", world.northwind, product=world.product)
        answered(world, world.northwind, "accepted", timedelta(hours=3))
        answered(world, world.northwind, "accepted", timedelta(days=3))
        make_lead("assigned", world.northwind)
        found = fits(make_lead(product=world.product, region="EMEA"))
        assert found[0].partner.pk == world.northwind.pk
        assert fit_of(found, world.northwind).reasons == [
            "Serves EMEA",
            f"Sells {world.product.name}: 2 won",
            "Accepts 50 % within a day",
        ]
        assert fit_of(found, world.northwind).warnings == ["1 open offer"]
        assert fit_of(found, world.northwind).open_offers == 1
        assert fit_of(found, world.northwind).told == (
            f"You serve EMEA, are a Gold partner and have won 2 deals with {world.product.name}."
        )
        assert fit_of(found, world.contoso).reasons == []
        assert fit_of(found, world.contoso).warnings == ["Does not serve EMEA"]

    def test_being_registered_is_no_reason(self, world: Any) -> None:
        serves = make_partner(tier="registered", region="EMEA")
        elsewhere = make_partner(tier="registered", region="APAC")
        found = fits(make_lead(region="EMEA"))
        assert fit_of(found, serves).told == "You serve EMEA."
        assert fit_of(found, elsewhere).told == ""

    def test_who_declined_comes_last_and_says_why(self, world: Any) -> None:
        lead = make_lead("assigned", world.northwind)
        perform(lead, "decline", actor=Actor.of(world.alice), inputs={"reason": "size"})
        found = fits(Lead.objects.get(pk=lead.pk))
        assert found[-1].partner.pk == world.northwind.pk
        assert (found[-1].declined_before, found[-1].refusal) == (True, "Declined this before")
        assert [fit.refusal for fit in found[:-1]] == [""] * (len(found) - 1)

    def test_of_many(self, world: Any) -> None:
        declined = make_lead("assigned", world.northwind)
        perform(declined, "decline", actor=Actor.of(world.alice), inputs={"reason": "size"})
        found = fits(
            [make_lead(), make_lead(region="AMER"), make_opportunity(), Lead.objects.get(pk=declined.pk)]
        )
        northwind = fit_of(found, world.northwind)
        assert northwind.refusal == ""
        assert northwind.warnings == ["Does not serve AMER", "Declined 1 of these before"]
        assert "Serves EMEA" in northwind.reasons

    def test_only_active_partners(self, world: Any) -> None:
        make_partner("suspended")
        make_partner("onboarding")
        assert {fit.partner.pk for fit in fits(make_lead())} == {world.northwind.pk, world.contoso.pk}

    def test_the_same_number_of_queries_for_many(self, world: Any) -> None:
        one, counts = make_lead(product=world.product), []
        with CaptureQueriesContext(
            connection,
        ) as few:
            fits(one)
        counts.append(len(few))
        for _ in range(5):
            partner = make_partner()
            make_lead("assigned", partner)
            make_opportunity("won", partner, product=world.product)
        records = [make_lead(product=world.product) for _ in range(10)]
        with CaptureQueriesContext(connection) as many:
            fits(records)
        counts.append(len(many))
        assert counts == [5, 5]


class TestDistribute:
    def test_an_answer_for_each(self, world: Any) -> None:
        taken, free = make_lead("assigned", world.contoso), make_lead()
        answers = distribute(
            Actor.of(world.maria), "leads", [taken.pk, free.pk], world.northwind.pk, "Near you"
        )
        assert [(answer.ok, answer.error and answer.error.code) for answer in answers] == [
            (False, "wrong_state"),
            (True, None),
        ]
        assert Lead.objects.get(pk=free.pk).offer_reason == "Near you"

    def test_opportunities(self, world: Any) -> None:
        deals = [make_opportunity() for _ in range(3)]
        answers = distribute(
            Actor.of(world.maria), "opportunities", [deal.pk for deal in deals], world.northwind.pk
        )
        assert [answer.obj.state for answer in answers] == ["distributed"] * 3

    def test_not_by_a_partner_and_not_of_anything(self, world: Any) -> None:
        lead = make_lead()
        answers = distribute(Actor.of(world.alice), "leads", [lead.pk], world.northwind.pk)
        assert [answer.error.code for answer in answers if answer.error] == ["not_found"]
        with pytest.raises(NotFound):
            distribute(Actor.of(world.maria), "partners", [world.contoso.pk], world.northwind.pk)


class TestDeadlines:
    @pytest.fixture
    def offers(self, world: Any) -> dict[str, Any]:
        made = {
            "mine late": make_lead("assigned", world.northwind),
            "mine soon": make_opportunity("distributed", world.northwind),
            "others": make_lead("assigned", world.contoso),
            "far": make_lead("assigned", world.northwind),
        }
        for name, days in (("mine late", 1.5), ("mine soon", 0.5), ("others", 0.2), ("far", 4)):
            record = made[name]
            type(record).objects.filter(pk=record.pk).update(due_at=timezone.now() + timedelta(days=days))
        return made

    def names(self, offers: dict[str, Any], user: Any) -> list[tuple[str, bool]]:
        by_id = {record.pk: name for name, record in offers.items()}
        return [(by_id[one.id], one.mine) for one in deadlines(user)]

    def test_ones_own_first(self, world: Any, offers: dict[str, Any]) -> None:
        assert self.names(offers, world.maria) == [
            ("mine soon", True),
            ("mine late", True),
            ("others", False),
        ]
        assert self.names(offers, world.nils) == [
            ("others", True),
            ("mine soon", False),
            ("mine late", False),
        ]

    def test_the_cover_sees_them_as_own_while_the_other_is_away(
        self, world: Any, offers: dict[str, Any]
    ) -> None:
        today = timezone.localdate()
        world.maria.cover, world.maria.away_from, world.maria.away_until = world.nils, today, today
        world.maria.save()
        assert [mine for _name, mine in self.names(offers, world.nils)] == [True, True, True]
        world.maria.away_from = world.maria.away_until = today - timedelta(days=1)
        world.maria.save()
        assert [mine for _name, mine in self.names(offers, world.nils)] == [True, False, False]

    def test_a_partner_has_its_own(self, world: Any, offers: dict[str, Any]) -> None:
        assert [name for name, _mine in self.names(offers, world.carol)] == ["others"]
        assert self.names(offers, world.dana) == []
