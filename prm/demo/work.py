"""A year of leads and opportunities, done by the demo's people through the engine."""

from __future__ import annotations

import datetime as dt
from typing import Any

from prm.accounts.models import Account
from prm.demo import words
from prm.demo.clock import Clock
from prm.demo.company import Company
from prm.leads.models import Lead
from prm.modules import actions, registry
from prm.opportunities.models import Opportunity
from prm.partners.models import Partner
from prm.people.models import User
from prm.records.actions import add_activity, add_note, complete_activity
from workflows.actor import Actor
from workflows.perform import perform

DAY = dt.timedelta(days=1)


class Work:
    """Somebody's way through the machines, at the times of a clock that runs ahead to the present."""

    def __init__(self, company: Company, clock: Clock, today: dt.datetime) -> None:
        self.company, self.clock, self.today, self.seed = company, clock, today, company.seed
        self.needs: list[tuple[str, str, int]] = []
        self.reasons: list[str] = []

    def later(self, least: float, most: float) -> bool:
        """Moves the clock on by some days, into working hours. False where the present is reached."""
        moment = self.clock.now + self.seed.uniform(least, most) * DAY
        moment = moment.replace(hour=self.seed.randint(7, 17), minute=self.seed.randint(0, 59))
        if moment.weekday() > 4:
            moment += (7 - moment.weekday()) * DAY
        if moment >= self.today:
            return False
        self.clock.set(max(moment, self.clock.now))
        return True

    def do(self, obj: Any, name: str, user: User, **inputs: Any) -> Any:
        """One transition by a person."""
        return perform(obj, name, actor=Actor.of(user), inputs=inputs)

    def need(self) -> tuple[str, str, int]:
        """What a customer needs; all of it comes up before anything comes up again."""
        if not self.needs:
            self.needs = self.seed.sample(words.NEEDS, len(words.NEEDS))
        return self.needs.pop()

    def why(self) -> str:
        """Why a partner is offered something."""
        if not self.reasons:
            self.reasons = self.seed.sample(words.OFFER_REASONS, len(words.OFFER_REASONS))
        return self.reasons.pop()

    def manager_of(self, partner: Partner) -> User:
        """The channel manager who owns the partner."""
        return next(user for user in self.company.users.values() if user.pk == partner.channel_manager_id)

    def colleague(self, partner: Partner) -> User:
        """Somebody who works at the partner."""
        return self.seed.choice(self.company.colleagues[partner.name])

    def choose(self, but: set[Any] = frozenset()) -> Partner:  # type: ignore[assignment]
        """An active partner, larger ones more often; none of `but`."""
        weight = {"platinum": 4, "gold": 4, "silver": 2, "registered": 1}
        partners = [partner for partner in self.company.active() if partner.pk not in but]
        return self.seed.choices(partners, [weight[partner.tier] for partner in partners])[0]

    def money(self, product: Any) -> dict[str, str]:
        """What a deal over some of the product is worth."""
        amount = product.list_price.amount * self.seed.randint(2, 24) * self.seed.randint(80, 100) / 100
        return {"amount": f"{amount:.2f}", "currency": "USD"}

    def lead(self, partner: Partner | None = None, near: Partner | None = None) -> Lead:
        """A new lead of the vendor, `near` a partner; one that `partner` enters itself where it is given."""
        topic, need, product = self.need()
        customer, person = self.company.customer(), self.company.person()
        where = partner or near or self.choose()
        data = {
            "topic": topic,
            "need": need,
            "size": self.seed.choice(words.SIZES),
            "region": where.region,
            "country": str(where.country),
            "product": str(self.company.products[product].pk),
            "company_name": customer,
            "contact_name": person,
            "email": f"{person.split()[0].lower()}@{customer.lower().replace(' ', '-')}.example",
            "phone": f"+1212555{self.seed.randint(1000, 9999)}",
            "street": f"{self.seed.randint(2, 90)} {self.seed.choice(words.STREETS)}",
            "city": where.city,
        }
        by = self.colleague(partner) if partner else self.manager_of(where)
        fields = actions.form_fields(by, registry.get("leads"))
        return actions.create(
            Actor.of(by),
            registry.get("leads"),
            {name: value for name, value in data.items() if name in fields},
        )

    def offer(self, obj: Any, name: str) -> tuple[Any, Partner] | None:
        """Offers it until a partner accepts. None where the present came first."""
        refused: set[Any] = set()
        for _ in range(4):
            partner = self.choose(refused)
            obj = self.do(obj, name, self.manager_of(partner), partner=str(partner.pk), reason=self.why())
            fate = self.seed.random()
            if fate < 0.1:
                if obj.due_at >= self.today:
                    return None
                self.clock.set(obj.due_at)
                obj = perform(obj, "expire", actor=Actor.timer())
                refused.add(partner.pk)
            elif not self.later(0.05, 1.5):
                return None
            elif fate < 0.25:
                note = self.seed.choice(words.DECLINE_NOTES)
                why = self.seed.choice(("capacity", "territory", "expertise"))
                obj = self.do(obj, "decline", self.colleague(partner), reason=why, note=note)
                refused.add(partner.pk)
            else:
                return self.do(obj, "accept", self.colleague(partner)), partner
            if not self.later(0.1, 2):
                return None
        return None

    def lead_story(self, own: bool) -> None:
        """One lead from its beginning to as far as it has come by today."""
        partner = self.choose() if own else None
        lead = self.lead(partner)
        if not self.later(0.1, 2):
            return
        if partner is None:
            found = self.offer(lead, "assign")
            if found is None:
                return
            lead, partner = found
        if not self.later(0.5, 9):
            return
        user = self.colleague(partner)
        lead = self.do(lead, "contact", user)
        if self.seed.random() < 0.3:
            add_note(Actor.of(user), registry.get("leads"), lead, body=self.seed.choice(words.NOTES))
        if not self.later(3, 24):
            return
        if self.seed.random() < 0.28:
            self.do(lead, "disqualify", user, reason=self.seed.choice(("budget", "need", "unreachable")))
            return
        product = lead.product or self.seed.choice(self.company.products)
        close = (self.clock.now + self.seed.randint(20, 120) * DAY).date()
        lead = self.do(lead, "qualify", user, amount=self.money(product), expected_close=close.isoformat())
        if not self.later(4, 26):
            return
        lead = self.do(lead, "convert", user, new_account=True)
        self.deal_story(lead.opportunity, partner)

    def opportunity(self, partner: Partner, by: User, account: Account | None = None) -> Opportunity:
        """A new opportunity in the partner's region, made by one of the partner's or the vendor's people."""
        topic, need, number = self.need()
        product = self.company.products[number]
        data = {
            "topic": topic,
            "need": need,
            "size": self.seed.choice(words.SIZES),
            "region": partner.region,
            "product": str(product.pk),
            "amount": self.money(product),
            "expected_close": (self.clock.now + self.seed.randint(20, 150) * DAY).date().isoformat(),
            "account": str(account.pk) if account else None,
        }
        module = registry.get("opportunities")
        fields = actions.form_fields(by, module)
        return actions.create(
            Actor.of(by), module, {name: one for name, one in data.items() if name in fields}
        )

    def opportunity_story(self, own: bool) -> None:
        """One opportunity: the partner's own, or distributed by the vendor."""
        partner = self.choose()
        if own:
            account = self.seed.choice(self.company.accounts[partner.name])
            deal = self.opportunity(partner, self.colleague(partner), account)
        else:
            deal = self.opportunity(partner, self.manager_of(partner))
        if not self.later(0.1, 3):
            return
        if not own:
            found = self.offer(deal, "distribute")
            if found is None:
                return
            deal, partner = found
        self.deal_story(deal, partner)

    def deal_story(self, deal: Opportunity, partner: Partner) -> None:
        """A managed opportunity, from its first stage to won or lost."""
        module, user = registry.get("opportunities"), self.colleague(partner)
        if deal.amount is None:
            product = deal.product or self.seed.choice(self.company.products)
            actions.update(Actor.of(user), module, deal.pk, {"amount": self.money(product)})
        for stage in ("proposal", "negotiation"):
            if not self.later(8, 50):
                self.next_step(deal, user)
                return
            change = {"stage": stage, "next_step": self.seed.choice(words.NEXT_STEPS)}
            deal = actions.update(Actor.of(user), module, deal.pk, change)
            if self.seed.random() < 0.25:
                add_note(Actor.of(user), module, deal, body=self.seed.choice(words.NOTES))
            if self.seed.random() < 0.18 and self.later(2, 10):
                why = self.seed.choice(("price", "competitor", "budget", "decision", "timing"))
                self.do(deal, "lose", user, reason=why)
                return
        if not self.later(5, 45):
            self.next_step(deal, user)
            return
        if self.seed.random() < 0.68:
            self.do(deal, "win", user, reason="Quick answers and a reference nearby.")
        else:
            self.do(deal, "lose", user, reason=self.seed.choice(("price", "competitor", "decision")))

    def next_step(self, deal: Opportunity, user: User) -> None:
        """What is planned on an open deal: some of it done, some due, a little of it late."""
        module = registry.get("opportunities")
        kind, title = self.seed.choice(words.TASKS)
        due = self.today + self.seed.uniform(-2, 9) * DAY
        activity = add_activity(Actor.of(user), module, deal, kind=kind, title=title, due_at=due)
        if self.seed.random() < 0.3:
            complete_activity(Actor.of(user), module, deal, activity.pk)
