"""Which price books address a partner, and which of them comes first.

A book addresses a partner on a day where it is active, the day is within its period, and its audience is
everyone, or names the partner, its tier or its type. Of several in one currency the more particular one comes
first: named partners before tiers, tiers before types, types before everyone; then the one that began later;
then by name.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from prm.catalog.choices import Audience
from prm.catalog.models import PriceBook, PriceBookAudience
from prm.partners.models import Partner

#: The lower, the sooner.
PRIORITY = {Audience.PARTNERS: 0, Audience.TIERS: 1, Audience.TYPES: 2, Audience.EVERYONE: 3}


def on_day(day: date) -> Q:
    """Books that are in force on the day."""
    return Q(active=True, valid_from__lte=day) & (Q(valid_until=None) | Q(valid_until__gte=day))


def addressing(partner: Partner, day: date, currency: str = "") -> QuerySet[PriceBook]:
    """The books in force on `day` that address the partner, the one that counts most first."""
    rows = PriceBookAudience.objects.filter(book=OuterRef("pk"))
    meant = (
        Q(audience=Audience.EVERYONE)
        | Q(Q(audience=Audience.TIERS), Exists(rows.filter(tier=partner.tier)))
        | Q(Q(audience=Audience.TYPES), Exists(rows.filter(partner_type=partner.partner_type)))
        | Q(Q(audience=Audience.PARTNERS), Exists(rows.filter(partner=partner)))
    )
    books = PriceBook.objects.filter(on_day(day)).filter(meant)
    if currency:
        books = books.filter(currency=currency)
    ranks = [When(audience=audience, then=Value(rank)) for audience, rank in PRIORITY.items()]
    return books.annotate(rank=Case(*ranks, output_field=IntegerField())).order_by(
        "rank", F("valid_from").desc(), "name"
    )


def ids_for(user: Any) -> list[UUID]:
    """The books that address the user's company today, for `$user.price_books`; empty without a partner."""
    partner = Partner.objects.filter(pk=user.company_id).first() if user.company_id else None
    if partner is None:
        return []
    return list(addressing(partner, timezone.localdate()).order_by("pk").values_list("pk", flat=True))
