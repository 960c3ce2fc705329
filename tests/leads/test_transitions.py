"""Every transition of a lead: what it does, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from djmoney.money import Money

from prm.leads.models import Lead, LeadAssignment
from prm.opportunities.models import Opportunity
from prm.people.models import Contact
from tests.factories import make_lead
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, Refused, WrongState
from workflows.models import Timer, TransitionRecord
from workflows.perform import available, perform
from workflows.timers import run_due

pytestmark = pytest.mark.django_db


def do(user: Any, lead: Any, name: str, **inputs: Any) -> Any:
    return perform(lead, name, actor=Actor.of(user), inputs=inputs)


def rows(lead: Lead) -> list[tuple[str, str]]:
    return [(row.partner.name, row.state) for row in lead.assignments.order_by("id")]


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


class TestAssign:
    def test_offers_it_with_a_reason_and_a_deadline(self, world: Any) -> None:
        lead = do(
            world.maria, make_lead(), "assign", partner=world.northwind.pk, reason="You know the customer"
        )
        row = lead.assignments.get()
        assert (lead.state, lead.partner, lead.assignee) == ("assigned", world.northwind, None)
        assert lead.offer_reason == row.reason == "You know the customer"
        assert (row.state, row.topic, row.offered_by) == ("offered", lead.topic, world.maria)
        assert row.due_at == lead.due_at
        assert abs(lead.due_at - timezone.now() - timedelta(days=5)) < timedelta(minutes=1)
        assert Timer.objects.get(object_id=lead.pk).transition == "expire"

    def test_the_partners_channel_manager_answers_for_it(self, world: Any) -> None:
        lead = do(world.admin, make_lead(), "assign", partner=world.northwind.pk)
        assert lead.owner == world.northwind.channel_manager

    def test_an_owner_stays(self, world: Any) -> None:
        lead = do(world.admin, make_lead(owner=world.nils), "assign", partner=world.northwind.pk)
        assert lead.owner == world.nils

    def test_out_of_the_pool(self, world: Any) -> None:
        lead = do(world.maria, make_lead("pooled"), "assign", partner=world.northwind.pk)
        assert lead.state == "assigned"

    def test_not_to_a_partner_that_is_not_active(self, world: Any) -> None:
        perform(world.contoso, "suspend", actor=Actor.of(world.admin), inputs={"reason": "Unpaid"})
        with pytest.raises(Refused) as refused:
            do(world.maria, make_lead(), "assign", partner=world.contoso.pk)
        assert codes(refused) == ["partner_active"]
        assert "Contoso" in refused.value.reasons[0].message

    def test_not_again_to_one_that_declined(self, world: Any) -> None:
        lead = do(world.maria, make_lead(), "assign", partner=world.northwind.pk)
        lead = do(world.alice, lead, "decline", reason="capacity")
        with pytest.raises(Refused) as refused:
            do(world.maria, lead, "assign", partner=world.northwind.pk)
        assert codes(refused) == ["not_declined_before"]
        assert do(world.maria, lead, "assign", partner=world.contoso.pk).partner == world.contoso

    def test_again_to_one_whose_offer_expired(self, world: Any) -> None:
        lead = do(world.maria, make_lead(), "assign", partner=world.northwind.pk)
        run_due(timezone.now() + timedelta(days=6))
        lead = do(world.maria, lead, "assign", partner=world.northwind.pk)
        assert rows(lead) == [("Northwind Systems", "expired"), ("Northwind Systems", "offered")]

    @pytest.mark.parametrize("who", ["alice", "carol", "dana", "erin"])
    def test_nobody_else_may(self, world: Any, who: str) -> None:
        with pytest.raises(NotFound):
            do(getattr(world, who), make_lead(), "assign", partner=world.northwind.pk)

    def test_needs_a_partner(self, world: Any) -> None:
        with pytest.raises(InvalidInput) as invalid:
            do(world.maria, make_lead(), "assign")
        assert list(invalid.value.errors) == ["partner"]


class TestAnswer:
    def test_who_accepts_works_it(self, world: Any) -> None:
        lead = do(world.bob, make_lead("assigned", world.northwind), "accept")
        assert (lead.state, lead.assignee, lead.due_at) == ("accepted", world.bob, None)
        assert rows(lead) == [("Northwind Systems", "accepted")]
        assert not Timer.objects.filter(object_id=lead.pk).exists()

    def test_accepted_on_behalf_is_nobodys_yet(self, world: Any) -> None:
        lead = do(world.admin, make_lead("assigned", world.northwind), "accept")
        assert (lead.state, lead.assignee) == ("accepted", None)

    def test_a_channel_manager_does_not_answer_for_a_partner(self, world: Any) -> None:
        for name in ("accept", "decline"):
            with pytest.raises(Denied):
                do(world.maria, make_lead("assigned", world.northwind), name)

    def test_a_rival_does_not_find_it(self, world: Any) -> None:
        with pytest.raises(NotFound):
            do(world.carol, make_lead("assigned", world.northwind), "accept")

    def test_the_second_colleague_is_told_that_it_is_too_late(self, world: Any) -> None:
        lead = make_lead("assigned", world.northwind)
        do(world.bob, lead, "accept")
        with pytest.raises(WrongState):
            do(world.alice, lead, "accept")

    def test_declining_gives_it_back_and_is_remembered(self, world: Any) -> None:
        lead = do(
            world.alice,
            make_lead("assigned", world.northwind),
            "decline",
            reason="territory",
            note="Ask Contoso",
        )
        row = lead.assignments.get()
        assert (lead.state, lead.partner, lead.offer_reason) == ("new", None, "")
        assert (row.state, row.decline_reason, row.decline_note) == ("declined", "territory", "Ask Contoso")
        assert row.decided_at is not None
        with pytest.raises(NotFound):
            do(world.alice, lead, "accept")

    @pytest.mark.parametrize("reason", [None, "", "because"])
    def test_declining_needs_one_of_the_reasons(self, world: Any, reason: str | None) -> None:
        with pytest.raises(InvalidInput) as invalid:
            do(world.alice, make_lead("assigned", world.northwind), "decline", reason=reason)
        assert list(invalid.value.errors) == ["reason"]

    def test_silence_is_no_forever(self, world: Any) -> None:
        lead = make_lead("assigned", world.northwind)
        assert run_due(timezone.now() + timedelta(days=4)) == 0
        assert run_due(timezone.now() + timedelta(days=5, minutes=1)) == 1
        lead = Lead.objects.get(pk=lead.pk)
        assert (lead.state, lead.partner, rows(lead)) == ("new", None, [("Northwind Systems", "expired")])

    def test_only_the_timer_lets_it_expire(self, world: Any) -> None:
        with pytest.raises(Denied):
            do(world.admin, make_lead("assigned", world.northwind), "expire")


class TestPool:
    def test_whoever_claims_first_has_it(self, world: Any) -> None:
        lead = do(world.maria, make_lead(), "release")
        lead = do(world.carol, lead, "claim")
        assert (lead.state, lead.partner, lead.assignee) == ("accepted", world.contoso, world.carol)
        assert rows(lead) == [("Contoso Partners", "accepted")]
        with pytest.raises(NotFound):
            do(world.alice, lead, "claim")

    def test_staff_has_nobody_to_claim_it_for(self, world: Any) -> None:
        with pytest.raises(Refused) as refused:
            do(world.admin, make_lead("pooled"), "claim")
        assert codes(refused) == ["claimant_active"]

    def test_not_a_partner_that_was_suspended_meanwhile(self, world: Any) -> None:
        lead = make_lead("pooled")
        perform(world.contoso, "suspend", actor=Actor.of(world.admin), inputs={"reason": "Unpaid"})
        # The login as it was loaded before the suspension: access has not noticed yet, the guard does.
        with pytest.raises(Refused) as refused:
            do(world.carol, lead, "claim")
        assert codes(refused) == ["claimant_active"]

    def test_it_leaves_the_pool_by_itself(self, world: Any) -> None:
        until = timezone.now() + timedelta(days=2)
        lead = do(world.maria, make_lead(), "release", until=until.isoformat())
        assert lead.due_at == until
        run_due(until + timedelta(seconds=1))
        lead = Lead.objects.get(pk=lead.pk)
        assert (lead.state, lead.pool_until, lead.due_at) == ("new", None, None)

    def test_without_a_limit_it_stays(self, world: Any) -> None:
        lead = do(world.maria, make_lead(), "release")
        assert lead.due_at is None
        assert do(world.maria, lead, "withdraw_from_pool").state == "new"

    def test_not_until_yesterday(self, world: Any) -> None:
        with pytest.raises(Refused) as refused:
            do(world.maria, make_lead(), "release", until=(timezone.now() - timedelta(days=1)).isoformat())
        assert codes(refused) == ["pool_until_later"]


class TestRecall:
    @pytest.mark.parametrize("state", ["assigned", "accepted", "contacted", "qualified"])
    def test_takes_it_back(self, world: Any, state: str) -> None:
        lead = do(world.maria, make_lead(state, world.northwind), "recall", reason="Known to us")
        assert (lead.state, lead.partner, lead.assignee) == ("new", None, None)
        assert rows(lead) == [("Northwind Systems", "recalled")]

    @pytest.mark.parametrize("state", ["new", "pooled", "converted", "disqualified"])
    def test_not_from_elsewhere(self, world: Any, state: str) -> None:
        partner = world.northwind if state in ("converted", "disqualified") else None
        with pytest.raises(WrongState):
            do(world.maria, make_lead(state, partner), "recall")


class TestWork:
    def test_contact_and_qualify(self, world: Any) -> None:
        lead = do(world.alice, make_lead("accepted", world.northwind), "contact", note="Called")
        lead = do(
            world.alice,
            lead,
            "qualify",
            amount={"amount": "900.50", "currency": "EUR"},
            expected_close="2027-01-31",
        )
        assert (lead.state, lead.amount, str(lead.expected_close)) == (
            "qualified",
            Money("900.50", "EUR"),
            "2027-01-31",
        )

    def test_qualify_without_contacting_and_without_figures(self, world: Any) -> None:
        assert do(world.alice, make_lead("accepted", world.northwind), "qualify").state == "qualified"

    def test_hand_over_to_a_colleague(self, world: Any) -> None:
        lead = do(world.alice, make_lead("contacted", world.northwind), "hand_over", assignee=world.bob.pk)
        assert (lead.state, lead.assignee) == ("contacted", world.bob)
        assert TransitionRecord.objects.filter(object_id=lead.pk, transition="hand_over").count() == 1

    def test_not_over_a_colleagues_head(self, world: Any) -> None:
        lead = make_lead("accepted", world.northwind, assignee=world.alice)
        with pytest.raises(Refused) as refused:
            do(world.bob, lead, "hand_over", assignee=world.bob.pk)
        assert codes(refused) == ["own_or_admin"]

    def test_the_assignee_may_pass_it_on(self, world: Any) -> None:
        lead = make_lead("accepted", world.northwind, assignee=world.bob)
        assert do(world.bob, lead, "hand_over", assignee=world.alice.pk).assignee == world.alice

    def test_nobody_outside_the_company(self, world: Any) -> None:
        lead = make_lead("accepted", world.northwind)
        for stranger in (world.carol, world.dana):
            with pytest.raises(InvalidInput) as invalid:
                do(world.alice, lead, "hand_over", assignee=stranger.pk)
            assert list(invalid.value.errors) == ["assignee"]
        with pytest.raises(Refused) as refused:
            do(world.admin, lead, "hand_over", assignee=world.carol.pk)
        assert codes(refused) == ["assignee_is_colleague"]

    def test_disqualify_and_reopen(self, world: Any) -> None:
        lead = do(
            world.alice,
            make_lead("accepted", world.northwind),
            "disqualify",
            reason="budget",
            note="Next year",
        )
        assert (lead.state, lead.disqualify_reason, lead.partner) == (
            "disqualified",
            "budget",
            world.northwind,
        )
        assert [option.target for option in available(lead, Actor.of(world.alice)) if option.enabled] == [
            "accepted"
        ]
        lead = do(world.alice, lead, "reopen")
        assert (lead.state, lead.disqualify_reason, rows(lead)) == (
            "accepted", "", [("Northwind Systems", "accepted")],
        )  # fmt: skip

    def test_reopened_by_the_vendor_where_no_active_partner_holds_it(self, world: Any) -> None:
        lead = do(world.alice, make_lead("accepted", world.northwind), "disqualify", reason="budget")
        perform(world.northwind, "suspend", actor=Actor.of(world.admin), inputs={"reason": "Unpaid"})
        lead = Lead.objects.get(pk=lead.pk)
        assert [
            option.target for option in available(lead, Actor.of(world.maria)) if option.name == "reopen"
        ] == ["new"]
        lead = do(world.maria, lead, "reopen")
        assert (lead.state, lead.partner, rows(lead)) == ("new", None, [("Northwind Systems", "recalled")])

    def test_disqualified_before_anybody_had_it(self, world: Any) -> None:
        lead = do(world.maria, make_lead(), "disqualify", reason="spam")
        assert do(world.maria, lead, "reopen").state == "new"


class TestConvert:
    def test_makes_all_three(self, world: Any) -> None:
        lead = make_lead("qualified", world.northwind, assignee=world.bob, amount=Money(700, "USD"))
        lead = do(world.bob, lead, "convert", expected_close="2027-03-01")
        deal = lead.opportunity
        assert (lead.state, lead.account.name, lead.account.partner) == (
            "converted",
            lead.company_name,
            world.northwind,
        )
        assert lead.account.domain == lead.email.split("@")[1]
        assert (lead.contact_person.company_id, lead.contact_person.email) == (lead.account.pk, lead.email)
        assert (deal.state, deal.stage, deal.partner, deal.assignee) == (
            "managed", "qualification", world.northwind, world.bob,
        )  # fmt: skip
        assert (deal.topic, deal.amount, str(deal.expected_close)) == (
            lead.topic,
            Money(700, "USD"),
            "2027-03-01",
        )
        assert (deal.source, deal.origin_lead_id) == ("lead", lead.pk)
        assert (deal.account, deal.contact) == (lead.account, lead.contact_person)
        created = TransitionRecord.objects.filter(
            object_id__in=[deal.pk, lead.account.pk, lead.contact_person.pk]
        )
        assert {record.transition for record in created} == {"create"}

    def test_into_an_account_of_ones_own(self, world: Any) -> None:
        lead = do(world.alice, make_lead("qualified", world.northwind), "convert", account=world.fabrikam.pk)
        assert lead.account == lead.opportunity.account == world.fabrikam

    def test_a_known_account_is_offered_for_reuse(self, world: Any) -> None:
        lead = make_lead("qualified", world.northwind, company_name=f"{world.fabrikam.name}, Inc.")
        with pytest.raises(Refused) as refused:
            do(world.alice, lead, "convert")
        assert codes(refused) == ["account_not_known"]
        assert world.fabrikam.name in refused.value.reasons[0].message
        assert do(world.alice, lead, "convert", new_account=True).account != world.fabrikam

    def test_a_rivals_account_is_neither_offered_nor_taken(self, world: Any) -> None:
        lead = make_lead("qualified", world.northwind, company_name=world.tailspin.name)
        with pytest.raises(InvalidInput) as invalid:
            do(world.alice, lead, "convert", account=world.tailspin.pk)
        assert list(invalid.value.errors) == ["account"]
        assert do(world.alice, lead, "convert").account != world.tailspin

    def test_not_even_by_an_administrator(self, world: Any) -> None:
        with pytest.raises(Refused) as refused:
            do(world.admin, make_lead("qualified", world.northwind), "convert", account=world.tailspin.pk)
        assert codes(refused) == ["account_of_partner"]

    def test_a_known_mailbox_is_not_doubled(self, world: Any) -> None:
        person = Contact.objects.create(
            company_id=world.fabrikam.pk, name="Pat", email="pat@fabrikam.example"
        )
        lead = make_lead("qualified", world.northwind, email="Pat@fabrikam.example")
        assert do(world.alice, lead, "convert", account=world.fabrikam.pk).contact_person == person

    def test_all_or_nothing(self, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from prm.leads import conversion

        def fail(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError("disk full")

        lead = make_lead("qualified", world.northwind)
        accounts, people = type(world.fabrikam).objects.count(), Contact.objects.count()
        monkeypatch.setattr(conversion.Opportunity, "save", fail)
        with pytest.raises(RuntimeError):
            do(world.alice, lead, "convert")
        assert Lead.objects.get(pk=lead.pk).state == "qualified"
        assert (type(world.fabrikam).objects.count(), Contact.objects.count()) == (accounts, people)
        assert not Opportunity.objects.filter(origin_lead_id=lead.pk).exists()


class TestPartnerLeaves:
    @pytest.mark.parametrize("how", ["suspend", "terminate"])
    def test_open_offers_return_and_the_rest_stays(self, world: Any, how: str) -> None:
        offered = [make_lead("assigned", world.northwind) for _ in range(3)]
        held = make_lead("contacted", world.northwind)
        rivals = make_lead("assigned", world.contoso)
        perform(world.northwind, how, actor=Actor.of(world.admin), inputs={"reason": "Unpaid"})
        assert {Lead.objects.get(pk=lead.pk).state for lead in offered} == {"new"}
        assert LeadAssignment.objects.filter(lead__in=offered, state="recalled").count() == 3
        assert Lead.objects.get(pk=held.pk).partner_id == world.northwind.pk
        assert Lead.objects.get(pk=rivals.pk).state == "assigned"

    def test_all_or_nothing(self, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        lead = make_lead("assigned", world.northwind)

        def fail(self: Lead, *args: Any) -> None:
            raise RuntimeError("disk full")

        monkeypatch.setattr(Lead, "return_from_partner", fail)
        with pytest.raises(RuntimeError):
            perform(world.northwind, "suspend", actor=Actor.of(world.admin), inputs={"reason": "Unpaid"})
        world.northwind.refresh_from_db()
        assert (world.northwind.state, Lead.objects.get(pk=lead.pk).state) == ("active", "assigned")
