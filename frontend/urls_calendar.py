"""The calendar, and its feed for other programs."""

from __future__ import annotations

from django.urls import path

from frontend.views_jobs import calendar

urlpatterns = [
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/new/", calendar.new, name="calendar-new"),
    path("calendar/records/", calendar.records, name="calendar-records"),
    path("calendar/link/", calendar.link, name="calendar-link"),
    path("calendar/feed/<str:token>.ics", calendar.feed, name="calendar-feed"),
    path("calendar/<uuid:pk>/", calendar.edit, name="calendar-edit"),
    path("calendar/<uuid:pk>/done/", calendar.done, name="calendar-done"),
    path("calendar/<uuid:pk>/move/", calendar.move, name="calendar-move"),
    path("calendar/<uuid:pk>/delete/", calendar.delete, name="calendar-delete"),
]
