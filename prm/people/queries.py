from uuid import UUID

from django.db.models import Q, QuerySet

from prm.access.models import Portal
from prm.access.rights import may, visible
from prm.modules import registry
from prm.people.models import Contact, Invitation, User


def colleagues(user: User) -> QuerySet[User]:
    """The users of the user's own company, active ones first."""
    if user.company_id is None:
        return User.objects.none()
    rows = visible(user, registry.get("users")).filter(contact__company_id=user.company_id)
    return rows.select_related("contact").order_by("-is_active", "name")


def open_invitations(user: User) -> QuerySet[Invitation]:
    """Invitations that wait to be accepted, among those that the user may see."""
    rows = visible(user, registry.get("invitations")).filter(state=Invitation.State.PENDING)
    return rows.select_related("company", "portal").order_by("expires_at")


def portals_to_invite_into(user: User, company_id: UUID | None) -> QuerySet[Portal]:
    """The portals that the user may choose for somebody of that company, by their titles.

    Outside the vendor nobody chooses: it is the own portal, for the own company.
    """
    if user.portal is None or not may(user, registry.get("invitations"), "create"):
        return Portal.objects.none()
    in_use = Portal.objects.filter(archived=False).order_by("title", "pk")
    if not user.portal.staff:
        own = company_id is not None and company_id == user.company_id
        return in_use.filter(pk=user.portal.pk) if own else in_use.none()
    seen = visible(user, registry.get("portals")).filter(staff=company_id is None)
    if company_id is None and user.portal.key != "administrator":
        return in_use.none()
    return in_use.filter(pk__in=seen.values("pk"))


def login_of(user: User, contact: Contact) -> tuple[User | None, bool]:
    """The login of a contact, and whether the user would know of one: what they may not see is not "none"."""
    users = registry.get("users")
    found = visible(user, users).filter(contact=contact).first()
    return found, found is not None or may(user, users, "view", User(contact=contact))


def invitation_of(user: User, contact: Contact) -> Invitation | None:
    """The invitation that this person can take now, the latest, if the user may see it."""
    which = Q(contact=contact)
    if contact.email:
        which |= Q(contact=None, email__iexact=contact.email, company_id=contact.company_id)
    return open_invitations(user).filter(which).order_by("-created_at").first()
