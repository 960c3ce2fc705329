"""Pages made for one job each; included before the generic pages, whose paths begin with a module."""

from __future__ import annotations

from typing import Any

from django.urls import path, re_path
from django.utils.translation import gettext as _

from frontend.views_jobs import approvals, common, distribute, home, offers, people, register, work
from prm.access.rights import visible
from prm.modules import registry

urlpatterns = [
    path("", home.home, name="home"),
    path("onboarding/<uuid:pk>/", home.step, name="onboarding-step"),
    path("offered/", offers.offered, name="offered"),
    path("offered/<slug:module>/<uuid:pk>/<slug:name>/", offers.act, name="offer-act"),
    path("offer/<str:token>/", offers.offer_link, name="offer-link"),
    path("managed/", work.managed, name="managed"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/<uuid:pk>/<slug:name>/", approvals.decide, name="approvals-decide"),
    path("distribute/", distribute.distribute, name="distribute"),
    path("deadlines/", work.deadlines, name="deadlines"),
    path("pipeline/", work.pipeline, name="pipeline"),
    path("team/", people.team, name="team"),
    path("team/<uuid:pk>/<slug:what>/", people.colleague, name="team-colleague"),
    path("team/invitations/<uuid:pk>/<slug:what>/", people.invitation, name="team-invitation"),
    path("me/", people.me, name="me"),
    path("invite/<str:token>/", people.invite, name="invite"),
    path("register/", register.start, name="register"),
    path("register/email/", register.email, name="register-email"),
    path("register/check/", register.check, name="register-check"),
    path("register/agreement/", register.agreement, name="register-agreement"),
    path("register/status/", register.status, name="register-status"),
    path("register/answer/", register.answer, name="register-answer"),
    path("register/withdraw/", register.withdraw, name="register-withdraw"),
    path("register/resend/", register.resend, name="register-resend"),
    path("register/find/", register.find, name="register-find"),
    path("register/r/<str:token>/", register.resume, name="register-resume"),
    re_path(r"^register/(?P<step>company|contact|programme)/$", register.step, name="register-step"),
]


def nav_jobs(user: Any) -> list[dict[str, Any]]:
    """The job pages that the user gets, in the order of the navigation; a count is what waits there."""

    def item(name: str, label: str, icon: str, count: int | None = None) -> dict[str, Any]:
        return {"name": name, "label": label, "icon": icon, "count": count}

    items = [item("home", _("Home"), "house")]
    if common.is_manager(user):
        waiting = visible(user, registry.get("registrations")).filter(state__in=("submitted", "under_review"))
        items += [
            item("approvals", _("Approvals"), "user-check", waiting.count() or None),
            item("distribute", _("Distribute"), "send"),
            item("deadlines", _("Deadlines"), "clock"),
            item("pipeline", _("Pipeline"), "chart-column"),
        ]
    elif common.portal(user) == "partner":
        waiting_offers = sum(
            visible(user, registry.get(module)).filter(state=state).count()
            for module, state in offers.ON_OFFER.items()
        )
        items += [
            item("offered", _("Offered"), "inbox", waiting_offers or None),
            item("managed", _("Managed"), "briefcase"),
            item("team", _("Team"), "users"),
        ]
    return items
