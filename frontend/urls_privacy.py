"""What is held on people: given out, and erased."""

from __future__ import annotations

from django.urls import path

from frontend.views_jobs import privacy

urlpatterns = [
    path("me/data/", privacy.mine, name="my-data"),
    path("privacy/", privacy.find, name="privacy"),
    path("privacy/files/<uuid:pk>/", privacy.file, name="privacy-file"),
    path("privacy/<slug:kind>/<uuid:pk>/", privacy.person, name="privacy-person"),
    path("privacy/<slug:kind>/<uuid:pk>/export/", privacy.export, name="privacy-export"),
    path("privacy/<slug:kind>/<uuid:pk>/erase/", privacy.erase_person, name="privacy-erase"),
]
