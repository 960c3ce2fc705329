"""The login behind a contact, on the contact's page: whether there is one, in which portal; what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from frontend.panels import Panel, panel
from frontend.requests import module_or_404, object_or_404, record_url
from frontend.views_jobs import common
from prm.access.models import Portal
from prm.access.rights import may, readable_fields, rights_for, writable_fields
from prm.modules import registry
from prm.people import actions, queries
from prm.people.models import Contact, Invitation, User
from prm.people.moving import move, portals_to_move_to
from workflows.errors import WorkflowError


@panel("contacts")
def card(request: HttpRequest, contact: Contact) -> Panel | None:
    """Active, Admin and Portal of the person; nothing for a reader who may know of no login."""
    user: Any = request.user
    login, knows = queries.login_of(user, contact)
    invitation = None if login and login.is_active else queries.invitation_of(user, contact)
    portals = [] if login else list(queries.portals_to_invite_into(user, contact.company_id))
    if not (knows or invitation or portals):
        return None
    invites = rights_for(user).policy.staff and may(user, registry.get("invitations"), "create")
    context: dict[str, Any] = {
        "contact": contact,
        "login": login,
        "knows": knows,
        "invitation": invitation,
        "portals": portals if contact.email and not invitation else [],
        "no_email": bool(portals) and not contact.email,
        # Into any other portal people come by their company.
        "no_company": invites and contact.company_id is None,
        "may_flag": "is_admin" in writable_fields(user, registry.get("contacts"), contact),
    }
    if login is not None:
        context |= _about(user, contact, login)
    if invitation is not None:
        module = registry.get("invitations")
        context["may_renew"] = may(user, module, "resend", invitation)
        context["may_revoke"] = may(user, module, "revoke", invitation)
    return Panel(render_to_string("frontend/parts/contact_panel.html", context, request))


def _about(user: Any, contact: Contact, login: User) -> dict[str, Any]:
    module = registry.get("users")
    reads = readable_fields(user, module, login)
    other = login.pk != user.pk
    found = portals_to_move_to(user) if other else Portal.objects.none()
    return {
        "reads": reads,
        "own": not other,
        "may_end": other and "is_active" in writable_fields(user, module, login),
        "move_to": list(found.filter(staff=contact.company_id is None).exclude(users=login)),
    }


@require_POST
def act(request: HttpRequest, pk: UUID, what: str) -> HttpResponse:
    """Invite, resend, revoke, deactivate, reactivate, make admin or member, move: from the contact's page."""
    module = module_or_404(request.user, "contacts")
    contact: Contact = object_or_404(request.user, module, pk)
    try:
        text = _ACTS.get(what, _none)(request, contact)
    except WorkflowError as error:
        common.say(request, False, common.explain(error))
    else:
        common.say(request, True, text % {"name": contact.name, "email": contact.email})
    return redirect(f"{record_url(module, contact.pk)}#portal")


def _none(request: HttpRequest, contact: Contact) -> str:
    raise Http404


def _portal(request: HttpRequest, among: Any) -> Portal:
    chosen = request.POST.get("portal", "")
    found = next((one for one in among if str(one.pk) == chosen), None)
    if found is None:
        raise Http404
    return found


def _invite(request: HttpRequest, contact: Contact) -> str:
    portals = list(queries.portals_to_invite_into(common.actor(request).user, contact.company_id))
    portal = portals[0] if len(portals) == 1 else _portal(request, portals)
    flag = {"is_admin": "admin" in request.POST} if "flag" in request.POST else {}
    actions.invite_contact(common.actor(request), contact, portal=portal, **flag)
    # The same whether the address is known elsewhere or not.
    return _("If %(email)s can be invited, the invitation is on its way.")


def _invitation(request: HttpRequest, contact: Contact) -> Invitation:
    found = queries.invitation_of(common.actor(request).user, contact)
    if found is None:
        raise Http404
    return found


def _resend(request: HttpRequest, contact: Contact) -> str:
    actions.resend_invitation(common.actor(request), _invitation(request, contact))
    return _("Sent again to %(email)s.")


def _revoke(request: HttpRequest, contact: Contact) -> str:
    actions.revoke_invitation(common.actor(request), _invitation(request, contact))
    return _("The invitation of %(email)s no longer works.")


def _login(request: HttpRequest, contact: Contact) -> User:
    found, _knows = queries.login_of(common.actor(request).user, contact)
    if found is None:
        raise Http404
    return found


def _deactivate(request: HttpRequest, contact: Contact) -> str:
    actions.deactivate(common.actor(request), _login(request, contact))
    return _("%(name)s has no access any more.")


def _reactivate(request: HttpRequest, contact: Contact) -> str:
    actions.reactivate(common.actor(request), _login(request, contact))
    return _("%(name)s has access again.")


def _admin(request: HttpRequest, contact: Contact) -> str:
    actions.set_admin(common.actor(request), _login(request, contact), True)
    return _("%(name)s is an admin now.")


def _member(request: HttpRequest, contact: Contact) -> str:
    actions.set_admin(common.actor(request), _login(request, contact), False)
    return _("%(name)s is no longer an admin.")


def _move(request: HttpRequest, contact: Contact) -> str:
    actor = common.actor(request)
    portal = _portal(request, portals_to_move_to(actor.user))
    answer = move(actor, [_login(request, contact).pk], portal)[0]
    if answer.error is not None:
        raise answer.error
    return _("%(name)s is in another portal now; open pages have been told.")


_ACTS: dict[str, Callable[[HttpRequest, Contact], str]] = {
    "invite": _invite,
    "resend": _resend,
    "revoke": _revoke,
    "deactivate": _deactivate,
    "reactivate": _reactivate,
    "admin": _admin,
    "member": _member,
    "move": _move,
}
