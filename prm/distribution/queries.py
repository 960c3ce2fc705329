"""Who should be offered what, and which offers are about to run out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Case, Count, F, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext

from prm.access.rights import visible
from prm.leads.models import Lead, LeadAssignment
from prm.modules import registry
from prm.opportunities.models import Opportunity, OpportunityAssignment
from prm.opportunities.offers import Assignment
from prm.partners.choices import Tier
from prm.partners.models import Partner, regions_served
from prm.people.models import User

#: What each trait is worth. The sum only ranks: the reasons are what a person decides by.
SERVES, DOES_NOT_SERVE = 40, -40
TIER = {Tier.PLATINUM: 20, Tier.GOLD: 15, Tier.SILVER: 10, Tier.REGISTERED: 5}
WON, WON_AT_MOST = 4, 20
PROMPT = 20
OPEN_OFFER, OPEN_OFFERS_AT_MOST = -3, -18

#: How far back an answer to an offer says something about the next.
REMEMBERED = timedelta(days=365)
OFFERS: tuple[type[Assignment], ...] = (LeadAssignment, OpportunityAssignment)


@dataclass
class Fit:
    """How well one partner fits. `refusal` says why it cannot be chosen; empty where it can.

    `reasons` speak for it, `warnings` against it; both are short texts for a person. `merits` are what may be
    said of them to the partner (not how it compares with others), as parts of one sentence.
    """

    partner: Partner
    score: float = 0
    reasons: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    open_offers: int = 0
    declined_before: bool = False
    refusal: str = ""
    merits: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        """Why it is offered to them, as one sentence for the partner; empty where nothing speaks for it."""
        if not self.merits:
            return ""
        return gettext("You %(merits)s.") % {"merits": get_text_list(self.merits, gettext("and"))}


Offered = Lead | Opportunity


def fits(records: Offered | Sequence[Offered], user: Any = None) -> list[Fit]:
    """The active partners, best first, with the reasons; those who cannot be chosen come last.

    For whoever may distribute the records (a partner never gets to see this). `user` narrows the partners
    to those that this user may see. Six queries, however many partners and records.
    """
    many = list(records) if isinstance(records, Sequence) else [records]
    if not many:
        return []
    partners = visible(user, registry.get("partners")) if user is not None else Partner.objects.all()
    found = [
        Fit(partner) for partner in partners.filter(state=Partner.State.ACTIVE).select_related("territory")
    ]
    _territory(found, many)
    _tier(found)
    _wins(found, many)
    _answers(found)
    _declined(found, many)
    return sorted(found, key=lambda fit: (bool(fit.refusal), -fit.score, fit.partner.name, fit.partner.pk))


def _territory(found: list[Fit], records: Sequence[Offered]) -> None:
    regions = Counter(record.region for record in records if record.region)
    for fit in found:
        territory = fit.partner.territory
        served = regions_served(territory.region_names if territory else None, fit.partner.region)
        yes = [region for region in sorted(regions) if region in served]
        no = [region for region in sorted(regions) if region not in served]
        if yes:
            fit.reasons.append(gettext("Serves %(regions)s") % {"regions": ", ".join(yes)})
            fit.merits.append(gettext("serve %(regions)s") % {"regions": get_text_list(yes, gettext("and"))})
        if no:
            fit.warnings.append(gettext("Does not serve %(regions)s") % {"regions": ", ".join(no)})
        fit.score += sum(SERVES * regions[region] for region in yes) / len(records)
        fit.score += sum(DOES_NOT_SERVE * regions[region] for region in no) / len(records)


def _tier(found: list[Fit]) -> None:
    for fit in found:
        tier = Tier(fit.partner.tier)
        fit.score += TIER[tier]
        # Every partner is registered: only what is above that is a merit.
        if tier != Tier.REGISTERED:
            fit.merits.append(gettext("are a %(tier)s partner") % {"tier": tier.label})


def _wins(found: list[Fit], records: Sequence[Offered]) -> None:
    products = {record.product_id for record in records if record.product_id}
    rows = (
        Opportunity.objects.filter(
            state=Opportunity.State.WON, product_id__in=products, partner__isnull=False
        )
        .values("partner_id", "product__name")
        .annotate(won=Count("id"))
        .order_by("-won", "product__name")
    )
    won: dict[UUID, list[tuple[str, int]]] = defaultdict(list)
    for row in rows:
        won[row["partner_id"]].append((row["product__name"], row["won"]))
    for fit in found:
        for product, count in won[fit.partner.pk]:
            facts = {"product": product, "count": count}
            fit.reasons.append(gettext("Sells %(product)s: %(count)d won") % facts)
            sold = ngettext(
                "have won %(count)d deal with %(product)s", "have won %(count)d deals with %(product)s", count
            )
            fit.merits.append(sold % facts)
        fit.score += min(WON * sum(count for _name, count in won[fit.partner.pk]), WON_AT_MOST)


def _answers(found: list[Fit]) -> None:
    open_offers: Counter[UUID] = Counter()
    answered: Counter[UUID] = Counter()
    prompt: Counter[UUID] = Counter()
    waiting = Q(state=Assignment.State.OFFERED)
    answer = Q(offered_by__isnull=False, decided_at__isnull=False)
    answer &= Q(state__in=[Assignment.State.ACCEPTED, Assignment.State.DECLINED, Assignment.State.EXPIRED])
    quick = answer & Q(state=Assignment.State.ACCEPTED, decided_at__lte=F("offered_at") + timedelta(days=1))
    for model in OFFERS:
        rows = model._default_manager.filter(waiting | Q(offered_at__gte=timezone.now() - REMEMBERED))
        counts = rows.values("partner_id").annotate(
            waiting=Count("id", filter=waiting),
            answered=Count("id", filter=answer),
            prompt=Count("id", filter=quick),
        )
        for row in counts.order_by():
            open_offers[row["partner_id"]] += row["waiting"]
            answered[row["partner_id"]] += row["answered"]
            prompt[row["partner_id"]] += row["prompt"]
    for fit in found:
        pk = fit.partner.pk
        fit.open_offers = open_offers[pk]
        if answered[pk]:
            share = prompt[pk] / answered[pk]
            fit.score += PROMPT * share
            text = gettext("Accepts %(share)d %% within a day") % {"share": round(100 * share)}
            (fit.reasons if share else fit.warnings).append(text)
        if fit.open_offers:
            fit.score += max(OPEN_OFFER * fit.open_offers, OPEN_OFFERS_AT_MOST)
            text = ngettext("%(count)d open offer", "%(count)d open offers", fit.open_offers)
            fit.warnings.append(text % {"count": fit.open_offers})


def _declined(found: list[Fit], records: Sequence[Offered]) -> None:
    declined: Counter[UUID] = Counter()
    for model, record_model, name in (
        (LeadAssignment, Lead, "lead"),
        (OpportunityAssignment, Opportunity, "opportunity"),
    ):
        ids = [record.pk for record in records if isinstance(record, record_model)]
        if ids:
            rows = model._default_manager.filter(**{f"{name}__in": ids}, state=Assignment.State.DECLINED)
            declined.update(
                row["partner_id"] for row in rows.values("partner_id", name).distinct().order_by()
            )
    for fit in found:
        count = declined[fit.partner.pk]
        fit.declined_before = count > 0
        if count and len(records) == 1:
            fit.refusal = gettext("Declined this before")
        elif count == len(records):
            fit.refusal = gettext("Declined all of these before")
        elif count:
            fit.warnings.append(gettext("Declined %(count)d of these before") % {"count": count})


def stood_in_for(user: User, day: Any = None) -> set[UUID]:
    """The user, and whoever named them as cover and is away on that day (today)."""
    day = day or timezone.localdate()
    away = user.covers_for.filter(away_from__lte=day).filter(Q(away_until=None) | Q(away_until__gte=day))
    return {user.pk, *away.values_list("pk", flat=True)}


def with_mine(rows: QuerySet[Any], people: Iterable[UUID]) -> QuerySet[Any]:
    """Adds `mine`: whether one of these channel managers answers for the record, or for its partner."""
    people = list(people)
    own = Q(owner_id__in=people) | Q(owner_id=None, partner__channel_manager_id__in=people)
    return rows.annotate(
        mine=Case(When(own, then=Value(True)), default=Value(False), output_field=BooleanField())
    )


@dataclass(frozen=True)
class Deadline:
    """An offer that runs out at `due_at` unless the partner answers."""

    module: str
    id: UUID
    topic: str
    partner_id: UUID
    partner: str
    owner: str
    due_at: datetime
    mine: bool


def deadlines(user: User, *, within: timedelta = timedelta(days=2), limit: int = 100) -> list[Deadline]:
    """Offers that `user` may see and that run out `within` that time: one's own first, then the nearest.

    For a channel manager, one's own are those of records or partners that they own or cover today.
    """
    people = stood_in_for(user)
    until = timezone.now() + within
    found: list[Deadline] = []
    for key, state in (("leads", Lead.State.ASSIGNED), ("opportunities", Opportunity.State.DISTRIBUTED)):
        rows = with_mine(visible(user, registry.get(key)).filter(state=state, due_at__lte=until), people)
        columns = rows.values_list(
            "id",
            "topic",
            "partner_id",
            "partner__name",
            "owner__name",
            "partner__channel_manager__name",
            "due_at",
            "mine",
        )
        for pk, topic, partner_id, partner, owner, manager, due_at, mine in columns.order_by(
            "-mine", "due_at", "id"
        )[:limit]:
            found.append(Deadline(key, pk, topic, partner_id, partner, owner or manager or "", due_at, mine))
    return sorted(found, key=lambda one: (not one.mine, one.due_at, one.id))[:limit]
