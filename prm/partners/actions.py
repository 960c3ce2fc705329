"""What applicants do with the links they hold, and how the checklist of a new partner is ticked.

An applicant has no login: what they hold is a token, `find_registration` gives the registration for it, and
the other functions act as the holder of that link. Whether an address is known is never told.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prm.access.rights import may
from prm.modules import registry
from prm.partners import mail
from prm.partners.choices import PartnerType
from prm.partners.models import Agreement, OnboardingStep, Registration
from prm.people.tokens import new_token, token_hash
from workflows import jobs
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, Stale, WrongState
from workflows.inputs import Input, clean
from workflows.perform import perform, record_creation, unit_of_work

#: What an applicant may answer. None is required in a draft: the guards of `submit` say what is missing.
ANSWERS: dict[str, Input] = {
    "company_name": Input(kind="text", label=_("Company name"), required=False, max_length=200),
    "website": Input(kind="url", label=_("Website"), required=False, max_length=300),
    "country": Input(kind="country", label=_("Country"), required=False),
    "region": Input(kind="text", label=_("Region"), required=False, max_length=40),
    "tax_id": Input(kind="text", label=_("Tax id"), required=False, max_length=40),
    "contact_name": Input(kind="text", label=_("Your name"), required=False, max_length=200),
    "contact_phone": Input(kind="phone", label=_("Phone"), required=False, max_length=40),
    "partner_type": Input(
        kind="choice", label=_("Partner type"), required=False, choices=tuple(PartnerType.choices)
    ),
    "motivation": Input(
        kind="longtext", label=_("Why you want to sell with us"), required=False, max_length=4000
    ),
    "expected_annual_revenue": Input(kind="money", label=_("Expected annual revenue"), required=False),
}
EDITABLE = (Registration.State.DRAFT, Registration.State.RETURNED)
OPEN = (*EDITABLE, Registration.State.SUBMITTED, Registration.State.UNDER_REVIEW)

#: Links mailed to one address within a day: nobody is flooded through the public form.
MAILS_A_DAY = 5


def applicant(registration: Registration, request_id: str = "") -> Actor:
    """Who acts when the registration's link is used."""
    return Actor.link(name=registration.contact_name or registration.contact_email, request_id=request_id)


def start_registration(*, email: str, request_id: str = "") -> tuple[Registration, str]:
    """Makes a draft and mails its link. Returns it with the token for the applicant's browser.

    Known and unknown addresses get the same answer, and a new draft each time.
    Raises InvalidInput where it is no address.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput({"email": error.messages}) from error
    token = new_token()
    registration = Registration(
        contact_email=email,
        token_hash=token_hash(token),
        mail_token_hash=token_hash(new_token()),
        token_expires_at=timezone.now() + timedelta(days=settings.REGISTRATION_DAYS),
    )
    with unit_of_work():
        _mail_link(registration)
        registration.save(force_insert=True)
        record_creation(registration, applicant(registration, request_id))
    return registration, token


def find_registration(token: str) -> Registration | None:
    """The registration that the browser's or the mailed token opens; None where unknown or expired."""
    hashed = token_hash(token)
    return Registration.objects.filter(
        Q(token_hash=hashed) | Q(mail_token_hash=hashed), token_expires_at__gt=timezone.now()
    ).first()


def confirm_email(token: str) -> Registration:
    """Marks the address as confirmed: only the mailed token proves it. Twice is as good as once.

    Raises NotFound for any other token, the browser's own included.
    """
    with unit_of_work():
        registration = (
            Registration.objects.select_for_update()
            .filter(mail_token_hash=token_hash(token), token_expires_at__gt=timezone.now())
            .first()
        )
        if registration is None:
            raise NotFound
        if registration.email_confirmed_at is None:
            registration.email_confirmed_at = timezone.now()
            _save(registration, "email_confirmed_at")
    return registration


def resend_link(registration: Registration) -> None:
    """Mails a fresh link, which ends the one before; a few times a day."""
    with unit_of_work():
        fresh = Registration.objects.select_for_update().filter(pk=registration.pk, state__in=OPEN).first()
        if fresh is not None and _mail_link(fresh):
            _save(fresh, "mail_token_hash", "token_expires_at", "mails_sent", "mailed_at")


def send_links(*, email: str) -> None:
    """For whoever lost the link: the latest open registration of the address gets a fresh one.

    A job looks for it, so that the request takes as long for an unknown address as for a known one.
    """
    jobs.enqueue("prm.partners.actions.mail_latest_link", email.strip().lower())


def mail_latest_link(email: str) -> None:
    """The job of `send_links`."""
    latest = Registration.objects.filter(contact_email=email, state__in=OPEN).order_by("-created_at").first()
    if latest is not None:
        resend_link(latest)


def save_answers(
    registration: Registration, data: Mapping[str, Any], *, expected_version: int | None = None
) -> Registration:
    """Keeps the answers of one page; what `data` does not name stays as it is.

    Raises InvalidInput, WrongState once it is submitted, Stale where another window was quicker.
    """
    unknown = {name: [_("There is no such question.")] for name in data if name not in ANSWERS}
    if unknown:
        raise InvalidInput(unknown)
    answers = clean({name: ANSWERS[name] for name in data}, data, _no_references)
    with unit_of_work():
        registration = _locked(registration, expected_version)
        for name in data:
            value = answers.get(name)
            setattr(registration, name, _blank(registration, name) if value is None else value)
        _save(registration, *data)
    return registration


def accept_agreement(registration: Registration, agreement: Agreement) -> Registration:
    """Keeps which version the applicant accepted, when, and in whose name."""
    with unit_of_work():
        registration = _locked(registration)
        if agreement.published_at is None or agreement.published_at > timezone.now():
            raise NotFound
        registration.agreement = agreement
        registration.agreement_accepted_at = timezone.now()
        name, email = registration.contact_name, registration.contact_email
        registration.agreement_accepted_by = f"{name} <{email}>" if name else email
        _save(registration, "agreement", "agreement_accepted_at", "agreement_accepted_by")
    return registration


def submit(registration: Registration, *, answer: str = "", request_id: str = "") -> Registration:
    """Hands the application in; for a returned one, with the answer to the question that was asked.

    Raises Refused with what is missing, WrongState, InvalidInput.
    """
    inputs = {"answer": answer} if answer else {}
    return perform(registration, "submit", actor=applicant(registration, request_id), inputs=inputs)


def withdraw(registration: Registration, *, request_id: str = "") -> Registration:
    return perform(registration, "withdraw", actor=applicant(registration, request_id))


def complete_step(actor: Actor, step: OnboardingStep) -> OnboardingStep:
    """Ticks a step of the checklist, for whoever may edit the partner."""
    return _tick(actor, step, done=True)


def reopen_step(actor: Actor, step: OnboardingStep) -> OnboardingStep:
    return _tick(actor, step, done=False)


def _tick(actor: Actor, step: OnboardingStep, *, done: bool) -> OnboardingStep:
    partners = registry.get("partners")
    if not may(actor.user, partners, "view", step.partner):
        raise NotFound
    if not may(actor.user, partners, "edit", step.partner):
        raise Denied
    with unit_of_work():
        step = OnboardingStep.objects.select_for_update().get(pk=step.pk)
        if done != (step.done_at is not None):
            step.done_at = timezone.now() if done else None
            step.done_by = actor.user if done else None
            _save(step, "done_at", "done_by")
    return step


def _mail_link(registration: Registration) -> bool:
    yesterday = timezone.now() - timedelta(days=1)
    recent = Registration.objects.filter(contact_email=registration.contact_email, mailed_at__gte=yesterday)
    if (recent.aggregate(sent=Sum("mails_sent"))["sent"] or 0) >= MAILS_A_DAY:
        return False
    mail.started(registration)
    registration.mails_sent += 1
    registration.mailed_at = timezone.now()
    return True


def _locked(registration: Registration, expected_version: int | None = None) -> Registration:
    fresh = Registration.objects.select_for_update().filter(pk=registration.pk).first()
    if fresh is None:
        raise NotFound
    if expected_version is not None and fresh.version != expected_version:
        raise Stale
    if fresh.state not in EDITABLE:
        raise WrongState
    return fresh


def _save(record: Registration | OnboardingStep, *names: str) -> None:
    record.version += 1
    record.save(update_fields=[*names, "version", "updated_at"])


def _blank(registration: Registration, name: str) -> Any:
    return None if registration._meta.get_field(name).null else ""


def _no_references(module: str, pk: str) -> None:
    """No question of the form refers to a record."""
    return None
