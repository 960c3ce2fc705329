"""From an approved application to an active partner."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_noop

from prm.access.models import Portal
from prm.partners import mail
from prm.partners.models import OnboardingStep, Partner, Registration
from prm.people.actions import new_invitation
from prm.people.models import Contact, User
from workflows.machine import Context
from workflows.perform import record_creation

AGREEMENT, LOGIN, PROFILE, TRAINING, COLLEAGUE = "agreement", "login", "profile", "training", "colleague"

#: key, title (translated where it is shown), whether a partner can be active without it.
STEPS = (
    (AGREEMENT, gettext_noop("Partner agreement accepted"), True),
    (LOGIN, gettext_noop("First login"), True),
    (PROFILE, gettext_noop("Company profile completed"), True),
    (TRAINING, gettext_noop("Product training attended"), True),
    (COLLEAGUE, gettext_noop("First colleague invited"), False),
)
PROFILE_FIELDS = ("website", "phone", "street", "city", "postal_code", "country")


def found_partner(registration: Registration, ctx: Context) -> Partner:
    """Makes the partner, its first contact (an admin) and the invitation, in the approval's transaction."""
    inputs = ctx.inputs
    # First, so that it is read before the invitation.
    mail.approved(registration)
    partner = Partner(
        name=registration.company_name,
        website=registration.website,
        domain=registration.domain,
        country=registration.country,
        region=registration.region,
        tax_id=registration.tax_id,
        phone=registration.contact_phone,
        partner_type=inputs.get("partner_type") or registration.partner_type,
        tier=inputs.get("tier") or Partner._meta.get_field("tier").default,
        territory=inputs.get("territory"),
        channel_manager=inputs.get("channel_manager") or registration.channel_manager or ctx.actor.user,
        agreement=registration.agreement,
        agreement_accepted_at=registration.agreement_accepted_at,
        agreement_accepted_by=registration.agreement_accepted_by,
    )
    partner.save(force_insert=True)
    record_creation(partner, ctx.actor)
    contact = Contact.objects.create(
        company=partner,
        name=registration.contact_name,
        email=registration.contact_email,
        phone=registration.contact_phone,
        is_admin=True,
    )
    new_invitation(
        ctx.actor, contact=contact, portal=Portal.objects.get(key="partner"), is_admin=True, company=partner
    )
    registration.partner = partner
    registration.channel_manager = partner.channel_manager
    return partner


def add_steps(partner: Partner, *, now: datetime) -> None:
    """Gives a new partner its checklist."""
    OnboardingStep.objects.bulk_create(
        OnboardingStep(
            partner=partner,
            key=key,
            title=title,
            required=required,
            position=position,
            done_at=now if key == AGREEMENT and partner.agreement_accepted_at else None,
        )
        for position, (key, title, required) in enumerate(STEPS)
        # Where the vendor has published no agreement, there is none to accept.
        if key != AGREEMENT or partner.agreement_id
    )


def mark_done(partner_id: UUID, key: str, *, user: User | None = None) -> None:
    """Ticks a step that shows itself done; once ticked it keeps its first date and name."""
    OnboardingStep.objects.filter(partner_id=partner_id, key=key, done_at=None).update(
        done_at=timezone.now(), done_by=user
    )


def profile_complete(partner: Partner) -> bool:
    return all(getattr(partner, name) for name in PROFILE_FIELDS)
