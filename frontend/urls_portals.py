"""Pages on which administrators configure portals."""

from __future__ import annotations

from django.urls import path

from frontend.views_portals import modules, portals, reviewing, rows, settings, shapes, traveling

one = "portals-admin/<uuid:pk>/"
module = one + "modules/<slug:key>/"

urlpatterns = [
    path("portals-admin/", portals.index, name="portal-admin"),
    path("portals-admin/new/", portals.new, name="portal-new"),
    path(one, settings.settings_page, name="portal-settings"),
    path(one + "archive/", portals.archive, name="portal-archive"),
    path(one + "logo/<uuid:file>/", settings.logo, name="portal-logo"),
    path(one + "modules/", modules.modules, name="portal-modules"),
    path(module, modules.module, name="portal-module"),
    path(module + "condition/", rows.condition_row, name="portal-condition"),
    path(module + "scopes/new/", modules.new_scope, name="portal-scope-new"),
    path(module + "scopes/<int:number>/", modules.scope, name="portal-scope"),
    path(module + "layouts/", shapes.layouts, name="portal-layouts"),
    path(module + "layouts/new/", shapes.new_layout, name="portal-layout-new"),
    path(module + "layouts/<int:number>/", shapes.layout, name="portal-layout"),
    path(module + "views/", shapes.view, name="portal-view"),
    path(module + "card/", shapes.card, name="portal-card"),
    path(module + "related/", shapes.related, name="portal-related"),
    path(one + "review/", reviewing.review, name="portal-review"),
    path(one + "do/<slug:name>/", reviewing.act, name="portal-act"),
    path(one + "versions/", reviewing.versions, name="portal-versions"),
    path(one + "versions/<int:number>/draft/", reviewing.redraft, name="portal-version-draft"),
    path(one + "undo/", reviewing.undo, name="portal-undo"),
    path(one + "travel/", traveling.travel, name="portal-travel"),
]
