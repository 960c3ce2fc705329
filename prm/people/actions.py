"""Invitations and what users may do with colleagues and with themselves.

Company and portal of an invitation come from the inviter; only the vendor's people may name others, and
nobody gives a portal above the own.
"""

from datetime import date, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.access.models import Portal
from prm.access.rights import writable_fields
from prm.modules import registry
from prm.modules.actions import create, update
from prm.people import seats
from prm.people.mail import send_invitation
from prm.people.models import Company, Contact, Invitation, User
from prm.people.tokens import token_hash
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, WorkflowError
from workflows.perform import perform, record_creation, unit_of_work
from workflows.ports import Event

INVITATIONS_A_DAY = 50
HAS_LOGIN = gettext_lazy("This address has a login already. Sign in, or ask for its password to be reset.")


def invite(
    actor: Actor,
    *,
    email: str,
    name: str = "",
    is_admin: bool = False,
    company: Company | None = None,
    portal: Portal | None = None,
    contact: Contact | None = None,
) -> Invitation:
    """Mails a link to make a login. Known and unknown addresses are answered alike.

    company, portal: for the vendor's people; others invite to their own. contact: whom the login will belong
    to; a contact of the company with that address where it is not said. Raises Denied, InvalidInput.
    """
    data: dict[str, Any] = {"email": email, "name": name, "is_admin": is_admin}
    if actor.user.portal_id and actor.user.portal.staff:
        data |= {
            "company": str(company.pk) if company else None,
            "portal": str(portal.pk) if portal else None,
        }
    with unit_of_work():
        invitation: Invitation = create(actor, registry.get("invitations"), data)
        if contact is not None:
            invitation.contact = contact
            invitation.save(update_fields=["contact"])
    return invitation


def invite_contact(
    actor: Actor, contact: Contact, *, portal: Portal | None = None, is_admin: bool | None = None
) -> Invitation:
    """Invites the person of a card, with the card's own Admin flag unless another is said.

    Raises Denied, InvalidInput.
    """
    if not contact.email:
        raise InvalidInput({"email": [_("This contact has no email address.")]})
    if User.objects.filter(contact=contact).exists():
        raise InvalidInput({"email": [_("This contact has a login already.")]})
    if not _staff(actor.user) and contact.company_id != actor.user.company_id:
        raise Denied
    return invite(
        actor,
        email=contact.email,
        name=contact.name,
        is_admin=contact.is_admin if is_admin is None else is_admin,
        company=contact.company,
        portal=portal,
        contact=contact,
    )


def _staff(user: User) -> bool:
    return bool(user.portal and user.portal.staff)


def prepare_invitation(invitation: Invitation, actor: Actor) -> None:
    """Sets what the body of a request may not: whose colleague, with which rights, by which link."""
    inviter = actor.user
    invitation.invited_by = inviter
    if not inviter.portal.staff:
        invitation.company_id = inviter.company_id
        invitation.portal = inviter.portal
    elif invitation.portal_id is None:
        raise InvalidInput({"portal": [_("Choose a portal.")]})
    elif invitation.portal.staff and inviter.portal.key != "administrator":
        raise Denied
    elif invitation.portal.staff and invitation.company is not None:
        # The company's admins, and its suspension, would decide on one of the vendor's people.
        text = _("%(name)s belongs to %(company)s; this portal is for the vendor's own people.")
        facts = {"name": invitation.name or invitation.email, "company": invitation.company}
        raise InvalidInput({"portal": [text % facts]})
    elif not invitation.portal.staff and invitation.company_id is None:
        raise InvalidInput({"company": [_("Choose the company that this person belongs to.")]})
    if invitation.portal.archived:
        raise InvalidInput({"portal": [_("This portal is archived.")]})
    if invitation.company is not None and invitation.company.closed_at is not None:
        raise InvalidInput({"company": [_("The access of this company has ended.")]})
    if "://" in invitation.name or "www." in invitation.name.lower():
        # It stands at the head of a mail that comes from the vendor.
        raise InvalidInput({"name": [_("A name has no address of a page in it.")]})
    if not inviter.portal.staff and _invited_today(inviter) >= INVITATIONS_A_DAY:
        raise InvalidInput(
            {"email": [_("Your company has sent many invitations today. Try again tomorrow.")]}
        )
    invitation.email = invitation.email.strip().lower()
    invitation.renew()


def _invited_today(inviter: User) -> int:
    """By the whole company, so that a second admin does not double it; those taken back count too."""
    since = timezone.now() - timedelta(days=1)
    return Invitation.objects.filter(company_id=inviter.company_id, created_at__gt=since).count()


def new_invitation(
    actor: Actor, *, contact: Contact, portal: Portal, is_admin: bool, company: Company
) -> Invitation:
    """An invitation that is part of a greater step, which has asked for the rights."""
    invitation = Invitation(
        email=contact.email,
        name=contact.name,
        company=company,
        contact=contact,
        portal=portal,
        is_admin=is_admin,
        invited_by=actor.user,
    )
    invitation.renew()
    invitation.save(force_insert=True)
    record_creation(invitation, actor)
    return invitation


def mail_invitation(event: Event) -> None:
    """Subscribed to all changes: the mail joins the transaction that makes or renews the invitation."""
    if isinstance(event.obj, Invitation) and event.obj.fresh_token:
        send_invitation(event.obj)


def find_invitation(token: str) -> Invitation | None:
    """The invitation that this token may accept; None alike for unknown, used, revoked and expired ones, and
    while there is nothing to come into: the company's access has ended, or the portal is archived."""
    return (
        Invitation.objects.select_related("company", "portal")
        .filter(
            token_hash=token_hash(token),
            state=Invitation.State.PENDING,
            expires_at__gt=timezone.now(),
            company__closed_at=None,
            portal__archived=False,
        )
        .first()
    )


def accept_invitation(token: str, *, name: str, password: str, request_id: str = "") -> User:
    """Makes the login that was offered; the token proves the mailbox. It works once.

    Raises NotFound for a token that is not (or no longer) good, InvalidInput for name or password.
    """
    invitation = find_invitation(token)
    if invitation is None:
        raise NotFound
    name = " ".join(name.split())[:200]
    _check_login(invitation, name, password)
    try:
        with unit_of_work():
            # Behind the seats: whoever counts next sees the invitation or the login, and never neither.
            seats.hold()
            actor = Actor.link(name=name, request_id=request_id)
            return _make_user(_accepted(invitation, actor), name=name, password=password)
    except IntegrityError as error:
        # Two invitations of one mailbox, accepted at the same moment.
        raise InvalidInput({"": [HAS_LOGIN]}) from error


def _accepted(invitation: Invitation, actor: Actor) -> Invitation:
    try:
        return perform(invitation, "accept", actor=actor)
    except WorkflowError as error:
        # Somebody was quicker with the same link: no more is told than of an unknown one.
        raise NotFound from error


def _check_login(invitation: Invitation, name: str, password: str) -> None:
    errors: dict[str, list[str]] = {}
    if not name:
        errors["name"] = [_("Enter your name.")]
    try:
        validate_password(password, User(email=invitation.email, name=name))
    except ValidationError as error:
        errors["password"] = error.messages
    if errors:
        raise InvalidInput(errors)


def _make_user(invitation: Invitation, *, name: str, password: str) -> User:
    known = User.objects.filter(email=invitation.email).first()
    if known is not None and (known.is_active or known.barred or known.company_id != invitation.company_id):
        # The holder of the mailbox, and nobody else, reads this.
        raise InvalidInput({"": [HAS_LOGIN]})
    contact = _contact_for(invitation, name)
    # Whoever left comes back by an invitation that was sent since: the earlier ones ended with the login.
    user = known or User(email=invitation.email)
    user.name, user.portal, user.is_active, user.paused = name, invitation.portal, True, False
    user.contact = user.contact or contact
    user.promised = True
    user.set_password(password)
    user.version += 0 if known is None else 1
    user.save()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    return user


def _contact_for(invitation: Invitation, name: str) -> Contact | None:
    """The person behind the login: whom the invitation names, or a contact of that address, or a new one."""
    if invitation.company_id is None:
        return None
    contact = invitation.contact or (
        Contact.objects.filter(company_id=invitation.company_id, email__iexact=invitation.email, user=None)
        .order_by("pk")
        .first()
    )
    if contact is None:
        return Contact.objects.create(
            company_id=invitation.company_id, name=name, email=invitation.email, is_admin=invitation.is_admin
        )
    contact.name, contact.is_admin = name, invitation.is_admin
    contact.version += 1
    contact.save(update_fields=["name", "is_admin", "version", "updated_at"])
    return contact


def resend_invitation(actor: Actor, invitation: Invitation) -> Invitation:
    return perform(invitation, "resend", actor=actor)


def revoke_invitation(actor: Actor, invitation: Invitation) -> Invitation:
    return perform(invitation, "revoke", actor=actor)


def deactivate(actor: Actor, user: User) -> User:
    """Ends a colleague's access at the next request. Raises Denied, InvalidInput (oneself)."""
    return update(actor, registry.get("users"), user.pk, {"is_active": False})


def reactivate(actor: Actor, user: User) -> User:
    return update(actor, registry.get("users"), user.pk, {"is_active": True})


def set_admin(actor: Actor, user: User, value: bool) -> Contact:
    """Gives or takes the Admin flag of a user's contact; the last admin of a company keeps it."""
    if user.contact_id is None:
        raise NotFound
    return update(actor, registry.get("contacts"), user.contact_id, {"is_admin": value})


#: What of their own card people change with their profile, where their portal lets them.
OWN_CARD = ("phone", "job_title")


def own_card(user: User) -> tuple[str, ...]:
    """The fields of `OWN_CARD` that the user may change of the own contact."""
    if user.contact is None:
        return ()
    writable = writable_fields(user, registry.get("contacts"), user.contact)
    return tuple(name for name in OWN_CARD if name in writable)


def update_profile(user: User, *, name: str, language: str, timezone: str, **card: str) -> User:
    """The user's own settings; the name goes to the contact too, who is the same person.

    card: fields of the own contact, of `own_card`. Raises InvalidInput.
    """
    with unit_of_work():
        if card and user.contact_id is not None:
            update(Actor.of(user), registry.get("contacts"), user.contact_id, card)
        data = {"name": name, "language": language, "timezone": timezone}
        update(Actor.of(user), registry.get("users"), user.pk, data)
    return User.objects.get(pk=user.pk)


def choose_language(user: User, language: str) -> User:
    """The language in which the user reads pages and mails; one of settings.LANGUAGES."""
    return update(Actor.of(user), registry.get("users"), user.pk, {"language": language})


def set_away(user: User, *, cover: User | None, away_from: date | None, away_until: date | None) -> User:
    """Who acts in the user's place, and when."""
    data = {"cover": str(cover.pk) if cover else None, "away_from": away_from, "away_until": away_until}
    return update(Actor.of(user), registry.get("users"), user.pk, data)
