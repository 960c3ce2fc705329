"""The routes of the API. A new module needs none: its key is part of the path."""

from django.urls import path, re_path

from api.views import alerts, document, hanging, login, records, transitions

app_name = "api"

MODULE = "<slug:module>"
RECORD = f"{MODULE}/<uuid:id>"

urlpatterns = [
    path("schema/", document.SchemaView.as_view(), name="schema"),
    path("docs/", document.DocsView.as_view(), name="docs"),
    path("auth/token/", login.TokenView.as_view(), name="token"),
    path("me/", login.MeView.as_view(), name="me"),
    path("alerts/seen/", alerts.SeenView.as_view(), name="alerts-seen"),
    path(f"{MODULE}/", records.ListView.as_view(), name="list"),
    path(f"{MODULE}/transitions/<str:name>/", transitions.ManyView.as_view(), name="transition-many"),
    path(f"{RECORD}/", records.RecordView.as_view(), name="record"),
    path(f"{RECORD}/history/", hanging.HistoryView.as_view(), name="history"),
    path(f"{RECORD}/explain/", hanging.ExplainView.as_view(), name="explain"),
    path(f"{RECORD}/notes/", hanging.NotesView.as_view(), name="notes"),
    path(f"{RECORD}/activities/", hanging.ActivitiesView.as_view(), name="activities"),
    path(
        f"{RECORD}/activities/<uuid:activity>/complete/",
        hanging.ActivityDoneView.as_view(),
        name="activity-complete",
    ),
    path(f"{RECORD}/transitions/", transitions.TransitionsView.as_view(), name="transitions"),
    path(f"{RECORD}/transitions/<str:name>/", transitions.TransitionView.as_view(), name="transition"),
    re_path(r"", document.NotFoundView.as_view(), name="not-found"),
]
