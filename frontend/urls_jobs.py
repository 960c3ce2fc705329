"""Pages made for one job each; included before the generic pages, whose paths begin with a module."""

from __future__ import annotations

from typing import Any

from django.urls import path, re_path
from django.utils.translation import gettext as _

from frontend.views_jobs import (
    approvals,
    common,
    distribute,
    exports,
    home,
    imports,
    library,
    offers,
    people,
    quotes,
    register,
    work,
)
from prm.access import channel
from prm.access.rights import rights_for, visible
from prm.modules import registry
from prm.reports.available import available

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
    path("opportunities/<uuid:pk>/quote/", quotes.start, name="quote-start"),
    path("quotes/new/", quotes.new, name="quote-new"),
    path("quotes/<uuid:pk>/build/", quotes.build, name="quote-build"),
    path("quotes/<uuid:pk>/preview/", quotes.preview, name="quote-preview"),
    path("import/", imports.start, name="import"),
    path("imports/<uuid:pk>/", imports.one, name="import-one"),
    path("imports/<uuid:pk>/rejected.<slug:kind>", imports.rejected, name="import-rejected"),
    path("exports/<uuid:pk>/", exports.one, name="export-one"),
    path("exports/<uuid:pk>/file/", exports.fetch, name="export-file"),
    path("<slug:key>/export/", exports.ask, name="module-export"),
    path("deadlines/", work.deadlines, name="deadlines"),
    path("pipeline/", work.pipeline, name="pipeline"),
    path("library/", library.library, name="library"),
    path("library/<uuid:pk>/<uuid:version>/", library.download, name="library-download"),
    path("documents/<uuid:pk>/", library.document, name="document"),
    path("documents/<uuid:pk>/versions/", library.add_version, name="library-add-version"),
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

    def modules(*keys: str) -> list[dict[str, Any]]:
        """Lists that belong to the daily work, where the user has them."""
        found = [registry.get(key) for key in keys if common.granted(user, key)]
        return [{**item("module-list", str(one.label_plural), one.icon), "args": [one.key]} for one in found]

    items = [item("home", _("Home"), "house")]
    if approvals.decides(user):
        applications = visible(user, registry.get("registrations"))
        waiting = applications.filter(state__in=("submitted", "under_review")).count()
        waiting += visible(user, registry.get("quotes")).filter(state="pending_approval").count()
        items.append(item("approvals", _("Approvals"), "user-check", waiting or None))
    if rights_for(user).policy.staff and distribute.distributes(user):
        items.append(item("distribute", _("Distribute"), "send"))
    if channel.manages(user):
        items += [
            item("deadlines", _("Deadlines"), "clock"),
            item("pipeline", _("Pipeline"), "chart-column"),
        ]
    elif offers.sells(user):
        waiting_offers = sum(
            visible(user, registry.get(module)).filter(state=state).count()
            for module, state in offers.ON_OFFER.items()
            if common.granted(user, module)
        )
        items.append(item("offered", _("Offered"), "inbox", waiting_offers or None))
        if common.has_job(user, "opportunities", "win"):
            items.append(item("managed", _("Managed"), "briefcase"))
        items += [*modules("quotes", "accounts"), item("team", _("Team"), "users")]
    elif user.company_id is not None and common.granted(user, "invitations", "create"):
        items.append(item("team", _("Team"), "users"))
    if common.granted(user, "documents"):
        items.append(item("library", _("Library"), "library"))
    if available(user):
        items.append(item("reports", _("Reports"), "chart-pie"))
    items.append(item("calendar", _("Calendar"), "calendar-days"))
    return items
