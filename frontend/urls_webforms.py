"""Public forms for whoever comes by, and the pages on which they are built."""

from __future__ import annotations

from django.urls import path

from frontend.views_jobs import webforms, webforms_builder

urlpatterns = [
    path("f/<slug:slug>/", webforms.page, name="public-form"),
    path("f/<slug:slug>/embed/", webforms.embed, name="public-form-embed"),
    path("f/<slug:slug>/send/", webforms.send, name="public-form-send"),
    path("f/<slug:slug>/confirm/<str:secret>/", webforms.confirm, name="public-form-confirm"),
    path("web-forms/new/", webforms_builder.new, name="web-form-new"),
    path("web-forms/<uuid:pk>/build/", webforms_builder.change, name="web-form-build"),
]
