"""The vendor's own pages: first run, settings, and what portals look like."""

from __future__ import annotations

from django.urls import include, path, re_path

from frontend.views_jobs import look, vendor

urlpatterns = [
    path("", include("frontend.urls_portals")),
    path("setup/", vendor.setup, name="setup"),
    re_path(r"^setup/(?P<step>company|mail|next)/$", vendor.step, name="setup-step"),
    path("settings/", vendor.company, name="settings"),
    path("settings/look/", vendor.look, name="settings-look"),
    path("settings/mail/", vendor.mail, name="settings-mail"),
    path("settings/mail/test/", vendor.test_mail, name="settings-mail-test"),
    path("look/colours.css", look.colours, name="look-colours"),
    path("look/logo.png", look.logo, name="look-logo"),
    path("look/<uuid:pk>/colours.css", look.portal_colours, name="look-portal-colours"),
    path("look/<uuid:pk>/logo", look.portal_logo, name="look-portal-logo"),
]
