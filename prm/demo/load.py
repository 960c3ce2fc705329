"""Makes the demo company: the same on every machine, up to the day on which it is made."""

from __future__ import annotations

import datetime as dt
import random

from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from prm.alerts.models import Alert, Delivery
from prm.demo import library, registrations
from prm.demo.clock import Clock
from prm.demo.company import Company, found
from prm.demo.quoting import Quoting
from prm.demo.work import DAY, Work
from prm.leads.models import LeadAssignment
from prm.opportunities.models import OpportunityAssignment
from prm.partners.models import Partner
from prm.people.models import User
from prm.quotes.models import Dispatch
from prm.search.index import deferred
from prm.touch.noting import unnoted
from workflows import ports
from workflows.models import Timer

SEED = 2026
LEADS, OPPORTUNITIES = 120, 90


def exists() -> bool:
    """Whether somebody already works with this database."""
    return User.objects.exists()


@transaction.atomic
def load(now: dt.datetime | None = None) -> Company:
    """Fills an empty database. Raises nothing that an empty, migrated database could cause."""
    today = now or timezone.now()
    seed = random.Random(SEED)  # noqa: S311  # repeatable, not secret
    start = today - 366 * DAY
    clock = Clock(start)
    with deferred(), clock.running(), unnoted():
        # Nobody is told of what happened long ago, so the past has no subscribers.
        with ports.plugged(ports.policy()):
            company = found(seed, start)
            _past(company, clock, today)
            clock.set(today - 30 * DAY)
            registrations.add(company, clock, today)
        quoting = Quoting(company, clock, today)
        quoting.past()
        _lately(Work(company, clock, today), clock, today)
        quoting.lately()
        _suspend(company, clock, today)
        library.fill(company, clock, today)
    _quiet(today)
    return company


def _past(company: Company, clock: Clock, today: dt.datetime) -> None:
    work = Work(company, clock, today)
    for number in range(LEADS):
        # A little more every month: the programme grows.
        clock.set(today - 365 * DAY * (1 - (number / LEADS) ** 0.5) - 2 * DAY)
        work.lead_story(own=number % 6 == 5)
    for number in range(OPPORTUNITIES):
        clock.set(today - 350 * DAY * (1 - (number / OPPORTUNITIES) ** 0.5) - 3 * DAY)
        work.opportunity_story(own=number % 3 == 2)


def _lately(work: Work, clock: Clock, today: dt.datetime) -> None:
    """The last days, with alerts: offers that wait, some of them not for long, and leads that nobody has."""
    users, partners = work.company.users, {partner.name: partner for partner in work.company.partners}
    northwind, contoso = partners["Northwind Systems"], partners["Contoso Partners"]
    maria = users["maria"]
    waiting = (
        (northwind, 4.9),
        (northwind, 4.4),
        (contoso, 4.8),
        (northwind, 2.1),
        (northwind, 0.1),
        (contoso, 1.2),
    )
    for partner, days in waiting:
        clock.set(today - days * DAY)
        lead = work.lead(near=partner)
        work.do(lead, "assign", maria, partner=str(partner.pk), reason=work.why())
    for partner, days in ((northwind, 3.2), (contoso, 2.4), (northwind, 0.05)):
        clock.set(today - days * DAY)
        deal = work.opportunity(partner, maria)
        work.do(deal, "distribute", maria, partner=str(partner.pk), reason=work.why())
    for days in (3, 2.2, 1.4, 0.9, 0.5, 0.2, 0.1):
        clock.set(today - days * DAY)
        work.lead()
    for days in (2.5, 1.5, 0.7):
        clock.set(today - days * DAY)
        work.do(work.lead(), "release", maria)
    clock.set(today - 0.04 * DAY)
    for offered in contoso.leadassignments.filter(state="offered").order_by("-due_at")[:1]:
        work.do(offered.lead, "accept", users["carol"])


def _suspend(company: Company, clock: Clock, today: dt.datetime) -> None:
    clock.set(today - 6 * DAY)
    partner = next(one for one in company.partners if one.name == "Grey Heron Supply")
    work = Work(company, clock, today)
    work.do(
        Partner.objects.get(pk=partner.pk),
        "suspend",
        company.users["nils"],
        reason="Invoices overdue since May.",
    )


def _quiet(today: dt.datetime) -> None:
    """Mails of the demo's past are not sent now; only what came in the last days is unread."""
    OrmQ.objects.all().delete()
    Dispatch.objects.update(due_at=None, mailed_at=today)
    Delivery.objects.update(state=Delivery.State.SENT, done_at=today)
    Alert.objects.filter(at__lt=today - 3 * DAY).update(seen_at=today)


def summary() -> dict[str, int]:
    """How much of what there is, for the command's last line."""
    return {
        "open offers": LeadAssignment.objects.filter(state="offered").count()
        + OpportunityAssignment.objects.filter(state="offered").count(),
        "timers": Timer.objects.count(),
        "unread alerts": Alert.objects.filter(seen_at=None).count(),
    }
