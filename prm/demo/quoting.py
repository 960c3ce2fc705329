"""The demo's quotes: some in every state, done by the demo's people through the engine."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from prm.catalog.models import PriceBook
from prm.demo import words
from prm.demo.work import DAY, Work
from prm.opportunities.models import Opportunity
from prm.people.models import Contact, User
from prm.quotes import actions as quotes
from prm.quotes.models import Quote
from workflows import ports
from workflows.actor import Actor
from workflows.perform import perform

#: Where customers pay in euros.
EURO = {"FR", "DE", "EE"}

#: How far each went: days ago it began, discount on the whole, what happened to it.
PAST: tuple[tuple[float, str, tuple[str, ...]], ...] = (
    (61, "0", ("submit", "send", "expire")),
    (58, "5", ("submit", "send", "accept", "order", "win")),
    (52, "25", ("submit", "approve", "send", "accept", "order", "win")),
    (49, "0", ("submit", "expire")),
    (38, "5", ("submit", "send", "decline")),
    (27, "0", ("submit", "send", "accept", "order")),
    (24, "8", ("submit", "send", "decline", "revise", "submit", "send")),
    (21, "0", ("submit", "send")),
    (19, "3", ("submit", "withdraw")),
    (17, "30", ("submit", "return_to_draft")),
    (15, "5", ("submit", "send", "accept")),
    (12, "0", ("submit", "send", "revise", "submit")),
    (11, "4", ("submit", "send", "decline")),
    (9, "0", ("submit", "send")),
    (8, "0", ("withdraw",)),
    (7, "5", ("submit", "send", "accept")),
    (6, "0", ("submit",)),
    (5, "2", ("submit",)),
)

#: What came in the last days, of which people are still told.
LATELY: tuple[tuple[float, str, tuple[str, ...]], ...] = (
    (2.6, "0", ()),
    (2.1, "22", ("submit",)),
    (1.2, "0", ()),
    (0.8, "35", ("submit",)),
)


class Quoting(Work):
    """A partner's people quote for the deals they manage; the vendor's approve, the customers decide."""

    def past(self) -> None:
        """Quotes of the last weeks; nobody is told of them now."""
        with ports.plugged(ports.policy()):
            self.deals = self._deals()
            for days, discount, steps in PAST:
                self.story(days, discount, steps)

    def lately(self) -> None:
        """Those of the last days, and one from Northwind that waits for an answer of Fabrikam's."""
        for days, discount, steps in LATELY:
            self.story(days, discount, steps)
        self._for_fabrikam()

    def _deals(self) -> list[Opportunity]:
        """Managed deals whose customer is known, the oldest first; each gets one story."""
        found = Opportunity.objects.filter(state="managed", account__isnull=False, product__isnull=False)
        rows = found.select_related("account", "product", "partner").order_by("state_since")
        return [deal for deal in rows if str(deal.account) != "Fabrikam"]

    def story(self, days: float, discount: str, steps: tuple[str, ...]) -> None:
        """One quote, from its beginning so many days ago to where it is now."""
        moment = self.today - days * DAY
        deal = next((one for one in self.deals if one.state_since < moment), None)
        if deal is None:
            return
        self.deals.remove(deal)
        self.clock.set(moment)
        partner: Any = deal.partner
        by = self.colleague(partner)
        quote = self.draft(deal, by, discount, self.seed.randint(2, 30))
        for step in steps:
            quote = self.step(quote, step, by)

    def draft(self, deal: Opportunity, by: User, discount: str, quantity: int) -> Quote:
        """A draft with two lines; its contact is the one person known at the customer's."""
        actor = Actor.of(by)
        account: Any = deal.account
        partner: Any = deal.partner
        contact = Contact.objects.filter(company_id=account.pk).order_by("created_at").first()
        given: dict[str, Any] = {"contact": str(contact.pk) if contact else None}
        if str(partner.country) in EURO:
            given["price_book"] = str(PriceBook.objects.get(currency="EUR").pk)
        quote = quotes.start(actor, deal, given)
        other = self.seed.choice([one for one in self.company.products if one != deal.product])
        lines: list[dict[str, Any]] = [{"product": str(deal.product_id), "quantity": str(quantity)}]
        lines.append({"product": str(other.pk), "quantity": str(self.seed.randint(1, 6))})
        header = {"discount_percent": discount, "note": self.seed.choice(words.QUOTE_NOTES)}
        return quotes.save(actor, quote, header, lines)

    def step(self, quote: Quote, step: str, by: User) -> Quote:
        """One step of a quote, somewhat later than the last one, by whoever does such a thing."""
        if step == "win":
            self.do(Opportunity.objects.get(pk=quote.opportunity_id), "win", by, amount=_money(quote))
            return quote
        if step == "expire":
            self.clock.set(quote.ends_at)
            return perform(quote, "expire", actor=Actor.timer())
        self.clock.set(timezone.now() + dt.timedelta(hours=self.seed.randint(1, 20)))
        user = self.manager_of(quote.partner) if step in ("approve", "return_to_draft") else by
        inputs: dict[str, Any] = {
            "return_to_draft": {"return_note": "At most 20 % here: the customer has no other offer."},
            "decline": {"reason": self.seed.choice(("price", "competitor", "timing"))},
            "order": {"order_reference": f"PO-{self.seed.randint(4000, 9999)}"},
            "accept": {"accepted_by": str(quote.contact or "")},
        }.get(step, {})
        done: Quote = self.do(quote, step, user, **inputs)
        return done.later.get() if step == "revise" else done

    def _for_fabrikam(self) -> None:
        northwind = next(one for one in self.company.partners if one.name == "Northwind Systems")
        fabrikam = self.company.accounts[northwind.name][0]
        alice = self.company.users["alice"]
        self.clock.set(self.today - 1.5 * DAY)
        deal = self.opportunity(northwind, alice, fabrikam)
        quote = self.draft(deal, alice, "5", 12)
        quote = self.do(quote, "submit", alice)
        self.do(quote, "send", alice, message="As discussed on Tuesday. Call me with any question.")


def _money(quote: Quote) -> dict[str, str]:
    amount: Any = quote.net
    return {"amount": f"{amount.amount:.2f}", "currency": quote.currency}
