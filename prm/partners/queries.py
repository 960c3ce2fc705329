from decimal import Decimal
from typing import Any, TypedDict

from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.access.rights import visible
from prm.modules import registry
from prm.partners.choices import QUOTE_DISCOUNT
from prm.partners.models import Agreement, OnboardingStep, Partner, Registration, TierTerms
from prm.people.models import Contact, User

#: So many of a kind are shown; more than these say nothing new to whoever decides.
MOST = 10


class Duplicate(TypedDict):
    """A record that looks like the same company. why: sentences, strongest first."""

    kind: str
    module: str
    id: str
    title: str
    why: list[str]
    domain: str
    tax_id: str
    city: str
    country: str
    state: str


def current_agreement() -> Agreement | None:
    """The version that an applicant of today accepts."""
    return Agreement.objects.filter(published_at__lte=timezone.now()).order_by("-published_at").first()


def partner_duplicates(registration: Registration) -> list[Duplicate]:
    """Partners of today that look like the applicant."""
    living = Partner.objects.exclude(state=Partner.State.TERMINATED)
    return _alike(registration, living, "partner", "partners")


def registration_duplicates(registration: Registration, user: User | None = None) -> list[Duplicate]:
    """Partners, other applications and accounts that look like the applicant, each with why.

    user: only what this user may see is named. Without one, all is: for the system's own use.
    """
    found: list[Duplicate] = []
    for kind, module_key in (
        ("partner", "partners"),
        ("registration", "registrations"),
        ("account", "accounts"),
    ):
        try:
            module = registry.get(module_key)
        except LookupError:
            continue
        rows: QuerySet[Any] = module.rows() if user is None else visible(user, module)
        if kind == "registration":
            rows = rows.exclude(pk=registration.pk).exclude(state=Registration.State.DRAFT)
        found += _alike(registration, rows, kind, module_key)
    return found


def _alike(registration: Registration, rows: QuerySet[Any], kind: str, module: str) -> list[Duplicate]:
    alike = Q(pk__in=[])
    if registration.domain:
        alike |= Q(domain=registration.domain)
    if registration.tax_key:
        alike |= Q(tax_key=registration.tax_key)
    if registration.name_key:
        alike |= Q(name_key=registration.name_key)
    known_at: set[Any] = set()
    if kind != "registration":
        known_at = set(
            Contact.objects.filter(email__iexact=registration.contact_email).values_list(
                "company_id", flat=True
            )
        )
        alike |= Q(pk__in=known_at)
    return [
        _duplicate(registration, row, kind, module, contact_known=row.pk in known_at)
        for row in rows.filter(alike).order_by("pk")[:MOST]
    ]


def _duplicate(
    registration: Registration, row: Any, kind: str, module: str, *, contact_known: bool
) -> Duplicate:
    why = []
    if registration.tax_key and row.tax_key == registration.tax_key:
        why.append(_("Same tax id %(value)s") % {"value": row.tax_id})
    if registration.domain and row.domain == registration.domain:
        why.append(_("Same domain %(value)s") % {"value": row.domain})
    if registration.name_key and row.name_key == registration.name_key:
        why.append(_("Same name apart from spelling and legal form"))
    if contact_known:
        why.append(_("%(email)s is a contact there") % {"email": registration.contact_email})
    return Duplicate(
        kind=kind,
        module=module,
        id=str(row.pk),
        title=str(row),
        why=why,
        domain=row.domain,
        tax_id=row.tax_id,
        city=getattr(row, "city", ""),
        country=str(row.country or ""),
        state=str(row.get_state_display()) if hasattr(row, "get_state_display") else "",
    )


def onboarding_steps(user: User, partner: Model) -> QuerySet[OnboardingStep]:
    """The checklist of a partner that the user may see."""
    seen = visible(user, registry.get("partners")).filter(pk=partner.pk)
    return OnboardingStep.objects.filter(partner_id__in=seen.values("pk")).order_by("position")


def quote_discount_limit(tier: str) -> Decimal:
    """How many per cent below the price book a partner of the tier may quote without being asked."""
    found = TierTerms.objects.filter(tier=tier).values_list("quote_discount_limit", flat=True).first()
    return found if found is not None else QUOTE_DISCOUNT.get(tier, Decimal(0))
