from django.db.models import QuerySet

from prm.access.rights import visible
from prm.modules import registry
from prm.people.models import Invitation, User


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
