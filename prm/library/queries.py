"""Which documents are meant for whom, who reads them, and what is new to somebody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from prm.access.viewing import is_viewed
from prm.accounts.models import Account
from prm.library.choices import Audience
from prm.library.models import Document, DocumentVersion, LibraryVisit, Reading
from prm.partners.choices import Tier
from prm.partners.models import Partner

#: A pause after which somebody's next look into the library is another visit.
VISIT = timedelta(minutes=30)


def in_force(now: datetime) -> Q:
    """Documents that are published and have not expired, whatever the timer has got to."""
    return Q(state=Document.State.PUBLISHED) & (Q(expires_at=None) | Q(expires_at__gt=now))


def _up_to(tier: str) -> list[str]:
    """The tiers that a partner of this one has reached."""
    reached = list(Tier.values)
    return ["", *reached[: reached.index(tier) + 1]]


def meant_for(user: Any) -> Q:
    """Documents whose audience a user of a portal outside the vendor belongs to."""
    partner = Partner.objects.filter(pk=user.company_id).first() if user.company_id else None
    if partner is not None:
        return Q(
            audience__in=[Audience.EVERYONE, Audience.PARTNERS],
            tier__in=_up_to(partner.tier),
            partner_type__in=["", partner.partner_type],
        )
    if user.company_id and Account.objects.filter(pk=user.company_id).exists():
        return Q(audience__in=[Audience.EVERYONE, Audience.CUSTOMERS])
    return Q(pk__in=[])


def ids_for(user: Any) -> list[UUID]:
    """The documents in force that are meant for the user, for `$user.documents`."""
    rows = Document.objects.filter(in_force(timezone.now())).filter(meant_for(user))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def readers(document: Document) -> QuerySet[Any]:
    """The users outside the vendor whom the document is meant for: by their company, as in `meant_for`."""
    partners, which = Partner.objects.all(), Q(pk__in=[])
    if document.audience in (Audience.EVERYONE, Audience.PARTNERS):
        reached = partners
        if document.tier:
            reached = reached.filter(tier__in=Tier.values[Tier.values.index(document.tier) :])
        if document.partner_type:
            reached = reached.filter(partner_type=document.partner_type)
        which |= Q(contact__company_id__in=reached.values("pk"))
    if document.audience in (Audience.EVERYONE, Audience.CUSTOMERS):
        # A partner that is a customer, too, is told as a partner.
        accounts = Account.objects.exclude(pk__in=partners.values("pk"))
        which |= Q(contact__company_id__in=accounts.values("pk"))
    return get_user_model().objects.filter(which, is_active=True, portal__staff=False)


def latest(documents: Iterable[UUID]) -> dict[UUID, DocumentVersion]:
    """The newest version of each document that has one."""
    rows = DocumentVersion.objects.filter(document__in=list(documents)).select_related("content")
    found: dict[UUID, DocumentVersion] = {}
    for one in rows.order_by("number"):
        found[one.document_id] = one
    return found


def who_read(document: Document, limit: int = 20) -> list[Reading]:
    """Who has opened it or taken one of its versions, the latest first."""
    rows = document.readings.select_related("user", "user__contact__company", "document_version")
    return list(rows.order_by("-last_at", "-pk")[:limit])


def note_reading(user: Any, document: Document, version: DocumentVersion | None = None) -> None:
    """Counts that somebody opened the document, or took a version of it; not when another looks as them."""
    if is_viewed(user):
        return
    now = timezone.now()
    mine = {"document": document, "document_version": version, "user": user}
    _row, made = Reading.objects.get_or_create(**mine, defaults={"first_at": now, "last_at": now})
    if not made:
        Reading.objects.filter(**mine).update(times=F("times") + 1, last_at=now)
    if version is None:
        Document.objects.filter(pk=document.pk).update(reads=F("reads") + 1)
    else:
        Document.objects.filter(pk=document.pk).update(downloads=F("downloads") + 1)
        DocumentVersion.objects.filter(pk=version.pk).update(downloads=F("downloads") + 1)


def visit(user: Any) -> datetime | None:
    """Notes that the user looks into the library; gives since when things are new to them, None at first."""
    if is_viewed(user):
        return LibraryVisit.objects.filter(user=user).values_list("before_at", flat=True).first()
    now = timezone.now()
    known, made = LibraryVisit.objects.get_or_create(user=user, defaults={"last_at": now})
    if made:
        return None
    if now - known.last_at > VISIT:
        known.before_at, known.last_at = known.last_at, now
        known.save(update_fields=["before_at", "last_at"])
    return known.before_at
