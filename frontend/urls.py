"""Addresses of the pages. Pages made for jobs come first, then every module by its key."""

from __future__ import annotations

from django.urls import include, path

from frontend.views import boards, editing, inbox, lists, navigation, records, search, theme, transitions

one = "<slug:key>/<uuid:pk>/"

urlpatterns = [
    path("", include("frontend.urls_jobs")),
    path("navigation/", navigation.navigation, name="navigation"),
    path("theme/", theme.theme, name="theme"),
    path("search/", search.search, name="search"),
    path("alerts/", inbox.alerts, name="alerts"),
    path("alerts/seen/", inbox.seen, name="alerts-seen"),
    path("alerts/after/", inbox.newer, name="alerts-after"),
    path("alerts/<int:seq>/toast/", inbox.toast, name="alert-toast"),
    path("<slug:key>/", lists.module_list, name="module-list"),
    path("<slug:key>/board/", boards.board, name="module-board"),
    path("<slug:key>/new/", editing.new, name="module-new"),
    path("<slug:key>/new/duplicates/", editing.duplicates, name="duplicates"),
    path("<slug:key>/options/", editing.options, name="options"),
    path("<slug:key>/do/<slug:name>/", transitions.bulk, name="bulk"),
    path(one, records.record, name="record"),
    path(one + "edit/", editing.edit, name="record-edit"),
    path(one + "delete/", records.remove, name="record-delete"),
    path(one + "machine/", records.machine, name="record-machine"),
    path(one + "move/", boards.move, name="record-move"),
    path(one + "do/<slug:name>/", transitions.transition, name="record-transition"),
    path(one + "notes/", records.notes, name="record-notes"),
    path(one + "activities/", records.activities, name="record-activities"),
    path(one + "activities/<uuid:activity>/done/", records.activity_done, name="activity-done"),
]
